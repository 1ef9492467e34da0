"""Tracklets joined over the whole camera-day: the half of tracking that looks ahead.

Belongs here: which tracklet goes on as which, judged with both sides of a gap in hand, and which
tracks are nobody. Does not belong here: frame by frame association (`vision.tracklets`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from vision.tracklets import Tracklet, measured

Array = NDArray[np.float64]

_LONGEST_GAP_S = 4.0
_UNWATCHED_GAP_S = 2.0
"""Longest join across which no frame shows anybody: the recording itself may have stopped."""
_SPEED_OVER_S = 1.2
"""Stretch at the end of a tracklet over which its speed is measured."""
_GATE = 12.0
"""Squared normalised distance up to which a join is believed (chi-square, 3 d.o.f., 1 %)."""
# Standard deviations in body heights, body heights a second, and as a logarithm.
_PLACE = 0.12
_DRIFT = 0.30
_SIZE = 0.15
_FEWEST_BOXES = 3
_SHORTEST_S = 0.5
_SURE = 0.5
"""A track whose best box scores less is nobody."""


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a tracklet: when, where (centre x, top), how fast, how tall (log)."""

    at_s: float
    place: Array
    speed: Array
    height: float


def join(
    at_s: Array, xyxy: Array, confidence: Array, tracklets: Sequence[Tracklet]
) -> list[list[int]]:
    """Join tracklets into tracks and drop the tracks that are nobody.

    Every tracklet gets at most one successor and one predecessor; of all ways to join, the one with
    the smallest sum of costs is taken.

    Args:
        at_s: (n,) when each box was seen, seconds, ascending.
        xyxy: (n, 4) boxes, pixels.
        confidence: (n,) scores.
        tracklets: What `vision.tracklets.link` made of them.

    Returns:
        Indices of the boxes of each track, in order of time; tracks by first appearance.
    """
    shape = measured(xyxy)
    successor = _successors(np.unique(at_s), at_s, shape, tracklets)
    followed = set(successor.values())
    tracks: list[list[int]] = []
    for first in range(len(tracklets)):
        if first in followed:
            continue
        rows: list[int] = []
        current: int | None = first
        while current is not None:
            rows += tracklets[current].rows
            current = successor.get(current)
        tracks.append(rows)
    kept = [rows for rows in tracks if _somebody(at_s[rows], confidence[rows])]
    return sorted(kept, key=lambda rows: rows[0])


def _somebody(at_s: Array, confidence: Array) -> bool:
    return (
        len(at_s) >= _FEWEST_BOXES
        and at_s[-1] - at_s[0] >= _SHORTEST_S
        and confidence.max() >= _SURE
    )


def _successors(
    frames_s: Array, at_s: Array, shape: Array, tracklets: Sequence[Tracklet]
) -> dict[int, int]:
    heads = [_end(at_s[t.rows], shape[t.rows], last=False) for t in tracklets]
    tails = [_end(at_s[t.rows], shape[t.rows], last=True) for t in tracklets]
    starts_s = np.array([head.at_s for head in heads])
    pairs: list[tuple[int, int, float]] = []
    for i, tail in enumerate(tails):
        # Tracklets come by first appearance, so those that could follow are neighbours.
        first, end = np.searchsorted(
            starts_s, [tail.at_s, tail.at_s + _LONGEST_GAP_S], side="right"
        )
        for j in range(int(first), int(end)):
            if _watched(frames_s, tail.at_s, heads[j].at_s):
                cost = _cost(tail, heads[j])
                if cost < _GATE:
                    pairs.append((i, j, cost))
    return _cheapest(pairs, len(tracklets))


def _watched(frames_s: Array, start_s: float, end_s: float) -> bool:
    first, end = np.searchsorted(frames_s, [start_s, end_s])
    return bool(np.diff(frames_s[first : end + 1]).max(initial=0) <= _UNWATCHED_GAP_S)


def _cost(tail: _End, head: _End) -> float:
    gap_s = head.at_s - tail.at_s
    height = np.exp((tail.height + head.height) / 2)
    # Meeting in the middle: each side is asked to predict only half the gap.
    forward = tail.place + tail.speed * gap_s / 2
    backward = head.place - head.speed * gap_s / 2
    spread = height * (_PLACE + _DRIFT * gap_s)
    miss = ((forward - backward) / spread) ** 2
    size = ((head.height - tail.height) / (_SIZE + 0.05 * gap_s)) ** 2
    return float(miss.sum() + size)


def _end(at_s: Array, shape: Array, *, last: bool) -> _End:
    near = at_s >= at_s[-1] - _SPEED_OVER_S if last else at_s <= at_s[0] + _SPEED_OVER_S
    times, boxes = at_s[near], shape[near]
    moment = float(times[-1] if last else times[0])
    speed = np.zeros(2)
    place = boxes[-1 if last else 0, :2]
    if len(times) >= 3:
        slope, at_moment = np.polyfit(times - moment, boxes[:, :2], 1)
        speed, place = slope, at_moment
    return _End(moment, place, speed, float(np.median(boxes[:, 3])))


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
