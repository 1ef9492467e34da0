"""Which frames are looked at does not depend on how a recording was cut."""

from collections.abc import Iterator
from itertools import accumulate, chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.exports.bounds import PAUSE_US
from vision.exports.grid import nearest_to_grid

T0 = 1_773_482_400_000_000
STEPS_US = st.lists(
    st.one_of(
        st.integers(1, 80_000),
        st.integers(1, 1_500_000),
        st.integers(PAUSE_US - 1, PAUSE_US + 1),
        st.integers(PAUSE_US, 3_600_000_000),
    ),
    max_size=200,
)
FPS = st.sampled_from([1.0, 2.0, 5.0, 6.0, 7.3, 12.5, 25.0, 30.0])


def times(steps_us: list[int]) -> list[int]:
    return list(accumulate(steps_us, initial=T0))


def chosen(at_us: list[int], fps: float) -> list[int]:
    return [at for at, _ in nearest_to_grid(((at, None) for at in at_us), fps)]


@given(STEPS_US, FPS, st.lists(st.integers(0, 200), max_size=30))
def test_any_cutting_into_files_gives_the_same_frames(
    steps_us: list[int], fps: float, cuts: list[int]
) -> None:
    frames = times(steps_us)
    edges = [0, *sorted(cuts), len(frames)]
    files = [frames[one:other] for one, other in pairwise(edges)]

    def of_files() -> Iterator[tuple[int, int]]:
        return chain.from_iterable(((at, at) for at in one) for one in files)

    assert [at for at, _ in nearest_to_grid(of_files(), fps)] == chosen(frames, fps)


@given(STEPS_US, FPS)
def test_every_chosen_frame_is_one_that_came_and_times_rise(
    steps_us: list[int], fps: float
) -> None:
    frames = times(steps_us)
    found = chosen(frames, fps)
    assert set(found) <= set(frames)
    assert all(one < other for one, other in pairwise(found))


@given(STEPS_US, FPS)
def test_between_pauses_no_frame_is_nearer_to_a_point_than_the_one_that_was_chosen(
    steps_us: list[int], fps: float
) -> None:
    frames = times(steps_us)
    sessions: list[list[int]] = [[frames[0]]]
    for one, other in pairwise(frames):
        if other - one > PAUSE_US:
            sessions.append([])
        sessions[-1].append(other)
    expected: list[int] = []
    for session in sessions:
        cells: dict[int, list[int]] = {}
        for at in session:
            cells.setdefault(round((at - session[0]) / (1e6 / fps)), []).append(at)
        for cell, candidates in cells.items():
            point = session[0] + cell * (1e6 / fps)
            expected.append(min(candidates, key=lambda at, point=point: abs(at - point)))
    assert chosen(frames, fps) == expected


@given(STEPS_US, FPS)
def test_frames_rarer_than_the_grid_are_each_given_once(steps_us: list[int], fps: float) -> None:
    rare = times([step + round(1e6 / fps) + 1 for step in steps_us])
    assert chosen(rare, fps) == rare


@pytest.mark.parametrize("offset", [0, 40_000, 999_999])
def test_the_grid_never_drifts(offset: int) -> None:
    day = range(T0 + offset, T0 + offset + 3_600_000_000, 40_000)
    found = chosen(list(day), 6)
    assert len(found) == 3600 * 6 + 1
    off = [(at - T0 - offset) - number * 1e6 / 6 for number, at in enumerate(found[:-1])]
    assert max(map(abs, off)) <= 20_000


def test_after_a_pause_the_grid_begins_with_the_first_frame() -> None:
    first = [T0 + 40_000 * n for n in range(50)]
    later = [first[-1] + PAUSE_US + 13_000 + 40_000 * n for n in range(50)]
    assert chosen(first + later, 5) == chosen(first, 5) + chosen(later, 5)


def test_a_frame_that_is_no_later_than_the_one_before_is_left_out() -> None:
    assert chosen([T0, T0 + 40_000, T0 + 40_000, T0 + 30_000, T0 + 80_000], 1000) == [
        T0,
        T0 + 40_000,
        T0 + 80_000,
    ]
