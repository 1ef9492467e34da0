import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.vision.tracked import START, path_of
from vision.contracts import ZONE_VISITS
from vision.crossings import BAND_M
from vision.floor import PATHS
from vision.site.geometry import contains
from vision.site.models import Zone
from vision.visits import without_excluded, zone_visits

SQUARE = ((0, 0), (2, 0), (2, 2), (0, 2))
ZONE = Zone(id="shop", kind="store", camera="c", floor="f", polygon=SQUARE)
TIMES = np.arange(0, 20, 0.2)


def walk(inside: list[tuple[float, float]]) -> np.ndarray:
    """Positions that are in the square during the given spans of seconds, beside it otherwise."""
    within = np.zeros(len(TIMES), dtype=bool)
    for start, end in inside:
        within |= (TIMES - start > -1e-9) & (TIMES - end < -1e-9)
    return np.where(within[:, None], [1.0, 1.0], [5.0, 1.0])


def visits(inside: list[tuple[float, float]]) -> list[tuple[int, int, int, str]]:
    found = zone_visits(path_of(TIMES, walk(inside)), [ZONE])
    assert found.schema == ZONE_VISITS.schema
    return [
        ((row[1] - START).seconds, (row[2] - START).seconds, row[3], row[4]) for row in found.rows()
    ]


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        pytest.param([(5.3, 12.3)], [(5, 12, 7, "both")], id="one stay"),
        pytest.param([(0, 4.2)], [(0, 4, 4, "exit")], id="there from the start"),
        pytest.param([(15.2, 30)], [(15, 19, 4, "entry")], id="there until the end"),
        pytest.param([(0, 30)], [(0, 19, 19, "neither")], id="there all the time"),
        pytest.param([(5.2, 5.8)], [], id="through a corner in less than a second"),
        pytest.param([(5.2, 8.2), (9.2, 12.2)], [(5, 12, 7, "both")], id="out for one second"),
        pytest.param(
            [(3.2, 6.2), (9.2, 12.2)], [(3, 6, 3, "both"), (9, 12, 3, "both")], id="back later"
        ),
        pytest.param([], [], id="never there"),
    ],
)
def test_stays(
    inside: list[tuple[float, float]], expected: list[tuple[int, int, int, str]]
) -> None:
    assert visits(inside) == expected


def test_who_dithers_on_the_edge_of_a_zone_stays_there_once() -> None:
    # Beside the edge for four seconds in between, and never as far from it as the band is wide.
    y = np.interp(TIMES, [0, 3, 6, 10, 14, 20], [-3, 1, -0.2, -0.2, 1, 1])
    found = zone_visits(path_of(TIMES, np.column_stack([np.ones_like(y), y])), [ZONE])
    assert found.height == 1
    further = np.where((TIMES > 6) & (TIMES < 10), -0.6, y)
    left = zone_visits(path_of(TIMES, np.column_stack([np.ones_like(y), further])), [ZONE])
    assert left.height == 2


@given(st.sampled_from([2, 5, 10, 25]), st.integers(0, 2**32 - 1))
def test_a_frame_rate_and_jitter_below_half_the_band_leave_every_stay(fps: int, seed: int) -> None:
    times = np.arange(0, 20, 1 / fps)
    y = np.interp(times, [0, 4, 8, 12, 16, 20], [-2, 1, 1, -2, 1, 1])
    shake = np.random.default_rng(seed).uniform(-BAND_M / 2, BAND_M / 2, len(times))
    found = zone_visits(path_of(times, np.column_stack([np.ones_like(y), y + shake])), [ZONE])
    assert found["ends_seen"].to_list() == ["both", "entry"]


def test_a_dwell_is_the_time_between_its_two_instants() -> None:
    found = zone_visits(path_of(TIMES, walk([(1.5, 3.7), (8.1, 9.3)])), [ZONE])
    lengths = [left - entered for entered, left in found.select("entered_at", "left_at").rows()]
    assert lengths == [dt.timedelta(seconds=dwell) for dwell in found["dwell_s"]]
    assert found.height == 2


def test_no_paths_give_no_visits() -> None:
    assert zone_visits(PATHS.to_frame(), [ZONE]).equals(ZONE_VISITS.empty())


def test_a_notch_in_a_polygon_is_outside() -> None:
    notched = np.array([(0, 0), (4, 0), (4, 4), (2, 1), (0, 4)], dtype=float)
    points = np.array([(2.0, 0.5), (2.0, 3.0), (0.5, 2.0), (5.0, 1.0)])
    assert contains(notched, points).tolist() == [True, False, True, False]


def test_nobody_is_followed_through_an_excluded_zone() -> None:
    across = np.column_stack([np.linspace(-2, 4, len(TIMES)), np.ones(len(TIMES))])
    path = path_of(TIMES, across)
    prayer_room = ZONE.model_copy(update={"kind": "exclude"})
    left = without_excluded(path, [prayer_room])
    assert left.filter(pl.col("x_m").is_between(0.01, 1.99)).is_empty()
    sides = left.group_by("track").agg(pl.col("x_m").min().alias("low"), pl.col("x_m").max())
    assert sides.sort("track").rows() == [
        (0, pytest.approx(-2), pytest.approx(0, abs=0.1)),
        (1, pytest.approx(2, abs=0.1), pytest.approx(4)),
    ]


def test_without_excluded_zones_paths_stay_as_they_are() -> None:
    path = path_of(TIMES, walk([(5, 9)]))
    assert without_excluded(path, [ZONE]).equals(path)
