"""A camera-day cut into windows, and its tracks put together again where it was cut.

Belongs here: where to cut, so that a day of any length takes the memory of some minutes, and whose
track goes on as whose across a cut. Does not belong here: how people are followed within a window
(`vision.tracking` and what it calls).

A window is solved with what comes before and after it in view, and decides only its own boxes. So
two neighbours have solved the time around their cut twice, with the same boxes at hand, and whoever
shares boxes with somebody there is the same person.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from vision.sight import UNWATCHED_GAP_S

Rows = NDArray[np.int64]

_BOXES = 20_000
"""A window has so many at most, unless it is shorter than twice `_SHORTEST_S`."""
_SHORTEST_S = 40.0
_CONTEXT_S = 20.0
"""What is looked at on either side of a window: more than twice the longest join."""


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open ranges of a camera-day's boxes in order of time.

    Attributes:
        begin: First box that the window decides.
        end: The first that it does not decide any more.
        first: First box that it looks at.
        last: The first that it does not look at any more.
    """

    begin: int
    end: int
    first: int
    last: int


def windows(
    at_us: NDArray[np.int64], boxes: int = _BOXES, shortest_s: float = _SHORTEST_S
) -> list[Window]:
    """The windows of a camera-day, in order of time; no frame is cut in two.

    Args:
        at_us: (n,) when each box was seen, microseconds, ascending.
        boxes: A window has so many at most, unless it is shorter than twice the shortest.
        shortest_s: Length of the shortest window but the last.
    """
    frames_us, first_box, people = np.unique(at_us, return_index=True, return_counts=True)
    frames = _cuts(frames_us, people, boxes, shortest_s)
    cuts = [0, *(int(first_box[frame]) for frame in frames)]
    context_us = round(_CONTEXT_S * 1e6)
    result: list[Window] = []
    for begin, end in zip(cuts, [*cuts[1:], len(at_us)], strict=True):
        first = int(np.searchsorted(at_us, at_us[begin] - context_us))
        last = int(np.searchsorted(at_us, at_us[end - 1] + context_us, side="right"))
        result.append(Window(begin, end, first, last))
    return result


def _cuts(frames_us: Rows, people: Rows, boxes: int, shortest_s: float) -> Iterator[int]:
    """Numbers of the frames that begin a window, the first one left out."""
    seen = np.cumsum(people) - people
    pause_us = np.diff(frames_us, prepend=frames_us[0])
    begin = 0
    while True:
        earliest, latest = (
            max(
                int(np.searchsorted(seen, seen[begin] + share * boxes)),
                int(np.searchsorted(frames_us, frames_us[begin] + share * 2e6 * shortest_s)),
            )
            for share in (0.5, 1)
        )
        if latest >= len(frames_us):
            return
        span = slice(earliest, latest + 1)
        # Nobody is joined across such a pause, so a cut there changes nothing.
        if pause_us[span].max() > UNWATCHED_GAP_S * 1e6:
            begin = earliest + int(pause_us[span].argmax())
        else:
            begin = earliest + int(people[span].argmin())
        yield begin


def put_together(solved: Iterable[tuple[Window, Sequence[Rows]]]) -> list[Rows]:
    """Tracks of the whole day from those of its windows.

    Args:
        solved: Windows in order of time, each with its tracks: numbers of their boxes in the day,
            ascending.

    Returns:
        Boxes of each track, ascending; tracks in no order.
    """
    whole: list[Rows] = []
    open_: list[_Open] = []
    for window, tracks in solved:
        before = _same([one.seen for one in open_], tracks)
        followed = set(before.values())
        whole += [one.boxes() for number, one in enumerate(open_) if number not in followed]
        open_ = [
            _Open(
                [
                    *(open_[before[number]].decided if number in before else ()),
                    rows[(rows >= window.begin) & (rows < window.end)],
                ],
                rows,
            )
            for number, rows in enumerate(tracks)
        ]
    whole += [one.boxes() for one in open_]
    return [rows for rows in whole if len(rows)]


@dataclass(frozen=True, slots=True)
class _Open:
    """A track that the next window may go on with: what is decided of it, and how it was seen."""

    decided: list[Rows]
    seen: Rows

    def boxes(self) -> Rows:
        return np.concatenate(self.decided)


def _same(before: Sequence[Rows], after: Sequence[Rows]) -> dict[int, int]:
    """For tracks of a window who they were in the one before, by the boxes that both have."""
    if not before or not after:
        return {}
    was, now = _owners(before), _owners(after)
    _, i, j = np.intersect1d(now[0], was[0], assume_unique=True, return_indices=True)
    shared = np.zeros((len(after), len(before)))
    np.add.at(shared, (now[1][i], was[1][j]), 1)
    pairs = zip(*linear_sum_assignment(shared, maximize=True), strict=True)
    return {int(i): int(j) for i, j in pairs if shared[i, j]}


def _owners(tracks: Sequence[Rows]) -> tuple[Rows, Rows]:
    """Every box of some tracks, and the number of the track that has it."""
    return np.concatenate(tracks), np.repeat(np.arange(len(tracks)), [len(one) for one in tracks])
