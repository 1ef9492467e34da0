import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.vision.tracked import START, START_US, path_of
from vision.contracts import GATE_EVENTS
from vision.crossings import BAND_M, crossings, gate_events
from vision.exports.grid import nearest_to_grid
from vision.floor import PATHS
from vision.site.models import Gate

GATE = Gate(id="door", camera="c", floor="f", line=((0, 0), (4, 0)), inside=(2, 3))
LINE, INSIDE = np.array(GATE.line), np.array(GATE.inside)


def through(points: list[tuple[float, float]], fps: float = 10, speed: float = 1.0) -> tuple:
    """Times and positions of a walk along `points` at `speed` metres a second."""
    corners = np.array(points, dtype=float)
    reached = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))])
    times = np.arange(0, reached[-1] / speed + 1e-9, 1 / fps)
    return times, np.column_stack([np.interp(times * speed, reached, c) for c in corners.T])


def directions(times: np.ndarray, place: np.ndarray) -> list[str]:
    at_us = (times * 1e6).astype(np.int64)
    found = crossings(at_us, place, np.full(len(times), BAND_M), LINE, INSIDE)
    return ["in" if inwards else "out" for _, inwards in found]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        pytest.param([(2, -2), (2, 2)], ["in"], id="straight in"),
        pytest.param([(2, 2), (2, -2)], ["out"], id="straight out"),
        pytest.param([(2, -2), (2, 2), (3, -2)], ["in", "out"], id="in and out again"),
        pytest.param([(2, -2), (2, 0.2), (2.5, -2)], [], id="a U-turn in the door"),
        pytest.param([(2, -2), (2, 0.2), (2.2, -0.2), (2.4, 2)], ["in"], id="dithering, then in"),
        pytest.param([(2, -2), (2, 0.2), (2, -0.2), (2, 0.2), (2, -2)], [], id="dithering, not in"),
        pytest.param([(-2, -2), (-2, 2)], [], id="past the end of the gate"),
        pytest.param([(2, -2), (2, -0.4)], [], id="up to the door and no further"),
        pytest.param([(2, 0.4), (2, 2)], [], id="first seen behind the door"),
        pytest.param([(2, -0.2), (2, 2)], ["in"], id="first seen just before the line"),
        pytest.param([(2, -2), (2, 0.2)], ["in"], id="last seen just behind the line"),
        pytest.param(
            [(2, -2), (2, 0.2), (6, 0.2), (6, -0.2), (2, -0.2), (2, -2)],
            [],
            id="in through the gate, out beside it, never deep inside",
        ),
        pytest.param([(-2, 2), (-2, -2), (2, -2), (2, 2)], ["in"], id="out beside it, in through"),
    ],
)
def test_crossings(points: list[tuple[float, float]], expected: list[str]) -> None:
    assert directions(*through(points)) == expected


excursions = st.lists(
    st.tuples(st.floats(0.6, 3.4), st.floats(1.3, 3.0)), min_size=2, max_size=6
).map(lambda steps: [(x, depth * (-1) ** i) for i, (x, depth) in enumerate(steps)])


@given(excursions, st.booleans())
def test_time_reversal_swaps_in_and_out(points: list[tuple[float, float]], flip: bool) -> None:
    times, place = through([(x, -y) if flip else (x, y) for x, y in points])
    forwards = directions(times, place)
    backwards = directions(times, place[::-1])
    swapped = {"in": "out", "out": "in"}
    assert len(forwards) == len(points) - 1
    assert backwards == [swapped[direction] for direction in reversed(forwards)]


@given(excursions, st.integers(0, 2**32 - 1))
def test_jitter_below_half_the_band_changes_nothing(
    points: list[tuple[float, float]], seed: int
) -> None:
    times, place = through(points)
    shake = np.random.default_rng(seed).uniform(-BAND_M / 2, BAND_M / 2, len(times))
    shaken = place + np.column_stack([np.zeros(len(times)), shake])
    assert directions(times, shaken) == directions(times, place)


