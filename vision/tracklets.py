"""Boxes joined with certainty, frame by frame: the first half of tracking.

Belongs here: the motion model of a box and the association of one frame's boxes with the tracklets
so far. Does not belong here: joining tracklets across gaps (`vision.joining`), or anything that
looks at pixels.

The association is ByteTrack's (Zhang et al., ECCV 2022): confident boxes first, weak boxes only to
go on with a tracklet. Its measure is not: at five frames a second a walker's boxes hardly overlap,
so intersection over union tells neighbours apart badly. Distance in body heights under a
constant-velocity Kalman filter does, and uses the true time between frames, which varies.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from vision.duplicates import MERGED, once_each, without_shadows

Array = NDArray[np.float64]

_STRONG = 0.4
"""Score from which a box may take any tracklet."""
_BEGINS = 0.3
"""Score from which a box that belongs to no tracklet begins one. Lower than what a track must show
to be believed (`vision.joining`): who is half hidden is seen faintly before and after."""
LOST_AFTER_S = 1.0
"""A tracklet unseen for longer is closed; `vision.joining` may still take it up."""
_GATE = 18.0
"""Squared normalised distance beyond which a box is somebody else's (chi-square, 4 d.o.f.)."""
_WEAK_GATE = 9.0
_WEAK_WITHIN_S = 1.0
"""A tracklet unseen for longer needs a strong box to come back."""
_SLACK = 0.3
_FASTEST = 1.0
"""Nobody gets further than so many body heights, and so many more a second."""
_DOUBT = 3.0
"""How much less exactly a box that has swallowed a second person is measured."""
_HALVED = float(np.log(0.55))
_SHORTENING = 0.35
"""What a box shorter than expected counts, compared with one that is longer."""

# Standard deviations: of a measured box, in body heights and, for its size, as a logarithm; and of
# how people move, in body heights and seconds (a body height is about 1.7 m, so walking is 0.8).
_MEASURED = np.array([0.05, 0.05, 0.12, 0.08])
_FIRST_SPEED = np.array([0.7, 0.35])
_ACCELERATION = np.array([0.5, 0.25])
_SIZE_DRIFT = np.array([0.25, 0.15])


@dataclass(slots=True)
class Tracklet:
    """Boxes of one person without a long gap.

    Attributes:
        rows: Indices of its boxes in the camera-day's detections, in order of time.
    """

    rows: list[int] = field(default_factory=list)


class _Motion:
    """Kalman filters of all open tracklets at once; one row each.

    A box is (centre x, top, log width, log height): the head stays in view where feet are hidden.
    Position moves at a constant velocity, size drifts. Axes are independent, so each keeps the
    three numbers of a symmetric 2 x 2 covariance.
    """

    def __init__(self) -> None:
        self.state = np.zeros((0, 4))
        self.seen_at = np.zeros((0, 2))
        self.speed = np.zeros((0, 2))
        self.variance = np.zeros((0, 4))
        self.covariance = np.zeros((0, 2))
        self.speed_variance = np.zeros((0, 2))

    def predict(self, dt: float) -> None:
        height = np.exp(self.state[:, 3:4])
        power = (_ACCELERATION * height) ** 2
        self.state[:, :2] += self.speed * dt
        self.variance[:, :2] += dt * (2 * self.covariance + dt * self.speed_variance)
        self.variance[:, :2] += power * dt**3 / 3
        self.variance[:, 2:] += _SIZE_DRIFT**2 * dt
        self.covariance += dt * self.speed_variance + power * dt**2 / 2
        self.speed_variance += power * dt

    def distance(self, boxes: Array, doubt: Array) -> Array:
        """Squared normalised distance of every tracklet to every box, (tracklets, boxes).

        A box in doubt is measured with a wider error, and pays for it, or it would fit anybody.
        """
        wider = doubt[None, :, None] ** 2
        spread = self.variance[:, None, :] + _noise(self.state)[:, None, :] * wider
        gap = boxes[None, :, :] - self.state[:, None, :]
        # Hidden legs shorten a box: that alone makes it nobody else's.
        gap[:, :, 3] = _lenient(gap[:, :, 3])
        result: Array = (gap**2 / spread).sum(axis=2) + 4 * np.log(doubt)[None, :]
        return result

    def too_far(self, boxes: Array, unseen_s: Array) -> NDArray[np.bool_]:
        """Which boxes nobody of the tracklets could have walked to since they were last seen."""
        gone = np.linalg.norm(boxes[None, :, :2] - self.seen_at[:, None, :], axis=2)
        reach = np.exp(self.state[:, 3]) * (_SLACK + _FASTEST * unseen_s)
        result: NDArray[np.bool_] = gone > reach[:, None]
        return result

    def update(self, who: NDArray[np.int64], boxes: Array, doubt: Array) -> None:
        noise = _noise(self.state[who]) * doubt[:, None] ** 2
        total = self.variance[who] + noise
        self.seen_at[who] = boxes[:, :2]
        gap = boxes - self.state[who]
        gap[:, 3] = _lenient(gap[:, 3])
        gain = self.variance[who] / total
        speed_gain = self.covariance[who] / total[:, :2]
        self.state[who] += gain * gap
        self.speed[who] += speed_gain * gap[:, :2]
        self.speed_variance[who] -= speed_gain * self.covariance[who]
        self.covariance[who] *= 1 - gain[:, :2]
        self.variance[who] *= 1 - gain

    def add(self, boxes: Array) -> None:
        height = np.exp(boxes[:, 3:4])
        self.state = np.vstack([self.state, boxes])
        self.seen_at = np.vstack([self.seen_at, boxes[:, :2]])
        self.speed = np.vstack([self.speed, np.zeros((len(boxes), 2))])
        self.variance = np.vstack([self.variance, _noise(boxes)])
        self.covariance = np.vstack([self.covariance, np.zeros((len(boxes), 2))])
        self.speed_variance = np.vstack([self.speed_variance, (_FIRST_SPEED * height) ** 2])

    def keep(self, which: NDArray[np.bool_]) -> None:
        self.state = self.state[which]
        self.seen_at = self.seen_at[which]
        self.speed = self.speed[which]
        self.variance = self.variance[which]
        self.covariance = self.covariance[which]
        self.speed_variance = self.speed_variance[which]


