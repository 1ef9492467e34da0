"""What of a camera's picture must not be looked at: its masks, and whoever is in an excluded zone.

Belongs here: the polygons, in pixels. Does not belong here: painting them over (`vision.masking`),
dropping positions in such zones once people have been followed (`vision.visits`).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from vision.calibration import Homography
from vision.pinhole import Pinhole, PoseError
from vision.site.models import Camera, PixelPoint, SiteDay, Zone

Corners = NDArray[np.float64]
Polygon = tuple[PixelPoint, ...]
_TALL_M = 2.0
"""Up to this height above the floor of the zone nothing is looked at."""


def unseen(site_day: SiteDay, camera: Camera) -> tuple[Polygon, ...]:
    """Polygons of the camera's frame, px at full resolution; they may overlap and leave the frame.

    An excluded zone in metres hides what stands in it, up to `_TALL_M`, in the view of every
    camera of its floor, and with it who stands in front of it or behind it in the picture. Where
    the calibration fits no camera, of which a height could be told, it hides the floor. One in
    pixels hides its polygon in the view of the camera that owns it.
    """
    return (*camera.masks, *_hidden(site_day, camera))


def _hidden(site_day: SiteDay, camera: Camera) -> Iterator[Polygon]:
    for _, zone in sorted(site_day.zones.items()):
        if zone.kind != "exclude":
            continue
        if zone.polygon_px is not None and zone.camera == camera.id:
            yield tuple(zone.polygon_px)
        elif zone.polygon is not None and zone.floor == camera.floor and camera.calibrated:
            yield from _upright(zone, camera)


def _upright(zone: Zone, camera: Camera) -> Iterator[Polygon]:
    """The faces of the prism over a zone, as the camera sees them."""
    floor = np.array([(x, y, 0.0) for x, y in zone.polygon or ()])
    try:
        pinhole = Pinhole.of(camera)
    except PoseError:
        seen = Homography.fit(camera.calibration).to_pixels(floor[:, :2])
        # Corners behind the camera have no pixels.
        if len(seen := seen[np.isfinite(seen).all(axis=1)]) > 2:
            yield _points(seen)
        return
    above = floor + np.array([0.0, 0.0, _TALL_M])
    sides = [
        np.stack([floor[index - 1], floor[index], above[index], above[index - 1]])
        for index in range(len(floor))
    ]
    for face in (floor, above, *sides):
        if len(seen := pinhole.clip_polygon(face)):
            yield _points(seen)


def _points(corners: Corners) -> Polygon:
    return tuple((float(x), float(y)) for x, y in corners)
