import datetime as dt

import numpy as np
import polars as pl
import pytest

from assets.scene import outside
from tests.unit.vision.tracked import START, START_US, VIEW, line, seen, together
from vision.contract_check import Bounds, violations
from vision.contracts import DETECTIONS, TRACKS
from vision.protocols import Marked, View
from vision.tracking import LookAheadTracker

TIMES = np.arange(0, 10, 0.2)
ACROSS = line((40, 300), (600, 300), 10)
BACK = line((600, 320), (40, 320), 10)


def track(detections: pl.DataFrame, view: View = VIEW) -> pl.DataFrame:
    return LookAheadTracker().track(detections, view)


def ids(tracks: pl.DataFrame) -> int:
    return tracks["track"].n_unique()


def test_nobody_gives_no_tracks() -> None:
    assert track(DETECTIONS.empty()).equals(TRACKS.empty())


def test_one_walker_is_one_track_with_every_box() -> None:
    detections = seen(ACROSS, TIMES)
    found = track(detections)
    assert ids(found) == 1
    assert found.drop("track", "joined").equals(detections)
    assert found["joined"].null_count() == found.height


def test_two_people_who_pass_each_other_stay_two() -> None:
    found = track(together([seen(ACROSS, TIMES), seen(BACK, TIMES)]))
    assert ids(found) == 2
    ends = found.group_by("track").agg(went=pl.col("x_min").last() - pl.col("x_min").first())
    assert sorted(np.sign(ends["went"])) == [-1, 1]


@pytest.mark.parametrize("gap_s", [0.4, 1.0, 1.8])
def test_a_person_hidden_for_a_while_is_one_track_filled_in_between(gap_s: float) -> None:
    hidden = (TIMES > 4) & (TIMES - gap_s < 4)
    # Somebody else is in view all the time, so there are frames in the gap.
    other = seen(line((100, 470), (120, 470), 10), TIMES)
    found = track(together([seen(ACROSS, TIMES[~hidden]), other]))
    assert ids(found) == 2
    filled = found.filter(pl.col("confidence").is_null())
    assert filled.height == hidden.sum()
    expected = seen(ACROSS, TIMES[hidden])
    assert np.allclose(filled["x_min"], expected["x_min"], atol=0.5)


def test_a_join_says_how_sure_it_is_at_the_first_box_after_the_gap() -> None:
    hidden = (TIMES > 4) & (TIMES < 5.5)
    other = seen(line((100, 470), (120, 470), 10), TIMES)
    alone = track(together([seen(ACROSS, TIMES[~hidden]), other])).drop_nulls("joined")
    assert alone["frame_at"].to_list() == [START + dt.timedelta(seconds=5.6)]
    # Somebody else who comes up where they are expected makes it less sure who is who.
    beside = line((60, 330), (620, 330), 10)
    rival = seen(beside, TIMES[TIMES > 5.5])
    both = track(together([seen(ACROSS, TIMES[~hidden]), other, rival])).drop_nulls("joined")
    assert both["joined"].max() < alone["joined"].min() <= 1


def test_no_track_spans_a_recording_gap() -> None:
    paused = np.concatenate([TIMES, TIMES + 13])
    found = track(seen(lambda t: np.full((len(t), 2), 300.0), paused))
    spans = found.group_by("track").agg(
        longest=pl.col("frame_at").diff().dt.total_milliseconds().max()
    )
    assert ids(found) == 2
    assert spans["longest"].max() <= 2000


def test_a_passing_flicker_of_the_detector_is_nobody() -> None:
    flicker = seen(lambda t: np.full((len(t), 2), 150.0), TIMES[10:12], confidence=0.9)
    assert ids(track(together([seen(ACROSS, TIMES), flicker]))) == 1


def test_weak_boxes_alone_are_nobody() -> None:
    assert track(seen(ACROSS, TIMES, confidence=0.2)).is_empty()


def test_a_thing_that_is_all_a_camera_shows_is_nobody() -> None:
    still = seen(lambda t: np.full((len(t), 2), 150.0), TIMES, confidence=0.2)
    assert track(still).equals(TRACKS.empty())


def test_weak_boxes_go_on_with_a_track() -> None:
    weak = (TIMES > 3) & (TIMES < 6)
    found = track(together([seen(ACROSS, TIMES[~weak]), seen(ACROSS, TIMES[weak], confidence=0.2)]))
    assert ids(found) == 1
    assert found["confidence"].null_count() == 0


def test_an_upper_body_inside_the_whole_figure_is_no_second_person() -> None:
    whole = seen(ACROSS, TIMES)
    part = whole.with_columns(y_max=pl.col("y_min") + 40, confidence=pl.lit(0.6, pl.Float32))
    assert ids(track(together([whole, part]))) == 1


def test_the_order_of_rows_changes_nothing() -> None:
    detections = together([seen(ACROSS, TIMES), seen(BACK, TIMES)])
    assert track(detections.sample(fraction=1, shuffle=True, seed=3)).equals(track(detections))


@pytest.mark.parametrize("fps", [2, 5, 10, 25])
def test_a_walker_is_one_track_at_any_rate(fps: int) -> None:
    times = np.arange(0, 10, 1 / fps)
    found = track(together([seen(ACROSS, times), seen(BACK, times)]), View(640, 480, fps))
    assert ids(found) == 2


def test_tracks_keep_their_contract() -> None:
    hidden = (TIMES > 4) & (TIMES < 5)
    found = track(together([seen(ACROSS, TIMES[~hidden]), seen(BACK, TIMES)]))
    at = pl.Series([START_US, START_US + 86_400_000_000]).cast(pl.Datetime("us"))
    window = tuple(at.dt.replace_time_zone("UTC").to_list())
    bounds = Bounds(window, (640, 480), (0, 0, 10, 10), frozenset(), frozenset())
    assert violations(found, TRACKS, bounds) == []


def test_nobody_is_followed_across_a_stretch_that_was_left_out() -> None:
    """Ten seconds of a hand over the lens: who stands there before and after is two tracks."""
    times = np.arange(0, 40, 0.2)
    seen_all_day = together(
        [seen(lambda t: np.full((len(t), 2), 300.0), times), seen(ACROSS, times)]
    )
    covered = Marked(START_US + 15_000_000, START_US + 25_000_000, "camera_covered")
    found = track(seen_all_day.filter(outside(seen_all_day["frame_at"], [covered])))
    at_us = found["frame_at"].dt.epoch("us")
    assert not at_us.is_between(covered.begins_us, covered.ends_us, closed="left").any()
    spans = found.group_by("track").agg(
        first=pl.col("frame_at").min(), last=pl.col("frame_at").max()
    )
    assert (spans["last"] - spans["first"]).dt.total_seconds().max() <= 15
    assert ids(found) == 4


@pytest.mark.parametrize("seconds", [15, pytest.param(60, marks=pytest.mark.long)])
def test_two_hundred_people_in_view_are_two_hundred_tracks(seconds: int) -> None:
    times = np.arange(0, seconds, 0.2)
    people = [
        seen(
            lambda t, x=x, y=y: np.column_stack([x + 25 * np.sin(t / 4 + x), np.full(len(t), y)]),
            times,
        )
        for x in np.linspace(60, 1860, 20)
        for y in np.linspace(110, 1060, 10)
    ]
    found = track(together(people), View(1920, 1080, 5))
    assert ids(found) == 200
    assert found.height == 200 * len(times)
    assert found.group_by("track").len()["len"].unique().to_list() == [len(times)]
