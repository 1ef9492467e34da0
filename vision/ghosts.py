"""Things that a detector takes for people, told by what they do over a day: nothing.

Belongs here: boxes that show a pillar, a reflection, a poster or a mannequin. Does not belong
here: one person seen as two (`vision.duplicates`), tracks that are too short to be anybody's
(`vision.joining`).

Somebody comes, goes and moves meanwhile. A thing has its box at one place, time and again, and
nearly always a faint one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Cells = NDArray[np.int64]

_FAINT = 0.4
_PLACE = 0.1
"""Side of what is one place, and of one size, heights of the box."""
_LONGEST_FAINT_S = 3.0
_SURE_SHARE = 1 / 3
"""Where so many of the boxes of a place are sure, people are seen there."""
_LINE, _LEVEL = 1 << 20, 1 << 40
"""How far numbers of cells are apart that are neighbours down the picture, and in size."""


@dataclass(frozen=True, slots=True)
class Census:
    """How many boxes of a camera-day lie at each place, and how many of them are sure.

    Attributes:
        cells: (n,) numbers of places and sizes at which there are boxes, ascending.
        boxes: (n,) how many.
        sure: (n,) how many of them score high.
    """

    cells: Cells
    boxes: Cells
    sure: Cells

    @classmethod
    def of(cls, parts: Iterable[tuple[Array, Array]]) -> "Census":
        """Count boxes.

        Args:
            parts: Of stretches of the day (n, 4) boxes, pixels, and (n,) scores.
        """
        nobody = np.zeros(0, np.int64)
        census = cls(nobody, nobody, nobody)
        for xyxy, confidence in parts:
            sure = (confidence >= _FAINT).astype(np.int64)
            census = census._with(_cells(xyxy), np.ones(len(xyxy), np.int64), sure)
        return census

    def _with(self, cells: Cells, boxes: Cells, sure: Cells) -> "Census":
        every, index = np.unique(np.concatenate([self.cells, cells]), return_inverse=True)
        sums = np.zeros((2, len(every)), np.int64)
        np.add.at(sums[0], index, np.concatenate([self.boxes, boxes]))
        np.add.at(sums[1], index, np.concatenate([self.sure, sure]))
        return Census(every, *sums)

    def believed(self, xyxy: Array, confidence: Array, step_s: float) -> NDArray[np.bool_]:
        """Which boxes to believe, (n,).

        Args:
            xyxy: (n, 4) boxes, pixels.
            confidence: (n,) scores.
            step_s: From one analysed frame to the next, usually.
        """
        own = _cells(xyxy)
        alike, sure = np.zeros((2, len(own)), np.int64)
        for across in (-1, 0, 1):
            for down in (-1, 0, 1):
                there = own + across + down * _LINE
                place = np.minimum(np.searchsorted(self.cells, there), len(self.cells) - 1)
                known = self.cells[place] == there
                alike += np.where(known, self.boxes[place], 0)
                sure += np.where(known, self.sure[place], 0)
        lingering = alike * step_s >= _LONGEST_FAINT_S
        return ~((confidence < _FAINT) & lingering & (sure < _SURE_SHARE * alike))


def _cells(xyxy: Array) -> Cells:
    """Number of each box's place and size; neighbours are `_LINE` and 1 apart."""
    height = np.maximum(xyxy[:, 3] - xyxy[:, 1], 1.0)
    size = np.round(np.log(height) / _PLACE).astype(np.int64)
    side = _PLACE * np.exp(size * _PLACE)
    x = np.floor((xyxy[:, 0] + xyxy[:, 2]) / 2 / side).astype(np.int64)
    y = np.floor(xyxy[:, 1] / side).astype(np.int64)
    cells: Cells = size * _LEVEL + y * _LINE + x
    return cells
