"""How much a join of two tracklets costs because the two do not look alike.

Belongs here: from vectors of boxes to a bounded cost. Does not belong here: the vectors
(`vision.appearance`, or a detector's own), motion (`vision.joining`).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DEAREST = 6.0
"""What unlikeness may cost: half of what a join may cost in all. So clothes choose among joins that
motion allows, and where motion is in doubt forbid one; they never make one."""
_BOXES = 6
"""Boxes at the end of a tracklet that are looked at: before and after a gap the light is another
than elsewhere on the way."""
_ALIKE, _UNLIKE = 0.08, 0.30
"""Distances (1 - cosine) up to which two are as good as the same, and from which they are not. On
TUD-Stadtmitte, over gaps of a second, 90 % of people are within 0.08 of themselves, and the median
of two people is 0.12 apart."""


class Resemblance:
    """Costs of joins by the looks of those joined.

    Args:
        vectors: (n, d) one of each box of the camera-day; not finite where unknown.
        pieces: Of each tracklet its rows in `vectors`, in order of time.
    """

    def __init__(self, vectors: NDArray[np.float32], pieces: Sequence[Sequence[int]]) -> None:
        self._tails = np.array([_mean(vectors, rows[-_BOXES:]) for rows in pieces])
        self._heads = np.array([_mean(vectors, rows[:_BOXES]) for rows in pieces])

    def cost(self, before: int, after: int) -> float:
        """Of joining tracklet `after` to the end of `before`: 0..`DEAREST`, 0 where unknown."""
        alike = float(self._tails[before] @ self._heads[after])
        if not np.isfinite(alike):
            return 0.0
        return DEAREST * float(np.clip((1 - alike - _ALIKE) / (_UNLIKE - _ALIKE), 0, 1))


def _mean(vectors: NDArray[np.float32], rows: Sequence[int]) -> Array:
    """Mean direction of the known vectors, of length 1; NaN where none is known."""
    chosen = vectors[list(rows)].astype(np.float64)
    known = chosen[np.isfinite(chosen).all(axis=1)]
    total = known.sum(axis=0)
    length = np.linalg.norm(total)
    return total / length if length > 0 else np.full(vectors.shape[1], np.nan)
