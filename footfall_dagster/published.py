"""Asking published marts: read-only, and shut off from everything else.

Belongs here: how a file is opened for whoever may ask it anything, and what is answered. Does not
belong here: what is in it (`assets.marts.release`), marts that are in no file
(`footfall_dagster.mart_objects`), what is printed (`footfall_dagster.cli.query`).

Whoever asks may write any SQL. What a query can reach is therefore settled by how the marts are
opened and not by reading the query: no other file, no network, no extension, and no variable of
this process.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from assets.marts.contracts import MARTS
from assets.marts.release import published
from footfall_dagster.mart_files import refuse_changed
from footfall_dagster.mart_tables import WarehouseError, held_columns, literal

_SHUT_OFF = (
    "SET TimeZone = 'UTC'",
    # Else a large sort would write what it sorts beside the file.
    "SET temp_directory = ''",
    # Variables of Python count as external, too.
    "SET enable_external_access = false",
)
# That alone leaves the file itself and its log open to COPY; it stays open to be asked.
_NO_FILES = "SET disabled_filesystems = 'LocalFileSystem'"
# Last, since nothing of the above can be changed any more.
_FOR_GOOD = "SET lock_configuration = true"
_WORD = re.compile(r"[a-z_][a-z0-9_]*")
_NUMBERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL"}
)


class QueryError(ValueError):
    """A query that cannot be answered; says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows as DuckDB writes them: a value of any type is text, NULL is None."""

    columns: list[str]
    numeric: list[bool]
    rows: list[tuple[str | None, ...]]


def named_in(sql: str) -> set[str]:
    """Marts that a query may read from."""
    return _words(sql) & MARTS.keys()


def ask(path: Path, sql: str) -> Answer:
    """The answer to one query.

    Args:
        path: A file of released marts, which this process has open nowhere else: settings belong
            to the file and not to the connection.
        sql: One statement, whoever wrote it.

    Raises:
        WarehouseError: There is no such file, or it is not as it was placed.
        QueryError: It is no single statement, is wrong, or asks for what it may not reach.
    """
    with opened(path) as connection:
        return answer(connection, sql)


def answer(connection: duckdb.DuckDBPyConnection, sql: str) -> Answer:
    """The answer of a database that is shut off to one query.

    Raises:
        QueryError: It is no single statement, is wrong, or asks for what it may not reach.
    """
    with _asked(connection, sql) as answer:
        kinds = [str(kind).partition("(")[0] for kind in answer.types]
        rows = answer.project("COLUMNS(*)::VARCHAR").fetchall()
        return Answer(answer.columns, [kind in _NUMBERS for kind in kinds], rows)


def answer_in_json(connection: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """The answer to one query as a JSON object for each row; raises as `answer` does."""
    with _asked(connection, sql) as answer:
        found = answer.query("answer", "SELECT to_json(answer)::VARCHAR FROM answer")
        return [line for (line,) in found.fetchall()]


@contextmanager
def shut_off(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file, opened so that no statement reaches anything but what is in its tables."""
    with duckdb.connect(str(path), read_only=True) as connection:
        shut(connection)
        yield connection


def shut(connection: duckdb.DuckDBPyConnection, copies: Collection[str] = ()) -> None:
    """Shut a database off for good from all but its tables, and copies that are nobody else's."""
    if copies:
        allowed = ", ".join(map(literal, copies))
        connection.execute(f"SET allowed_paths = [{allowed}]")
    for setting in (*_SHUT_OFF, *([] if copies else [_NO_FILES]), _FOR_GOOD):
        connection.execute(setting)


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file as it was placed, opened as `shut_off` opens it.

    Raises:
        WarehouseError: There is no such file, or it is not as it was placed.
    """
    if not path.exists():
        raise nothing_published(str(path))
    refuse_changed(path)
    with shut_off(path) as connection:
        yield connection


def nothing_published(where: str) -> WarehouseError:
    """What is to be said where there is nothing to ask yet."""
    return WarehouseError(
        f"{where} does not exist: nothing has been published yet. Materialise the published "
        "marts of a day (`footfall run`, or the graph), or set FOOTFALL_HOME to where they are"
    )


@contextmanager
def _asked(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[duckdb.DuckDBPyRelation]:
    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1:
            raise QueryError(
                f"that is {len(statements)} statements; ask one query at a time, and give a "
                "PIVOT its values: PIVOT ... ON gate IN ('north', 'south')"
            )
        if statements[0].type != duckdb.StatementType.SELECT:
            raise QueryError("that asks for no rows; begin with SELECT, FROM, SHOW or DESCRIBE")
        yield connection.sql(sql)
    except (duckdb.BinderException, duckdb.CatalogException) as wrong:
        raise QueryError(f"{wrong}{_older(connection, sql)}") from None
    except duckdb.Error as wrong:
        raise QueryError(str(wrong)) from None


def _words(sql: str) -> set[str]:
    return set(_WORD.findall(sql.lower()))


def _older(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """What is to be said of a query that names something which older marts do not have."""
    (database,) = connection.execute("SELECT current_database()").fetchall()[0]
    held = held_columns(connection, database)
    named = _words(sql)
    lacking = [name for name in MARTS if name in named and name not in held] + [
        f"{column.name} of {name}"
        for name in named & MARTS.keys() & held.keys()
        for column in published(MARTS[name]).columns
        if column.name in named and (column.name, column.duckdb_type) not in held[name]
    ]
    if not lacking:
        return ""
    return (
        "\nwhat is published was written by an older version and lacks "
        f"{', '.join(sorted(lacking))}: publish a day, which brings it up to date (days that are "
        "there get NULL, or no rows)"
    )
