"""The closed list for DAGSTER_HOME: files, tables, and what stands in every cell of them.

Belongs here: what an instance of ours may keep. Does not belong here: what a serialized value may
hold (`serialized`), or keeping the rest out (`event_log`).
"""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from footfall_dagster.privacy.look import STRANGER, Look
from footfall_dagster.privacy.raw import raw_trouble
from footfall_dagster.privacy.serialized import LONGEST_VALUE, MOST_ENTRIES, closed
from footfall_dagster.privacy.sqlite_pages import NotSqlite, pages, unused
from footfall_dagster.privacy.text import Lines, Together, inflated, trouble

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_DATABASE = re.compile(rf"(?:history/runs|schedules/schedules|history/runs/(?:index|{_UUID})?)\.db")
_BESIDE = re.compile(r"(?P<database>.*\.db)-(?:wal|shm)")
_PRINTED = re.compile(rf"storage/{_UUID}/compute_logs/[a-z0-9_]{{1,40}}\.(?:out|err|complete)")
_EVENTS = frozenset({"event_logs"})
_MANY = 10**9
_LARGEST = 2**32
"""Bytes of a file that is looked into; a larger one is none that could be read to its end."""
_CONFIGURATION = "dagster.yaml"
_RUN = re.compile(rf"^\d{{4}}-\d\d-\d\d[ T][\d:.,]+(?: [+-]\d{{4}})?|{_UUID}")
"""When a line was printed and in which run, as Dagster puts it in front."""
_CURSOR = re.compile(r"[A-Z][A-Z_]{2,60}(?:-[A-Z_]{1,60})?|__[a-z_]{1,40}__")
"""Under what a daemon keeps where it was."""
_COLOUR = re.compile(r"\x1b\[[0-9;]{0,12}m")


def instance(look: Look, home: Path) -> None:
    """Every file below DAGSTER_HOME."""
    for path in sorted(home.rglob("*")) if home.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            continue
        name = path.relative_to(home).as_posix()
        look.at(path)
        if not path.is_file():
            look.find(home, path, "what is no file", STRANGER)
        elif path.stat().st_size > _LARGEST:
            look.miss(home, path, "the whole file")
        elif name == _CONFIGURATION:
            _configuration(look, home, path)
        elif path.is_symlink():
            look.find(home, path, "the link", STRANGER)
        elif _DATABASE.fullmatch(name):
            _database(look, home, path)
        elif (beside := _BESIDE.fullmatch(name)) and _DATABASE.fullmatch(beside["database"]):
            kinds = (raw_trouble(page) for page in pages(path.read_bytes()))
            if kind := next(filter(None, kinds), None):
                look.find(home, path, "its bytes", kind)
        elif _PRINTED.fullmatch(name):
            _printed(look, home, path)
        else:
            look.find(home, path, "the whole file", STRANGER)


def _configuration(look: Look, home: Path, path: Path) -> None:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        look.miss(home, path, "the whole file")
        return
    if kind := trouble(text):
        look.find(home, path, "its text", kind)


def _printed(look: Look, home: Path, path: Path) -> None:
    """What a run printed: lines of plain text, not many of one shape."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        look.find(home, path, "its text", "bytes")
        return
    told = Lines()
    for number, line in enumerate(lines, 1):
        plain = _COLOUR.sub("", line)
        if kind := trouble(_RUN.sub(" ", plain)) or told.trouble(_RUN.sub(" ", plain)):
            look.find(home, path, f"line {number}", kind)


def _database(look: Look, home: Path, path: Path) -> None:
    try:
        for place, content in unused(path):
            if kind := raw_trouble(content):
                look.find(home, path, place, kind)
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.text_factory = bytes
            _schema(look, home, path, connection)
            for table, columns in _tables(connection):
                _rows(look, home, path, connection, table, columns)
    except (sqlite3.Error, OSError, MemoryError, NotSqlite):
        look.miss(home, path, "the whole file")


def _schema(look: Look, home: Path, path: Path, connection: sqlite3.Connection) -> None:
    known = known_tables()
    for setting in ("user_version", "application_id"):
        if connection.execute(f"PRAGMA {setting}").fetchone() != (0,):
            look.find(home, path, setting, STRANGER)
    for number, (kind, name, table, sql) in enumerate(
        connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"), 1
    ):
        place = f"schema entry {number}"
        if kind not in {b"table", b"index"} or table.decode(errors="replace") not in known:
            look.find(home, path, place, STRANGER)
        elif found := trouble(
            name.decode(errors="replace") + " " + (sql or b"").decode(errors="replace")
        ):
            look.find(home, path, place, found)
    for table, columns in _tables(connection):
        if not set(columns) <= known[table]:
            look.find(home, path, f"columns of {table}", STRANGER)


def _tables(connection: sqlite3.Connection) -> list[tuple[str, list[str]]]:
    names = [
        name.decode(errors="replace")
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    ]
    return [
        (
            name,
            [
                row[1].decode(errors="replace")
                for row in connection.execute(f"PRAGMA table_info({name})")
            ],
        )
        for name in names
        if name in known_tables()
    ]


@cache
def known_tables() -> dict[str, frozenset[str]]:
    """Tables and columns of Dagster's own storages."""
    from dagster._core.storage.event_log.schema import SqlEventLogStorageMetadata
    from dagster._core.storage.runs.schema import RunStorageSqlMetadata
    from dagster._core.storage.schedules.schema import ScheduleStorageSqlMetadata

    known: dict[str, set[str]] = {"alembic_version": {"version_num"}}
    for metadata in (
        SqlEventLogStorageMetadata,
        RunStorageSqlMetadata,
        ScheduleStorageSqlMetadata,
    ):
        for table in metadata.tables.values():
            known.setdefault(table.name, set()).update(column.name for column in table.columns)
    return {name: frozenset(columns) for name, columns in known.items()}


