"""Which stretch of a path may go on as which, and what that costs.

Belongs here: everything that speaks for or against one join. Does not belong here: which joins are
made (`vision.joining`), where people come and go anyway (`vision.sources`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.ends import End, end_of, grown, miss_cost
from vision.ground import Ground
from vision.protocols import View
from vision.sight import Sight, absence_cost
from vision.sources import Sources
from vision.tracklets import measured

Array = NDArray[np.float64]

_LONGEST_GAP_S = 4.0
_LONGEST_BESIDE_S = 8.0
_BESIDE = 0.7
_WALKED = 0.5
_HIDDEN = 1.0
_SLACK, _FASTEST, _ERRORS = 1.0, 2.0, 4.0
"""Nobody gets further than so many body heights, so many more a second, and so many standard
deviations of where they were measured."""
_SHORT_REACH_S = 0.8
_EDGE_PX = 2.0


@dataclass(frozen=True, slots=True)
class _Ends:
    """First and last end of a stretch, and the longest gap across which each may be joined."""

    head: End
    tail: End
    head_reach_s: float
    tail_reach_s: float


class Successors:
    """Everybody's boxes of a camera-day, as what may be pieces of the same path.

    Args:
        at_s: (n,) when each box was seen, seconds, ascending.
        xyxy: (n, 4) boxes, pixels.
        confidence: (n,) scores.
        view: Size of the frame.
        ground: The plane in which motion is judged.
        tallness: (n,) height of each box beside that of a person who stands there; NaN if unknown.

    Attributes:
        places: (n, 2) where the boxes are on `ground`.
    """

    def __init__(
        self,
        at_s: Array,
        xyxy: Array,
        confidence: Array,
        view: View,
        ground: Ground,
        tallness: Array,
    ) -> None:
        self._at_s, self._tallness, self._ground = at_s, tallness, ground
        self._shape = measured(xyxy)
        self.places, _ = ground.places(self._shape)
        self._at_edge = (
            (xyxy[:, 0] <= _EDGE_PX)
            | (xyxy[:, 2] >= view.width - _EDGE_PX)
            | (xyxy[:, 3] >= view.height - _EDGE_PX)
        )
        self._sight = Sight(at_s, xyxy, confidence, view)

    def pairs(
        self, pieces: Sequence[list[int]], gate: float, sources: Sources | None = None
    ) -> list[tuple[int, int, float]]:
        """Joins that are possible: which piece goes on as which, and what that costs.

        Args:
            pieces: Rows of the boxes of each stretch of a path, in order of time, stretches by
                first appearance.
            gate: What a join may cost.
            sources: Where people come and go; a join of two ends that lie elsewhere saves what
                those would cost as ends.
        """
        ends = self._ends(pieces)
        reach = _Reach([end.head for end in ends], self._ground)
        companions = _Companions(self._at_s, self.places, pieces, self._ground)
        missed = [self._sight.missed_share(rows) for rows in pieces]
        spared_tail, spared_head = _spared(pieces, sources)
        starts_s = np.array([end.head.at_s for end in ends])
        pairs: list[tuple[int, int, float]] = []
        for i, end in enumerate(ends):
            tail = end.tail
            # Stretches come by first appearance, so those that could follow are neighbours.
            first, last = np.searchsorted(
                starts_s, [tail.at_s, tail.at_s + _LONGEST_BESIDE_S], side="right"
            )
            candidates = np.arange(first, last)
            for j in candidates[reach.holds(tail, candidates)].tolist():
                head = ends[j].head
                reach_s = min(end.tail_reach_s, ends[j].head_reach_s)
                if not self._sight.is_watched(tail.at_s, head.at_s):
                    continue
                fits = head.at_s - tail.at_s <= reach_s
                cost = miss_cost(tail, head, self._ground) if fits else np.inf
                if reach_s == _LONGEST_GAP_S:
                    cost = min(cost, companions.cost(tail, head))
                cost -= spared_tail[i] + spared_head[j]
                if cost < gate:
                    unseen_s = self._sight.unexplained_s(pieces[i][-1], pieces[j][0])
                    cost += absence_cost(unseen_s, (missed[i] + missed[j]) / 2)
                if cost < gate:
                    pairs.append((i, j, cost))
        return pairs

    def _ends(self, pieces: Sequence[list[int]]) -> list[_Ends]:
        def reach_s(rows: list[int], row: int) -> float:
            # Who is at the edge of the view has left it; a box or two do not say where to.
            return _SHORT_REACH_S if self._at_edge[row] or len(rows) < 3 else _LONGEST_GAP_S

        def end(rows: list[int], *, last: bool) -> End:
            return end_of(
                self._at_s[rows],
                self._shape[rows],
                self._tallness[rows],
                self._ground,
                last=last,
            )

        return [
            _Ends(
                end(rows, last=False),
                end(rows, last=True),
                reach_s(rows, rows[0]),
                reach_s(rows, rows[-1]),
            )
            for rows in pieces
        ]


def _spared(pieces: Sequence[list[int]], sources: Sources | None) -> tuple[Array, Array]:
    """What a join saves at the last box of each piece before it, and at the first of each after."""
    if sources is None:
        return np.zeros(len(pieces)), np.zeros(len(pieces))
    return (
        sources.abrupt_ends([rows[-1] for rows in pieces]),
        sources.abrupt_starts([rows[0] for rows in pieces]),
    )


class _Reach:
    """Which ends somebody could have got to at all, before anything is weighed in detail."""

    def __init__(self, heads: Sequence[End], ground: Ground) -> None:
        self._ground = ground
        self._at_s = np.array([head.at_s for head in heads])
        self._place = np.array([head.place for head in heads]).reshape(-1, 2)
        self._height = np.array([head.height for head in heads])
        self._doubt = np.array([np.trace(head.doubt) for head in heads])

    def holds(self, tail: End, heads: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether `tail` reaches each of `heads`, running."""
        body = self._ground.body(np.exp((tail.height + self._height[heads]) / 2))
        ran = body * (_SLACK + _FASTEST * (self._at_s[heads] - tail.at_s))
        error = _ERRORS * np.sqrt(np.trace(tail.doubt) + self._doubt[heads])
        far: Array = np.linalg.norm(self._place[heads] - tail.place, axis=1)
        return np.asarray(far <= ran + error)


