"""The SQL of the marts, and the database that runs it.

Belongs here: finding the files in sql/, and the settings that every query relies on. Does not
belong here: what the files hold, or the contracts of their rows (`assets.marts.contracts`).
"""

from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import duckdb

from assets.marts.schema import MartContract


@cache
def query(name: str) -> str:
    """The SELECT that computes the rows of mart `name` for one site-day.

    Raises:
        FileNotFoundError: The mart has a contract but no file in sql/.
    """
    file = files("sql") / f"{name}.sql"
    if not file.is_file():
        raise FileNotFoundError(
            f"mart {name} has a contract in assets/marts/contracts.py but no sql/{name}.sql"
        )
    return file.read_text(encoding="utf-8")


@cache
def scan_query(name: str) -> str:
    """The SELECT of scan `name`, which reads the floor positions of one camera of one site-day."""
    return (files("sql") / "scans" / f"{name}.sql").read_text(encoding="utf-8")


def connected(file: Path | None = None, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A database, in memory where it has no file, with the settings that all queries rely on."""
    connection = duckdb.connect(":memory:" if file is None else str(file), read_only=read_only)
    connection.execute("SET TimeZone = 'UTC'")
    # A query sees the tables that it was given: no variable of Python's, nothing off the network.
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET autoinstall_known_extensions = false")
    return connection


def query_version(mart: MartContract) -> str:
    """A short hash of all SQL that `mart` comes from, by which Dagster sees that it has changed."""
    texts = [query(mart.name), *(scan_query(name) for name in mart.scans)]
    return sha256("".join(texts).encode()).hexdigest()[:12]


def query_names() -> frozenset[str]:
    """Names of the .sql files that ship."""
    return frozenset(
        entry.name.removesuffix(".sql")
        for entry in files("sql").iterdir()
        if entry.name.endswith(".sql")
    )
