"""Looks in tracking: they choose among joins that motion allows, and do no more than that."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.unit.vision.tracked import VIEW, Walk, line, seen, together
from vision.appearance import describe
from vision.protocols import View
from vision.resemblance import DEAREST, Resemblance
from vision.tracking import LookAheadTracker, _Day

TIMES = np.arange(0, 10, 0.2)
HIDDEN = (TIMES > 4.1) & (TIMES < 5.9)
RED, BLUE = np.eye(4, dtype=np.float32)[:2]


def meeting(side: int) -> Walk:
    """Two people meet behind a pillar, talk, and each goes back to where they came from."""
    return lambda t: np.column_stack(
        [280 + side * 18 * np.abs(t - 5), np.full(len(t), 301.0 + side)]
    )


LEFT, RIGHT = meeting(-1), meeting(1)
OTHER = line((100, 470), (140, 470), 10)
"""Somebody elsewhere, so that there are frames while the two are hidden."""


def scene(red: np.ndarray = RED, blue: np.ndarray = BLUE) -> tuple[pl.DataFrame, np.ndarray]:
    """Detections of the meeting, and what each box looks like."""
    parts = [seen(LEFT, TIMES[~HIDDEN]), seen(RIGHT, TIMES[~HIDDEN]), seen(OTHER, TIMES)]
    looks = [red, blue, np.full_like(red, 0.5)]
    vectors = np.concatenate(
        [np.tile(look, (part.height, 1)) for look, part in zip(looks, parts, strict=True)]
    )
    frame = together([part.with_columns(row=pl.lit(n)) for n, part in enumerate(parts)])
    counted = np.concatenate([[0], np.cumsum([part.height for part in parts])])
    seen_of = [0, 0, 0]
    order = []
    for part in frame["row"]:
        order.append(counted[part] + seen_of[part])
        seen_of[part] += 1
    return frame.drop("row"), vectors[order].astype(np.float32)


def drawn(shirt: tuple[int, int, int]) -> np.ndarray:
    """What the descriptor says of somebody in that shirt and grey trousers."""
    image = np.full((80, 30, 3), 90, dtype=np.uint8)
    image[12:40] = shirt
    return describe(image, np.array([[0, 0, 30, 80]], dtype=np.float32))[0]


def test_what_is_stored_does_not_tell_how_alike_two_people_look() -> None:
    day = together([seen(LEFT, TIMES[~HIDDEN]), seen(OTHER, TIMES)])
    after = (day["frame_at"] > day["frame_at"].median()).to_numpy()
    stored = []
    for likeness in (1.0, 0.9, 0.87):
        later = np.array([likeness, np.sqrt(1 - likeness**2), 0, 0], np.float32)
        stored.append(track(day, np.where(after[:, None], later, RED)))
    assert stored[0]["joined"].drop_nulls().len() == 1
    assert stored[0].equals(stored[1])
    assert stored[0].equals(stored[2])


def test_a_day_does_not_show_its_vectors() -> None:
    shown = repr(_Day.of(*scene()))
    assert "array" not in shown
    assert "0.5" not in shown


def sides(tracks: pl.DataFrame) -> set[tuple[bool, bool]]:
    """Of each of the two who met: whether they came from the left, whether they went there."""
    two = tracks.filter(pl.col("y_max") < 400)
    ends = (
        two.sort("frame_at")
        .group_by("track")
        .agg(pl.col("x_min").first().alias("a"), pl.col("x_min").last().alias("b"))
    )
    return {(a < 250, b < 250) for a, b in ends.select("a", "b").iter_rows()}


def track(
    detections: pl.DataFrame, looks: np.ndarray | None = None, view: View = VIEW
) -> pl.DataFrame:
    return LookAheadTracker().track(detections, view, looks)


def test_looks_settle_a_meeting_in_which_motion_swaps_the_two() -> None:
    detections, looks = scene()
    assert sides(track(detections)) == {(True, False), (False, True)}
    assert sides(track(detections, looks)) == {(True, True), (False, False)}


def test_a_red_and_a_blue_shirt_are_enough_and_two_of_one_colour_are_not() -> None:
    red, blue = drawn((40, 40, 200)), drawn((200, 60, 40))
    assert sides(track(*scene(red, blue))) == {(True, True), (False, False)}
    assert sides(track(*scene(red, red))) == {(True, False), (False, True)}


def test_where_all_look_alike_motion_decides() -> None:
    detections, looks = scene(red=RED, blue=RED)
    assert track(detections, looks).equals(track(detections))


def test_unknown_looks_change_nothing() -> None:
    detections, looks = scene()
    assert track(detections, np.full_like(looks, np.nan)).equals(track(detections))


def test_looks_join_nobody_whom_motion_keeps_apart() -> None:
    early, late = TIMES < 4, TIMES > 5
    far = [
        seen(line((40, 200), (60, 200), 10), TIMES[early]),
        seen(line((560, 420), (600, 420), 10), TIMES[late]),
    ]
    detections = together([*far, seen(OTHER, TIMES)])
    same = np.tile(RED, (detections.height, 1))
    assert track(detections, same).equals(track(detections))
    assert track(detections, same)["track"].n_unique() == 3


def test_a_change_of_looks_between_frames_breaks_no_track() -> None:
    detections = seen(line((40, 300), (600, 300), 10), TIMES)
    looks = np.tile(np.stack([RED, BLUE]), (len(TIMES) // 2, 1))
    assert track(detections, looks).equals(track(detections))


def test_the_order_of_rows_changes_nothing_when_looks_go_with_them() -> None:
    detections, looks = scene()
    order = np.random.default_rng(3).permutation(detections.height)
    assert track(detections[order], looks[order]).equals(track(detections, looks))


def test_tracks_carry_no_column_of_looks() -> None:
    detections, looks = scene()
    assert track(detections, looks).schema == track(detections).schema


@given(
    vectors=hnp.arrays(np.float32, (12, 3), elements=st.floats(-5, 5, width=32) | st.just(np.nan)),
    cut=st.integers(1, 11),
)
def test_unlikeness_costs_something_between_nothing_and_its_most(
    vectors: np.ndarray, cut: int
) -> None:
    resemblance = Resemblance(vectors, [list(range(cut)), list(range(cut, 12))])
    assert 0 <= resemblance.cost(0, 1) <= DEAREST


@pytest.mark.parametrize(("other", "cost"), [(RED, 0.0), (BLUE, DEAREST)], ids=["same", "other"])
def test_the_same_costs_nothing_and_another_the_most(other: np.ndarray, cost: float) -> None:
    vectors = np.stack([RED, RED, other, other])
    assert Resemblance(vectors, [[0, 1], [2, 3]]).cost(0, 1) == pytest.approx(cost)
