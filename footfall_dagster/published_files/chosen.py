"""Which rows of published.duckdb are taken, and their way out of it.

Belongs here: choosing marts and days, fetching rows in blocks of bounded size, and how a format
takes them. Does not belong here: how the file is opened (`footfall_dagster.published`), or any
format.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from assets.marts.schema import MartContract
from footfall_dagster.mart_tables import columns_of, held_columns
from footfall_dagster.published_files import ExportError

_BLOCK_ROWS = 20_000
"""Rows that are in memory at once, unless a single day has more."""
_FORMULA = r"^[=+\-@\t\r\n]"
"""Beginnings of a text that spreadsheets take for a formula, also out of a CSV."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is taken of one mart.

    Attributes:
        mart: Its published contract.
        days: Number of rows by trading day, in order; a day without rows is not among them.
    """

    mart: MartContract
    days: Mapping[dt.date, int]

    @property
    def rows(self) -> int:
        """Number of rows of all days."""
        return sum(self.days.values())


Write = Callable[[pl.DataFrame], None]
"""Takes the next rows of a mart, in order."""
Begin = Callable[[Chosen], AbstractContextManager[Write]]
"""Begins what a format has of one mart: a file, a sheet."""


def choose(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    site: str,
    marts: Sequence[MartContract],
    first: dt.date = dt.date.min,
    last: dt.date = dt.date.max,
) -> list[Chosen]:
    """What the open file `path` has of some marts of a site, from day `first` to `last`.

    A mart that the file does not have is one without rows.

    Raises:
        ExportError: There is nothing of any of the marts.
        WarehouseError: A table has other columns than its contract.
    """
    held = held_columns(connection, path.stem)
    for mart in marts:
        if mart.name in held:
            columns_of(path, mart, held[mart.name])
    all_days = {mart: _days(connection, mart, site) if mart.name in held else {} for mart in marts}
    chosen = [
        Chosen(mart, {day: rows for day, rows in days.items() if first <= day <= last})
        for mart, days in all_days.items()
    ]
    if not any(one.days for one in chosen):
        there = sorted(set[dt.date]().union(*all_days.values()))
        raise ExportError(
            f"{path} has days of {site} from {there[0]} to {there[-1]}, and none in what you ask "
            "for: choose other days"
            if there
            else f"{path} has nothing of {site} in these marts: publish some days of it, or set "
            "FOOTFALL_SITE to the site that you mean"
        )
    return chosen


def blocks(
    connection: duckdb.DuckDBPyConnection, path: Path, site: str, chosen: Chosen
) -> Iterator[pl.DataFrame]:
    """Rows of the contract, sorted by its key, some days at a time.

    Raises:
        ExportError: A text is one that a spreadsheet would take for a formula.
    """
    mart = chosen.mart
    if not chosen.days:
        return
    columns = columns_of(path, mart, held_columns(connection, path.stem)[mart.name])
    for first, last in _spans(chosen.days):
        rows = (
            connection.execute(
                f"SELECT {columns} FROM {mart.name} WHERE site = $site "
                f"AND trading_day BETWEEN $first AND $last ORDER BY {', '.join(mart.key)}",
                {"site": site, "first": first, "last": last},
            )
            .pl()
            .cast(dict(mart.schema))  # type: ignore[arg-type]
        )
        _refuse_formulas(rows, mart, path)
        yield rows


def _days(
    connection: duckdb.DuckDBPyConnection, mart: MartContract, site: str
) -> dict[dt.date, int]:
    return dict(
        connection.execute(
            f"SELECT trading_day, count(*) FROM {mart.name} WHERE site = $site "
            "GROUP BY trading_day ORDER BY trading_day",
            {"site": site},
        ).fetchall()
    )


def _spans(days: Mapping[dt.date, int]) -> Iterator[tuple[dt.date, dt.date]]:
    """First and last days of blocks."""
    span: list[dt.date] = []
    held = 0
    for day, rows in days.items():
        if span and held + rows > _BLOCK_ROWS:
            yield span[0], span[-1]
            span, held = [], 0
        span.append(day)
        held += rows
    if span:
        yield span[0], span[-1]


def _refuse_formulas(rows: pl.DataFrame, mart: MartContract, path: Path) -> None:
    """A word of a site file begins with a letter: what does not was written by somebody else."""
    for column in rows.select(pl.col(pl.String)):
        if column.str.contains(_FORMULA).any():
            raise ExportError(
                f"{path}: column {column.name} of {mart.name} holds a text that a spreadsheet "
                "would take for a formula, and no site file can name anything so: find out who "
                "wrote to the file, and materialise the published marts of its days again"
            )
