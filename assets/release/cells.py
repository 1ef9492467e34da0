"""The figures of a site-day as numbered cells, and which of them are blanked.

Belongs here: numbering, values, and what is blanked together. Does not belong here: which cells add
up to which (`assets.release.linked`), which ones are blanked (`assets.release.complement`).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assets.marts.contracts import MARTS
from assets.marts.schema import MartColumn

Rows = Mapping[str, pl.DataFrame]
"""Exact rows of one site-day, by mart."""


@dataclass(frozen=True)
class Cells:
    """Every figure of the day that tells of people, each with a number.

    Attributes:
        rows: The exact rows, by mart.
        value: Of each cell, shape (cells,), float64; NaN where the figure is NULL.
        first: Number of the first cell of each (mart, column); its rows follow in their order.
    """

    rows: Rows
    value: NDArray[np.float64]
    first: Mapping[tuple[str, str], int] = field(repr=False)

    @classmethod
    def of(cls, rows: Rows) -> "Cells":
        """Number the figures of `rows`."""
        first, values, count = {}, [], 0
        for mart, column in _measures(rows):
            told = rows[mart][column.name]
            first[mart, column.name] = count
            values.append(told.cast(pl.Float64).fill_null(float("nan")).to_numpy())
            count += told.len()
        return cls(rows, np.concatenate(values) if values else np.empty(0), first)

    def at(self, mart: str, column: str) -> NDArray[np.int64]:
        """Numbers of the cells of one column, in the order of its rows."""
        begin = self.first[mart, column]
        return np.arange(begin, begin + self.rows[mart].height)

    def counters(self, mart: str, column: str) -> list[NDArray[np.int64]]:
        """Of one column, the cells that count the people behind each of its figures."""
        return [self.at(mart, name) for name in MARTS[mart][column].counted_by]

    def columns(self) -> Iterator[tuple[str, str]]:
        """Every (mart, column) that has cells."""
        return iter(self.first)

    def small(self, k: int) -> NDArray[np.bool_]:
        """Which cells stand for more than 0 and fewer than `k` people, shape (cells,)."""
        found = np.zeros(self.value.size, bool)
        for mart, column in self.columns():
            few = self.rows[mart].select(small(MARTS[mart][column], k))
            found[self.at(mart, column)] = few.to_series().to_numpy()
        return found & ~np.isnan(self.value)

    def blanked_with(self, blanked: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """`blanked`, and what goes with it.

        Those are figures whose counters are blanked, and figures that follow from blanked ones.
        """
        wider = blanked.copy()
        for mart, column in self.columns():
            for name in _rests_on(MARTS[mart][column]):
                if (mart, name) in self.first:
                    wider[self.at(mart, column)] |= blanked[self.at(mart, name)]
        return wider & ~np.isnan(self.value)


def _measures(rows: Rows) -> Iterator[tuple[str, MartColumn]]:
    for mart in rows:
        for column in MARTS[mart].columns:
            if column.counted_by:
                yield mart, column


def small(column: MartColumn, k: int) -> pl.Expr:
    """Whether a figure stands for more than 0 and fewer than `k` people; over rows of its mart."""
    return pl.any_horizontal(
        *(
            ((pl.col(counter) > 0) & (pl.col(counter) < k)).fill_null(False)
            for counter in column.counted_by
        )
    )


def _rests_on(column: MartColumn) -> set[str]:
    roots = () if column.follows is None else column.follows.meta.root_names()
    return {*column.counted_by, *roots}


def counted(mart: str) -> Collection[str]:
    """Columns of a mart that count the people behind others, themselves included."""
    return {name for column in MARTS[mart].columns for name in column.counted_by}
