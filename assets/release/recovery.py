"""What can be worked out of blanked figures, by whoever has all that is published.

Belongs here: the range that each blanked figure may have, by linear programming. Does not belong
here: which sums there are (`assets.release.linked`), what is done about it
(`assets.release.complement`).

The attacker knows every published figure, every equation, that counts are no less than 0, and that
a count was blanked because somebody was there. Bounds of more than that, such as that a blanked
count is mostly below k, are not taken for known.

Source: the attacker problem of Fischetti and Salazar (2001), "Solving the cell suppression problem
on tabular data with linear constraints", Management Science 47(7).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csc_array, csr_array
from scipy.sparse.csgraph import connected_components

from assets.marts.contracts import MARTS
from assets.release.cells import Cells
from assets.release.linked import Linked

_SLACK = 1e-6
_SIGNED = frozenset({"net", "change", "drift"})
"""Figures that may be below 0."""


@dataclass(frozen=True)
class Unknowns:
    """What is not told, as the attacker sees it.

    Attributes:
        matrix: Equations over all figures, shape (equations, figures).
        value: What the figures really are, shape (figures,).
        low: What each is at least, as anybody knows.
        hidden: Which figures are not told.
    """

    matrix: csr_array
    value: NDArray[np.float64]
    low: NDArray[np.float64]
    hidden: NDArray[np.bool_]

    @classmethod
    def of(cls, cells: Cells, links: Linked, blanked: NDArray[np.bool_]) -> "Unknowns":
        """The blanked cells, and all leftovers: nobody publishes those."""
        known = np.nan_to_num(cells.value)
        low = np.zeros(cells.value.size)
        for mart, column in cells.columns():
            at = cells.at(mart, column)
            if column in _SIGNED:
                low[at] = -np.inf
            elif MARTS[mart][column].counted_by == (column,):
                # It would not have been blanked if nobody had been there.
                low[at] = 1
        return cls(
            matrix=links.matrix,
            value=np.concatenate([known, links.leftover]),
            low=np.concatenate([low, np.zeros(links.leftover.size)]),
            hidden=np.concatenate([blanked, np.ones(links.leftover.size, bool)]),
        )

    def parts(self, asked: NDArray[np.int64]) -> Iterator["Part"]:
        """Groups of unknowns that have nothing to do with each other and hold some of `asked`."""
        unknown = np.flatnonzero(self.hidden)
        within = csr_array(csc_array(self.matrix)[:, unknown])
        busy = np.flatnonzero(np.diff(within.indptr))
        within = within[busy]
        joint = abs(within).T @ abs(within)
        _, label = connected_components(joint, directed=False)
        wanted = np.isin(unknown, asked)
        order = np.argsort(label, kind="stable")
        starts = np.flatnonzero(np.diff(label[order], prepend=-1))
        columns = csc_array(within)
        for mine in np.split(order, starts[1:]):
            if not wanted[mine].any():
                continue
            own = csr_array(columns[:, mine])
            used = np.flatnonzero(np.diff(own.indptr))
            yield Part(
                unknown[mine],
                own[used],
                self.value[unknown[mine]],
                self.low[unknown[mine]],
                wanted[mine],
            )


@dataclass
class Part:
    """Unknowns that hang together: matrix @ unknowns = matrix @ value.

    Attributes:
        cells: Their numbers, shape (unknowns,).
        matrix: Shape (equations, unknowns).
        value: What they really are.
        low: What they are at least.
        wanted: Whose range is asked for.
    """

    cells: NDArray[np.int64]
    matrix: csr_array
    value: NDArray[np.float64]
    low: NDArray[np.float64]
    wanted: NDArray[np.bool_]

    def narrow(self, width: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of the wanted may have values less than `width` apart, shape (unknowns,).

        Every solution that is found on the way shows what all unknowns may be, so most are settled
        without a program of their own.
        """
        if self.matrix.shape[0] == 0:
            return np.zeros_like(self.wanted)
        if self.matrix.shape[0] == 1:
            return self.wanted & (self._room() < width - _SLACK)
        least, most = self.value.copy(), self.value.copy()
        for number in np.flatnonzero(self.wanted):
            for sign in (-1.0, 1.0):
                if most[number] - least[number] >= width[number] - _SLACK:
                    break
                found = self._extreme(int(number), sign, width[number])
                least, most = np.minimum(least, found), np.maximum(most, found)
        return self.wanted & (most - least < width - _SLACK)

    def _room(self) -> NDArray[np.float64]:
        """How far apart the values may be that each unknown has, where there is one equation.

        What one of them gains, others of the same sign lose, down to what they are at least; or
        others of the other sign gain it, without end. And the other way round.
        """
        factor = self.matrix.toarray()[0]
        spare = np.abs(factor) * (self.value - self.low)
        sides = (factor > 0, factor < 0)
        alike, others = [side.sum() for side in sides], [spare[side].sum() for side in sides]
        room = np.empty(factor.size)
        for number, sign in enumerate(np.sign(factor)):
            if sign == 0:  # nothing holds it
                room[number] = np.inf
                continue
            same, against = (0, 1) if sign > 0 else (1, 0)
            up = np.inf if alike[against] else others[same] - spare[number]
            down = spare[number]
            if alike[same] == 1:
                down = min(down, others[against])
            room[number] = (up + down) / abs(factor[number])
        return room

    def _extreme(self, number: int, sign: float, width: float) -> NDArray[np.float64]:
        """A solution in which one unknown is largest (`sign` 1) or smallest.

        No farther than `width` from what it is: that is all that anybody wants to know.
        """
        high = np.full(self.value.size, np.inf)
        low = self.low.copy()
        high[number] = self.value[number] + width
        low[number] = max(low[number], self.value[number] - width)
        goal = np.zeros(self.value.size)
        goal[number] = -sign
        solved = linprog(
            goal,
            A_eq=self.matrix,
            b_eq=self.matrix @ self.value,
            bounds=np.column_stack([np.minimum(low, self.value), high]),
            method="highs-ds",
        )
        if solved.status != 0:
            raise RuntimeError(
                f"the audit of the release came to no end for one figure: {solved.message}"
            )
        found: NDArray[np.float64] = solved.x
        return found


def worked_out(
    cells: Cells,
    links: Linked,
    blanked: NDArray[np.bool_],
    sensitive: NDArray[np.bool_],
    k: int,
) -> NDArray[np.int64]:
    """Numbers of the figures of few people that can be narrowed down too far.

    Args:
        cells: Figures of the day.
        links: Equations over them.
        blanked: Which are not told, shape (cells,).
        sensitive: Which must not be worked out, shape (cells + leftovers,).
        k: A figure has to be left at least k - 1 values, as many as blanking alone leaves it.

    Returns:
        Numbers in the order of cells and leftovers, sorted.
    """
    unknowns = Unknowns.of(cells, links, blanked)
    width = np.full(unknowns.value.size, float(max(1, k - 2)))
    found = [
        part.cells[part.narrow(width[part.cells])]
        for part in unknowns.parts(np.flatnonzero(sensitive & unknowns.hidden))
    ]
    return np.sort(np.concatenate(found)) if found else np.empty(0, np.int64)
