"""What one sees of a camera-day of any shape."""

import base64
import datetime as dt
import re
from xml.etree import ElementTree

import pytest

from assets.coverage_picture import coverage_picture, joined
from footfall_dagster.privacy.drawing import is_plot
from tests.unit import camera_days
from tests.unit.camera_days import SHAPES, CameraDay


def words(day: CameraDay) -> list[str]:
    markdown = coverage_picture(day.coverage, day.exports, day.site_day).md_str or ""
    encoded = re.search(r"base64,([^)]*)", markdown)
    assert encoded is not None
    texts = ElementTree.fromstring(base64.b64decode(encoded[1])).findall(".//{*}text")
    return [(text.text or "").strip() for text in texts]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_day_is_a_small_plot_that_the_wall_lets_pass(shape: str) -> None:
    day = SHAPES[shape]()
    markdown = coverage_picture(day.coverage, day.exports, day.site_day).md_str or ""
    assert is_plot(markdown)
    assert len(markdown) < 40_000


def test_the_same_day_is_drawn_byte_for_byte_the_same() -> None:
    first, again = (
        coverage_picture(day.coverage, day.exports, day.site_day)
        for day in (camera_days.untidy(), camera_days.untidy())
    )
    assert first == again


def test_a_whole_day_speaks_of_no_gap() -> None:
    told = words(camera_days.whole())
    assert "Wed 11 Mar 2026: 540 of 540 min observed while open" in told
    assert "open 09:00 to 18:00" in told
    assert "gap" not in told


def test_what_kept_a_minute_from_being_observed_is_in_the_legend() -> None:
    assert {"observed", "unreadable", "gap", "repeated"} <= set(words(camera_days.untidy()))
    assert "Wed 11 Mar 2026: 0 of 540 min observed while open" in words(camera_days.nothing())


def test_what_a_camera_did_not_see_is_told_apart_from_what_was_not_recorded() -> None:
    told = words(camera_days.spoiled())
    assert "moved, covered or dark" in told
    assert not {"unreadable", "gap"} & set(told)
    assert "moved, covered or dark" not in words(camera_days.untidy())


def test_what_was_not_recorded_while_the_site_is_closed_is_no_gap() -> None:
    day = camera_days.of().file(4, 15)
    assert "gap" not in words(day)


def test_a_day_on_which_the_site_is_closed_says_so() -> None:
    assert "Sun 15 Mar 2026: closed" in words(camera_days.of(dt.date(2026, 3, 15)))


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (dt.date(2026, 3, 28), "Europe/London", 23),
        (dt.date(2026, 10, 24), "Europe/London", 25),
        (dt.date(2026, 3, 7), "America/New_York", 23),
        (dt.date(2026, 10, 31), "America/New_York", 25),
    ],
)
def test_the_night_in_which_clocks_change_is_marked_and_as_long_as_it_was(
    day: dt.date, zone: str, hours: int
) -> None:
    shown = camera_days.of(day, zone)
    assert shown.coverage.height == 60 * hours
    told = words(shown)
    assert "clocks change" in told
    assert (told.count("04:00"), told.count("06:00"), told.count("00:00")) == (2, 1, 1)


def test_files_that_touch_are_drawn_as_one() -> None:
    assert joined([(0, 1), (1, 2), (1.5, 1.7), (3, 4)]) == [(0, 2), (3, 4)]