@given(excursions, st.sampled_from([2, 5, 10, 25]), st.sampled_from([2, 5, 10, 25]))
@settings(deadline=None)
def test_another_frame_rate_leaves_every_crossing_as_it_is(
    points: list[tuple[float, float]], fps: int, other: int
) -> None:
    assert directions(*through(points, fps)) == directions(*through(points, other))


@given(excursions, st.integers(0, 2**32 - 1))
def test_gaps_under_half_a_second_change_nothing(
    points: list[tuple[float, float]], seed: int
) -> None:
    times, place = through(points)
    start = np.random.default_rng(seed).uniform(0.5, max(0.6, times[-1] - 1))
    kept = (times < start) | (times >= start + 0.45)
    assert directions(times[kept], place[kept]) == directions(times, place)


brief_excursions = st.lists(
    # At a metre a second whoever goes 0.5 m beyond the band is beyond it for a second.
    st.tuples(st.floats(0.6, 3.4), st.floats(BAND_M + 0.5, 3.0)),
    min_size=2,
    max_size=6,
).map(lambda steps: [(x, depth * (-1) ** i) for i, (x, depth) in enumerate(steps)])


@given(
    brief_excursions,
    st.booleans(),
    st.integers(0, 2**32 - 1),
    st.floats(0, 0.49),
    st.sampled_from([2, 5, 10, 25]),
)
@settings(deadline=None, max_examples=400)
def test_jitter_a_gap_and_another_frame_rate_together_change_no_crossing(
    points: list[tuple[float, float]], flip: bool, seed: int, gap_s: float, fps: int
) -> None:
    rng = np.random.default_rng(seed)
    times, place = through([(x, -y) if flip else (x, y) for x, y in points], fps=25)
    shaken = place + rng.uniform(-0.49 * BAND_M, 0.49 * BAND_M, place.shape)
    begins = rng.uniform(0, times[-1])
    kept = (times < begins) | (times >= begins + gap_s)
    at_us = np.round(times[kept] * 1e6).astype(np.int64)
    recorded = zip(at_us.tolist(), shaken[kept], strict=True)
    when, where = zip(*nearest_to_grid(recorded, fps), strict=True)
    seen_s, seen = np.array(when) / 1e6, np.array(where)
    first = "out" if points[0][1] * (-1 if flip else 1) > 0 else "in"
    other = {"in": "out", "out": "in"}
    expected = [first if i % 2 == 0 else other[first] for i in range(len(points) - 1)]
    assert directions(seen_s, seen) == expected
    backwards = directions(seen_s[-1] - seen_s[::-1], seen[::-1])
    assert backwards == [other[direction] for direction in reversed(expected)]


def test_events_are_stored_at_whole_seconds_under_the_gates_name() -> None:
    times, place = through([(2, -2), (2, 2)])
    found = gate_events(path_of(times, place), [GATE])
    assert found.rows() == [("door", START + dt.timedelta(seconds=2), "in", "track")]
    assert found.schema == GATE_EVENTS.schema


def test_a_gate_in_pixels_uses_body_heights() -> None:
    times, place = through([(2, -2), (2, 2)])
    gate = Gate(id="door", camera="c", floor="f", line_px=((0, 0), (200, 0)), inside_px=(100, 99))
    assert gate_events(path_of(times, place), [gate])["direction"].to_list() == ["in"]


def test_a_path_that_ends_at_the_line_crosses_it_only_while_the_recording_goes_on() -> None:
    # Carried on by half a second, it is through the door at 2 s; it is seen until 1.8 s.
    times, place = through([(2, -2), (2, -0.15)])
    path = path_of(times, place)
    assert gate_events(path, [GATE]).is_empty()
    went_on = START_US + 10_000_000
    found = gate_events(path, [GATE], (START_US, went_on))
    assert found.rows() == [("door", START + dt.timedelta(seconds=2), "in", "track")]


def test_no_paths_give_no_events() -> None:
    assert gate_events(PATHS.to_frame(), [GATE]).equals(GATE_EVENTS.empty())
