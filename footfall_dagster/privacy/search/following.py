"""What of a mart's table is left to judge: not what follows from counts of the same row.

Belongs here: telling a mart by its columns, taking out values that were computed anew and agree.
Does not belong here: which figures follow from which (`assets.marts`), judging the rest (`columns`,
`numbers`), files (`databases`).

A mean or a share of a fortnight has digits as a network's components have. It carries nothing if it
is what the whole numbers of its row give, and those are judged. No name is trusted: a value that
does not follow is judged as in any other table.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assets.marts import following
from assets.marts.contracts import MARTS
from assets.marts.schema import MartContract
from vision.contract_terms import Range

_MOST_OFF = 1
"""Steps by which a value may differ since that from which it follows was rounded as well."""


@dataclass(frozen=True)
class Remains:
    """What of a table is to be judged, and how.

    Attributes:
        rows: The table, with NULL for what follows or is bounded; and in columns behind the others
            how far each bounded value lies above the lowest that it could be.
        called: What its columns are called in findings.
        counts: Columns of whole numbers, so called, among which no picture is looked for.
        followed: The doubles that follow: the bytes of the file may hold them.
    """

    rows: pl.DataFrame
    called: tuple[str, ...]
    counts: frozenset[str]
    followed: NDArray[np.float64]


def mart_of(name: str, schema: pl.Schema) -> MartContract | None:
    """The mart of that name, if the table has all of its columns of numbers."""
    mart = MARTS.get(name)
    if mart is None or not set(mart.schema) <= set(schema):
        return None
    numbers = [column for column in mart.columns if column.dtype.is_numeric()]
    alike = all(schema[column.name] == column.dtype for column in numbers)
    return mart if alike else None


def remains(rows: pl.DataFrame, mart: MartContract) -> Remains:
    """What is left to judge of a table that has the columns of `mart`, and maybe others."""
    numbered = {name: f"column {number}" for number, name in enumerate(rows.columns)}
    left: list[pl.Series] = []
    above: list[pl.Series] = []
    followed: list[NDArray[np.float64]] = []
    for column in mart.columns:
        said = rows[column.name]
        if column.follows is not None:
            held = following.follows(column, rows, at_most=_MOST_OFF)
            if said.dtype == pl.Float64:
                followed.append(said.filter(held).to_numpy())
        elif column.between is not None:
            height = following.above_lowest(column, rows)
            held = height.is_not_null()
            above.append(height.alias(f"{numbered[column.name]}, above its lowest"))
        else:
            continue
        left.append(said.set(held, None))
    return Remains(
        rows=rows.with_columns(*left, *above),
        called=(*numbered.values(), *(one.name for one in above)),
        counts=frozenset(numbered[name] for name in _counts(rows, mart)),
        followed=np.unique(np.concatenate([*followed, np.empty(0)])),
    )


def _counts(rows: pl.DataFrame, mart: MartContract) -> frozenset[str]:
    """Columns of counts, if the table keeps what its contract says of whole rows.

    Counts rise and fall smoothly over a day, and over the cells of a floor, as the shades of a
    picture do: by their values alone the two cannot be told apart.
    """
    keys = rows.select(mart.key)
    if not keys.equals(keys.sort(mart.key)) or keys.is_duplicated().any():
        return frozenset()
    above = [pl.col(small) > pl.col(large) for small, large in mart.never_above]
    unobserved = [
        (pl.col("observed_minutes") == 0) & pl.col(column.name).is_not_null()
        for column in mart.columns
        if "observed_minutes" in mart.schema and column.counted_by
    ]
    if rows.select(pl.any_horizontal(pl.lit(value=False), *above, *unobserved).any()).item():
        return frozenset()
    return frozenset(
        column.name
        for column in mart.columns
        if column.counted_by
        and column.dtype.is_integer()
        and _is_in(rows[column.name], column.domain)
    )


def _is_in(values: pl.Series, domain: object) -> bool:
    return isinstance(domain, Range) and bool(values.is_between(domain.low, domain.high).all())