def _rows(
    look: Look,
    home: Path,
    path: Path,
    connection: sqlite3.Connection,
    table: str,
    columns: list[str],
) -> None:
    quoted = ", ".join('"' + column.replace('"', '""') + '"' for column in columns)
    told: dict[Any, Lines] = {}
    names = Together(4 * MOST_ENTRIES if table in _EVENTS else MOST_ENTRIES)
    for number, row in enumerate(connection.execute(f"SELECT {quoted} FROM {table}"), 1):
        look.rows += 1
        cells = dict(zip(columns, row, strict=True))
        place = f"table {table}, row {number}"
        for column, cell in _tag_or_cells(cells):
            for where, kind in _cell(table, column, cell):
                look.find(home, path, f"{place}, column {column}{where}", kind)
        if any(names.trouble(one, most_fractions=_MANY) for one in _short(cells)):
            look.find(home, path, f"table {table}, its names together", "encoded text")
            names = Together(_MANY)
        if (line := _logged(cells)) is not None:
            lines = told.setdefault(cells.get("run_id"), Lines())
            if told_before := lines.trouble(line):
                look.find(home, path, place, told_before, 0.8)


def _short(cells: Mapping[str, Any]) -> Iterator[str]:
    """Names and values of a row, which may be pieces of something; its long texts are judged."""
    for cell in cells.values():
        if isinstance(cell, bytes) and len(cell) <= LONGEST_VALUE:
            yield cell.decode(errors="replace")


def _tag_or_cells(cells: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """The cells of a row; a key and its value, which are judged together, as one."""
    if {"key", "value"} <= cells.keys():
        key, value = ((cells[name] or b"").decode(errors="replace") for name in ("key", "value"))
        rest = [(name, cell) for name, cell in cells.items() if name not in {"key", "value"}]
        if _CURSOR.fullmatch(key):
            return [*rest, ("cursor", cells["value"])]
        return [*rest, ("tags", json.dumps({key: value}).encode())]
    return cells.items()


def _logged(cells: Mapping[str, Any]) -> str | None:
    """The line that a run logged; None for Dagster's own events and everything else."""
    if cells.get("dagster_event_type", b"") is not None or not isinstance(cells["event"], bytes):
        return None
    try:
        return str(json.loads(cells["event"]).get("user_message", ""))
    except (ValueError, AttributeError):
        return None


def _cell(table: str, column: str, cell: Any) -> Iterator[tuple[str, str]]:
    """Place within the cell and kind of everything that may not stand in it."""
    if not isinstance(cell, bytes):
        if isinstance(cell, int) and abs(cell) >= 2**53:
            yield "", "long integer"
        return
    if (table, column) == ("snapshots", "snapshot_body") or cell[:1] == b"\x78":
        unpacked = inflated(cell)
        if unpacked is not None:
            cell = unpacked
    try:
        text = cell.decode()
    except UnicodeDecodeError:
        yield "", "bytes"
        return
    _, found = closed(_parsed(text), column)
    for place, kind in found:
        yield (f", {place}" if place else ""), kind


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
