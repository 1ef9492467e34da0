"""Blanking what a camera must not look at, before a detector sees a pixel.

Belongs here: painting polygons over frames in memory. Does not belong here: which polygons
(`vision.unseen`).
"""

from collections.abc import Iterable, Iterator, Sequence

import cv2
import numpy as np

from vision.protocols import Frame, Image
from vision.site.models import PixelPoint

Polygon = Sequence[PixelPoint]
_GREY = (114, 114, 114)
"""The value with which detectors pad: it looks like nothing to them."""


def blank(image: Image, masks: Sequence[Polygon]) -> Image:
    """A copy of `image` with every polygon of `masks` (px, full resolution) painted over.

    Without masks the image itself is returned.
    """
    if not masks:
        return image
    painted: Image = image.copy()
    for mask in masks:
        corners = np.round(np.asarray(mask, dtype=np.float64)).astype(np.int32)
        cv2.fillPoly(painted, [corners], _GREY)
    return painted


def blanked(frames: Iterable[Frame], masks: Sequence[Polygon]) -> Iterator[Frame]:
    """The frames with `masks` painted over; put between a file and a detector."""
    return (Frame(frame.at_us, blank(frame.image, masks)) for frame in frames)
