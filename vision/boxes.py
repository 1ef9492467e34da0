"""Areas of boxes and of what they have in common.

Belongs here: geometry of axis-aligned boxes. Does not belong here: what an overlap means
(`vision.duplicates`, `vision.sight`, `vision.floor`).

Boxes are (n, 4) arrays of x_min, y_min, x_max, y_max in pixels.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_NO_AREA = 1e-9


def area(boxes: Array) -> Array:
    """Area of each box, (n,), square pixels."""
    result: Array = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return result


def common_area(left: Array, right: Array) -> Array:
    """Area that each box of `left` has in common with each of `right`, (n, m), square pixels."""
    corner = np.maximum(left[:, None, :2], right[None, :, :2])
    opposite = np.minimum(left[:, None, 2:], right[None, :, 2:])
    result: Array = np.prod(np.clip(opposite - corner, 0, None), axis=2)
    return result


def overlap(left: Array, right: Array) -> Array:
    """Intersection over union of every box of `left` with every box of `right`, (n, m)."""
    common = common_area(left, right)
    union = area(left)[:, None] + area(right)[None, :] - common
    result: Array = common / np.maximum(union, _NO_AREA)
    return result


def paired_overlap(left: Array, right: Array) -> Array:
    """Intersection over union of each box of `left` with the box of `right` in the same row."""
    size = np.minimum(left[:, 2:], right[:, 2:]) - np.maximum(left[:, :2], right[:, :2])
    common = np.prod(np.clip(size, 0, None), axis=1)
    result: Array = common / np.maximum(area(left) + area(right) - common, _NO_AREA)
    return result


def covered_share(boxes: Array) -> Array:
    """Share of each box that lies in each other one, (n, n), 0..1."""
    result: Array = common_area(boxes, boxes) / np.maximum(area(boxes), _NO_AREA)[:, None]
    return result
