"""How large a tag is in a camera's picture, and on what part of its floor that is enough.

Belongs here: what follows from a calibration. Does not belong here: whether a tag of some size is
read (`bench/opt_out.py` measures it).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.pinhole import Pinhole
from vision.simulate.seen import in_frame
from vision.site import geometry
from vision.site.models import SiteDay
from vision.site.privacy import OptOutTag

_STEP_M = 0.25
_CHEST_M = 1.25

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reach:
    """Where on the floor that a camera sees a tag has pixels enough.

    Attributes:
        share: Of the floor on which people are in view from head to foot; 0 where there is none.
        farthest_m: From below the camera, on the floor; 0 where it works nowhere.
        smallest_px: Side of the tag where it is smallest in view.
        largest_px: Where it is largest.
    """

    share: float
    farthest_m: float
    smallest_px: float
    largest_px: float


def sides_px(camera: Pinhole, tag: OptOutTag, floor: Array) -> Array:
    """The shorter side, in pixels, of a tag on the chest of people who face the camera.

    Args:
        camera: The camera.
        tag: The tag.
        floor: (n, 2) where they stand, metres.
    """
    half = tag.side_m / 2
    chest = np.column_stack([floor, np.full(len(floor), _CHEST_M)])
    towards = camera.centre[:2] - floor
    across = np.column_stack([-towards[:, 1], towards[:, 0], np.zeros(len(floor))])
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    up = np.array([0.0, 0.0, half])

    def length(aside: Array) -> Array:
        ends = [camera.project(chest + sign * aside)[:, :2] for sign in (-1, 1)]
        result: Array = np.linalg.norm(ends[1] - ends[0], axis=1)
        return result

    shorter: Array = np.minimum(length(half * across), length(np.broadcast_to(up, chest.shape)))
    return shorter


def reach(site_day: SiteDay, camera: str, tag: OptOutTag, least_px: float) -> Reach:
    """On what part of its floor `camera` shows `tag` with `least_px` or more.

    Raises:
        vision.pinhole.PoseError: The camera has no calibration, or no pose fits it.
    """
    pinhole = Pinhole.of(site_day.cameras[camera])
    outline = geometry.as_points(site_day.floor_of(camera).outline)
    low, high = outline.min(axis=0), outline.max(axis=0)
    x, y = (np.arange(a, b, _STEP_M) + _STEP_M / 2 for a, b in zip(low, high, strict=True))
    floor = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    floor = floor[geometry.contains(outline, floor)]
    floor = floor[in_frame(pinhole, floor)]
    if not len(floor):
        return Reach(0.0, 0.0, 0.0, 0.0)
    sides = sides_px(pinhole, tag, floor)
    enough = sides >= least_px
    away = np.linalg.norm(floor - pinhole.centre[:2], axis=1)
    return Reach(
        share=float(enough.mean()),
        farthest_m=float(away[enough].max(initial=0.0)),
        smallest_px=float(sides.min()),
        largest_px=float(sides.max()),
    )
