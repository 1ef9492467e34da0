"""Which figures are blanked: those of few people, and others that would give them away.

Belongs here: choosing. Does not belong here: how it is found out that a figure can be worked out
(`assets.release.recovery`), what becomes of blanked figures in a mart (`assets.marts.release`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from assets.marts.contracts import MARTS
from assets.release.cells import Cells, counted
from assets.release.linked import Linked
from assets.release.recovery import worked_out

_JUDGED_BY_OTHERS = (("floor_occupancy_15min", "drift"), ("groups_hourly", "groups"))
"""Figures that may be worked out: drift is one of the whole day, in whichever quarter's row it
stands; groups of a size follow from the people in them, who are judged."""
_DEAR = 1_000_000.0
"""A figure of the whole day is blanked only where no part of it is left to blank."""


def judged(cells: Cells, links: Linked, k: int) -> NDArray[np.bool_]:
    """Which figures must not be worked out, shape (cells + leftovers,): those of few people.

    A 0 is none: where it can be worked out, it is because others that are told are 0.
    """
    few = (links.leftover > 0) & (links.leftover < k)
    sensitive = np.concatenate([cells.small(k) & (cells.value != 0), few])
    for mart, column in _JUDGED_BY_OTHERS:
        if mart in cells.rows:
            sensitive[cells.at(mart, column)] = False
    return sensitive


def blanked(
    cells: Cells,
    links: Linked,
    k: int,
    primary: NDArray[np.bool_],
    open_: NDArray[np.int64],
    progress: Callable[[str], object] = lambda _line: None,
) -> NDArray[np.bool_]:
    """Blank more than `primary`, until no figure of few people can be worked out.

    Args:
        cells: Figures of the day.
        links: Equations over them.
        k: Fewest people that a figure may stand for.
        primary: What is not told in any case, shape (cells,).
        open_: What can be worked out as it is, numbers of cells and leftovers.
        progress: Told of each round.

    Returns:
        Which cells are not told, shape (cells,).

    Raises:
        RuntimeError: Figures are left that can be worked out whatever is blanked.
    """
    chooser = _Chooser.of(cells, links)
    now = primary
    while open_.size:
        progress(f"{open_.size} figures of few people could be worked out; blanking others")
        wider = now | cells.blanked_with(chooser.more(open_, now))
        if not (wider & ~now).any():
            raise RuntimeError(
                f"{open_.size} figures of few people could be worked out from what is published, "
                "and nothing is left to blank; withhold their marts in privacy.release of site.yaml"
            )
        now = wider
        # The more is blanked, the less can be told of the rest: what is safe stays so.
        still = np.isin(np.arange(cells.value.size + links.leftover.size), open_)
        open_ = worked_out(cells, links, now, still, k)
    return now


@dataclass(frozen=True)
class _Chooser:
    """Chooses what to blank beside a figure.

    Attributes:
        cells: Figures of the day.
        by_cell: Equations, by columns.
        by_equation: Equations, by rows.
        price: What it costs to blank a cell, shape (cells,); inf where it cannot be.
        counter: The cell that is blanked with its whole row's figures, for each cell.
    """

    cells: Cells
    links: Linked
    by_cell: csc_array
    price: NDArray[np.float64]
    counter: NDArray[np.int64]

    @classmethod
    def of(cls, cells: Cells, links: Linked) -> "_Chooser":
        counter = np.arange(cells.value.size)
        price = np.full(cells.value.size, np.inf)
        for mart, column in cells.columns():
            at = cells.at(mart, column)
            contract = MARTS[mart]
            counter[at] = at if column in counted(mart) else cells.counters(mart, column)[0]
            price[at] = cells.value[counter[at]] + (0.0 if contract.span else _DEAR)
        # Figures of one mart are counted by columns that rest on other rows than they: where
        # those say that nobody was there, a figure is blanked alone.
        alone = ~(cells.value[counter] > 0)
        counter[alone] = np.flatnonzero(alone)
        price[alone] = np.abs(cells.value[alone])
        # Who is not there cannot be hidden by not telling it, and a NULL tells nothing already.
        price[np.isnan(cells.value) | (cells.value == 0)] = np.inf
        return cls(cells, links, csc_array(links.matrix), price, counter)

    def more(self, open_: NDArray[np.int64], blanked: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """One more cell for each figure that can be worked out, shape (cells,).

        Those of one equation share what is blanked for the first of them.
        """
        more = np.zeros_like(blanked)
        served: set[int] = set()
        for number in open_:
            for equations in self._rings(number, blanked):
                if served.intersection(equations):
                    break
                choice = self._cheapest(equations, blanked | more)
                if choice is not None:
                    equation, cell = choice
                    more[self.counter[cell]] = True
                    served.add(equation)
                    break
        return more

    def _rings(self, number: int, blanked: NDArray[np.bool_]) -> Iterator[list[int]]:
        """Equations of a figure, then those of the unknowns in them, and so on."""
        seen: set[int] = set()
        unknowns, known = {number}, {number}
        while unknowns:
            ring = sorted({one for cell in unknowns for one in self._equations(cell)} - seen)
            if not ring:
                return
            yield ring
            seen.update(ring)
            beside = {cell for one in ring for cell in self._cells_of(one)}
            unknowns = {cell for cell in beside - known if cell >= blanked.size or blanked[cell]}
            known |= unknowns

    def _cells_of(self, equation: int) -> list[int]:
        begin, end = self.links.matrix.indptr[equation : equation + 2]
        return [int(one) for one in self.links.matrix.indices[begin:end]]

    def _equations(self, number: int) -> list[int]:
        begin, end = self.by_cell.indptr[number : number + 2]
        return [int(one) for one in self.by_cell.indices[begin:end]]

    def _cheapest(self, equations: list[int], blanked: NDArray[np.bool_]) -> tuple[int, int] | None:
        """An equation and the cell of it that costs least to blank."""
        best: tuple[float, int, int] | None = None
        for equation in equations:
            cells = np.array(self._cells_of(equation))
            cells = cells[cells < blanked.size]
            cells = cells[~blanked[cells] & np.isfinite(self.price[cells])]
            if cells.size:
                cheapest = cells[np.argmin(self.price[cells])]
                offer = (float(self.price[cheapest]), equation, int(cheapest))
                best = offer if best is None else min(best, offer)
        return None if best is None else best[1:]
