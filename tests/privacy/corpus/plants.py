"""The list of plants, and the kinds of which each must have two.

Belongs here: what a plant is. Does not belong here: any plant.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.privacy.finished_home import Home

KINDS = (
    "JPEG",
    "PNG",
    "WebP",
    "AVIF",
    "other picture",
    "raw pixels",
    "npy",
    "npz",
    "pickle",
    "torch",
    "safetensors",
    "archive",
    "polyglot",
    "BLOB column",
    "fixed binary column",
    "list column",
    "array column",
    "struct column",
    "int8 column",
    "numbered float columns",
    "long format",
    "base64 text",
    "hex text",
    "base85 text",
    "encoded id",
    "JSON",
    "log lines",
    "low bits",
    "sub-second times",
    "plausible numbers",
    "Parquet key-values",
    "between row groups",
    "before the footer",
    "Arrow IPC",
    "DuckDB view",
    "DuckDB comment",
    "DuckDB array",
    "DuckDB deleted rows",
    "DuckDB WAL",
    "SQLite freelist",
    "HTML data URI",
    "drawn picture",
    "Dagster metadata",
    "Dagster tags",
    "check description",
    "exception",
    "compute log",
    "Dagster pickle",
    "vault leftover",
)
"""Every kind has at least two plants."""

PLACES = ("lake", "warehouse", "report", "dagster", "temporary", "vault")

Put = Callable[[Home], None]
"""Leaves the leak in a finished home, past every door."""

Door = Callable[[Home], bool]
"""Tries to have the product itself write the leak; whether it refused."""


@dataclass(frozen=True, slots=True)
class Plant:
    """One leak.

    Attributes:
        name: What is planted, as words.
        kind: Of `KINDS`.
        place: Of `PLACES`.
        put: Leaves it there.
        door: Tries the product's own way to write it, where there is one.
    """

    name: str
    kind: str
    place: str
    put: Put
    door: Door | None


PLANTS: dict[str, Plant] = {}


def plant(kind: str, place: str, door: Door | None = None) -> Callable[[Put], Put]:
    """Add the function below to the list, under its own name."""
    assert kind in KINDS, kind
    assert place in PLACES, place

    def add(put: Put) -> Put:
        name = put.__name__.replace("_", " ")
        assert name not in PLANTS, name
        PLANTS[name] = Plant(name, kind, place, put, door)
        return put

    return add
