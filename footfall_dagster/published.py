"""Asking published.duckdb: read-only, and shut off from everything else.

Belongs here: how the file is opened for whoever may ask it anything. Does not belong here: what is
in it (`assets.release`), what is printed (`footfall_dagster.cli.query`).

Whoever asks may write any SQL. What a query can reach is therefore settled by how the file is
opened and not by reading the query: no other file, no network, no extension, no setting, and no
variable of this process.
"""

from pathlib import Path

import duckdb
import polars as pl

from footfall_dagster.mart_files import WarehouseError, refuse_changed

_SHUT_OFF = (
    "SET TimeZone = 'UTC'",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET python_enable_replacements = false",
    # Else a large sort would write what it sorts beside the file.
    "SET temp_directory = ''",
    "SET enable_external_access = false",
    # Last, since nothing of the above can be changed any more.
    "SET lock_configuration = true",
)


_ASKING = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}
"""SHOW, DESCRIBE and SUMMARIZE are of the first kind."""


class QueryError(ValueError):
    """A query that cannot be answered; says why."""


def ask(path: Path, sql: str) -> pl.DataFrame:
    """The answer to one query.

    Args:
        path: A file of released marts.
        sql: One statement, whoever wrote it.

    Raises:
        WarehouseError: There is no such file, or it is not as it was placed.
        QueryError: It is no single statement, is wrong, or asks for what it may not reach.
    """
    if not path.exists():
        raise WarehouseError(
            f"{path} does not exist: nothing has been published yet. Materialise the published "
            "marts of a day (`footfall run`, or the graph), or set FOOTFALL_HOME to where they are"
        )
    refuse_changed(path)
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            for setting in _SHUT_OFF:
                connection.execute(setting)
            return _answer(connection, sql)
    except duckdb.Error as wrong:
        raise QueryError(str(wrong)) from None


def _answer(connection: duckdb.DuckDBPyConnection, sql: str) -> pl.DataFrame:
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise QueryError(f"that is {len(statements)} statements; ask one query at a time")
    (statement,) = statements
    if statement.type not in _ASKING:
        raise QueryError("that asks for no rows; begin with SELECT, FROM, SHOW or DESCRIBE")
    return connection.execute(statement).pl()
