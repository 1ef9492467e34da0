from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.vision.tracked import VIEW, line, seen, together
from vision import tracking
from vision.tracking import LookAheadTracker
from vision.windows import Rows, put_together, windows

STEP_US = 200_000
FEW = {"boxes": 1, "shortest_s": 10.0}


def busy(seconds: int, people: int = 3) -> np.ndarray:
    """When each box was seen where so many people are in view all the time."""
    return np.repeat(np.arange(0, seconds * 1_000_000, STEP_US), people)


@pytest.mark.parametrize("people", [1, 7])
def test_windows_decide_every_box_once_and_cut_no_frame_in_two(people: int) -> None:
    at_us = busy(200, people)
    found = windows(at_us, **FEW)
    assert len(found) > 10
    assert (found[0].begin, found[-1].end) == (0, len(at_us))
    for one, following in pairwise(found):
        assert one.end == following.begin
        assert at_us[one.end - 1] < at_us[one.end]


def test_a_window_looks_at_what_comes_before_and_after() -> None:
    at_us = busy(200)
    for window in windows(at_us, **FEW)[3:-3]:
        assert at_us[window.begin] - at_us[window.first] == 20_000_000
        assert at_us[window.last - 1] - at_us[window.end - 1] == 20_000_000


def test_a_long_quiet_day_is_cut_where_nobody_is_in_view() -> None:
    at_us = busy(200)
    pause = (at_us % 15_000_000) > 12_000_000
    found = windows(at_us[~pause], **FEW)
    begins_s = {int(at_us[~pause][window.begin]) // 1_000_000 for window in found}
    assert len(begins_s) > 8
    assert all(one % 15 == 0 for one in begins_s)


def test_few_boxes_are_one_window() -> None:
    assert len(windows(busy(600))) == 1


@given(
    st.lists(
        st.tuples(st.integers(0, 190), st.integers(1, 200)), min_size=1, max_size=30, unique=True
    )
)
def test_who_is_seen_alike_in_both_windows_is_one_person_all_day(
    lives: list[tuple[int, int]],
) -> None:
    """Everybody is in view from a second on, for so many; windows all see the truth."""
    spans = [range(begin, min(200, begin + length)) for begin, length in lives]
    at_us = np.array([second for span in spans for second in span]) * 1_000_000
    owner = np.repeat(np.arange(len(spans)), [len(span) for span in spans])
    order = np.argsort(at_us, kind="stable")
    at_us, owner = at_us[order], owner[order]
    people = [np.flatnonzero(owner == number) for number in range(len(spans))]
    solved = [
        (
            window,
            [own for rows in people if len(own := _looked_at(rows, window.first, window.last))],
        )
        for window in windows(at_us, **FEW)
    ]
    found = sorted(rows.tolist() for rows in put_together(solved))
    assert found == sorted(rows.tolist() for rows in people)


def _looked_at(rows: Rows, first: int, last: int) -> Rows:
    return rows[(rows >= first) & (rows < last)]


def test_a_day_in_short_windows_gives_the_tracks_of_the_whole_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Somebody walks through every ten seconds, somebody else stays for all of it, and two meet.
    walks = [(begin, line((40, 300), (600, 310), 9)) for begin in range(0, 120, 10)]
    walks += [(begin, line((600, 330), (40, 320), 12)) for begin in range(4, 110, 15)]
    parts = [seen(lambda t, b=b, w=w: w(t - b), np.arange(b, b + 9, 0.2)) for b, w in walks]
    parts.append(seen(lambda t: np.full((len(t), 2), 420.0), np.arange(0, 125, 0.2)))
    day = together(parts)
    whole = LookAheadTracker().track(day, VIEW)
    monkeypatch.setattr(tracking, "windows", partial(windows, **FEW))
    assert LookAheadTracker().track(day, VIEW).equals(whole)
    assert len(windows(day["frame_at"].to_physical().to_numpy(), **FEW)) > 5
