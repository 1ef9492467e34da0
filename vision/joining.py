"""Tracklets joined over the whole camera-day: the half of tracking that looks ahead.

Belongs here: which tracklet goes on as which, judged with both sides of a gap or of a meeting in
hand, and which tracks are nobody. Does not belong here: frame by frame association
(`vision.tracklets`), meetings of people in full view (`vision.meetings`).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from vision.duplicates import without_shadows
from vision.ends import End, end_of, grown, miss_cost
from vision.ground import Ground
from vision.protocols import View
from vision.resemblance import Resemblance
from vision.sight import Sight, absence_cost
from vision.tracklets import Tracklet, measured

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
_GATE = 12.0
"""Squared normalised distance up to which a join is believed (chi-square, 3 d.o.f., 1 %)."""
_CALM, _EVEN = 0.46, 1.4
"""How sure a join is: a logistic of the log-odds that its cost gives it against its rivals. Slope
and level are those by which 2,632 joins of 18 cameras of the simulated arcade are as sure as they
are right; by costs alone joins are thought worse of than they are."""
_FEWEST_BOXES = 3
_SHORTEST_S = 0.5
_SURE = 0.5
_SURE_BOXES = 4
"""A track with fewer boxes of at least that score is nobody."""


def join(
    at_s: Array,
    xyxy: Array,
    confidence: Array,
    tracklets: Sequence[Tracklet],
    view: View,
    ground: Ground,
    tallness: Array,
    appearance: NDArray[np.float32] | None = None,
) -> tuple[list[list[int]], dict[int, float]]:
    """Join tracklets into tracks and drop the tracks that are nobody.

    Every tracklet gets at most one successor and one predecessor; of all ways to join, the one with
    the smallest sum of costs is taken.

    Args:
        at_s: (n,) when each box was seen, seconds, ascending.
        xyxy: (n, 4) boxes, pixels.
        confidence: (n,) scores.
        tracklets: What `vision.tracklets.link` made of them.
        view: Size of the frame.
        ground: The plane in which motion is judged.
        tallness: (n,) height of each box beside that of a person who stands there; NaN if unknown.
        appearance: (n, d) what people look like; not finite where unknown.

    Returns:
        Indices of the boxes of each track, in order of time, tracks by first appearance; and how
        sure each join is by boxes alone, 0..1, by the first box after it.
    """
    shape = measured(xyxy)
    pieces = [tracklet.rows for tracklet in tracklets]
    at_edge = (
        (xyxy[:, 0] <= _EDGE_PX)
        | (xyxy[:, 2] >= view.width - _EDGE_PX)
        | (xyxy[:, 3] >= view.height - _EDGE_PX)
    )
    resemblance = None if appearance is None else Resemblance(appearance, pieces)
    sight = Sight(at_s, xyxy, confidence, view)
    ends = _ends(at_s, shape, tallness, at_edge, pieces, ground)
    companions = _Companions(at_s, shape, pieces, ground)
    pairs = _pairs(pieces, ends, companions, sight, ground)
    alike = pairs if resemblance is None else _alike(pairs, resemblance)
    successor = _cheapest(alike, len(pieces))
    # Pieces of tracklets that took turns at one person have become two tracks that do.
    tracks = without_shadows(at_s, xyxy, _chains(pieces, successor))
    kept = [rows for rows in tracks if _somebody(at_s[rows], confidence[rows])]
    # By boxes alone, since what is stored must not tell how alike two people look.
    sure = {pieces[j][0]: share for j, share in _sureness(pairs, successor)}
    return sorted(kept, key=lambda rows: rows[0]), sure


def _sureness(
    pairs: Sequence[tuple[int, int, float]], successor: dict[int, int]
) -> Iterator[tuple[int, float]]:
    """Of each tracklet that was joined to one before, how sure that is, 0..1.

    Costs are twice negative log-likelihoods, so a join stands against all others that its two sides
    could have had, and against none at all, which costs the gate.
    """
    likely = {(i, j): float(np.exp(-cost / 2)) for i, j, cost in pairs}
    of_tail, of_head = defaultdict[int, float](float), defaultdict[int, float](float)
    for (i, j), share in likely.items():
        of_tail[i] += share
        of_head[j] += share
    none = float(np.exp(-_GATE / 2))
    for i, j in successor.items():
        own = likely[i, j]
        odds = own / (of_tail[i] + of_head[j] - 2 * own + none)
        yield j, 1 / (1 + np.exp(-_EVEN) * odds**-_CALM)


def _chains(pieces: Sequence[Sequence[int]], successor: dict[int, int]) -> list[list[int]]:
    followed = set(successor.values())
    chains: list[list[int]] = []
    for first in range(len(pieces)):
        if first in followed:
            continue
        rows: list[int] = []
        current: int | None = first
        while current is not None:
            rows += pieces[current]
            current = successor.get(current)
        chains.append(rows)
    return chains


def _somebody(at_s: Array, confidence: Array) -> bool:
    return (
        len(at_s) >= _FEWEST_BOXES
        and at_s[-1] - at_s[0] >= _SHORTEST_S
        and (confidence >= _SURE).sum() >= min(_SURE_BOXES, len(confidence))
    )


@dataclass(frozen=True, slots=True)
class _Ends:
    """First and last ends of tracklets, and the longest gap across which each may be joined."""

    heads: list[End]
    tails: list[End]
    head_reach_s: list[float]
    tail_reach_s: list[float]


def _ends(
    at_s: Array,
    shape: Array,
    tallness: Array,
    at_edge: NDArray[np.bool_],
    pieces: Sequence[list[int]],
    ground: Ground,
) -> _Ends:
    def reach_s(rows: list[int], row: int) -> float:
        # Who is at the edge of the view has left it; and a box or two say too little of where to.
        return _SHORT_REACH_S if at_edge[row] or len(rows) < 3 else _LONGEST_GAP_S

    heads, tails = (
        [end_of(at_s[rows], shape[rows], tallness[rows], ground, last=last) for rows in pieces]
        for last in (False, True)
    )
    return _Ends(
        heads,
        tails,
        [reach_s(rows, rows[0]) for rows in pieces],
        [reach_s(rows, rows[-1]) for rows in pieces],
    )


def _pairs(
    pieces: Sequence[list[int]],
    ends: _Ends,
    companions: "_Companions",
    sight: Sight,
    ground: Ground,
) -> list[tuple[int, int, float]]:
    """Joins that are possible: which tracklet goes on as which, and what that costs."""
    missed = [sight.missed_share(rows) for rows in pieces]
    starts_s = np.array([head.at_s for head in ends.heads])
    reach = _Reach(ends.heads, ground)
    pairs: list[tuple[int, int, float]] = []
    for i, tail in enumerate(ends.tails):
        # Tracklets come by first appearance, so those that could follow are neighbours.
        first, end = np.searchsorted(
            starts_s, [tail.at_s, tail.at_s + _LONGEST_BESIDE_S], side="right"
        )
        candidates = np.arange(first, end)
        for j in candidates[reach.holds(tail, candidates)].tolist():
            head = ends.heads[j]
            reach_s = min(ends.tail_reach_s[i], ends.head_reach_s[j])
            if not sight.is_watched(tail.at_s, head.at_s):
                continue
            cost = miss_cost(tail, head, ground) if head.at_s - tail.at_s <= reach_s else np.inf
            if reach_s == _LONGEST_GAP_S:
                cost = min(cost, companions.cost(tail, head))
            if cost < _GATE:
                unseen_s = sight.unexplained_s(pieces[i][-1], pieces[j][0])
                cost += absence_cost(unseen_s, (missed[i] + missed[j]) / 2)
            if cost < _GATE:
                pairs.append((i, j, cost))
    return pairs


def _alike(
    pairs: Sequence[tuple[int, int, float]], resemblance: Resemblance
) -> list[tuple[int, int, float]]:
    """The joins that are still possible once looks cost as well."""
    together = ((i, j, cost + resemblance.cost(i, j)) for i, j, cost in pairs)
    return [(i, j, cost) for i, j, cost in together if cost < _GATE]


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
        self, at_s: Array, shape: Array, pieces: Sequence[list[int]], ground: Ground
    ) -> None:
        self._times = [at_s[rows] for rows in pieces]
        self._boxes = [ground.places(shape[rows])[0] for rows in pieces]
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
        times, boxes = self._times[companion], self._boxes[companion]
        return np.array([np.interp(at_s, times, boxes[:, axis]) for axis in (0, 1)])


def _cheapest(pairs: Sequence[tuple[int, int, float]], count: int) -> dict[int, int]:
    """Of each group of pairs that compete, the one-to-one choice with the smallest sum."""
    if not pairs:
        return {}
    rows, columns, costs = (np.array(values) for values in zip(*pairs, strict=True))
    # A tracklet's end and its start are separate nodes: only shared ones compete.
    graph = coo_array((np.ones(len(rows)), (rows, columns + count)), shape=(2 * count, 2 * count))
    _, group = connected_components(graph, directed=False)
    successor: dict[int, int] = {}
    for label in np.unique(group[rows]):
        members = group[rows] == label
        i, to_i = np.unique(rows[members], return_inverse=True)
        j, to_j = np.unique(columns[members], return_inverse=True)
        matrix = np.full((len(i), len(j)), _GATE)
        matrix[to_i, to_j] = costs[members]
        for a, b in zip(*linear_sum_assignment(matrix), strict=True):
            if matrix[a, b] < _GATE:
                successor[int(i[a])] = int(j[b])
    return successor
