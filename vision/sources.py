"""Where people come into view and where they leave it, learnt from where they did.

Belongs here: sources and sinks of a camera (Stauffer, Estimating Tracking Sources and Sinks, CVPR
Workshop 2003), and what it costs to begin or end anywhere else. Does not belong here: which joins
that speaks for (`vision.joining`).

Nobody appears in the middle of a hall. A path that ends where others pass and hardly any ends has
most likely not ended; one that ends at a door or at the edge of the picture may well have.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from vision.ground import Ground
from vision.protocols import View

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

_ABRUPT = 4.0
"""What ending where nobody does adds to the cost of ending, which is twice a negative
log-likelihood: one path in seven does all the same."""
_AROUND = 1.0
"""How far around an end others are asked, body heights."""
_USUAL = 0.3
"""Share of the paths passing there from which an end is nothing remarkable."""
_BEFORE = (0.05, 1.0)
"""Ends and paths that every place is taken to have had before any was seen."""
_EDGE = 0.3
"""A box so near to the picture's edge, body heights, is of somebody who may step out of it."""
_THINNED = 0.25
"""Of a path one place is enough in each square of that width, body heights."""


class Sources:
    """Where the paths of a camera begin, or where they end.

    Args:
        xyxy: (n, 4) boxes, pixels.
        places: (n, 2) where they are on `ground`; not finite where unknown.
        ground: The plane in which motion is judged.
        view: Size of the frame.
        paths: Rows of the boxes of each path that is believed, in order of time.
    """

    def __init__(
        self, xyxy: Array, places: Array, ground: Ground, view: View, paths: Sequence[Sequence[int]]
    ) -> None:
        self._places = places
        self._known = np.asarray(np.isfinite(places).all(axis=1))
        height = xyxy[:, 3] - xyxy[:, 1]
        self._around = _AROUND * np.broadcast_to(ground.body(height), len(xyxy))
        beside = np.minimum(xyxy[:, 0], view.width - xyxy[:, 2])
        at_edge = np.minimum(beside, view.height - xyxy[:, 3]) < _EDGE * height
        self._asked = self._known & ~at_edge
        self._starts = self._where([rows[0] for rows in paths])
        self._ends = self._where([rows[-1] for rows in paths])
        self._passing, self._path = self._thinned(paths)
        self._ways = cKDTree(places[self._passing])

    def abrupt_starts(self, rows: Sequence[int]) -> Array:
        """What it costs each of these boxes to be the first of a path, 0 at a source."""
        return self._abrupt(np.asarray(rows, dtype=np.int64), self._starts)

    def abrupt_ends(self, rows: Sequence[int]) -> Array:
        """What it costs each of these boxes to be the last of a path, 0 at a sink."""
        return self._abrupt(np.asarray(rows, dtype=np.int64), self._ends)

    def _where(self, rows: Sequence[int]) -> Rows:
        """Those of the boxes whose place is known."""
        result = np.asarray(rows, dtype=np.int64)
        return result[self._known[result]]

    def _thinned(self, paths: Sequence[Sequence[int]]) -> tuple[Rows, Rows]:
        """Some boxes of each path, and the number of its path."""
        of_path = [self._where(rows) for rows in paths]
        rows = np.concatenate([np.zeros(0, np.int64), *of_path])
        path = np.repeat(np.arange(len(paths)), [len(own) for own in of_path])
        square = self._places[rows] // (_THINNED * self._around[rows, None])
        _, first = np.unique(np.column_stack([path, square]), axis=0, return_index=True)
        return rows[first], path[first]

    def _abrupt(self, rows: Rows, alike: Rows) -> Array:
        cost = np.zeros(len(rows))
        asked = self._asked[rows]
        rows = rows[asked]
        near = self._near(cKDTree(self._places[alike]), rows)
        # Nobody's own end makes the place one where people end.
        ends = np.array(
            [np.sum(alike[found] != row) for row, found in zip(rows, near, strict=True)]
        )
        passing = np.array(
            [len(np.unique(self._path[way])) for way in self._near(self._ways, rows)]
        )
        share = (ends + _BEFORE[0]) / (passing + _BEFORE[1])
        cost[asked] = _ABRUPT * np.clip(1 - share / _USUAL, 0, 1)
        return cost

    def _near(self, others: cKDTree, rows: Rows) -> list[list[int]]:
        found: list[list[int]] = list(
            others.query_ball_point(self._places[rows], self._around[rows])
        )
        return found
