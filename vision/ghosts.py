"""Things that a detector takes for people, told by what they do over a day: nothing.

Belongs here: boxes that show a pillar, a reflection, a poster or a mannequin. Does not belong
here: one person seen as two (`vision.duplicates`), tracks that are too short to be anybody's
(`vision.joining`).

Somebody comes, goes and moves meanwhile. A thing has its box at one place, time and again, and
nearly always a faint one.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_FAINT = 0.4
_PLACE = 0.1
"""Side of what is one place, and of one size, heights of the box."""
_LONGEST_FAINT_S = 3.0
_SURE_SHARE = 1 / 3
"""Where so many of the boxes of a place are sure, people are seen there."""


def without_ghosts(at_s: Array, xyxy: Array, confidence: Array) -> NDArray[np.bool_]:
    """Which boxes of a camera-day to believe, (n,).

    Args:
        at_s: (n,) when each box was seen, seconds, ascending.
        xyxy: (n, 4) boxes, pixels.
        confidence: (n,) scores.
    """
    frames = np.unique(at_s)
    if len(frames) < 3:
        return np.ones(len(at_s), dtype=bool)
    step_s = float(np.median(np.diff(frames)))
    faint = confidence < _FAINT
    alike, sure = _company(xyxy, ~faint)
    lingering = alike * step_s >= _LONGEST_FAINT_S
    return ~(faint & lingering & (sure < _SURE_SHARE * alike))


def _company(xyxy: Array, sure: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many boxes lie where each one does, itself included, and how many of them are sure."""
    height = np.maximum(xyxy[:, 3] - xyxy[:, 1], 1.0)
    size = np.round(np.log(height) / _PLACE).astype(np.int64)
    cell = _PLACE * np.exp(size * _PLACE)
    place = [
        np.floor((xyxy[:, 0] + xyxy[:, 2]) / 2 / cell).astype(np.int64),
        np.floor(xyxy[:, 1] / cell).astype(np.int64),
    ]
    cells, index, count = np.unique(
        np.column_stack([size, *place]), axis=0, return_inverse=True, return_counts=True
    )
    surely = np.bincount(index.ravel(), weights=sure, minlength=len(cells)).astype(np.int64)
    number = {tuple(key): row for row, key in enumerate(cells.tolist())}
    alike, certain = np.zeros(len(cells), np.int64), np.zeros(len(cells), np.int64)
    for row, (level, x, y) in enumerate(cells.tolist()):
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                other = number.get((level, x + dx, y + dy))
                if other is not None:
                    alike[row] += count[other]
                    certain[row] += surely[other]
    return alike[index.ravel()], certain[index.ravel()]
