"""Tracklets joined over the whole camera-day: the half of tracking that looks ahead.

Belongs here: which tracklet goes on as which, judged with both sides of a gap or of a meeting in
hand, and which tracks are nobody. Does not belong here: frame by frame association
(`vision.tracklets`), finding meetings (`vision.encounters`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from vision.encounters import Part, cut, uncut
from vision.ground import Ground
from vision.protocols import View
from vision.resemblance import Resemblance
from vision.tracklets import Tracklet, measured

Array = NDArray[np.float64]

_LONGEST_GAP_S = 4.0
_LONGEST_BESIDE_S = 8.0
_BESIDE = 0.7
_WALKED = 0.5
_HIDDEN = 1.0
_SHORT_REACH_S = 0.8
_EDGE_PX = 2.0
_UNWATCHED_GAP_S = 2.0
"""Longest join across which no frame shows anybody: the recording itself may have stopped."""
_SPEED_OVER_S = 1.2
"""Stretch at the end of a tracklet over which its speed is measured."""
_GATE = 12.0
"""Squared normalised distance up to which a join is believed (chi-square, 3 d.o.f., 1 %)."""
# Standard deviations in body heights, body heights a second, and as a logarithm.
_DRIFT = 0.30
_SIZE = 0.15
_TURN = 0.35
_TURN_A_SECOND = 0.4
_FEWEST_BOXES = 3
_SHORTEST_S = 0.5
_SURE = 0.5
_SURE_BOXES = 4
"""A track with fewer boxes of at least that score is nobody."""
_SAME = 1.0
"""How much less it costs to go on across a meeting as the frame by frame association did."""
_BARELY = _GATE - 0.01
"""Going on so is never ruled out; it only gives way to every other join that is believed."""


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a tracklet: when, where, how fast (NaN: unknown), log height.

    Places and speeds are on the plane of `vision.ground`; `doubt` is the (2, 2) covariance of the
    place. `reach_s` is the longest gap across which it may be joined.
    """

    at_s: float
    place: Array
    speed: Array
    height: float
    reach_s: float
    doubt: Array


def join(
    at_s: Array,
    xyxy: Array,
    confidence: Array,
    tracklets: Sequence[Tracklet],
    view: View,
    ground: Ground,
    appearance: NDArray[np.float32] | None = None,
) -> list[list[int]]:
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
        appearance: (n, d) what people look like; not finite where unknown.

    Returns:
        Indices of the boxes of each track, in order of time; tracks by first appearance.
    """
    shape = measured(xyxy)
    # On the floor people are not taken for each other so easily, and each cut costs certainty.
    parts = uncut(tracklets) if ground.is_floor else cut(at_s, xyxy, tracklets)
    pieces = [part.rows for part in parts]
    at_edge = (
        (xyxy[:, 0] <= _EDGE_PX)
        | (xyxy[:, 2] >= view.width - _EDGE_PX)
        | (xyxy[:, 3] >= view.height - _EDGE_PX)
    )
    resemblance = None if appearance is None else Resemblance(appearance, pieces)
    successor = _successors(at_s, shape, at_edge, parts, ground, resemblance)
    tracks = _chains(pieces, successor)
    kept = [rows for rows in tracks if _somebody(at_s[rows], confidence[rows])]
    return sorted(kept, key=lambda rows: rows[0])


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


def _successors(
    at_s: Array,
    shape: Array,
    at_edge: NDArray[np.bool_],
    parts: Sequence[Part],
    ground: Ground,
    resemblance: Resemblance | None,
) -> dict[int, int]:
    pieces = [part.rows for part in parts]
    frames_s = np.unique(at_s)
    heads = [_end(at_s[rows], shape[rows], at_edge[rows], ground, last=False) for rows in pieces]
    tails = [_end(at_s[rows], shape[rows], at_edge[rows], ground, last=True) for rows in pieces]
    starts_s = np.array([head.at_s for head in heads])
    companions = _Companions(at_s, shape, pieces, ground)
    pairs: list[tuple[int, int, float]] = []
    for i, tail in enumerate(tails):
        # Tracklets come by first appearance, so those that could follow are neighbours.
        first, end = np.searchsorted(
            starts_s, [tail.at_s, tail.at_s + _LONGEST_BESIDE_S], side="right"
        )
        for j in range(int(first), int(end)):
            reach_s = min(tail.reach_s, heads[j].reach_s)
            if not _watched(frames_s, tail.at_s, heads[j].at_s):
                continue
            cost = _cost(tail, heads[j], ground) if heads[j].at_s - tail.at_s <= reach_s else np.inf
            if reach_s == _LONGEST_GAP_S:
                cost = min(cost, companions.cost(tail, heads[j]))
            if resemblance is not None and cost < _GATE:
                cost += resemblance.cost(i, j)
            if parts[i].tracklet == parts[j].tracklet:
                cost = min(cost - _SAME, _BARELY)
            if cost < _GATE:
                pairs.append((i, j, cost))
    return _cheapest(pairs, len(pieces))


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

    def cost(self, tail: _End, head: _End) -> float:
        """Of joining along the companion who fits best; infinite where there is none."""
        gap_s = head.at_s - tail.at_s
        height = self._ground.body(np.exp((tail.height + head.height) / 2))
        size = ((head.height - tail.height) / (_SIZE + 0.05 * gap_s)) ** 2
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


def _watched(frames_s: Array, start_s: float, end_s: float) -> bool:
    first, end = np.searchsorted(frames_s, [start_s, end_s])
    return bool(np.diff(frames_s[first : end + 1]).max(initial=0) <= _UNWATCHED_GAP_S)


def _cost(tail: _End, head: _End, ground: Ground) -> float:
    gap_s = head.at_s - tail.at_s
    body = ground.body(np.exp((tail.height + head.height) / 2))
    # Meeting in the middle: each side is asked to predict only half the gap.
    forward = tail.place + np.nan_to_num(tail.speed) * gap_s / 2
    backward = head.place - np.nan_to_num(head.speed) * gap_s / 2
    doubt = tail.doubt + head.doubt
    spread = doubt + (body * _DRIFT * gap_s) ** 2 * np.eye(2)
    miss = forward - backward
    size = ((head.height - tail.height) / (_SIZE + 0.05 * gap_s)) ** 2
    turn = np.nan_to_num(head.speed - tail.speed)
    turned = doubt + (body * (_TURN + _TURN_A_SECOND * gap_s)) ** 2 * np.eye(2)
    return float(miss @ np.linalg.solve(spread, miss) + size + turn @ np.linalg.solve(turned, turn))


def _end(
    at_s: Array, shape: Array, at_edge: NDArray[np.bool_], ground: Ground, *, last: bool
) -> _End:
    near = at_s >= at_s[-1] - _SPEED_OVER_S if last else at_s <= at_s[0] + _SPEED_OVER_S
    times, boxes = at_s[near], shape[near]
    places, doubts = ground.places(boxes)
    here = -1 if last else 0
    moment = float(times[here])
    # Who is at the edge of the view has left it; and a box or two say too little of where to.
    reach_s = _SHORT_REACH_S if at_edge[here] or len(at_s) < 3 else _LONGEST_GAP_S
    if len(times) < 3 or not np.isfinite(places).all():
        unknown = np.full(2, np.nan)
        size = float(boxes[:, 3].mean())
        return _End(moment, places[here], unknown, size, reach_s, doubts[here])
    speed, place = np.polyfit(times - moment, places, 1)
    return _End(moment, place, speed, float(np.median(boxes[:, 3])), reach_s, doubts[here])


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
