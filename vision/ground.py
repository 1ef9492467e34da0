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
_HEAD = 0.085
"""Standard deviation of a box's centre and of its top edge, body heights."""
_FEET_FIT = 0.25
"""A box that ends nearer than that to where the feet of a person with such a head are, in body
heights, shows their feet."""
_FEET_SEEN, _FEET_GUESSED = 0.07, 0.12
"""Standard deviations of feet along the image's rows, body heights."""


@dataclass(frozen=True, slots=True)
class Ground:
    """People's places from their feet or, where those are hidden, from their heads.

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
            return head, (_HEAD * height)[:, None, None] ** 2 * np.eye(2)
        guessed = self.stature.foot_below(head[:, 0], head[:, 1], 1.0)
        bottom = head[:, 1] + height
        seen = np.abs(bottom - guessed) <= _FEET_FIT * height
        foot = np.column_stack([head[:, 0], np.where(seen, bottom, guessed)])
        tall = np.maximum(foot[:, 1] - head[:, 1], 1.0)
        error = np.column_stack(
            [np.full(len(shape), _HEAD), np.where(seen, _FEET_SEEN, _FEET_GUESSED)]
        )
        step = np.maximum(0.02 * tall, 0.5)[:, None]
        to_floor = self.homography.to_floor
        slopes = [
            (to_floor(foot + step * axis) - to_floor(foot - step * axis)) / (2 * step)
            for axis in np.eye(2)
        ]
        jacobian = np.stack(slopes, axis=2) * (error * tall[:, None])[:, None, :]
        return to_floor(foot), jacobian @ jacobian.transpose(0, 2, 1)

    @property
    def is_floor(self) -> bool:
        """Whether the plane is the floor, in metres, rather than the image."""
        return self.homography is not None and self.stature is not None

    def body(self, height: Array | float) -> Array | float:
        """A body height in units of the plane; `height` is that of the box, pixels."""
        return _BODY_M if self.is_floor else height
