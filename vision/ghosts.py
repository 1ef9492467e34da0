"""Things that a detector takes for people, told by what they do over a day: nothing.

Belongs here: boxes that show a pillar, a reflection, a poster or a mannequin. Does not belong
here: one person seen as two (`vision.duplicates`), tracks that are too short to be anybody's
(`vision.joining`).

Somebody comes, goes and moves meanwhile. A thing has its box at one place, time and again: nearly
always a faint one, or a sure one that keeps to its place as nobody does who breathes.
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
_STILL_S = 1800.0
"""So long in all a thing has been seen."""
_STILL = 0.03
"""Standard deviation of place and of height, heights of the box: a thing stays below it, and nobody
does who sits or stands for half an hour."""
_OF_IT = 0.1
"""A box that is no further than that from a thing, in place and height, shows the thing."""
_BESIDE = 0.15
"""Boxes of any height whose centre and top are no further than that are of whoever is there: legs
behind a counter come and go, and a mannequin's do not."""
_LINE, _LEVEL = 1 << 20, 1 << 40
"""How far numbers of cells are apart that are neighbours down the picture, and in size."""


@dataclass(frozen=True, slots=True)
class Census:
    """How many boxes of a camera-day lie at each place, and how they are spread there.

    Attributes:
        cells: (n,) numbers of places and sizes at which there are boxes, ascending.
        sums: (n, 8) how many boxes, how many of them score high, and of those the sums of centre
            across, top and height, pixels, and of their squares.
    """

    cells: Cells
    sums: Array

    @classmethod
    def of(cls, parts: Iterable[tuple[Array, Array]]) -> "Census":
        """Count boxes.

        Args:
            parts: Of stretches of the day (n, 4) boxes, pixels, and (n,) scores.
        """
        census = cls(np.zeros(0, np.int64), np.zeros((0, 8)))
        for xyxy, confidence in parts:
            cells, place = _cells(xyxy), _placed(xyxy)
            sure = (confidence >= _FAINT)[:, None]
            sums = np.hstack([np.ones_like(sure), sure, sure * place, sure * place**2])
            census = census._with(cells, sums)
        return census

    def _with(self, cells: Cells, sums: Array) -> "Census":
        every, index = np.unique(np.concatenate([self.cells, cells]), return_inverse=True)
        total = np.zeros((len(every), 8))
        np.add.at(total, index, np.vstack([self.sums, sums]))
        return Census(every, total)

    def things(self, step_s: float) -> Array:
        """Centre across, top and height of things that are surely seen, pixels, (m, 3).

        Args:
            step_s: From one analysed frame to the next, usually.
        """
        sure = self.sums[:, 1]
        known = self.sums[sure > 0]
        middle = known[:, 2:5] / known[:, 1:2]
        found = []
        for candidate in np.flatnonzero(self._around(self.cells)[:, 1] * step_s >= _STILL_S):
            if not sure[candidate]:
                continue
            place = self.sums[candidate, 2:5] / sure[candidate]
            beside = np.abs(middle[:, :2] - place[:2]).max(axis=1) < _BESIDE * place[2]
            total = known[beside].sum(axis=0)
            mean, squares = total[2:5] / total[1], total[5:8] / total[1]
            spread = np.sqrt(np.maximum(squares - mean**2, 0)).max()
            if total[1] * step_s >= _STILL_S and spread < _STILL * mean[2]:
                found.append(mean)
        return np.array(found).reshape(-1, 3)

    def believed(
        self, xyxy: Array, confidence: Array, step_s: float, things: Array
    ) -> NDArray[np.bool_]:
        """Which boxes to believe, (n,).

        Args:
            xyxy: (n, 4) boxes, pixels.
            confidence: (n,) scores.
            step_s: From one analysed frame to the next, usually.
            things: What `things` says of the day.
        """
        boxes, sure = self._around(_cells(xyxy))[:, :2].T
        faint = (confidence < _FAINT) & (boxes * step_s >= _LONGEST_FAINT_S)
        believed: NDArray[np.bool_] = ~(faint & (sure < _SURE_SHARE * boxes))
        place = _placed(xyxy)
        for thing in things:
            believed &= np.abs(place - thing).max(axis=1) >= _OF_IT * thing[2]
        return believed

    def _around(self, cells: Cells) -> Array:
        """Sums of each of (n,) cells and of those beside it in the picture, (n, 8)."""
        total = np.zeros((len(cells), 8))
        for across in (-1, 0, 1):
            for down in (-1, 0, 1):
                there = cells + across + down * _LINE
                row = np.minimum(np.searchsorted(self.cells, there), len(self.cells) - 1)
                total += np.where((self.cells[row] == there)[:, None], self.sums[row], 0.0)
        return total


def _cells(xyxy: Array) -> Cells:
    """Number of each box's place and size, (n,); neighbours are `_LINE` and 1 apart."""
    across, down, height = _placed(xyxy).T
    size = np.round(np.log(height) / _PLACE).astype(np.int64)
    side = _PLACE * np.exp(size * _PLACE)
    x, y = (np.floor(one / side).astype(np.int64) for one in (across, down))
    cells: Cells = size * _LEVEL + y * _LINE + x
    return cells


def _placed(xyxy: Array) -> Array:
    """Centre across, top and height of each box, pixels, (n, 3)."""
    height = np.maximum(xyxy[:, 3] - xyxy[:, 1], 1.0)
    return np.column_stack([(xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 1], height])