def _lenient(taller: Array) -> Array:
    """Differences of log height, with less made of boxes that are somewhat too short."""
    return np.where(
        taller >= 0,
        taller,
        np.where(taller > _HALVED, _SHORTENING * taller, taller + (1 - _SHORTENING) * -_HALVED),
    )


def _noise(state: Array) -> Array:
    height = np.exp(state[:, 3:4])
    scale = np.hstack([height, height, np.ones_like(height), np.ones_like(height)])
    result: Array = (_MEASURED * scale) ** 2
    return result


def link(
    at_s: Array,
    xyxy: Array,
    confidence: Array,
    tallness: Array,
    lost_after_s: float = LOST_AFTER_S,
) -> list[Tracklet]:
    """Join a camera-day's boxes into tracklets.

    Args:
        at_s: (n,) when each box was seen, seconds, ascending.
        xyxy: (n, 4) boxes, pixels.
        confidence: (n,) scores.
        tallness: (n,) height of each box beside that of a person who stands there; 1 if unknown.
        lost_after_s: A tracklet unseen for longer is closed.

    Returns:
        Tracklets by first appearance; every box is in at most one.
    """
    shape = measured(xyxy)
    doubt = np.where(tallness > MERGED, _DOUBT, 1.0)
    bounds = [*np.flatnonzero(np.diff(at_s, prepend=-np.inf) > 0), len(at_s)]
    motion = _Motion()
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
        rows = first + np.flatnonzero(
            once_each(xyxy[first:end], confidence[first:end], tallness[first:end])
        )
        distance = motion.distance(shape[rows], doubt[rows])
        distance[motion.too_far(shape[rows], now - seen_s)] = np.inf
        distance[np.ix_(now - seen_s > _WEAK_WITHIN_S, confidence[rows] < _STRONG)] = np.inf
        who, which = _claim(distance, confidence[rows])
        motion.update(who, shape[rows][which], doubt[rows][which])
        seen_s[who] = now
        for tracklet, row in zip(who, rows[which], strict=True):
            open_[tracklet].rows.append(int(row))
        fresh = _beginnings(confidence[rows], which)
        motion.add(shape[rows][fresh])
        seen_s = np.append(seen_s, np.full(len(fresh), now))
        begun = [Tracklet([int(row)]) for row in rows[fresh]]
        open_ += begun
        tracklets += begun
    sure = [_between_strong(tracklet.rows, confidence) for tracklet in tracklets]
    once = without_shadows(at_s, xyxy, sure)
    return [Tracklet(rows) for rows in sorted(once, key=lambda rows: rows[0])]


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
        (confidence >= _STRONG, _GATE),
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
