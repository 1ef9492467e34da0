"""The closed list of tables in metadata: which columns, and what each cell may be.

Belongs here: judging a serialized table as a whole. Does not belong here: making one
(`assets.export_table`, `footfall_dagster.checks.marts`), or other metadata (`serialized`).

A table has room for a vector, so only those pass that are known by their columns, every cell of
which is a word of a list, a time of day, a count, or a figure to a step.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from assets.export_table import COLUMNS, MOST_ROWS
from footfall_dagster.privacy.text import trouble
from vision.contract_terms import OneOf
from vision.contracts_ingest import CAMERA_EXPORTS

_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d")
_MOST_FILES = 200_000
_FARTHEST_S = 86_400
_MOST_RULES = 100
_MOST_TURNS = 2
"""How often times of day may begin anew down a column: at midnight, and where clocks go back."""

_Cell = Callable[[Any], bool]


def is_known_table(data: Mapping[str, Any]) -> bool:
    """Whether serialized metadata is one of the tables that may stand."""
    return is_export_table(data) or _is_table(data, _RULES, _MOST_RULES) is not None


def is_export_table(data: Mapping[str, Any]) -> bool:
    """Whether serialized metadata is the table of a camera-day's files and nothing else."""
    rows = _is_table(data, _EXPORTS, MOST_ROWS)
    return rows is not None and _in_order(rows)


def _is_table(
    data: Mapping[str, Any], domains: Mapping[str, _Cell], most: int
) -> list[Mapping[str, Any]] | None:
    """Rows of the table that has these columns, each cell in its domain; None where it is none."""
    records = data.get("records")
    if set(data) != {"__class__", "records", "schema"} or not isinstance(records, list):
        return None
    rows = [cells for record in records if (cells := _cells(record)) is not None]
    fits = (
        len(rows) == len(records) <= most
        and _names(data["schema"]) == list(domains)
        and all(set(row) == set(domains) for row in rows)
        and all(domains[name](cell) for row in rows for name, cell in row.items())
    )
    return rows if fits else None


def _cells(record: Any) -> Mapping[str, Any] | None:
    match record:
        case {"__class__": "TableRecord", "data": dict(cells)} if len(record) == 2:
            return cells
    return None


def _names(schema: Any) -> list[str]:
    """Names of the columns; none where the schema says more than names and types."""
    match schema:
        case {
            "__class__": "TableSchema",
            "columns": list(columns),
            "constraints": {"__class__": "TableConstraints", "other": [], **no_more},
            **nor_here,
        } if not no_more and not nor_here:
            return [_name(column) for column in columns]
    return []


def _name(column: Any) -> str:
    match column:
        case {
            "__class__": "TableColumn",
            "name": str(name),
            "type": "string" | "int" | "float",
            "description": None,
            "constraints": {
                "__class__": "TableColumnConstraints",
                "nullable": True,
                "unique": False,
                "other": [],
                **no_more,
            },
            **nor_here,
        } if not no_more and not nor_here:
            return name
    return ""


def _in_order(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Files are in order of time, so that their times cannot be chosen freely."""
    times = [str(row["from"]) for row in rows]
    return sum(later < one for one, later in pairwise(times)) <= _MOST_TURNS


def _is_time(cell: Any) -> bool:
    return isinstance(cell, str) and _TIME.fullmatch(cell) is not None


def _counts(most: int) -> _Cell:
    return lambda cell: type(cell) is int and 0 <= cell <= most


def _is_tenths(cell: Any) -> bool:
    return cell is None or (
        type(cell) is float and abs(cell) <= _FARTHEST_S and round(cell, 1) == cell
    )


def _words_of(column: str, *others: None) -> _Cell:
    domain = next(one.domain for one in CAMERA_EXPORTS.columns if one.name == column)
    assert isinstance(domain, OneOf)
    words = frozenset[str | None]((*domain.values, *others))
    return lambda cell: cell in words if cell is None or isinstance(cell, str) else False


_EXPORTS: Mapping[str, _Cell] = dict(
    zip(
        (column.name for column in COLUMNS),
        (
            _is_time,
            lambda cell: cell is None or _is_time(cell),
            _counts(_MOST_FILES),
            _words_of("status"),
            _words_of("reason", None),
            _words_of("clock_source"),
            _words_of("clock_source", None),
            _is_tenths,
        ),
        strict=True,
    )
)
_RULES: Mapping[str, _Cell] = {
    "rule": lambda cell: isinstance(cell, str) and trouble(cell, longest=300) is None,
    "rows": _counts(2**40),
    "rows_failed": _counts(2**40),
}
