"""Reading opt-out tags in a frame: where on people one is.

Belongs here: looking for the tag around people's boxes. Does not belong here: what follows for whom
(`vision.opt_out.wearers`), the tag as it is printed (`vision.opt_out.printed`).

Only people are looked at, each enlarged so much that a tag of `SMALLEST_PX` has pixels enough for
the reader's threshold and its samples. A marker has to be free of errors: one that is told of where
there is none takes somebody's whole way out of the figures.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.boxes import area, common_area
from vision.opt_out.printed import dictionary
from vision.protocols import Image
from vision.site.privacy import OptOutTag

Array = NDArray[np.float32]

SMALLEST_PX = 12
"""Side of the black square from which one may be read."""

OFTEN_READ_PX = 16
"""Side from which a site may count on its being read; `bench/opt_out.py` measures how often."""

_BODY_M = 1.7
_AROUND = 0.12
"""What is looked at around a box, heights of it: a bag is carried beside the body."""
_READ_PX = 40
"""Side to which a tag is enlarged, if it is smaller."""
_MOST_ENLARGED = 4
_SHORTEST_PX = 24
"""Who is less tall wears no tag that could be read."""
_SAME = 0.8


class TagReader:
    """Finds one tag in frames; keeps nothing of them.

    Args:
        tag: Which one.
    """

    def __init__(self, tag: OptOutTag) -> None:
        asked = cv2.aruco.DetectorParameters()
        # About one and a half and three squares of a tag of `_READ_PX`.
        asked.adaptiveThreshWinSizeMin, asked.adaptiveThreshWinSizeMax = 9, 21
        asked.adaptiveThreshWinSizeStep = 12
        asked.minMarkerPerimeterRate = 0.06
        asked.maxErroneousBitsInBorderRate = 0.1
        asked.errorCorrectionRate = 0.0
        self._detector = cv2.aruco.ArucoDetector(dictionary(tag), asked)
        self._tag = tag

    def read(self, image: Image, xyxy: Array) -> Array:
        """Middles of the tags that are read, (n, 2) pixels; one may be told of twice.

        Args:
            image: (height, width, 3), BGR.
            xyxy: (n, 4) boxes of people, pixels.
        """
        found = [one for box in _once_each(xyxy) for one in self._in_box(image, box)]
        return np.array(found, np.float32).reshape(-1, 2)

    def _in_box(self, image: Image, box: Array) -> list[Array]:
        height = float(box[3] - box[1])
        if height < _SHORTEST_PX:
            return []
        margin = _AROUND * height
        low = np.maximum(np.floor(box[:2] - margin), 0).astype(int)
        high = np.minimum(np.ceil(box[2:] + margin), image.shape[1::-1]).astype(int)
        part = cv2.cvtColor(image[low[1] : high[1], low[0] : high[0]], cv2.COLOR_BGR2GRAY)
        scale = self._scale(height)
        if scale > 1:
            part = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        corners, ids, _ = self._detector.detectMarkers(part)
        if ids is None:
            return []
        middles = [corner.reshape(4, 2).mean(axis=0) for corner in corners]
        return [
            (middle / scale + low).astype(np.float32)
            for middle, number in zip(middles, ids.ravel(), strict=True)
            if number == self._tag.id
        ]

    def _scale(self, height: float) -> float:
        expected_px = height * self._tag.side_m / _BODY_M
        return min(_MOST_ENLARGED, max(1.0, _READ_PX / expected_px))


def _once_each(xyxy: Array) -> list[Array]:
    """The boxes, without those that are looked at with another: as tall, and nearly all in it."""
    boxes = xyxy.astype(np.float64)
    heights, sizes, shared = boxes[:, 3] - boxes[:, 1], area(boxes), common_area(boxes, boxes)
    taken: list[int] = []
    for one in np.argsort(-sizes, kind="stable"):
        again = any(
            shared[one, other] > _SAME * sizes[one] and heights[one] > _SAME * heights[other]
            for other in taken
        )
        if not again:
            taken.append(int(one))
    return [xyxy[one] for one in taken]
