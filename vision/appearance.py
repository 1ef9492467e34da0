"""What a person's clothes look like: a colour histogram of the trunk and one of the legs.

Belongs here: the descriptor, made from a frame in memory. Does not belong here: what tracking
concludes from it (`vision.resemblance`), or where it is held.

The parts and the weight of pixels near the body's axis are those of SDALF's weighted colour
histograms (Farenzena et al., Person Re-Identification by Symmetry-Driven Accumulation of Local
Features, CVPR 2010), at fixed heights instead of found ones. Histograms are compared by the
Bhattacharyya coefficient (Comaniciu et al., Kernel-Based Object Tracking, TPAMI 2003), which is the
scalar product of their square roots: those are what is given out.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.protocols import Image

Vectors = NDArray[np.float32]

_HUES = 12
_GREYS = 6
_PARTS = ((0.16, 0.50), (0.50, 0.92))
"""Trunk and legs, as shares of the height of a box: the head, of which clothes say nothing, and
the feet are left out."""
DIMENSIONS = len(_PARTS) * (_HUES + _GREYS)
_ACROSS = (0.15, 0.85)
"""The share of the width that is looked at; beside it is more floor than person."""
_SAMPLED = (16, 24)
"""Width and height to which a part is scaled, so that a histogram does not depend on distance."""
_AXIS = 0.25
"""Standard deviation of the weight around the body's axis, as a share of the width."""
_NARROWEST_PX = 6
_SHORTEST_PX = 16


def describe(image: Image, xyxy: NDArray[np.float32]) -> Vectors:
    """Vectors of the people in `xyxy`.

    Args:
        image: (height, width, 3), BGR.
        xyxy: (n, 4) boxes, pixels.

    Returns:
        (n, `DIMENSIONS`) of length 1 and no component below 0; NaN for a box of too few pixels.
    """
    return np.array([_vector(image, box) for box in xyxy], dtype=np.float32).reshape(-1, DIMENSIONS)


def _vector(image: Image, box: NDArray[np.float32]) -> Vectors:
    x_min, y_min, x_max, y_max = (float(edge) for edge in box)
    width, height = x_max - x_min, y_max - y_min
    if width < _NARROWEST_PX or height < _SHORTEST_PX:
        return np.full(DIMENSIONS, np.nan, dtype=np.float32)
    columns = _inside(x_min + _ACROSS[0] * width, x_min + _ACROSS[1] * width, image.shape[1])
    parts = [
        image[_inside(y_min + top * height, y_min + bottom * height, image.shape[0]), columns]
        for top, bottom in _PARTS
    ]
    if any(part.size == 0 for part in parts):
        return np.full(DIMENSIONS, np.nan, dtype=np.float32)
    histograms = np.concatenate([_histogram(part) for part in parts]) / len(_PARTS)
    root: Vectors = np.sqrt(histograms).astype(np.float32)
    return root


def _inside(low: float, high: float, limit: int) -> slice:
    first = min(max(0, round(low)), limit)
    return slice(first, min(limit, max(first + 1, round(high))))


def _histogram(part: Image) -> NDArray[np.float64]:
    """Of hues, for as much as pixels have one, and of greys for the rest; sums to 1."""
    scaled = cv2.resize(part, _SAMPLED, interpolation=cv2.INTER_AREA)
    hsv = cv2.cvtColor(scaled, cv2.COLOR_BGR2HSV).astype(np.float64)
    # OpenCV's hue has 180 steps; saturation and value 255.
    hue, saturation, value = hsv[:, :, 0] / 180, hsv[:, :, 1] / 255, hsv[:, :, 2] / 255
    # The hue of what is pale or dark is noise.
    coloured = np.clip((saturation - 0.15) / 0.25, 0, 1) * np.clip((value - 0.1) / 0.2, 0, 1)
    place = (np.arange(_SAMPLED[0]) + 0.5) / _SAMPLED[0] - 0.5
    weight = np.broadcast_to(np.exp(-0.5 * (place / _AXIS) ** 2), hue.shape)
    hues = _shared(hue * _HUES, weight * coloured, _HUES, around=True)
    greys = _shared(value * (_GREYS - 1), weight * (1 - coloured), _GREYS, around=False)
    whole = np.concatenate([hues, greys])
    histogram: NDArray[np.float64] = whole / whole.sum()
    return histogram


def _shared(
    place: NDArray[np.float64], weight: NDArray[np.float64], bins: int, *, around: bool
) -> NDArray[np.float64]:
    """A histogram in which a value between two bins counts for both, so that it jumps nowhere."""
    lower = np.floor(place).astype(np.int64)
    share = place - lower
    edges = (lower, lower + 1)
    indices = [edge % bins if around else np.minimum(edge, bins - 1) for edge in edges]
    whole = np.zeros(bins)
    for index, part in zip(indices, (1 - share, share), strict=True):
        whole += np.bincount(index.ravel(), (weight * part).ravel(), minlength=bins)
    return whole
