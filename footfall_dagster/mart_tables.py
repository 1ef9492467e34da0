"""Tables of marts in an open DuckDB file: made as their contracts say, compared with them, filled.

Belongs here: SQL about one table. Does not belong here: the file and its life
(`footfall_dagster.mart_files`), what the rows are (`assets.marts.contracts`, sql/).
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

import duckdb

from assets.marts.schema import MartContract
from footfall_dagster.store import StorePath


class WarehouseError(RuntimeError):
    """The warehouse cannot be written or read; the message carries the remedy."""


def new_tables(contracts: Iterable[MartContract], label: str) -> duckdb.DuckDBPyConnection:
    """Tables without rows, in memory, as a file of this warehouse has them."""
    connection = duckdb.connect()
    create(connection, contracts, label)
    return connection


def create(
    connection: duckdb.DuckDBPyConnection,
    marts: Iterable[MartContract],
    label: str,
    partitioned_by: str | None = None,
) -> None:
    """Create tables of marts without rows; `label` says in their comments who may see them.

    In DuckLake their files may be partitioned.
    """
    # One transaction: three hundred comments would each be written to disk.
    connection.execute("BEGIN")
    for mart in marts:
        columns = ", ".join(
            f"{quoted(column.name)} {column.duckdb_type}{'' if column.nullable else ' NOT NULL'}"
            for column in mart.columns
        )
        connection.execute(f"CREATE TABLE {quoted(mart.name)} ({columns})")
        if partitioned_by:
            connection.execute(
                f"ALTER TABLE {quoted(mart.name)} SET PARTITIONED BY ({partitioned_by})"
            )
        comment(connection, mart, label)
    connection.execute("COMMIT")


def comment(
    connection: duckdb.DuckDBPyConnection, mart: MartContract, label: str, kind: str = "TABLE"
) -> None:
    """Have the table or view of a mart say what it is."""
    whole = f"{mart.description} One row: {mart.grain}. {label[:1].upper()}{label[1:]}."
    said = {f"{kind} {quoted(mart.name)}": whole} | {
        f"COLUMN {quoted(mart.name)}.{quoted(column.name)}": column.description
        + (f" [{column.unit}]" if column.unit else "")
        for column in mart.columns
    }
    # In one go, since each takes a while.
    connection.execute(
        "; ".join(f"COMMENT ON {place} IS {literal(words)}" for place, words in said.items())
    )


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


def columns_of(path: StorePath, mart: MartContract, held: Sequence[tuple[str, str]]) -> str:
    """What to select of the table of a mart in a file, so that it is as its contract says.

    A file of an older version may lack columns that may be NULL; they are selected as NULL. That a
    figure was never computed is what NULL can say; a text, a key or a version cannot be made up.

    Args:
        path: Where the mart is, for the message.
        mart: The contract.
        held: Name and type of each column that the file has; DuckLake adds new ones at the end.

    Raises:
        WarehouseError: The table is otherwise not as its contract says.
    """
    wanted = as_stored(mart)
    absent = [column for column in mart.columns if (column.name, column.duckdb_type) not in held]
    if not set(held) <= set(wanted) or not all(column.nullable for column in absent):
        raise WarehouseError(
            f"table {mart.name} of {path} has other columns than its contract: "
            f"{difference(held, wanted)}. It was written by another version: move "
            "the file aside, then materialise the site-day marts of its days again"
        )
    return ", ".join(
        quoted(name) if (name, kind) in held else f"NULL::{kind} AS {quoted(name)}"
        for name, kind in wanted
    )


def insert(connection: duckdb.DuckDBPyConnection, mart: MartContract, select: str) -> None:
    """Insert what a query gives into the table of a mart, in the order of its key."""
    connection.execute(
        f"INSERT INTO {quoted(mart.name)} BY NAME SELECT * FROM ({select}\n) "
        f"ORDER BY {', '.join(map(quoted, mart.key))}"
    )


def copy_rows(
    connection: duckdb.DuckDBPyConnection,
    mart: MartContract,
    columns: str,
    site: str,
    day: dt.date,
    side: str | None,
) -> None:
    """Copy rows of the old file in their order: all, or those before or after the site-day."""
    table = quoted(mart.name)
    if side is None:
        connection.execute(f"INSERT INTO {table} SELECT {columns} FROM old.{table}")
        return
    connection.execute(
        f"INSERT INTO {table} SELECT {columns} FROM old.{table} "
        f"WHERE (trading_day, site) {side} ($day::DATE, $site::VARCHAR)",
        {"day": day, "site": site},
    )


def count_rows(
    connection: duckdb.DuckDBPyConnection, marts: Iterable[MartContract], site: str, day: dt.date
) -> dict[str, int]:
    """Rows of one site-day in each of some marts."""
    query = " UNION ALL ".join(
        f"SELECT {literal(mart.name)}, count(*) FROM {quoted(mart.name)} "
        "WHERE trading_day = $day AND site = $site"
        for mart in marts
    )
    if not query:
        return {}
    return dict(connection.execute(query, {"day": day, "site": site}).fetchall())


def delete_days(
    connection: duckdb.DuckDBPyConnection, mart: MartContract, site: str, days: Collection[dt.date]
) -> None:
    """Delete the rows of some site-days."""
    connection.execute(
        f"DELETE FROM {quoted(mart.name)} WHERE site = $site "
        # By first and last day DuckLake leaves out files that it need not read.
        "AND trading_day BETWEEN $first AND $last AND list_contains($days::DATE[], trading_day)",
        {"site": site, "days": sorted(days), "first": min(days), "last": max(days)},
    )


def as_stored(mart: MartContract) -> list[tuple[str, str]]:
    """Name and type of each column of a mart, as DuckDB tells them."""
    return [(column.name, column.duckdb_type) for column in mart.columns]


def difference(held: Sequence[tuple[str, str]], wanted: Sequence[tuple[str, str]]) -> str:
    """In what the columns of a table differ from those of its contract, in words."""
    extra = [f"unknown {name} {kind}" for name, kind in held if (name, kind) not in wanted]
    absent = [f"missing {name} {kind}" for name, kind in wanted if (name, kind) not in held]
    return ", ".join(extra + absent) or "another order"


def quoted(identifier: str) -> str:
    """A name for use in SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(words: str) -> str:
    """A text for use in SQL."""
    return "'" + words.replace("'", "''") + "'"
