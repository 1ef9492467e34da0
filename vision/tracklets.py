"""Boxes joined with certainty, frame by frame: the first half of tracking.

Belongs here: the association of one frame's boxes with the tracklets so far. Does not belong
here: how people move (`vision.motion`), joining tracklets across gaps (`vision.joining`), or
anything that looks at pixels.

The association is ByteTrack's (Zhang et al., ECCV 2022): confident boxes first, weak boxes only to
go on with a tracklet. Its measure is not: at five frames a second a walker's boxes hardly overlap,
so intersection over union tells neighbours apart badly. Distance under constant-velocity Kalman
filters does, and uses the true time between frames, which varies.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from vision.duplicates import MERGED, once_each, without_shadows
from vision.ground import Ground
from vision.motion import Motion

Array = NDArray[np.float64]

_STRONG = 0.4
"""Score from which a box may take any tracklet."""
_BEGINS = 0.3
"""Score from which a box that belongs to no tracklet begins one. Lower than what a track must show
to be believed (`vision.joining`): who is half hidden is seen faintly before and after."""
LOST_AFTER_S = 1.0
"""A tracklet unseen for longer is closed; `vision.joining` may still take it up."""
GATE = 18.0
"""Squared normalised distance beyond which a box is somebody else's (chi-square, 4 d.o.f.)."""
_WEAK_GATE = 9.0
_WEAK_WITHIN_S = 1.0
"""A tracklet unseen for longer needs a strong box to come back."""
_DOUBT = 3.0
"""How much less exactly a box that has swallowed a second person is measured."""


@dataclass(slots=True)
class Tracklet:
    """Boxes of one person without a long gap.

    Attributes:
        rows: Indices of its boxes in the camera-day's detections, in order of time.
    """

    rows: list[int] = field(default_factory=list)


def link(
    at_s: Array,
    xyxy: Array,
    confidence: Array,
    tallness: Array,
    ground: Ground,
    lost_after_s: float = LOST_AFTER_S,
) -> list[Tracklet]:
    """Join a camera-day's boxes into tracklets.

    Args:
        at_s: (n,) when each box was seen, seconds, ascending.
        xyxy: (n, 4) boxes, pixels.
        confidence: (n,) scores.
        tallness: (n,) height of each box beside that of a person who stands there; NaN if unknown.
        ground: The plane on which people are followed as well.
        lost_after_s: A tracklet unseen for longer is closed.

    Returns:
        Tracklets by first appearance; every box is in at most one.
    """
    bounds = _bounds(at_s)
    keep, scores = np.zeros(len(at_s), dtype=bool), confidence.copy()
    for frame in map(slice, bounds, bounds[1:]):
        keep[frame], scores[frame] = once_each(xyxy[frame], confidence[frame], tallness[frame])
    shape, doubt = measured(xyxy), np.where(tallness > MERGED, _DOUBT, 1.0)
    forwards = _follow(at_s, keep, scores, Motion(shape, doubt, ground), lost_after_s)
    back = slice(None, None, -1)
    backwards = _follow(
        at_s[-1] - at_s[back],
        keep[back],
        scores[back],
        Motion(shape[back], doubt[back], ground),
        lost_after_s,
    )
    last = len(at_s) - 1
    agreed = _agreed(
        [tracklet.rows for tracklet in forwards],
        [[last - row for row in reversed(tracklet.rows)] for tracklet in backwards],
    )
    sure = [_between_strong(rows, scores) for rows in agreed]
    once = without_shadows(at_s, xyxy, [rows for rows in sure if rows])
    return [Tracklet(rows) for rows in sorted(once, key=lambda rows: rows[0])]


def _bounds(at_s: Array) -> list[int]:
    return [*np.flatnonzero(np.diff(at_s, prepend=-np.inf) > 0), len(at_s)]


def _agreed(forwards: Sequence[list[int]], backwards: Sequence[list[int]]) -> list[list[int]]:
    """Stretches that are the same whichever way time runs.

    What comes next is guessed from what was before, so the two ways err at different places.
    """
    follows = {pair for rows in backwards for pair in pairwise(rows)}
    stretches: list[list[int]] = []
    for rows in forwards:
        stretch = [rows[0]]
        for pair in pairwise(rows):
            if pair not in follows:
                stretches.append(stretch)
                stretch = []
            stretch.append(pair[1])
        stretches.append(stretch)
    return sorted(stretches, key=lambda rows: rows[0])


def _follow(
    at_s: Array, keep: NDArray[np.bool_], scores: Array, motion: Motion, lost_after_s: float
) -> list[Tracklet]:
    bounds = _bounds(at_s)
    open_: list[Tracklet] = []
    seen_s = np.zeros(0)
    tracklets: list[Tracklet] = []
    before = None
    for first, end in pairwise(bounds):
        now = at_s[first]
        alive = now - seen_s <= lost_after_s
        if not alive.all():
            motion.keep(alive)
            open_ = [tracklet for tracklet, lives in zip(open_, alive, strict=True) if lives]
            seen_s = seen_s[alive]
        if before is not None:
            motion.predict(now - before)
        before = now
        rows = first + np.flatnonzero(keep[first:end])
        distance = motion.distance(rows, now - seen_s)
        distance[np.ix_(now - seen_s > _WEAK_WITHIN_S, scores[rows] < _STRONG)] = np.inf
        who, which = _claim(distance, scores[rows])
        motion.update(who, rows[which])
        seen_s[who] = now
        for tracklet, row in zip(who, rows[which], strict=True):
            open_[tracklet].rows.append(int(row))
        fresh = _beginnings(scores[rows], which)
        motion.add(rows[fresh])
        seen_s = np.append(seen_s, np.full(len(fresh), now))
        begun = [Tracklet([int(row)]) for row in rows[fresh]]
        open_ += begun
        tracklets += begun
    return tracklets


def _between_strong(rows: list[int], confidence: Array) -> list[int]:
    """A tracklet without weak boxes at its end, which lead from people to things like them."""
    strong = np.flatnonzero(confidence[rows] >= _BEGINS)
    return rows[: strong[-1] + 1] if len(strong) else rows[:1]


def measured(xyxy: Array) -> Array:
    """Boxes as (centre x, top, log width, log height), (n, 4)."""
    size = np.maximum(xyxy[:, 2:] - xyxy[:, :2], 1.0)
    centre = (xyxy[:, 0] + xyxy[:, 2]) / 2
    return np.column_stack([centre, xyxy[:, 1], np.log(size)])


def _claim(distance: Array, confidence: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    free = np.ones(len(distance), dtype=bool)
    who: list[int] = []
    which: list[int] = []
    for eligible, gate in (
        (confidence >= _STRONG, GATE),
        (confidence < _STRONG, _WEAK_GATE),
    ):
        tracklets, columns = np.flatnonzero(free), np.flatnonzero(eligible)
        for i, j in _assign(distance[np.ix_(tracklets, columns)], gate):
            who.append(int(tracklets[i]))
            which.append(int(columns[j]))
            free[tracklets[i]] = False
    return np.array(who, dtype=np.int64), np.array(which, dtype=np.int64)


def _assign(distance: Array, gate: float) -> list[tuple[int, int]]:
    if distance.size == 0:
        return []
    # Beyond the gate every pair costs the same, so that no far pair can push out a near one.
    rows, columns = linear_sum_assignment(np.minimum(distance, gate))
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if distance[i, j] < gate]


def _beginnings(confidence: Array, taken: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices of the boxes that begin a tracklet."""
    fresh = confidence >= _BEGINS
    fresh[taken] = False
    return np.flatnonzero(fresh)
