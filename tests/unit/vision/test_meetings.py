import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.meetings import settle

FRAMES = np.arange(0, 6, 0.2)
_BODY = 120.0


def boxes_of(x: np.ndarray, y: float = 100.0, height: float = _BODY) -> np.ndarray:
    return np.column_stack([x - 20, np.full_like(x, y), x + 20, np.full_like(x, y + height)])


def day(*paths: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[list[int]]]:
    """Times and boxes of everybody in order of time, and the rows of each."""
    count = len(paths)
    at_s = np.repeat(FRAMES, count)
    xyxy = np.stack([boxes_of(path) for path in paths], axis=1).reshape(-1, 4)
    rows = [list(range(number, len(at_s), count)) for number in range(count)]
    return at_s, xyxy, rows


def exchanged(rows: list[list[int]], frame: int) -> list[list[int]]:
    one, other = rows
    return [one[:frame] + other[frame:], other[:frame] + one[frame:]]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(600 - 60 * FRAMES, id="somebody who comes the other way"),
        pytest.param(np.full_like(FRAMES, 380.0), id="somebody who stands"),
    ],
)
@pytest.mark.parametrize("taken_at", [14, 15, 16])
def test_who_walks_past_somebody_walks_on(other: np.ndarray, taken_at: int) -> None:
    at_s, xyxy, rows = day(200 + 60 * FRAMES, other)
    assert settle(at_s, xyxy, rows) == rows
    wrong = exchanged(rows, taken_at)
    found = settle(at_s, xyxy, wrong)
    met = slice(taken_at - 3, taken_at + 3)
    for true, one in zip(rows, found, strict=True):
        assert {*one} - {*rows[0][met], *rows[1][met]} == {*true} - {*rows[0][met], *rows[1][met]}


def test_who_turns_round_before_meeting_anybody_is_left_alone() -> None:
    at_s, xyxy, rows = day(380 - 60 * np.abs(FRAMES - 3), 600 + 0 * FRAMES)
    assert settle(at_s, xyxy, rows) == rows


@given(st.integers(0, 2**32 - 1))
def test_every_box_stays_somebodys_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    walks = [rng.uniform(200, 500) + rng.uniform(-80, 80) * FRAMES for _ in range(3)]
    at_s, xyxy, rows = day(*walks)
    found = settle(at_s, xyxy, rows)
    assert sorted(row for own in found for row in own) == sorted(row for own in rows for row in own)
    assert all(np.all(np.diff(at_s[own]) > 0) for own in found)


def test_nobody_meets_on_an_empty_day() -> None:
    assert settle(np.zeros(0), np.zeros((0, 4)), []) == []
