"""Marts in DuckLake for whoever may ask anything: copies of the objects that have their rows.

Belongs here: which objects these are, and a database that reads copies of them and nothing else.
Does not belong here: what is asked of it (`footfall_dagster.published`), DuckLake with all that it
can reach (`footfall_dagster.ducklake`).

A DuckLake that is attached has a way to PostgreSQL and the keys of the bucket. So the catalogue is
asked first, by PostgreSQL's own client, the objects are copied as they are, and who asks gets a
database in which neither place exists.
"""

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from assets.marts.queries import connected
from assets.marts.schema import MartContract
from footfall_dagster.ducklake import DuckLake, unreachable
from footfall_dagster.mart_tables import (
    WarehouseError,
    columns_of,
    comment,
    create,
    literal,
    quoted,
)
from footfall_dagster.published import nothing_published, shut

_TRIES = 3
_AT_ONCE = 8
"""Objects that are copied at a time: what takes long is to ask for them."""
_TYPES = {
    "boolean": "BOOLEAN",
    "date": "DATE",
    "float64": "DOUBLE",
    "int32": "INTEGER",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
    "varchar": "VARCHAR",
}
"""DuckDB's names of DuckLake's types."""
_COLUMNS = """
    SELECT tables.table_name, columns.column_name, columns.column_type
    FROM {0}.ducklake_table AS tables
    INNER JOIN {0}.ducklake_column AS columns USING (table_id)
    WHERE tables.end_snapshot IS NULL AND columns.end_snapshot IS NULL
    ORDER BY columns.column_order"""
_FILES = """
    SELECT
        tables.table_name,
        schemas.path || tables.path || rows.path,
        schemas.path || tables.path || gone.path
    FROM {0}.ducklake_table AS tables
    INNER JOIN {0}.ducklake_schema AS schemas USING (schema_id)
    INNER JOIN {0}.ducklake_data_file AS rows USING (table_id)
    LEFT JOIN {0}.ducklake_delete_file AS gone
        ON gone.data_file_id = rows.data_file_id AND gone.end_snapshot IS NULL
    WHERE tables.end_snapshot IS NULL AND rows.end_snapshot IS NULL
        AND tables.table_name = ANY(%s)
    ORDER BY rows.begin_snapshot, rows.data_file_id"""
"""Below the folder of the DuckLake, as are all that we write."""


@dataclass(slots=True)
class _Table:
    """A table as the catalogue has it.

    Attributes:
        columns: Name and DuckDB's type of each, in order.
        files: Below the DuckLake's folder: those with its rows, each with the one that says which
            of them were deleted.
    """

    columns: list[tuple[str, str]] = field(default_factory=list)
    files: list[tuple[str, str | None]] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        """Of all files."""
        return [path for pair in self.files for path in pair if path]


@contextmanager
def of(
    lake: DuckLake, contracts: Sequence[MartContract], label: str, named: Collection[str]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the marts `named`, and others without rows, shut off from all else.

    Raises:
        WarehouseError: Nothing is there, or not as the contracts say, or it does not answer.
    """
    if not lake.is_there:
        raise nothing_published(f"DuckLake {lake.name}")
    with tempfile.TemporaryDirectory() as folder, connected() as connection:
        tables, copies = _copied(lake, named, Path(folder))
        empty = list[MartContract]()
        for mart in (one for one in contracts if one.name in tables):
            table = tables[mart.name]
            if not table.files:
                empty.append(mart)
                continue
            selected = columns_of(lake.where, mart, table.columns)
            copies[mart.name] = str(Path(folder) / f"{mart.name}.parquet")
            _write_without_rows(connection, table, copies[mart.name])
            connection.execute(
                f"CREATE VIEW {quoted(mart.name)} AS "
                f"{_select(selected, table, copies[mart.name], copies)}"
            )
            comment(connection, mart, label, kind="VIEW")
        create(connection, empty, label)
        shut(connection, copies.values())
        yield connection


def _copied(
    lake: DuckLake, named: Collection[str], folder: Path
) -> tuple[dict[str, _Table], dict[str, str]]:
    """The tables, and where in `folder` each of their files has been copied to."""
    for _ in range(_TRIES):
        tables = _tables(lake, named)
        paths = sorted({path for table in tables.values() for path in table.paths})
        copies = {path: str(folder / f"{number}.parquet") for number, path in enumerate(paths)}

        def copy(path: str, copies: dict[str, str] = copies) -> None:
            Path(copies[path]).write_bytes((lake.where / path).read_bytes())

        try:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                list(pool.map(copy, paths))
        except FileNotFoundError:
            # Rows were taken out meanwhile, and what is left is in other files.
            continue
        except OSError as error:
            raise unreachable(lake.name, error) from None
        return tables, copies
    raise WarehouseError(
        f"{lake.name} was changed by other runs at each of {_TRIES} tries; ask again"
    )


def _tables(lake: DuckLake, named: Collection[str]) -> dict[str, _Table]:
    """The tables of the catalogue as of one moment, and the files of those that are `named`."""
    import psycopg2

    found: dict[str, _Table] = {}
    try:
        with closing(psycopg2.connect(lake.catalog, connect_timeout=5)) as connection:
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
            cursor: Any = connection.cursor()
            cursor.execute(_COLUMNS.format(quoted(lake.name)))
            for table, column, kind in cursor.fetchall():
                columns = found.setdefault(table, _Table()).columns
                columns.append((column, _TYPES.get(kind, kind.upper())))
            cursor.execute(_FILES.format(quoted(lake.name)), [list(named)])
            for table, rows, gone in cursor.fetchall():
                found[table].files.append((rows, gone))
    except psycopg2.Error as error:
        raise unreachable(lake.name, error) from None
    return found


def _write_without_rows(connection: duckdb.DuckDBPyConnection, table: _Table, path: str) -> None:
    """A file that has every column of the table, as one of an older version has not."""
    columns = ", ".join(f"NULL::{kind} AS {quoted(name)}" for name, kind in table.columns)
    connection.execute(f"COPY (SELECT {columns} WHERE false) TO {literal(path)} (FORMAT parquet)")


def _select(selected: str, table: _Table, without_rows: str, copies: Mapping[str, str]) -> str:
    """The rows of a table, by the names of columns: what a file lacks is NULL.

    DuckLake would go by the numbers of columns, which tells a column that was dropped from one of
    the same name that was added later; none of ours is ever dropped. A map from numbers to names
    says the same to DuckDB, and took ten times as long as the names do.
    """
    options = "union_by_name = true, hive_partitioning = false"
    whole = [copies[rows] for rows, gone in table.files if gone is None]
    parts = [f"SELECT {selected} FROM read_parquet({_listed([without_rows, *whole])}, {options})"]
    parts += [
        f"SELECT {selected} FROM read_parquet({_listed([without_rows, copies[rows]])}, {options}, "
        "file_row_number = true) WHERE file_row_number NOT IN "
        f"(SELECT pos FROM read_parquet({literal(copies[gone])}))"
        for rows, gone in table.files
        if gone is not None
    ]
    return " UNION ALL ".join(parts)


def _listed(paths: Iterable[str]) -> str:
    return f"[{', '.join(map(literal, paths))}]"
