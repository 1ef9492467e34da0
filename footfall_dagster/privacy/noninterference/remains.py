"""What a run leaves where it may outlive tracking, in a form that can be compared.

Belongs here: reading the files, the marts and Dagster's events of one run. Does not belong here:
comparing them (`compare`).

Files are their bytes. A DuckDB file is what can be read from it, since two builds of the same rows
differ in unused bytes: its catalogue and its rows in stored order. Dagster is every event that it
was told, but for the few kinds of figures that no two runs share; they are listed here, and nothing
else is left out.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import polars as pl

from assets.marts.queries import connected
from footfall_dagster.checks.retention import RETENTION
from footfall_dagster.privacy import vouched
from vision.contracts import LAKE

NAMES = "names and modes"
"""The line of the table that says which files and folders there are."""

_CATALOGUES = (
    "schemas",
    "tables",
    "columns",
    "views",
    "functions",
    "sequences",
    "types",
    "indexes",
    "constraints",
)
_NEVER_INTERNAL = frozenset(["schemas", "sequences", "indexes", "constraints"])
_DATABASE_HEADERS = 3 * 4096

_CHANGING_KEYS = frozenset(["timestamp", "duration_ms", "log_key", "pid", "storage_id"])
"""Of Dagster's own records; events are numbered with the lines that tell how fast it runs among
them."""
_POINTER = "dagster/input_event_pointer/"
"""A tag with the number of an event."""
_LONGEST_POINTER = 7
_OF_THE_PROCESS = frozenset(
    ["STEP_SUCCESS", "ENGINE_EVENT", "RESOURCE_INIT_SUCCESS", "LOGS_CAPTURED"]
)
"""Events in whose words Dagster says how long something took, or in which process."""
_DURATION = r"\b\d+(?:\.\d+)?m?s(?=\.?$)"
_MOMENT = r"\b\d{4}-\d\d-\d\d \d\d:\d\d UTC"
"""In the words of the check of retention: when a partition is due, counted from its writing."""
_NEVER = r"(?!)"
_SPEEDS = frozenset(["seconds_spent", "seconds_per_video_hour"])
"""Metadata of ours that tells how fast detection ran."""
_RATE = r"{partition}: \d+% of about \d+ frames, \d+ a second"
"""The line of our log that tells how fast it runs, as often as it takes seconds."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was left.

    Attributes:
        group: The line of the table to which it belongs.
        content: All that is compared.
        rows: In it; 0 where rows mean nothing.
    """

    group: str
    content: bytes
    rows: int = 0


def of_home(home: Path) -> dict[str, Item]:
    """Everything below `home` but personal data left of the wall, by name.

    Raises:
        OSError: A file cannot be read.
        duckdb.Error: A DuckDB file cannot be read.
    """
    left_of_the_wall = {home / "lake" / name for name, one in LAKE.items() if one.personal}
    found: dict[str, Item] = {}
    tree = []
    for path in sorted(home.rglob("*")):
        if left_of_the_wall & {path, *path.parents}:
            continue
        tree.append(f"{_steady_name(path, home)} {path.lstat().st_mode:o}")
        if path.is_symlink() or not path.is_file():
            continue
        name = path.relative_to(home).as_posix()
        if path.suffix == ".duckdb":
            found |= _database(path, name)
        elif not _vouches_for_database(path):
            found[name] = Item(_group(path, home), path.read_bytes(), _rows(path))
    return found | {NAMES: Item(NAMES, "\n".join(tree).encode(), len(tree))}


def of_run(instance: dg.DagsterInstance, run_id: str, job: str, partition: str) -> dict[str, Item]:
    """Every event of a run, by step."""
    rate = re.compile(_RATE.format(partition=re.escape(partition)))
    told: dict[str, list[str]] = {}
    for entry in instance.all_logs(run_id):
        event = entry.dagster_event
        if event is None and rate.fullmatch(entry.user_message):
            continue
        record = json.loads(dg.serialize_value(entry))
        changing = [_NEVER]
        if event is not None and event.event_type_value in _OF_THE_PROCESS:
            changing += [rf"\b{event.pid}\b", _DURATION]
        if event is not None and _is_about_retention(event):
            changing.append(_MOMENT)
        text = json.dumps(_steady(record, re.compile("|".join(changing))), sort_keys=True)
        told.setdefault(entry.step_key or "the run", []).append(text)
    return {
        f"dagster/{job}/{partition}/{step}": Item(
            f"dagster/{job}", "\n".join(lines).encode(), len(lines)
        )
        for step, lines in told.items()
    }


def _is_about_retention(event: dg.DagsterEvent) -> bool:
    return (
        event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
        and event.asset_check_evaluation_data.check_name == RETENTION
    )


def _group(path: Path, home: Path) -> str:
    parts = path.relative_to(home).parts
    if parts[0] == "lake" and parts[1] in LAKE:
        return f"lake/{parts[1]}"
    return parts[0] if parts[0] in {"reports", "warehouse"} else "elsewhere"


def _rows(path: Path) -> int:
    if path.suffix != ".parquet":
        return 0
    try:
        return int(pl.scan_parquet(path).select(pl.len()).collect().item())
    except pl.exceptions.PolarsError:
        return 0


def _vouches_for_database(path: Path) -> bool:
    """Whether `path` is an honest receipt of a DuckDB file: its name follows the file's bytes."""
    if not vouched.is_receipt(path):
        return False
    name = vouched.vouched_for(path)
    return name.endswith(".duckdb") and vouched.is_vouched(path.with_name(name))


