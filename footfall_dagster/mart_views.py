"""Marts in DuckLake for whoever may ask anything: views that reach their rows and nothing else.

Belongs here: which objects are the rows of a mart, and a database that can read these. Does not
belong here: what is asked of it (`footfall_dagster.published`), DuckLake with all that it can reach
(`footfall_dagster.ducklake`).

A DuckLake that is attached has a way to PostgreSQL and the keys of the bucket. So the catalogue is
asked first, by PostgreSQL's own client, and who asks gets a database in which neither exists: only
addresses of single objects, each signed to be read for some minutes. The store itself refuses
whatever else is done with them.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb

from assets.marts.queries import connected
from assets.marts.schema import MartContract
from footfall_dagster.bucket_access import BucketAccess
from footfall_dagster.ducklake import DuckLake, load, unreachable
from footfall_dagster.mart_tables import columns_of, comment, create, literal, quoted
from footfall_dagster.published import nothing_published, shut

_LIFE_S = 3600
"""For how long a question may go on."""
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
    SELECT tables.table_name, columns.column_id, columns.column_name, columns.column_type
    FROM {0}.ducklake_table AS tables
    INNER JOIN {0}.ducklake_column AS columns USING (table_id)
    WHERE tables.end_snapshot IS NULL AND columns.end_snapshot IS NULL
    ORDER BY columns.column_order"""
_FILES = """
    SELECT
        tables.table_name,
        CASE WHEN rows.path_is_relative THEN schemas.path || tables.path || rows.path
            ELSE rows.path END,
        CASE WHEN gone.path_is_relative THEN schemas.path || tables.path || gone.path
            ELSE gone.path END
    FROM {0}.ducklake_table AS tables
    INNER JOIN {0}.ducklake_schema AS schemas USING (schema_id)
    INNER JOIN {0}.ducklake_data_file AS rows USING (table_id)
    LEFT JOIN {0}.ducklake_delete_file AS gone
        ON gone.data_file_id = rows.data_file_id AND gone.end_snapshot IS NULL
    WHERE tables.end_snapshot IS NULL AND rows.end_snapshot IS NULL
        AND tables.table_name = ANY(%s)
    ORDER BY rows.begin_snapshot, rows.data_file_id"""


@dataclass(slots=True)
class _Table:
    """A table as the catalogue has it.

    Attributes:
        columns: Number, name and DuckDB's type of each, in order.
        files: Those with its rows, each with the one that says which of them were deleted.
    """

    columns: list[tuple[int, str, str]] = field(default_factory=list)
    files: list[tuple[str, str | None]] = field(default_factory=list)


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
    tables = _tables(lake, named)
    access = BucketAccess.to(lake.where)
    with connected() as connection:
        load(connection, "httpfs")
        # No keys but what is signed, and those of a folder at home are looked for when one is read.
        connection.execute("SET allow_persistent_secrets = false")
        # Objects are never written twice, so what was read of one holds.
        connection.execute("SET enable_http_metadata_cache = true")
        connection.execute("SET validate_external_file_cache = 'NO_VALIDATION'")
        connection.execute("SET parquet_metadata_cache = true")
        addresses, empty = list[str](), list[MartContract]()
        for mart in (one for one in contracts if one.name in tables):
            table = tables[mart.name]
            signed = [
                (_address(access, lake, rows), _address(access, lake, gone) if gone else None)
                for rows, gone in table.files
            ]
            if not signed:
                empty.append(mart)
                continue
            selected = columns_of(lake.where, mart, [column[1:] for column in table.columns])
            connection.execute(
                f"CREATE VIEW {quoted(mart.name)} AS {_select(selected, table, signed)}"
            )
            comment(connection, mart, label, kind="VIEW")
            addresses += [address for pair in signed for address in pair if address]
        create(connection, empty, label)
        connection.execute(f"SET allowed_paths = {_listed(addresses)}")
        shut(connection)
        yield connection


def _tables(lake: DuckLake, named: Collection[str]) -> dict[str, _Table]:
    """The tables of the catalogue as of one moment, and the files of those that are `named`."""
    import psycopg2

    found: dict[str, _Table] = {}
    try:
        with closing(psycopg2.connect(lake.catalog, connect_timeout=5)) as connection:
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
            cursor: Any = connection.cursor()
            cursor.execute(_COLUMNS.format(quoted(lake.name)))
            for table, number, column, kind in cursor.fetchall():
                columns = found.setdefault(table, _Table()).columns
                columns.append((number, column, _TYPES.get(kind, kind.upper())))
            cursor.execute(_FILES.format(quoted(lake.name)), [list(named)])
            for table, rows, gone in cursor.fetchall():
                found[table].files.append((rows, gone))
    except psycopg2.Error as error:
        raise unreachable(lake.name, error) from None
    return found


def _address(access: BucketAccess, lake: DuckLake, path: str) -> str:
    url = path if path.startswith("s3://") else f"{lake.where}/{path}"
    return access.signed(url, _LIFE_S)


def _select(selected: str, table: _Table, files: Sequence[tuple[str, str | None]]) -> str:
    """The rows of a table.

    A file may be of an older version, so columns are found by their numbers, and are NULL where a
    file has none of that number.
    """
    columns = ", ".join(
        f"{number}: {{name: {literal(name)}, type: {literal(kind)}, default_value: NULL}}"
        for number, name, kind in table.columns
    )
    options = f"hive_partitioning = false, schema = MAP {{{columns}}}"
    whole = [rows for rows, gone in files if gone is None]
    parts = [f"SELECT {selected} FROM read_parquet({_listed(whole)}, {options})"] if whole else []
    parts += [
        f"SELECT {selected} FROM read_parquet({literal(rows)}, {options}, file_row_number = true) "
        f"WHERE file_row_number NOT IN (SELECT pos FROM read_parquet({literal(gone)}))"
        for rows, gone in files
        if gone is not None
    ]
    return " UNION ALL ".join(parts)


def _listed(addresses: Sequence[str]) -> str:
    return f"[{', '.join(map(literal, addresses))}]"