class _Companions:
    """Who walked beside whom: a person hidden by a companion goes on as the companion does."""

    def __init__(
        self, at_s: Array, places: Array, pieces: Sequence[list[int]], ground: Ground
    ) -> None:
        self._times = [at_s[rows] for rows in pieces]
        self._places = [places[rows] for rows in pieces]
        self._ground = ground
        self._starts = np.array([times[0] for times in self._times])
        self._ends = np.array([times[-1] for times in self._times])

    def cost(self, tail: End, head: End) -> float:
        """Of joining along the companion who fits best; infinite where there is none."""
        gap_s = head.at_s - tail.at_s
        height = self._ground.body(np.exp((tail.height + head.height) / 2))
        size = grown(tail, head)
        spread = tail.doubt + head.doubt + (height * 0.06 * gap_s) ** 2 * np.eye(2)
        best = np.inf
        there = (self._starts <= tail.at_s - 0.1) & (self._ends >= head.at_s + 0.1)
        for c in np.flatnonzero(there).tolist():
            before, after = (self._place(c, end.at_s) for end in (tail, head))
            apart = max(np.linalg.norm(before - tail.place), np.linalg.norm(after - head.place))
            # Standing beside somebody says nothing of where one goes.
            if apart > _BESIDE * height or np.linalg.norm(after - before) < _WALKED * height:
                continue
            miss = head.place - tail.place - (after - before)
            best = min(best, float(miss @ np.linalg.solve(spread, miss) + size) + _HIDDEN)
        return best

    def _place(self, companion: int, at_s: float) -> Array:
        times, places = self._times[companion], self._places[companion]
        return np.array([np.interp(at_s, times, places[:, axis]) for axis in (0, 1)])
