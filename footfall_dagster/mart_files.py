"""DuckDB files of marts: built aside, swapped in, and read only as they were placed.

Belongs here: one file and its life. Does not belong here: its tables
(`footfall_dagster.mart_tables`), reading its rows (`footfall_dagster.mart_rows`), which files there
are, and for what (`footfall_dagster.warehouse`).

A file is never written in place. DuckDB keeps deleted rows in its pages, and an open reader blocks
a writer; a fresh file has neither problem. Readers hold the old file until they close it. What
somebody changed since it was placed does not match its receipt: nothing of it is read, nor copied
into the next file, where it would get a receipt of its own.
"""

import datetime as dt
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import duckdb
import polars as pl

from assets.marts.queries import connected
from assets.marts.schema import MartContract
from assets.storage import Progress
from footfall_dagster.locks import locked
from footfall_dagster.mart_tables import (
    WarehouseError,
    as_stored,
    columns_of,
    copy_rows,
    count_rows,
    create,
    difference,
    held_columns,
    literal,
    quoted,
)
from footfall_dagster.privacy import vouched
from footfall_dagster.room import no_room

_Built = TypeVar("_Built")

Fill = Callable[[duckdb.DuckDBPyConnection, MartContract], None]
"""Inserts the day's rows of one mart into the table of its name in the file being built."""


def rebuild(
    path: Path, build: Callable[[Path], _Built], progress: Progress, patience_s: float
) -> _Built:
    """Let `build` make a fresh file and swap it in for `path`, as the only writer.

    Raises:
        LockTimeoutError: Another writer did not finish in time.
        WarehouseError: There is no room for another file; `path` is as it was.
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
        except (OSError, duckdb.Error) as failed:
            if (reason := no_room(failed)) is None:
                raise
            raise WarehouseError(_without_room(path, reason)) from failed
        finally:
            _remove_leftovers(path)
    return built


def _without_room(path: Path, reason: str) -> str:
    there = path.stat().st_size / 1e6 if path.exists() else 0.0
    return (
        f"cannot build {path.name} anew in {path.parent} ({reason}); what was there is as it was. "
        f"The old file ({there:.0f} MB) and the new one lie beside each other for a while: make "
        "room for both and a fifth more, then materialise the marts again"
    )


def build_without(
    building: Path,
    path: Path,
    contracts: Sequence[MartContract],
    label: str,
    site: str,
    gone: Mapping[str, Collection[dt.date]],
    progress: Progress = print,
) -> None:
    """Build the file `path` anew, without some days of a site, which `gone` has by mart."""
    with connected(building) as connection:
        held = _attach(connection, path, contracts, progress)
        for mart in contracts:
            create(connection, [mart], label)
            if mart.name in held:
                table = quoted(mart.name)
                connection.execute(
                    f"INSERT INTO {table} SELECT {held[mart.name]} FROM old.{table} WHERE NOT "
                    "(site = $site AND list_contains($days::DATE[], trading_day))",
                    {"site": site, "days": sorted(gone.get(mart.name, ()))},
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
    rows: dict[str, int] = {}
    with connected(building) as connection:
        held = _attach(connection, path, contracts, progress)
        for name, rows_of_day in relations.items():
            connection.register(name, rows_of_day)
        for mart in contracts:
            create(connection, [mart], label)
            if mart.name in held:
                side = "<" if mart.name in replaced else None
                copy_rows(connection, mart, held[mart.name], site, day, side)
            if mart.name in replaced:
                fill(connection, mart)
                rows |= count_rows(connection, [mart], site, day)
                if mart.name in held:
                    copy_rows(connection, mart, held[mart.name], site, day, ">")
        if held:
            connection.execute("DETACH old")
        connection.execute("CHECKPOINT")
    return rows


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
        connection.execute(f"ATTACH {literal(str(path))} AS old (READ_ONLY)")
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
                f"{difference(columns, as_stored(wanted[table]))}, NULL for the days that it "
                "has. Materialise the site-day marts of these days again to have figures there"
            )
    refuse_changed(path)
    return selected


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