def _steady_name(path: Path, home: Path) -> str:
    named = path.with_name(vouched.vouched_for(path)) if _vouches_for_database(path) else path
    return named.relative_to(home).as_posix() + (" receipt" if named != path else "")


def _database(path: Path, name: str) -> Iterator[tuple[str, Item]]:
    """Catalogue, rows of each table in stored order, and bytes that no block holds."""
    with connected(path, read_only=True) as connection:
        catalogue = [line for part in _CATALOGUES for line in _dump(connection, _listing(part))]
        yield f"{name}/catalogue", Item(name, "\n".join(catalogue).encode())
        blocks = connection.execute(
            "SELECT block_size * total_blocks FROM pragma_database_size() "
            "WHERE database_name = current_database()"
        ).fetchone()
        outside = path.stat().st_size - _DATABASE_HEADERS - (blocks[0] if blocks else 0)
        yield f"{name}/outside", Item(name, str(outside).encode())
        tables = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() "
            "WHERE NOT internal ORDER BY schema_name, table_name"
        ).fetchall()
        for schema, table in tables:
            place = ".".join('"' + part.replace('"', '""') + '"' for part in (schema, table))
            rows = _dump(connection, f"SELECT * FROM {place} ORDER BY rowid")
            yield f"{name}/{table}", Item(name, "\n".join(rows).encode(), len(rows))


def _listing(part: str) -> str:
    """A query for all that the catalogue says of tables, views and the like."""
    ours = "" if part in _NEVER_INTERNAL else "AND NOT internal"
    return (
        f"SELECT '{part}', * FROM duckdb_{part}() WHERE database_name = current_database() {ours}"
    )


def _dump(connection: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    return [repr(row) for row in connection.execute(query).fetchall()]


def _steady(record: Any, changing: re.Pattern[str]) -> Any:
    """`record` of Dagster without what no two runs share."""
    match record:
        case {"__class__": "JsonMetadataEntryData" | "TableRecord"}:
            # Keys in here are not Dagster's, whatever they are called.
            return changing.sub("-", json.dumps(record))
        case dict():
            return {
                key: "-" if _changes(key, record) else _steady(value, changing)
                for key, value in record.items()
            }
        case list():
            return [_steady(value, changing) for value in record]
        case str():
            return changing.sub("-", record)
        case _:
            return record


def _changes(key: str, record: Mapping[str, Any]) -> bool:
    """Whether what stands under `key` differs between any two runs."""
    if key.startswith(_POINTER):
        return str(record[key]).isdecimal() and len(record[key]) < _LONGEST_POINTER
    if key == "entry_data":
        return record.get("label") in _SPEEDS
    return key in _CHANGING_KEYS
