"""How tall people look at each place of one camera's view, learned from its tracks.

Belongs here: the expected height of a standing person's box, and feet that are hidden or merged
with somebody else's told from it. Does not belong here: smoothing (`vision.floor`).

On a plane floor the height of a figure in the image is linear in where its feet are, for a camera
that is not tilted sideways in its own rows, and nearly so for any other. A day of boxes gives the
line; a box that is too short for its place has hidden legs, one that is too long has swallowed
somebody in front.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_FEWEST_BOXES = 150
_ENOUGH = 100_000
"""From so many boxes on, those of some of the frames teach as well as all would."""
_ROUNDS = 8
_PERSON_SPREAD = 0.08
"""People's heights differ by this much, as a standard deviation of the logarithm."""
_SHORTEST = 3 * _PERSON_SPREAD
_BOX_SPREAD = 0.15
_PLACE = 0.5
"""Size of what is one place, heights of the box."""
_STEEPEST = 0.9


@dataclass(frozen=True, slots=True)
class Stature:
    """Box height of an average person with feet at (x, y): `level` + `across` x + `down` y, px."""

    level: float
    across: float
    down: float

    @classmethod
    def learn(cls, feet: Array, height: Array) -> "Stature | None":
        """Fit to (n, 2) feet and (n,) heights of boxes that touch no edge; None if too few.

        Least absolute deviations, by reweighting: hidden legs and merged boxes are outliers.
        """
        if len(height) < _FEWEST_BOXES:
            return None
        design = np.column_stack([np.ones(len(feet)), feet])
        weight = np.ones(len(feet))
        solution = np.zeros(3)
        for _ in range(_ROUNDS):
            root = np.sqrt(weight)[:, None]
            solution, *_ = np.linalg.lstsq(design * root, height * root[:, 0], rcond=None)
            miss = np.abs(height - design @ solution) / np.maximum(height, 1.0)
            weight = 1 / np.maximum(miss, 0.02)
        expected = design @ solution
        if not -_STEEPEST < solution[2] < _STEEPEST or (expected <= 0).mean() > 0.01:
            return None
        return cls(*(float(value) for value in solution))

    def at(self, feet: Array) -> Array:
        """Expected height at (n, 2) feet, (n,)."""
        height = self.level + self.across * feet[:, 0] + self.down * feet[:, 1]
        return np.maximum(height, 1.0)

    def build(self, feet: Array, height: Array) -> float:
        """How tall one person is beside the average, from the boxes of their track."""
        ratio = np.log(height / self.at(feet))
        # The boxes at one place err together (a counter hides the legs all along): who stands there
        # for an hour says no more than who passes, and who walks says more with every step.
        _, place = np.unique(
            np.floor(feet / (_PLACE * np.median(height))), axis=0, return_inverse=True
        )
        typical = np.array([np.median(ratio[place == one]) for one in range(place.max() + 1)])
        # Nobody is so short or so tall: these boxes say what is hidden, not how anybody is built.
        typical = typical[np.abs(typical) <= _SHORTEST]
        if not len(typical):
            return 1.0
        evidence = len(typical) / _BOX_SPREAD**2
        shrunk = np.median(typical) * evidence / (evidence + 1 / _PERSON_SPREAD**2)
        return float(np.exp(shrunk))

    def foot_below(self, x: Array, top: Array, build: float) -> Array:
        """Where the feet of a person of `build` are whose head is at (x, top), rows of pixels."""
        return (top + build * (self.level + self.across * x)) / (1 - build * self.down)


def telling(at_us: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which boxes of a day to learn from, (n,): all of them, or those of every so many frames.

    Args:
        at_us: (n,) when each box was seen, in any order.
    """
    every = -(-len(at_us) // _ENOUGH)
    if every <= 1:
        return np.ones(len(at_us), dtype=bool)
    frame = np.unique(at_us, return_inverse=True)[1]
    result: NDArray[np.bool_] = frame % every == 0
    return result
