"""What each minute of a camera-day observed, and why not where not."""

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.small_mall import DAY, site_day
from vision.contract_check import Bounds, violations
from vision.contracts_ingest import CAMERA_EXPORTS, COVERAGE
from vision.exports import timeline
from vision.exports.coverage import coverage
from vision.exports.decoded import Decoded
from vision.exports.frames import stretches
from vision.exports.intervals import merged, seconds_by_minute, without
from vision.exports.reasons import SceneReason
from vision.protocols import Frame, Marked

FPS = 5
NO_PIXELS = np.empty((0, 0, 3), np.uint8)
Span = tuple[str, str]


def us(clock: str) -> int:
    at = dt.datetime.fromisoformat(f"{DAY}T{clock}+00:00")
    return round(at.timestamp() * 1_000_000)


def exports(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """Rows of (start, end, status), times of day in UTC; without an end where it is empty."""
    at = [dt.datetime.fromisoformat(f"{DAY}T{row[0]}+00:00") for row in rows]
    end = [dt.datetime.fromisoformat(f"{DAY}T{row[1]}+00:00") if row[1] else None for row in rows]
    return pl.DataFrame(
        {
            "export": range(len(rows)),
            "file_name": [f"{number}.mp4" for number in range(len(rows))],
            "sha256": [f"{number:064x}" for number in range(len(rows))],
            "started_at": at,
            "ended_at": end,
            "status": [row[2] for row in rows],
        },
        schema_overrides=dict(CAMERA_EXPORTS.schema),
    )


def timeline_of(files: pl.DataFrame) -> pl.DataFrame:
    """The timeline that catalogued files without a pause come to."""
    taken = files.filter(pl.col("status") == "catalogued")
    times = [pl.col(name).dt.epoch("us") for name in ("started_at", "ended_at")]
    candidates = [
        timeline.Candidate(sha256, ((begins, ends),), FPS)
        for sha256, begins, ends in taken.select("sha256", *times).iter_rows()
    ]
    start, end = (round(at.timestamp() * 1_000_000) for at in site_day().window)
    return timeline.rows(timeline.resolve(candidates, (start, end)), candidates)


def decoded(files: pl.DataFrame, *came: Span, step_us: int = 1_000_000 // FPS) -> Decoded:
    """What is known when frames came at an even rate in the spans that are given."""
    noted = Decoded(stretches(files, timeline_of(files)))
    times = [at for begins, ends in came for at in range(us(begins), us(ends), step_us)]
    assert [frame.at_us for frame in noted.noted(Frame(at, NO_PIXELS) for at in times)] == times
    return noted


def observed(
    files: pl.DataFrame,
    *came: Span,
    step_us: int = 1_000_000 // FPS,
    marked: Sequence[Marked] = (),
) -> dict[str, tuple[float, float, str | None]]:
    """Minutes of which something is to be told: recorded, readable, reason."""
    frame = coverage(files, decoded(files, *came, step_us=step_us), site_day(), marked)
    bounds = Bounds.of(site_day(), "cam_a")
    assert violations(frame, COVERAGE, bounds) == []
    told = frame.filter(
        (pl.col("recorded_s") > 0) | ~pl.col("reason").is_in(["gap", "outside_trading_hours"])
    )
    return {
        minute.strftime("%H:%M"): (recorded, readable, reason)
        for minute, recorded, readable, reason in told.iter_rows()
    }


def test_seconds_are_counted_and_what_is_missing_has_a_reason() -> None:
    files = exports(("12:00:30", "12:02:00", "catalogued"), ("12:05:00", "12:05:30", "quarantined"))
    assert observed(files, ("12:00:30", "12:02:00")) == {
        "12:00": (30, 30, "gap"),
        "12:01": (60, 60, None),
        "12:05": (30, 0, "quarantined"),
    }


def test_overlapping_files_count_once() -> None:
    files = exports(("12:00:00", "12:00:40", "catalogued"), ("12:00:20", "12:01:00", "catalogued"))
    assert observed(files, ("12:00:00", "12:01:00")) == {"12:00": (60, 60, None)}


def test_a_file_whose_decoder_dies_is_observed_up_to_there_and_no_further() -> None:
    files = exports(("12:00:00", "12:03:00", "catalogued"), ("12:03:00", "12:04:00", "catalogued"))
    found = observed(files, ("12:00:00", "12:01:15"), ("12:03:00", "12:04:00"))
    assert found == {
        "12:00": (60, 60, None),
        "12:01": (60, 15, "unreadable"),
        "12:02": (60, 0, "unreadable"),
        "12:03": (60, 60, None),
    }


def test_a_pause_of_the_timestamps_within_a_file_is_not_observed() -> None:
    files = exports(("10:00:00", "12:01:00", "catalogued"))
    found = observed(files, ("10:00:00", "10:01:00"), ("12:00:00", "12:01:00"))
    assert {minute for minute, told in found.items() if told[1]} == {"10:00", "12:00"}
    assert found["11:00"] == (60, 0, "unreadable")


def test_a_hiccup_of_less_than_two_seconds_is_none() -> None:
    files = exports(("12:00:00", "12:01:00", "catalogued"))
    assert observed(files, ("12:00:00", "12:00:20"), ("12:00:21.7", "12:01:00")) == {
        "12:00": (60, 60, None)
    }


@pytest.mark.parametrize(
    ("step_s", "readable"),
    [
        pytest.param(10, 60, id="a frame in ten seconds is a slow camera"),
        pytest.param(40, 0, id="a frame in forty shows nothing"),
    ],
)
def test_what_a_hole_is_follows_from_the_rate_of_the_camera(step_s: int, readable: float) -> None:
    files = exports(("12:00:00", "12:10:00", "catalogued"))
    found = observed(files, ("12:00:00", "12:10:00"), step_us=step_s * 1_000_000)
    assert found["12:04"][1] == readable


def test_files_too_short_to_have_a_frame_chosen_are_vouched_for_by_those_beside_them() -> None:
    short = [
        (f"12:00:{at // 1000:02d}.{at % 1000:03d}", f"12:00:{at // 1000:02d}.{at % 1000 + 40:03d}")
        for at in range(0, 60_000, 40)
        if at % 1000 + 40 < 1000
    ]
    files = exports(*((begins, ends, "catalogued") for begins, ends in short))
    (minute,) = observed(files, ("12:00:00", "12:01:00")).values()
    assert minute == (57.6, 57.6, "gap")


def test_many_short_files_of_which_none_decodes_are_not_observed() -> None:
    files = exports(*((f"12:00:{s:02d}", f"12:00:{s + 1:02d}", "catalogued") for s in range(59)))
    assert observed(files) == {"12:00": (59, 0, "unreadable")}


def test_the_reason_is_the_one_that_says_most() -> None:
    files = exports(
        ("12:00:00", "12:01:00", "catalogued"),
        ("12:00:00", "", "quarantined"),
        ("12:01:00", "12:02:00", "catalogued"),
        ("20:00:00", "20:01:00", "catalogued"),
        ("21:00:00", "21:01:00", "quarantined"),
        ("22:00:00", "22:00:30", "catalogued"),
    )
    found = observed(files, ("22:00:00", "22:00:30"))
    assert found == {
        "12:00": (60, 0, "quarantined"),
        "12:01": (60, 0, "unreadable"),
        "20:00": (60, 0, "unreadable"),
        "21:00": (60, 0, "quarantined"),
        "22:00": (30, 30, "outside_trading_hours"),
    }


def mark(begins: str, ends: str, reason: SceneReason) -> Marked:
    return Marked(us(begins), us(ends), reason)


def test_frames_that_do_not_show_what_they_should_are_not_observed() -> None:
    files = exports(("12:00:00", "12:05:00", "catalogued"))
    found = observed(
        files,
        ("12:00:00", "12:05:00"),
        marked=[
            mark("12:01:30", "12:02:00", "camera_covered"),
            mark("12:03:00", "12:03:20", "too_dark"),
            mark("12:03:10", "23:59:59", "camera_moved"),
        ],
    )
    assert found == {
        "12:00": (60, 60, None),
        "12:01": (60, 30, "camera_covered"),
        "12:02": (60, 60, None),
        "12:03": (60, 0, "camera_moved"),
        "12:04": (60, 0, "camera_moved"),
    }


def test_a_mark_says_nothing_of_minutes_without_frames() -> None:
    files = exports(
        ("12:00:00", "12:01:00", "catalogued"),
        ("12:01:00", "12:02:00", "quarantined"),
        ("12:02:00", "12:03:00", "catalogued"),
    )
    found = observed(
        files, ("12:00:00", "12:01:00"), marked=[mark("12:00:30", "23:59:59", "camera_moved")]
    )
    assert found == {
        "12:00": (60, 30, "camera_moved"),
        "12:01": (60, 0, "quarantined"),
        "12:02": (60, 0, "unreadable"),
    }


def test_a_copy_that_was_set_aside_does_not_take_the_blame() -> None:
    files = exports(("12:00:00", "12:01:00", "catalogued"), ("12:00:10", "12:00:50", "quarantined"))
    found = observed(
        files, ("12:00:00", "12:01:00"), marked=[mark("12:00:20", "12:00:40", "camera_covered")]
    )
    assert found == {"12:00": (60, 40, "camera_covered")}


def test_a_minute_that_another_file_shows_wholly_needs_no_reason() -> None:
    files = exports(("12:00:00", "12:01:00", "catalogued"), ("12:00:10", "12:00:50", "quarantined"))
    assert observed(files, ("12:00:00", "12:01:00")) == {"12:00": (60, 60, None)}


def test_a_minute_is_outside_trading_hours_if_none_of_it_is_within() -> None:
    frame = coverage(exports(), Decoded([]), site_day())
    reasons = {f"{at:%d %H:%M}": why for at, why in frame.select("minute", "reason").iter_rows()}
    closed = ["11 04:00", "11 08:59", "11 18:00", "12 03:59"]
    assert {reasons[minute] for minute in closed} == {"outside_trading_hours"}
    assert {reasons[minute] for minute in ("11 09:00", "11 17:59")} == {"gap"}


def test_a_day_on_which_the_site_is_closed_is_wholly_outside_trading_hours() -> None:
    sunday = dt.date(2026, 3, 15)
    frame = coverage(exports(), Decoded([]), site_day(sunday))
    assert frame["reason"].unique().to_list() == ["outside_trading_hours"]


@pytest.mark.parametrize(
    ("day", "hours"),
    [(dt.date(2026, 3, 28), 23), (dt.date(2026, 3, 14), 24), (dt.date(2026, 10, 24), 25)],
    ids=["the day that loses an hour", "an ordinary day", "the day that gains an hour"],
)
def test_coverage_has_every_minute_of_the_day(day: dt.date, hours: int) -> None:
    frame = coverage(CAMERA_EXPORTS.empty(), Decoded([]), site_day(day))
    assert frame.height == hours * 60
    assert (frame["readable_s"] == 0).all()


SPANS = st.lists(
    st.tuples(st.integers(0, 500), st.integers(0, 500)).map(lambda one: (min(one), max(one))),
    max_size=12,
)


def points(spans: Sequence[tuple[int, int]]) -> set[int]:
    return {at for begins, ends in spans for at in range(begins, ends)}


@given(SPANS, SPANS)
def test_intervals_are_joined_and_taken_away_as_sets_are(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    assert points(merged(one)) == points(one)
    left = without(one, other)
    assert points(left) == points(one) - points(other)
    assert left == merged(left)


@given(SPANS, st.integers(0, 50))
def test_joining_across_holes_covers_those_that_are_no_longer_and_no_others(
    spans: list[tuple[int, int]], across: int
) -> None:
    found = merged(spans, across_us=across)
    assert points(spans) <= points(found)
    assert all(b[0] - a[1] > across for a, b in pairwise(found))
    holes = without(found, spans)
    assert all(ends - begins <= across for begins, ends in holes)


def test_seconds_of_all_minutes_are_those_of_the_intervals_within_them() -> None:
    found = seconds_by_minute([(-5_000_000, 90_000_000), (150_000_000, 400_000_000)], 0, 3)
    assert found.tolist() == [60, 30, 30]
