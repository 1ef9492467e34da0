"""The rows of a file as bytes, however the file packs them: for looking for what should be gone.

Belongs here: Parquet, DuckDB and SQLite, read column by column. Does not belong here: what is
looked for (`rescan`).
"""

import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import polars as pl

from footfall_dagster.store import StorePath

Column = tuple[str, bytes, int]
"""Place, the column's values one after the other, rows."""


def file(path: StorePath) -> Iterator[Column]:
    """Every column of a file by its kind; nothing where it is of none of these.

    Raises:
        OSError: The file cannot be read.
        polars.exceptions.PolarsError, sqlite3.Error, duckdb.Error: It is not what it begins as.
    """
    with path.open("rb") as opened:
        head = opened.read(16)
    if head.startswith(b"PAR1"):
        yield from _frame(_parquet(path), "")
    elif not isinstance(path, Path):
        return
    elif head.startswith(b"SQLite format 3"):
        yield from _sqlite(path)
    elif head[8:12] == b"DUCK":
        yield from _duckdb(path)


def _parquet(path: StorePath) -> pl.DataFrame:
    source = path if isinstance(path, Path) else io.BytesIO(path.read_bytes())
    return pl.read_parquet(source, hive_partitioning=False)


def _frame(frame: pl.DataFrame, table: str) -> Iterator[Column]:
    for number, column in enumerate(frame.iter_columns(), 1):
        yield f"{table}column {number}", _bytes(column), frame.height


def _bytes(column: pl.Series) -> bytes:
    values = column.drop_nulls()
    if values.dtype == pl.Binary:
        return b"".join(values.to_list())
    if values.dtype.is_numeric() or values.dtype == pl.Datetime:
        return values.to_physical().to_numpy().tobytes()
    return "\n".join(map(str, values.to_list())).encode()


def _sqlite(path: Path) -> Iterator[Column]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for number, (name,) in enumerate(names, 1):
            quoted = name.decode().replace('"', '""')
            rows = connection.execute(f'SELECT * FROM "{quoted}"').fetchall()
            told = b"\n".join(
                value if isinstance(value, bytes) else str(value).encode()
                for row in rows
                for value in row
            )
            yield f"table {number}", told, len(rows)


def _duckdb(path: Path) -> Iterator[Column]:
    import duckdb

    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY 1, 2"
        ).fetchall()
        for number, names in enumerate(tables, 1):
            quoted = ".".join('"' + name.replace('"', '""') + '"' for name in names)
            yield from _frame(connection.execute(f"FROM {quoted}").pl(), f"table {number}, ")
