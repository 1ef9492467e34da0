"""Whether what a camera shows is the view that it had, has been moved, or is another one.

Belongs here: one remembered view, and the comparison of a moment with it. Does not belong here:
fields of gradients (`vision.structure`), and what follows from many moments (`vision.scene`).

A moved camera is told by witnesses: cells that agree with the view that was remembered once that is
shifted, and do not as it is. People, light and things that are put up speak for no shift; a moved
camera gives dozens of witnesses and hardly one against.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vision.structure import (
    WIDTH,
    Cells,
    Chosen,
    Field,
    agreement,
    correlation,
    detail,
    moved,
    shows,
    spectrum,
    strength,
    turned,
)

_AGREES, _DIFFERS = 0.6, 0.3
_SAME = 0.5
"""Agreement from which a cell shows what it showed."""
_UNDOUBTED = 0.9
"""Share of such cells from which nothing else is tried."""
_LEAST_SHIFT_PX = 0.02 * WIDTH
"""What a gate bears. Sway and settling are less."""
_FARTHEST = 0.3
"""Shifts are looked for up to this share of either side."""
_STILL_PX = 1.5
_FEWEST, _FEWEST_SHARE = 6, 0.15
_OUTVOTED = 3
"""So many times more witnesses must there be for a move than against it: a date that the recorder
writes into the picture stays where it is."""
_SHARP = 0.4
_POSES = ((0.0, 1.0), (-8.0, 1.0), (-4.0, 1.0), (4.0, 1.0), (8.0, 1.0), (0.0, 0.87), (0.0, 1.15))
"""Degrees and scale that are tried; shifts are found for each."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a moment compares with a remembered view.

    Attributes:
        share: Of the cells with structure that show what they showed.
        displaced: The view is there, and lies elsewhere.
        aligned: What little agrees does so where it was, rather than anywhere else.
        near: It does so there, or so near that no gate would notice.
    """

    share: float
    displaced: bool
    aligned: bool
    near: bool


@dataclass(frozen=True)
class View:
    """What a camera showed over some seconds.

    Attributes:
        field: Mean of the gradients.
        level: Mean grey level, 0 to 255.
        grey: Whether it was without colour, as under infrared light.
    """

    field: Field
    level: float
    grey: bool

    @cached_property
    def spectrum(self) -> Field:
        """For correlations."""
        return spectrum(self.field)

    @cached_property
    def structured(self) -> Chosen:
        """Cells in which there is anything."""
        return shows(strength(self.field))

    @cached_property
    def detailed(self) -> Chosen:
        """Cells in which there is anything fine."""
        return shows(detail(self.field))

    @cached_property
    def fineness(self) -> Cells:
        """Detail of each cell beside its strength."""
        return np.asarray(detail(self.field) / np.maximum(strength(self.field), 1e-6), np.float32)


class Reference:
    """A view that a camera had for a while, to compare others with."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._poses: dict[tuple[float, float], View] = {_POSES[0]: view}

    def sees(self, now: View) -> float:
        """Share of the cells with detail that still have some, as fine as it was beside the rest.

        Little contrast takes nothing from it; blur, and what is close to the lens, do.
        """
        known = self.view.detailed
        still = now.detailed & (now.fineness > _SHARP * self.view.fineness)
        return float(still[known].mean()) if known.any() else 0.0

    def compare(self, now: View) -> Likeness:
        """Compare what is shown now with this view."""
        known = self.view.structured
        here = agreement(now.field, self.view.field)
        share = float((here[known] > _SAME).mean()) if known.any() else 0.0
        if share >= _UNDOUBTED:
            return Likeness(share, displaced=False, aligned=True, near=True)
        # Infrared light may turn what is darker and what is lighter round, everywhere.
        y, x = _highest(np.abs(self._correlation(now, self.view)))
        off_px = float(np.hypot(x, y))
        if off_px <= _LEAST_SHIFT_PX:
            # A camera that settled a little is no witness of one that was turned.
            here = np.maximum(here, agreement(now.field, moved(self.view.field, x, y)))
        poses = _POSES if share < _SAME else _POSES[:1]
        return Likeness(
            share,
            displaced=any(self._displaced(now, here, pose) for pose in poses),
            aligned=off_px <= _STILL_PX,
            near=off_px <= _LEAST_SHIFT_PX,
        )

    def _displaced(self, now: View, here: Cells, pose: tuple[float, float]) -> bool:
        view = self._pose(pose)
        y, x = _highest(self._correlation(now, view))
        if pose == _POSES[0] and np.hypot(x, y) <= _LEAST_SHIFT_PX:
            return False
        there = agreement(now.field, moved(view.field, x, y))
        witnesses = int(((there > _AGREES) & (here < _DIFFERS)).sum())
        against = int(((here > _AGREES) & (there < _DIFFERS) & self.view.structured).sum())
        fewest = max(_FEWEST, _FEWEST_SHARE * self.view.structured.sum())
        return witnesses >= fewest and witnesses >= _OUTVOTED * against

    def _pose(self, pose: tuple[float, float]) -> View:
        if pose not in self._poses:
            field = turned(self.view.field, *pose)
            self._poses[pose] = View(field, self.view.level, self.view.grey)
        return self._poses[pose]

    def _correlation(self, now: View, view: View) -> Cells:
        """At each shift that is looked for; 0 at others."""
        found = correlation(now.spectrum, view.spectrum)
        rows, columns = (np.abs(np.fft.fftfreq(size)) <= _FARTHEST for size in found.shape)
        return np.where(rows[:, None] & columns, found, 0)


def _highest(found: Cells) -> tuple[int, int]:
    """Shift of the highest correlation: rows down, columns to the right."""
    height, width = found.shape
    row, column = divmod(int(found.argmax()), width)
    return row - height * (row > height // 2), column - width * (column > width // 2)
