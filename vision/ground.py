"""The plane in which motion is judged: the floor where a camera is calibrated, else its image.

Belongs here: where heads put people on that plane, and how exactly. Does not belong here: paths
that are stored or counted (`vision.floor`), what is concluded from motion (`vision.joining`).

Two metres towards the camera are few pixels, two metres across many: in pixels a leap through a
whole room can look like a step. On the floor it does not, and the doubt of a measurement, which is
largest along the line of sight, is known there too.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.calibration import Homography
from vision.stature import Stature

Array = NDArray[np.float64]

_BODY_M = 1.7
_MEASURED = 0.085
"""Standard deviation of a box's centre and of its top edge, body heights."""


@dataclass(frozen=True, slots=True)
class Ground:
    """People's places from their heads, which stay in view where feet are hidden.

    Attributes:
        homography: The camera's calibration; None if it has none.
        stature: How tall people look; without it nothing leads from a head to the floor.
    """

    homography: Homography | None = None
    stature: Stature | None = None

    def places(self, shape: Array) -> tuple[Array, Array]:
        """Where people are and how exactly that is known.

        Args:
            shape: (n, 4) boxes as (centre x, top, log width, log height).

        Returns:
            (n, 2) places in metres or pixels, and (n, 2, 2) covariances of their errors.
        """
        head, height = shape[:, :2], np.exp(shape[:, 3])
        if self.homography is None or self.stature is None:
            return head, (_MEASURED * height)[:, None, None] ** 2 * np.eye(2)
        place = self._on_floor(head)
        step = np.maximum(0.02 * height, 0.5)[:, None]
        slopes = [
            (self._on_floor(head + step * axis) - self._on_floor(head - step * axis)) / (2 * step)
            for axis in np.eye(2)
        ]
        jacobian = np.stack(slopes, axis=2) * (_MEASURED * height)[:, None, None]
        return place, jacobian @ jacobian.transpose(0, 2, 1)

    def body(self, height: Array | float) -> Array | float:
        """A body height in units of the plane; `height` is that of the box, pixels."""
        return height if self.homography is None or self.stature is None else _BODY_M

    def _on_floor(self, head: Array) -> Array:
        assert self.homography is not None
        assert self.stature is not None
        foot = self.stature.foot_below(head[:, 0], head[:, 1], 1.0)
        return self.homography.to_floor(np.column_stack([head[:, 0], foot]))
