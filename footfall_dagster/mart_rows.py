"""Rows of a DuckDB file of marts, read as they were placed.

Belongs here: the rows and the days of one file. Does not belong here: how a file is built
(`footfall_dagster.mart_files`), what whoever asks a published file may reach
(`footfall_dagster.published`).
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import duckdb
import polars as pl

from assets.marts.contracts import MARTS
from assets.marts.queries import connected
from assets.marts.schema import MartContract
from footfall_dagster.mart_files import refuse_changed
from footfall_dagster.mart_tables import columns_of, held_columns


def read_days(
    path: Path, marts: Sequence[MartContract], site: str, days: Collection[dt.date]
) -> dict[str, pl.DataFrame]:
    """Rows of marts of some site-days, each sorted by its key; none where is no file or table.

    The file is held against its receipt once, however many marts are read. What a file of an older
    version lacks is NULL, as `columns_of` has it.

    Raises:
        WarehouseError: The file is not as it was placed, or has other columns than the contract.
    """
    found = {mart.name: mart.empty() for mart in marts}
    if not path.exists() or not days:
        return found
    refuse_changed(path)
    with connected(path, read_only=True) as connection:
        held = held_columns(connection, path.stem)
        for mart in marts:
            if mart.name in held:
                selected = columns_of(path, mart, held[mart.name])
                found[mart.name] = rows_in(connection, mart, selected, site, days)
    return found


def rows_in(
    connection: duckdb.DuckDBPyConnection,
    mart: MartContract,
    selected: str,
    site: str,
    days: Collection[dt.date],
) -> pl.DataFrame:
    """What is selected of a mart of some site-days, by its key, in a database that is open."""
    frame = connection.execute(
        f"SELECT {selected} FROM {mart.name} "
        # By first and last day DuckDB leaves out what it need not read.
        "WHERE site = $site AND trading_day BETWEEN $first AND $last "
        f"AND list_contains($days, trading_day) ORDER BY {', '.join(mart.key)}",
        {"days": list(days), "first": min(days), "last": max(days), "site": site},
    ).pl()
    return frame.cast(dict(mart.schema))  # type: ignore[arg-type]


def days_of(path: Path, site: str) -> set[dt.date]:
    """Trading days of which a file holds rows of the site."""
    if not path.exists():
        return set()
    with connected(path, read_only=True) as connection:
        held = connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()
        return days_in(connection, [name for (name,) in held if name in MARTS], site)


def days_in(connection: duckdb.DuckDBPyConnection, marts: Iterable[str], site: str) -> set[dt.date]:
    """Trading days of which some marts hold rows of the site, in a database that is open."""
    found: set[dt.date] = set()
    for mart in marts:
        query = f"SELECT DISTINCT trading_day FROM {mart} WHERE site = $site"
        found |= {day for (day,) in connection.execute(query, {"site": site}).fetchall()}
    return found
