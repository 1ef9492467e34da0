"""What is said of a camera-day whose recordings fall short."""

import datetime as dt

import pytest

from footfall_dagster.checks.exports import (
    disagreeing,
    disagreeing_words,
    missing_minutes,
    observed_words,
    set_aside,
    set_aside_words,
)
from footfall_dagster.privacy.text import trouble
from tests.unit import camera_days
from tests.unit.camera_days import CameraDay
from vision.exports.coverage import trading_hours_of


def said(day: CameraDay, least: float = 0.9) -> str | None:
    return observed_words(trading_hours_of(day.coverage, day.site_day), least)


def test_a_day_that_was_observed_says_nothing() -> None:
    assert said(camera_days.whole(), 1.0) is None


def test_a_day_on_which_the_site_is_closed_says_nothing() -> None:
    assert said(camera_days.of(dt.date(2026, 3, 15)), 1.0) is None


def test_a_day_below_the_threshold_names_minutes_by_reason_and_what_to_do() -> None:
    day = camera_days.of().file(5, 12).broken(12, 13)
    told = said(day)
    assert told is not None
    assert "Of 540 minutes of trading hours 77.7 % were observed; the site asks for 90 %" in told
    assert "Missing: 60 min gap, 60 min quarantined" in told
    assert "counts are NULL, not zero" in told
    assert "`exports` in cameras.yaml" in told
    assert "export them again" in told
    assert said(day, 0.7) is None


def test_a_day_of_which_nothing_was_observed_warns_whatever_the_threshold() -> None:
    assert said(camera_days.nothing(), 0.0) is not None
    assert said(camera_days.of().file(5, 5.1), 0.0) is None


def test_minutes_outside_trading_hours_do_not_count() -> None:
    assert said(camera_days.of().file(5, 14), 1.0) is None


def test_minutes_that_were_partly_observed_are_partly_missing() -> None:
    day = camera_days.of().file(5, 14 - 1 / 120)
    assert missing_minutes(trading_hours_of(day.coverage, day.site_day)) == {"gap": 0.5}


def test_files_that_are_set_aside_are_counted_by_reason() -> None:
    day = camera_days.broken().file(14, 15, status="quarantined", reason="no_frames")
    assert set_aside(day.exports) == {"unreadable": 9, "no_frames": 1}
    assert "9 unreadable, 1 no_frames" in (set_aside_words(set_aside(day.exports)) or "")
    assert set_aside_words({}) is None


def clocks(*apart_s: float) -> CameraDay:
    day = camera_days.of().file(4, 5)
    for hour, apart in enumerate(apart_s, 5):
        day.file(hour, hour + 1, compared_with="container", clocks_apart_s=apart)
    return day


def test_clocks_that_agree_say_nothing() -> None:
    apart = disagreeing(clocks(0.4, -2.0).exports, 2.0)
    assert disagreeing_words(apart, 2.0) is None


@pytest.mark.parametrize(("far", "words"), [(3600.0, "3600 s after"), (-3600.0, "3600 s before")])
def test_clocks_that_disagree_are_named_with_how_far_and_what_to_do(far: float, words: str) -> None:
    apart = disagreeing(clocks(0.4, far, -2.5).exports, 2.0)
    told = disagreeing_words(apart, 2.0) or ""
    assert f"in 2 files container is up to {words} name" in told
    assert "clock.time_zone" in told


def test_the_gate_of_dagsters_storage_lets_all_of_it_pass() -> None:
    for told in (
        said(camera_days.untidy()),
        set_aside_words(set_aside(camera_days.broken().exports)),
        disagreeing_words(disagreeing(clocks(3600.0).exports, 2.0), 2.0),
    ):
        assert told is not None
        assert trouble(told) is None
