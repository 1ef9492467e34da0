"""What is said of a camera that was moved, was covered or saw too little."""

import datetime as dt

import polars as pl
import pytest

from assets.scene import length_words, outside, spoiled_stretches
from footfall_dagster.checks.scene import spoiled_words
from footfall_dagster.privacy.text import trouble
from tests.unit import camera_days
from tests.unit.camera_days import CameraDay
from vision.protocols import Marked


def said(day: CameraDay) -> str | None:
    return spoiled_words(spoiled_stretches(day.coverage, day.site_day), day.site_day)


def test_a_day_that_showed_what_it_should_says_nothing() -> None:
    assert said(camera_days.whole()) is None
    assert said(camera_days.untidy()) is None


def test_a_camera_that_was_moved_is_told_with_the_hour_and_what_to_do() -> None:
    # The trading day begins at four; 14:03 is its eleventh hour.
    told = said(camera_days.of().file(5, 14).spoiled(10.05, 14, "camera_moved"))
    assert told is not None
    assert "the camera was moved at 14:03; the rest of the day, 3 h 57 min, is not counted" in told
    assert "valid_from" in told
    assert "NULL, not zero" in told


def test_hours_are_those_of_the_sites_clock() -> None:
    day = camera_days.of(time_zone="Europe/Berlin").file(5, 14)
    assert "moved at 14:03" in (said(day.spoiled(10.05, 14, "camera_moved")) or "")


def test_a_camera_that_was_put_back_is_told_with_both_hours() -> None:
    told = said(camera_days.of().file(5, 14).spoiled(8, 8.5, "camera_moved"))
    assert "the camera was moved at 12:00 and was back by 12:30; 30 min are not counted" in (
        told or ""
    )


def test_a_recording_that_pauses_is_no_second_move() -> None:
    day = camera_days.of().file(5, 8).file(9, 11).file(12, 14)
    (one,) = spoiled_stretches(day.spoiled(7, 14, "camera_moved").coverage, day.site_day)
    assert (one.minutes, one.to_the_end) == (300, True)


def test_covers_and_darkness_count_while_the_site_trades() -> None:
    told = said(camera_days.spoiled())
    assert told is not None
    assert "from 11:00 to 11:15 the camera was covered or out of focus; 15 min" in told
    # Dark from four to half past eight, before the site opens at nine.
    assert "in the dark" not in told
    late = said(camera_days.whole().spoiled(4, 6, "too_dark"))
    assert "from 09:00 to 10:00 the camera was in the dark; 1 h 0 min" in (late or "")


def test_many_stretches_are_told_in_a_text_that_may_be_stored() -> None:
    day = camera_days.whole()
    for quarter in range(16):
        day.spoiled(5 + quarter / 2, 5.25 + quarter / 2, "camera_covered")
    told = said(day)
    assert told is not None
    assert "and 12 times more" in told
    assert trouble(told) is None
    assert trouble(said(camera_days.spoiled()) or "-") is None


@pytest.mark.parametrize(
    ("minutes", "words"), [(0.2, "1 min"), (59.4, "59 min"), (60, "1 h 0 min"), (237, "3 h 57 min")]
)
def test_lengths_are_told_as_one_says_them(minutes: float, words: str) -> None:
    assert length_words(minutes) == words


def test_boxes_are_kept_outside_of_what_is_marked() -> None:
    start = dt.datetime(2026, 3, 14, 10, tzinfo=dt.UTC)
    at = pl.Series([start + dt.timedelta(seconds=second) for second in range(6)]).dt.cast_time_unit(
        "us"
    )
    us = round(start.timestamp() * 1e6)
    marked = [
        Marked(us + 1_000_000, us + 3_000_000, "camera_covered"),
        Marked(us + 5_000_000, 2**62, "camera_moved"),
    ]
    assert outside(at, marked).to_list() == [True, False, False, True, True, False]
    assert outside(at, []).all()
