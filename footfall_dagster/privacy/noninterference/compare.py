"""Where two runs left different things, and in which way they differ.

Belongs here: comparing what `remains` has read. Does not belong here: what follows from it.

The words name places, columns of contracts and ways of differing, never a value: it may be what
leaked.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from assets.marts.contracts import MARTS
from footfall_dagster.privacy.look import shown
from footfall_dagster.privacy.noninterference.remains import NAMES, Item
from vision.contracts import LAKE

_MASK = "<a table that is no mart>"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two runs left differently.

    Attributes:
        group: The line of the table to which it belongs.
        place: Where it lies, masked where the name is not the project's.
        how: In which way the two differ.
    """

    group: str
    place: str
    how: str


def differences(one: Mapping[str, Item], other: Mapping[str, Item]) -> list[Difference]:
    """Everything that is not the same byte for byte, or there once only; by place."""
    return list(_differences(one, other))


def _differences(one: Mapping[str, Item], other: Mapping[str, Item]) -> Iterator[Difference]:
    for name in sorted(one.keys() | other.keys()):
        here, there = one.get(name), other.get(name)
        if here is not None and there is not None:
            if here.content != there.content:
                yield Difference(here.group, _place(name), _how(name, here, there))
        else:
            only = here or there
            assert only is not None
            yield Difference(only.group, _place(name), "is there in one run only")


def _place(name: str) -> str:
    first, _, rest = name.partition("/")
    if name == NAMES or first == "dagster":
        return name
    if first == "warehouse" and ".duckdb/" in rest:
        file, _, part = rest.partition("/")
        known = part in MARTS or part in {"catalogue", "outside"}
        return f"{first}/{file}/{part if known else _MASK}"
    root = Path("home")
    return shown(root, root / name).removeprefix("home/")


def _how(name: str, one: Item, other: Item) -> str:
    if name == NAMES:
        return "other names, kinds or modes of files and folders"
    if name.endswith("/outside"):
        return "other bytes behind the last block"
    if name.endswith(".parquet"):
        return _how_parquet(name, one, other)
    if name.endswith(".receipt.json"):
        return "another receipt"
    here, there = one.content.splitlines(), other.content.splitlines()
    if one.rows != other.rows:
        return "another number of rows" if one.group.startswith("warehouse") else "more or fewer"
    return "another order" if sorted(here) == sorted(there) else "other content"


def _how_parquet(name: str, one: Item, other: Item) -> str:
    contract = LAKE.get(name.split("/")[1])
    try:
        here, there = (
            pl.read_parquet(io.BytesIO(item.content), hive_partitioning=False)
            for item in (one, other)
        )
    except pl.exceptions.PolarsError:
        return "other bytes, and one is not a Parquet file"
    if here.equals(there):
        return "other bytes around the same rows"
    if contract is None or here.schema != contract.schema or there.schema != contract.schema:
        return "other columns than the contract's"
    if here.height != there.height:
        return "another number of rows"
    if here.sort(here.columns).equals(there.sort(there.columns)):
        return "another order of the same rows"
    columns = [column for column in here.columns if not here[column].equals(there[column])]
    return f"other values of {', '.join(columns)}"
