"""DuckDB files of marts: built aside, swapped in, and read only as they were placed.

Belongs here: one file and its tables. Does not belong here: reading its rows
(`footfall_dagster.mart_rows`), which files there are, and for what (`footfall_dagster.warehouse`),
what the rows are (`assets.marts.contracts`, sql/).

A file is never written in place. DuckDB keeps deleted rows in its pages, and an open reader blocks
a writer; a fresh file has neither problem. Readers hold the old file until they close it. What
somebody changed since it was placed does not match its receipt: nothing of it is read, nor copied
into the next file, where it would get a receipt of its own.
"""

import datetime as dt
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import duckdb
import polars as pl

from assets.marts.queries import connected
from assets.marts.schema import MartContract
from assets.storage import Progress
from footfall_dagster.locks import locked
from footfall_dagster.privacy import vouched

_Built = TypeVar("_Built")

Fill = Callable[[duckdb.DuckDBPyConnection, MartContract], None]
"""Inserts the day's rows of one mart into the table of its name in the file being built."""


class WarehouseError(RuntimeError):
    """The warehouse cannot be written or read; the message carries the remedy."""


def rebuild(
    path: Path, build: Callable[[Path], _Built], progress: Progress, patience_s: float
) -> _Built:
    """Let `build` make a fresh file and swap it in for `path`, as the only writer.

    Raises:
        LockTimeoutError: Another writer did not finish in time.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The kernel frees the lock when its holder dies, so a killed run blocks nobody.
    with locked(
        path.with_name(f"{path.name}.lock"),
        timeout_s=patience_s,
        on_wait=lambda waited_s: progress(
            f"{path.name} is being written by another run; waited {waited_s:.0f} s"
        ),
    ):
        _remove_leftovers(path)
        building = path.with_name(f"{path.name}.building-{os.getpid()}")
        try:
            built = build(building)
            _swap(building, path)
        finally:
            _remove_leftovers(path)
    return built


def build_without(
    building: Path,
    path: Path,
    contracts: Sequence[MartContract],
    label: str,
    site: str,
    days: Collection[dt.date],
    progress: Progress = print,
) -> None:
    """Build the file `path` anew, without the rows of some days of a site."""
    with connected(building) as connection:
        held = _attach(connection, path, contracts, progress)
        for mart in contracts:
            _create(connection, mart, label)
            if mart.name in held:
                table = _name(mart.name)
                connection.execute(
                    f"INSERT INTO {table} SELECT {held[mart.name]} FROM old.{table} WHERE NOT "
                    "(site = $site AND list_contains($days::DATE[], trading_day))",
                    {"site": site, "days": list(days)},
                )
        connection.execute("DETACH old")
        connection.execute("CHECKPOINT")


def build_day(
    building: Path,
    path: Path,
    contracts: Sequence[MartContract],
    label: str,
    site: str,
    day: dt.date,
    replaced: Collection[str],
    fill: Fill,
    progress: Progress = print,
    relations: Mapping[str, pl.DataFrame] = MappingProxyType({}),
) -> dict[str, int]:
    """Build the file `path` anew, with the rows of some marts of a site-day as `fill` makes them.

    `fill` may read `relations` by their names.

    Returns:
        Rows of the day in each of the marts `replaced`.
    """
    rows = {}
    with connected(building) as connection:
        held = _attach(connection, path, contracts, progress)
        for name, rows_of_day in relations.items():
            connection.register(name, rows_of_day)
        for mart in contracts:
            _create(connection, mart, label)
            if mart.name in held:
                side = "<" if mart.name in replaced else None
                _copy(connection, mart, held[mart.name], site, day, side)
            if mart.name in replaced:
                fill(connection, mart)
                rows[mart.name] = _count(connection, mart, site, day)
                if mart.name in held:
                    _copy(connection, mart, held[mart.name], site, day, ">")
        if held:
            connection.execute("DETACH old")
        connection.execute("CHECKPOINT")
    return rows


def new_tables(contracts: Iterable[MartContract], label: str) -> duckdb.DuckDBPyConnection:
    """Tables without rows, in memory, as a file of this warehouse has them."""
    connection = duckdb.connect()
    for mart in contracts:
        _create(connection, mart, label)
    return connection


def _attach(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    contracts: Sequence[MartContract],
    progress: Progress,
) -> Mapping[str, str]:
    """Attach the file in use as `old`; return what to select of each mart that it holds."""
    if not path.exists():
        return {}
    try:
        connection.execute(f"ATTACH {_text(str(path))} AS old (READ_ONLY)")
    except duckdb.IOException as error:
        raise WarehouseError(
            f"{path} cannot be read ({error}). If another program has it open for writing, close "
            "it there or open it read-only (`duckdb -readonly`); readers never block a writer"
        ) from error
    held = held_columns(connection, "old")
    wanted = {mart.name: mart for mart in contracts}
    selected = {}
    for table, columns in held.items():
        if table not in wanted:
            raise WarehouseError(
                f"{path} holds {table!r}, which is no mart. The file is rebuilt at every write, so "
                "it would be lost: move it into a file of your own, which can ATTACH this one"
            )
        selected[table] = columns_of(path, wanted[table], columns)
        if len(columns) < len(wanted[table].columns):
            progress(
                f"{path.name} was written by an older version: {table} gets "
                f"{_difference(columns, _as_stored(wanted[table]))}, NULL for the days that it "
                "has. Materialise the site-day marts of these days again to have figures there"
            )
    refuse_changed(path)
    return selected


def held_columns(
    connection: duckdb.DuckDBPyConnection, database: str
) -> dict[str, list[tuple[str, str]]]:
    """Name and type of each column of an open file, by table."""
    held: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = $database AND NOT internal ORDER BY table_name, column_index",
        {"database": database},
    ).fetchall():
        held.setdefault(table, []).append((column, kind))
    return held


def columns_of(path: Path, mart: MartContract, held: Sequence[tuple[str, str]]) -> str:
    """What to select of the table of a mart in a file, so that it is as its contract says.

    A file of an older version may lack columns that may be NULL; they are selected as NULL. That a
    figure was never computed is what NULL can say; a text, a key or a version cannot be made up.

    Args:
        path: Of the file, for the message.
        mart: The contract.
        held: Name and type of each column that the file has, in order.

    Raises:
        WarehouseError: The table is otherwise not as its contract says.
    """
    wanted = _as_stored(mart)
    absent = [column for column in mart.columns if (column.name, column.duckdb_type) not in held]
    known = [column for column in wanted if column in held]
    if known != list(held) or not all(column.nullable for column in absent):
        raise WarehouseError(
            f"table {mart.name} of {path} has other columns than its contract: "
            f"{_difference(held, wanted)}. It was written by another version: move "
            "the file aside, then materialise the site-day marts of its days again"
        )
    return ", ".join(
        _name(name) if (name, kind) in held else f"NULL::{kind} AS {_name(name)}"
        for name, kind in wanted
    )


def refuse_changed(path: Path) -> None:
    """Raise `WarehouseError` where a file is not as it was placed.

    A write-ahead log beside it changes what is read of it and no byte of it.
    """
    if not vouched.is_vouched(path) or _log_of(path).exists():
        raise WarehouseError(
            f"{path} was changed since it was written, so nothing of it is read: put the file and "
            "its receipt back from a copy, or move both aside and materialise the site-day marts "
            "of its days again; find out who opened it for writing"
        )


def _as_stored(mart: MartContract) -> list[tuple[str, str]]:
    return [(column.name, column.duckdb_type) for column in mart.columns]


def _difference(held: Sequence[tuple[str, str]], wanted: Sequence[tuple[str, str]]) -> str:
    extra = [f"unknown {name} {kind}" for name, kind in held if (name, kind) not in wanted]
    absent = [f"missing {name} {kind}" for name, kind in wanted if (name, kind) not in held]
    return ", ".join(extra + absent) or "another order"


def _create(connection: duckdb.DuckDBPyConnection, mart: MartContract, label: str) -> None:
    columns = ", ".join(
        f"{_name(column.name)} {column.duckdb_type}{'' if column.nullable else ' NOT NULL'}"
        for column in mart.columns
    )
    # One transaction: three hundred comments would each be written to disk.
    connection.execute("BEGIN")
    connection.execute(f"CREATE TABLE {_name(mart.name)} ({columns})")
    connection.execute(
        f"COMMENT ON TABLE {_name(mart.name)} IS "
        + _text(f"{mart.description} One row: {mart.grain}. {label[:1].upper()}{label[1:]}.")
    )
    for column in mart.columns:
        connection.execute(
            f"COMMENT ON COLUMN {_name(mart.name)}.{_name(column.name)} IS "
            + _text(f"{column.description}" + (f" [{column.unit}]" if column.unit else ""))
        )
    connection.execute("COMMIT")


def _copy(
    connection: duckdb.DuckDBPyConnection,
    mart: MartContract,
    columns: str,
    site: str,
    day: dt.date,
    side: str | None,
) -> None:
    """Copy rows of the old file in their order: all, or those before or after the site-day."""
    table = _name(mart.name)
    if side is None:
        connection.execute(f"INSERT INTO {table} SELECT {columns} FROM old.{table}")
        return
    connection.execute(
        f"INSERT INTO {table} SELECT {columns} FROM old.{table} "
        f"WHERE (trading_day, site) {side} ($day::DATE, $site::VARCHAR)",
        {"day": day, "site": site},
    )


def insert(connection: duckdb.DuckDBPyConnection, mart: MartContract, select: str) -> None:
    """Insert what a query gives into the table of a mart, in the order of its key."""
    connection.execute(
        f"INSERT INTO {_name(mart.name)} BY NAME SELECT * FROM ({select}\n) "
        f"ORDER BY {', '.join(map(_name, mart.key))}"
    )


def _count(
    connection: duckdb.DuckDBPyConnection, mart: MartContract, site: str, day: dt.date
) -> int:
    row = connection.execute(
        f"SELECT count(*) FROM {_name(mart.name)} WHERE trading_day = $day AND site = $site",
        {"day": day, "site": site},
    ).fetchone()
    return int(row[0]) if row else 0


def _swap(building: Path, path: Path) -> None:
    with building.open("rb") as file:
        os.fsync(file.fileno())
    # Another program may have left changes beside the file; they belong to the one that goes.
    _log_of(path).unlink(missing_ok=True)
    vouched.place(building, path)


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def _remove_leftovers(path: Path) -> None:
    """Remove what a dead writer left: only the holder of the lock builds, so none is alive."""
    for leftover in path.parent.glob(f"{path.name}.building-*"):
        if leftover.is_dir():
            for spilled in leftover.iterdir():
                spilled.unlink()
            leftover.rmdir()
        else:
            leftover.unlink(missing_ok=True)


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"
