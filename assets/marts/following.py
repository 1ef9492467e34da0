"""Whether values of a mart are what follows from other figures of it.

Belongs here: holding values against `MartColumn.follows` and `between`. Does not belong here: which
columns follow from which (the contracts), what is done about one that does not (the wall, the
search).
"""

import polars as pl

from assets.marts.schema import MartColumn
from vision.contract_check import nearest_step

_LAST_BITS = 1e-14
"""Part of a number by which two computations of it may differ."""


def follows(column: MartColumn, rows: pl.DataFrame, at_most: float | None = None) -> pl.Series:
    """Whether each value is the one that follows from its row; not where it is NULL.

    Args:
        column: One with `follows`.
        rows: With the columns of its mart.
        at_most: How many steps are allowed for `rounded_off`; as many as it says if None.
    """
    said, exact = rows[column.name], _computed(rows, column.follows).cast(column.dtype)
    if column.step is None:
        return (said == exact).fill_null(value=False)
    off = pl.repeat(column.step / 2, rows.height, eager=True)
    if column.rounded_off is not None:
        further = _computed(rows, column.rounded_off)
        off += further if at_most is None else further.clip(upper_bound=at_most * column.step)
    near = (said - exact).abs() <= off + exact.abs() * _LAST_BITS + _LAST_BITS
    return (near & (said == nearest_step(said, column.step))).fill_null(value=False)


def due(column: MartColumn, rows: pl.DataFrame) -> pl.Series:
    """What follows in each row, as it would be stored; NULL where nothing does."""
    exact = _computed(rows, column.follows).cast(column.dtype).alias(column.name)
    if column.step is None:
        return exact
    return nearest_step(exact, column.step).fill_nan(None).alias(column.name)


def above_lowest(column: MartColumn, rows: pl.DataFrame) -> pl.Series:
    """How far each value lies above the lowest that other figures leave room for.

    NULL where it lies outside of `between`, or not on one of its steps.

    Args:
        column: One with `between`.
        rows: With the columns of its mart, whole days sorted by its key.
    """
    assert column.between is not None
    low, high = (_computed(rows, bound) for bound in (column.between.low, column.between.high))
    above = (rows[column.name] - low).cast(pl.Float64)
    inside = (above >= 0) & (above <= high - low) & (above % column.between.step == 0)
    return above.set(~inside.fill_null(value=False), None)


def _computed(rows: pl.DataFrame, expression: pl.Expr | None) -> pl.Series:
    assert expression is not None
    return rows.select(expression.alias("computed")).to_series()
