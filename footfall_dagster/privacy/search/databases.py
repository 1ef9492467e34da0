"""DuckDB and SQLite files: rows, definitions, comments, and pages that no row owns.

Belongs here: opening a copy of a database and reading all of it. Does not belong here: judging
columns (`columns`) and texts (`text`).

A copy is opened, so that no journal is played back into the file, and nobody's lock is in the way.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import numpy as np

from footfall_dagster.privacy import duckdb_pages
from footfall_dagster.privacy.search.account import Account
from footfall_dagster.privacy.search.columns import Table

UNOWNED = "bytes that no row owns"
_GAPS = "unused parts of pages"
_ROWS = 20_000
_TEXT = 2**22
_CATALOG = (
    "SELECT sql, comment, tags::VARCHAR FROM duckdb_tables()",
    "SELECT sql, comment, tags::VARCHAR FROM duckdb_views() WHERE NOT internal",
    "SELECT column_name, comment, column_default, data_type FROM duckdb_columns() "
    "WHERE NOT internal",
    "SELECT function_name, macro_definition, comment, description FROM duckdb_functions() "
    "WHERE NOT internal",
    "SELECT sql, comment FROM duckdb_sequences()",
    "SELECT sql, comment FROM duckdb_indexes()",
    "SELECT type_name, comment, labels::VARCHAR FROM duckdb_types() WHERE NOT internal",
    "SELECT schema_name, sql, comment FROM duckdb_schemas() WHERE NOT internal",
)


class Examine(Protocol):
    """As `content.Examiner.examine`, some containers further in."""

    def __call__(self, content: bytes, place: str, sealed: bool = True) -> None:
        """Look into bytes that were found at a place."""


def open_duckdb(
    content: bytes, place: str, account: Account, examine: Examine, log: bytes = b""
) -> None:
    """Tables, views and all that the catalogue says; with the write-ahead log that lies beside."""
    import duckdb

    place = f"{place} > duckdb"
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.duckdb"
        path.write_bytes(content)
        if log:
            path.with_name("a.duckdb.wal").write_bytes(log)
        settings: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "threads": "1",
            "memory_limit": "1GB",
            "temp_directory": folder,
        }
        try:
            with duckdb.connect(str(path), read_only=not log, config=settings) as connection:
                connection.execute("SET enable_external_access = false")
                _read_duckdb(connection, place, account, examine)
                # With a log beside it, not all that is stored is in the file.
                for where, unused in () if log else duckdb_pages.spare(connection, content):
                    account.find(f"{place} > {where}", UNOWNED, 0.5)
                    examine(unused, f"{place} > {where}")
        except duckdb.Error:
            account.miss(place)


def _read_duckdb(connection: Any, place: str, account: Account, examine: Examine) -> None:
    for query in _CATALOG:
        for row in connection.execute(query).fetchall():
            for words in row:
                if words:
                    examine(str(words).encode(errors="replace"), f"{place} > catalogue")
    tables = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal ORDER BY ALL"
    ).fetchall()
    for number, (schema, name) in enumerate(tables):
        quoted = ".".join('"' + word.replace('"', '""') + '"' for word in (schema, name))
        _read_table_of_duckdb(
            connection.execute(f"SELECT * FROM {quoted}"),
            name,
            f"{place} > table {number}",
            account,
            examine,
        )


def _read_table_of_duckdb(
    rows: Any, name: str, place: str, account: Account, examine: Examine
) -> None:
    from footfall_dagster.privacy.search import following

    reader = rows.to_arrow_reader(_ROWS)
    mart = following.mart_of(name, _frame(reader.schema.empty_table()).schema)
    if mart is None:
        table = Table(place, account, examine)
        for batch in reader:
            table.add(batch)
    else:
        left = following.remains(_frame(reader.read_all()), mart)
        table = Table(place, account, examine, counts=left.counts)
        for batch in left.rows.to_arrow().to_batches(_ROWS):
            table.add(batch, left.called)
        account.followed = np.union1d(account.followed, left.followed)
    table.close()


def _frame(table: Any) -> Any:
    import polars as pl

    return pl.DataFrame(pl.from_arrow(table))


def open_sqlite(
    content: bytes, place: str, account: Account, examine: Examine, log: bytes = b""
) -> None:
    """Tables, definitions, and what stands in pages that no row owns; with the log beside it."""
    place = f"{place} > sqlite"
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        path.write_bytes(content)
        if log:
            path.with_name("a.db-wal").write_bytes(log)
        how = "mode=rw" if log else "mode=ro&immutable=1"
        try:
            with closing(sqlite3.connect(f"file:{path}?{how}", uri=True)) as connection:
                connection.text_factory = bytes
                _read_sqlite(connection, place, account, examine)
        except (sqlite3.Error, OverflowError):
            account.miss(place)
            examine(content[100:], f"{place}, bytes")
            return
        for where, unused in _unused(path, account, place):
            # Rows that were moved leave their ends in gaps, which no reader explains.
            examine(unused, f"{place} > {where}", sealed=where != _GAPS)


def _unused(path: Path, account: Account, place: str) -> Iterator[tuple[str, bytes]]:
    """Free space, joined into few pieces so that what runs over several pages is one."""
    from footfall_dagster.privacy.sqlite_pages import NotSqlite, unused

    free, gaps = bytearray(), bytearray()
    try:
        for where, piece in unused(path):
            if where.startswith("free"):
                free += piece[4:]
            elif where.startswith("after"):
                yield "behind the last page", piece
            elif len(piece) >= 32:
                gaps += piece.strip(b"\0") + b"\0"
    except (NotSqlite, IndexError, ValueError):
        account.miss(f"{place} > free pages")
    if free:
        yield "free pages", bytes(free)
    if gaps:
        yield _GAPS, bytes(gaps)


def _read_sqlite(
    connection: sqlite3.Connection, place: str, account: Account, examine: Examine
) -> None:
    entries = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    examine(b"\n".join(sql for *_, sql in entries if sql), f"{place} > definitions")
    number = 0
    for kind, name, _ in entries:
        if kind != b"table":
            continue
        quoted = '"' + name.decode(errors="replace").replace('"', '""') + '"'
        try:
            cursor = _rows_of(connection, quoted)
        except sqlite3.OperationalError:
            # A virtual table without its module; its shadow tables are read as tables.
            account.miss(f"{place} > table {number}")
            continue
        _read_table(cursor, f"{place} > table {number}", account, examine)
        number += 1


def _rows_of(connection: sqlite3.Connection, quoted: str) -> sqlite3.Cursor:
    """All columns of a table, and the number that each row has without being a column."""
    try:
        return connection.execute(f"SELECT *, rowid FROM {quoted}")
    except sqlite3.OperationalError:
        return connection.execute(f"SELECT * FROM {quoted}")


def _read_table(cursor: sqlite3.Cursor, place: str, account: Account, examine: Examine) -> None:
    """Text column by column, several rows at a time; numbers as columns; bytes one by one."""
    import pyarrow as pa

    width = len(cursor.description or ())
    numbers = Table(place, account, examine)
    texts: list[list[bytes]] = [[] for _ in range(width)]
    held = [0] * width
    while rows := cursor.fetchmany(_ROWS // 10):
        figures: list[list[float | None]] = [[] for _ in range(width)]
        for row in rows:
            for number, value in enumerate(row):
                figures[number].append(float(value) if isinstance(value, int | float) else None)
                if isinstance(value, bytes):
                    held[number] += len(value)
                    if _is_words(value):
                        texts[number].append(value)
                    else:
                        examine(value, f"{place} > column {number}, bytes")
                if held[number] > _TEXT:
                    examine(b"\n".join(texts[number]), f"{place} > column {number}")
                    texts[number], held[number] = [], 0
        numbers.add(
            pa.record_batch(
                [pa.array(one, pa.float64()) for one in figures],
                names=[str(number) for number in range(width)],
            )
        )
    numbers.close()
    for number, waiting in enumerate(texts):
        if waiting:
            examine(b"\n".join(waiting), f"{place} > column {number}")


def _is_words(value: bytes) -> bool:
    return b"\0" not in value and (value.isascii() or _decodes(value))


def _decodes(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in value
