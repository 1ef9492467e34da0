"""One person seen as two: boxes and tracklets that repeat another one.

Belongs here: how a repetition is told from a second person. Does not belong here: association
(`vision.tracklets`, `vision.joining`).

Detectors report some people twice, most often the upper body inside the whole figure. A repetition
has its head where the other one has it; somebody who stands behind has a head of their own.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_SAME_IOU = 0.65
_INSIDE = 0.8
"""Share of the smaller box that lies in the larger one."""
_SAME_TOP = 0.12
"""Distance of the upper edges, heights of the larger box."""
_SAME_CENTRE = 0.3
"""Distance of the centres across, widths of the larger box."""
_BELIEVED = 0.3
"""A larger box that scores less does not swallow a smaller one."""
_SHADOWED = 0.6
"""Share of a tracklet's frames in which another one repeats it."""


def once_each(xyxy: Array, confidence: Array) -> NDArray[np.bool_]:
    """Which of one frame's (n, 4) boxes to keep so that nobody is in it twice."""
    same = overlap(xyxy, xyxy) > _SAME_IOU
    parts = repeats(xyxy, xyxy) & (confidence >= _BELIEVED)[None, :]
    keep = np.ones(len(xyxy), dtype=bool)
    for index in np.argsort(-confidence, kind="stable"):
        if keep[index]:
            weaker = same[index] & (confidence <= confidence[index])
            weaker[index] = False
            keep &= ~weaker
    keep &= ~(parts & keep[None, :]).any(axis=1)
    return keep


def repeats(small: Array, large: Array) -> NDArray[np.bool_]:
    """Whether each of (n, 4) boxes is a part of the person in each of (m, 4) boxes, (n, m)."""
    corner = np.maximum(small[:, None, :2], large[None, :, :2])
    opposite = np.minimum(small[:, None, 2:], large[None, :, 2:])
    common = np.prod(np.clip(opposite - corner, 0, None), axis=2)
    own, other = _area(small)[:, None], _area(large)[None, :]
    size = large[:, 2:] - large[:, :2]
    tops = np.abs(small[:, None, 1] - large[None, :, 1]) / size[None, :, 1]
    centres = np.abs(small[:, None, ::2].mean(axis=2) - large[None, :, ::2].mean(axis=2))
    result: NDArray[np.bool_] = (
        (own < other)
        & (common > _INSIDE * own)
        & (tops < _SAME_TOP)
        & (centres < _SAME_CENTRE * size[None, :, 0])
    )
    return result


def overlap(left: Array, right: Array) -> Array:
    """Intersection over union of every box of `left` with every box of `right`."""
    corner = np.maximum(left[:, None, :2], right[None, :, :2])
    opposite = np.minimum(left[:, None, 2:], right[None, :, 2:])
    common = np.prod(np.clip(opposite - corner, 0, None), axis=2)
    union = _area(left)[:, None] + _area(right)[None, :] - common
    result: Array = common / np.maximum(union, 1e-9)
    return result


def _area(xyxy: Array) -> Array:
    result: Array = np.prod(xyxy[:, 2:] - xyxy[:, :2], axis=1)
    return result


def shadows(at_s: Array, xyxy: Array, tracklets: Sequence[Sequence[int]]) -> set[int]:
    """Numbers of the tracklets that repeat another one for most of their frames.

    The larger one may be missing in a frame in which the smaller one is seen (detectors choose now
    the one, now the other), so it is read between its boxes.

    Args:
        at_s: (n,) when each box was seen, seconds, ascending.
        xyxy: (n, 4) boxes, pixels.
        tracklets: Indices of each one's boxes, in order of time; by first appearance.
    """
    starts = at_s[[rows[0] for rows in tracklets]] if tracklets else np.zeros(0)
    ends = at_s[[rows[-1] for rows in tracklets]] if tracklets else np.zeros(0)
    areas = [float(np.median(_area(xyxy[list(rows)]))) for rows in tracklets]
    found: set[int] = set()
    for i, rows in enumerate(tracklets):
        times, boxes = at_s[list(rows)], xyxy[list(rows)]
        together = np.flatnonzero((starts <= ends[i]) & (ends >= starts[i]))
        for j in together:
            if areas[j] <= areas[i] or j in found:
                continue
            others = list(tracklets[j])
            shared = (times >= starts[j]) & (times <= ends[j])
            read = np.column_stack(
                [np.interp(times[shared], at_s[others], edge) for edge in xyxy[others].T]
            )
            repeated = sum(
                bool(repeats(box[None], other[None])[0, 0])
                for box, other in zip(boxes[shared], read, strict=True)
            )
            if repeated >= _SHADOWED * len(rows):
                found.add(i)
                break
    return found
