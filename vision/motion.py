"""How people move: Kalman filters of boxes in the image and, where that is known, on the floor.

Belongs here: what is expected of everybody who is being followed, and how well a box fits that.
Does not belong here: which box is whose (`vision.tracklets`), motion over longer gaps
(`vision.joining`).

In the image a head is measured exactly, but a step towards the camera and one to a place far behind
look alike. The floor tells them apart, and knows how exactly. A box has to fit both.
"""

import numpy as np
from numpy.typing import NDArray

from vision.ground import Ground

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

_SLACK = 0.3
_FASTEST = 1.0
"""Nobody gets further than so many body heights, and so many more a second."""
_HALVED = float(np.log(0.55))
_SHORTENING = 0.35
"""What a box shorter than expected counts, compared with one that is longer."""

# Standard deviations: of a measured box, in body heights and, for its size, as a logarithm; and of
# how people move, in body heights and seconds (a body height is about 1.7 m, so walking is 0.8).
_MEASURED = np.array([0.05, 0.05, 0.12, 0.08])
_FIRST_SPEED = np.array([0.7, 0.35])
_ACCELERATION = np.array([0.5, 0.25])
_SIZE_DRIFT = np.array([0.25, 0.15])

_FLOOR_ACCELERATION_M_S2 = 1.0
_FLOOR_FIRST_SPEED_M_S = 1.2
_ANYWHERE_M = 1e4
_FLOOR_GATE = 16.0
"""Squared normalised distance on the floor that nobody covers (chi-square, 2 d.o.f., 0.03 %)."""


class Motion:
    """Everybody who is being followed, in rows that `add` appends and `keep` thins out.

    Args:
        shape: (n, 4) all boxes of the camera-day as (centre x, top, log width, log height).
        doubt: (n,) how many times less exactly than others each box is measured.
        ground: Where boxes put people.
    """

    def __init__(self, shape: Array, doubt: Array, ground: Ground) -> None:
        self._shape, self._doubt = shape, doubt
        self._boxes = _Boxes()
        self._floor = _Floor(shape, doubt, ground) if ground.is_floor else None

    def predict(self, seconds: float) -> None:
        """Let everybody walk on for so long."""
        self._boxes.predict(seconds)
        if self._floor is not None:
            self._floor.predict(seconds)

    def distance(self, rows: Rows, unseen_s: Array) -> Array:
        """Squared normalised distance of everybody to each of `rows`, (people, rows).

        Infinite where a person cannot have got since they were last seen, `unseen_s` ago.
        """
        boxes = self._shape[rows]
        distance = self._boxes.distance(boxes, self._doubt[rows])
        distance[self._boxes.too_far(boxes, unseen_s)] = np.inf
        if self._floor is not None:
            away = self._floor.distance(rows)
            distance += np.where(away > _FLOOR_GATE, np.inf, away)
        return distance

    def update(self, who: Rows, rows: Rows) -> None:
        """People `who` were measured as boxes `rows`."""
        self._boxes.update(who, self._shape[rows], self._doubt[rows])
        if self._floor is not None:
            self._floor.update(who, rows)

    def add(self, rows: Rows) -> None:
        """Begin to follow the people in boxes `rows`."""
        self._boxes.add(self._shape[rows])
        if self._floor is not None:
            self._floor.add(rows)

    def keep(self, which: NDArray[np.bool_]) -> None:
        """Follow only these any longer."""
        self._boxes.keep(which)
        if self._floor is not None:
            self._floor.keep(which)


class _Floor:
    """Positions and velocities on the floor, metres, with full 4 x 4 covariances."""

    def __init__(self, shape: Array, doubt: Array, ground: Ground) -> None:
        places, spread = ground.places(shape)
        # Above the horizon there is no floor: such a box says nothing of where anybody is.
        measured = np.column_stack([places, spread.reshape(-1, 4)])
        known = np.asarray(np.isfinite(measured).all(axis=1))
        self._places = np.where(known[:, None], places, 0.0)
        spread = np.where(known[:, None, None], spread, _ANYWHERE_M**2 * np.eye(2))
        self._spread = spread * doubt[:, None, None] ** 2
        self._state = np.zeros((0, 4))
        self._covariance = np.zeros((0, 4, 4))

    def predict(self, seconds: float) -> None:
        step = np.eye(4)
        step[0, 2] = step[1, 3] = seconds
        noise = np.zeros((4, 4))
        for axis in (0, 1):
            noise[axis, axis] = seconds**3 / 3
            noise[axis, axis + 2] = noise[axis + 2, axis] = seconds**2 / 2
            noise[axis + 2, axis + 2] = seconds
        self._state = self._state @ step.T
        self._covariance = step @ self._covariance @ step.T + _FLOOR_ACCELERATION_M_S2**2 * noise

    def distance(self, rows: Rows) -> Array:
        gap = self._places[rows][None] - self._state[:, None, :2]
        if gap.size == 0:
            return np.zeros(gap.shape[:2])
        spread = self._covariance[:, None, :2, :2] + self._spread[rows][None]
        result: Array = (gap * np.linalg.solve(spread, gap[..., None])[..., 0]).sum(axis=2)
        return result

    def update(self, who: Rows, rows: Rows) -> None:
        before = self._covariance[who]
        gain = before[:, :, :2] @ np.linalg.inv(before[:, :2, :2] + self._spread[rows])
        gap = self._places[rows] - self._state[who, :2]
        self._state[who] += (gain @ gap[..., None])[..., 0]
        self._covariance[who] = before - gain @ before[:, :2, :]

    def add(self, rows: Rows) -> None:
        state = np.hstack([self._places[rows], np.zeros((len(rows), 2))])
        covariance = np.zeros((len(rows), 4, 4))
        covariance[:, :2, :2] = self._spread[rows]
        covariance[:, [2, 3], [2, 3]] = _FLOOR_FIRST_SPEED_M_S**2
        self._state = np.vstack([self._state, state])
        self._covariance = np.concatenate([self._covariance, covariance])

    def keep(self, which: NDArray[np.bool_]) -> None:
        self._state, self._covariance = self._state[which], self._covariance[which]


class _Boxes:
    """Kalman filters of everybody in the image at once; one row each.

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
        """Squared normalised distance of everybody to every box, (people, boxes).

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
        """Which boxes nobody of the people could have walked to since they were last seen."""
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
