"""The SQL of the marts: what it says of itself, what it reads, and the database that runs it.

Belongs here: finding the files in sql/, reading their headers and the names in them, and the
settings that every query relies on. Does not belong here: what the files define, or the contracts
of their rows (`assets.marts.contracts`).

A query reads relations by their names: what is made from what is therefore read from the SQL, and
said nowhere else.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from itertools import takewhile
from pathlib import Path
from textwrap import dedent

import duckdb
import polars as pl

from vision.contract_terms import Contract
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS
from vision.contracts_ingest import COVERAGE

SCANS, RELATIONS, PARTS = "scans", "relations", "parts"
"""Folders of sql/: what is kept of floor positions, what several marts read, what they work out
alike of rows of their own."""
DATASETS: tuple[Contract, ...] = (GATE_EVENTS, ZONE_VISITS, ANONYMISED_TRAJECTORIES, COVERAGE)
"""What marts are made from; a query names floor positions `positions`."""
_NAMED = {"positions": ANONYMISED_TRAJECTORIES.name}
_FIELDS = ("Grain", "Version", "Definition", "Source", "NULL")
_READ = re.compile(r"\b(?:FROM|JOIN)\s+([a-z_][a-z0-9_]*)")
_PLACED = re.compile(r"\b(FROM|JOIN) ([a-z_][a-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Reads:
    """What a query reads, at first hand or by what that reads.

    Attributes:
        datasets: Of the lake.
        scans: Files in sql/scans/.
        relations: Files in sql/relations/, each after those that it reads.
        parts: Files in sql/parts/.
        marts: Other marts, at first hand.
    """

    datasets: tuple[str, ...]
    scans: tuple[str, ...]
    relations: tuple[str, ...]
    parts: tuple[str, ...]
    marts: tuple[str, ...]


@cache
def query(name: str) -> str:
    """The SELECT that computes the rows of mart `name` for one site-day, with its parts in place.

    A part reads a CTE of the mart, which no relation can: its text stands where the mart names it.

    Raises:
        FileNotFoundError: The mart has a contract but no file in sql/.
    """
    return _PLACED.sub(_part_in_place, _written(name))


def versioned_query(name: str) -> str:
    """`query`, with the version of the definition in each row."""
    version = int(header(query(name))["Version"])
    return f"SELECT *, {version} AS definition_version FROM ({query(name)})"


@cache
def scan_query(name: str) -> str:
    """The SELECT of scan `name`, which reads the floor positions of one camera of one site-day."""
    return (files("sql") / SCANS / f"{name}.sql").read_text(encoding="utf-8")


@cache
def relation_query(name: str) -> str:
    """The SELECT of relation `name`, which several marts read."""
    return (files("sql") / RELATIONS / f"{name}.sql").read_text(encoding="utf-8")


@cache
def query_names(folder: str = "") -> frozenset[str]:
    """Names of the .sql files that ship, in sql/ itself or in a folder of it."""
    return frozenset(
        entry.name.removesuffix(".sql")
        for entry in (files("sql") / folder if folder else files("sql")).iterdir()
        if entry.name.endswith(".sql")
    )


def header(sql: str, fields: Iterable[str] = _FIELDS) -> dict[str, str]:
    """What the comment before a query says, by field; of a mart `Grain`, `Definition` and more."""
    head = takewhile(lambda line: line.startswith("--"), sql.splitlines())
    begins = re.compile(rf"^({'|'.join(fields)}) {{2,}}", re.MULTILINE)
    _, *parts = begins.split(dedent("\n".join(line.removeprefix("--") for line in head)))
    return {
        field: " ".join(told.split()) for field, told in zip(parts[::2], parts[1::2], strict=True)
    }


@cache
def reads(name: str) -> Reads:
    """What the query of mart `name` is made from."""
    relations = tuple(dict.fromkeys(_relations_of(query(name))))
    named = names_in(query(name)).union(*(names_in(relation_query(one)) for one in relations))
    scans = tuple(sorted(named & query_names(SCANS)))
    named |= {word for scan in scans for word in names_in(scan_query(scan))}
    named |= {_NAMED[word] for word in named & set(_NAMED)}
    return Reads(
        datasets=tuple(sorted(named & {one.name for one in DATASETS})),
        scans=scans,
        relations=relations,
        parts=tuple(sorted(names_in(_written(name)) & query_names(PARTS))),
        marts=tuple(sorted((names_in(query(name)) & query_names()) - {name})),
    )


@cache
def rests_on(name: str) -> frozenset[str]:
    """Datasets of the lake that mart `name` is made from, by other marts or at first hand."""
    known = reads(name)
    return frozenset(known.datasets).union(*(rests_on(mart) for mart in known.marts))


def query_version(name: str) -> str:
    """A short hash of all SQL that mart `name` comes from: by it Dagster sees that it has changed.

    Other marts that it reads have hashes of their own.
    """
    known = reads(name)
    texts = [
        query(name),
        *(scan_query(scan) for scan in known.scans),
        *(relation_query(relation) for relation in known.relations),
    ]
    return sha256("".join(texts).encode()).hexdigest()[:12]


def evaluated(names: Iterable[str], tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Rows of relations, each made once and in an order in which they can be made.

    Args:
        names: Of files in sql/relations/.
        tables: The relations of the day and what scans left, by name.
    """
    found: dict[str, pl.DataFrame] = {}
    with connected() as connection:
        for table, rows in tables.items():
            connection.register(table, rows)
        for name in dict.fromkeys(one for wanted in names for one in _with_needed(wanted)):
            found[name] = connection.execute(relation_query(name)).pl()
            connection.register(name, found[name])
    return found


def connected(file: Path | None = None, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A database, in memory where it has no file, with the settings that all queries rely on."""
    connection = duckdb.connect(":memory:" if file is None else str(file), read_only=read_only)
    connection.execute("SET TimeZone = 'UTC'")
    # A query sees the tables that it was given: no variable of Python's, nothing off the network.
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET autoinstall_known_extensions = false")
    return connection


def names_in(sql: str) -> set[str]:
    """What a query reads from, its own CTEs among them."""
    return set(_READ.findall("\n".join(line.partition("--")[0] for line in sql.splitlines())))


def _written(name: str) -> str:
    """The text of the file of mart `name`."""
    file = files("sql") / f"{name}.sql"
    if not file.is_file():
        raise FileNotFoundError(
            f"mart {name} has a contract in assets/marts/contracts.py but no sql/{name}.sql"
        )
    return file.read_text(encoding="utf-8")


def _part_in_place(named: re.Match[str]) -> str:
    word, name = named.groups()
    if name not in query_names(PARTS):
        return named[0]
    part = (files("sql") / PARTS / f"{name}.sql").read_text(encoding="utf-8")
    return f"{word} (\n{part})"


def _relations_of(sql: str) -> Iterator[str]:
    for name in sorted(names_in(sql) & query_names(RELATIONS)):
        yield from _with_needed(name)


def _with_needed(relation: str) -> Iterator[str]:
    yield from _relations_of(relation_query(relation))
    yield relation
