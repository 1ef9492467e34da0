"""The files of a camera-day as a table that a person can read: what they are, by whose clock.

Belongs here: the table, and which values may stand in it. Does not belong here: who refuses others
(`footfall_dagster.privacy.tables`), the picture of the day (`assets.coverage_picture`).

A recorder may write 8,640 files a day. Files that follow each other and are of one kind are one
row; where that still makes too many rows, all files of a kind are.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from zoneinfo import ZoneInfo

import dagster as dg
import polars as pl

COLUMNS = (
    dg.TableColumn("from", "string"),
    dg.TableColumn("until", "string"),
    dg.TableColumn("files", "int"),
    dg.TableColumn("status", "string"),
    dg.TableColumn("reason", "string"),
    dg.TableColumn("clock", "string"),
    dg.TableColumn("compared_with", "string"),
    dg.TableColumn("apart_s", "float"),
)
"""Start of the first file and end of the last, local time; how many; whether they take part, and
why not; which clock gave the start, which other one is farthest from it, by how much at most."""
MOST_ROWS = 60


@dataclass(frozen=True, slots=True)
class _Files:
    """Files of one kind."""

    begin: dt.datetime
    end: dt.datetime | None
    files: int
    apart_s: float | None
    kind: tuple[str | None, ...]

    def __add__(self, other: "_Files") -> "_Files":
        known = [apart for apart in (self.apart_s, other.apart_s) if apart is not None]
        ends = [end for end in (self.end, other.end) if end is not None]
        return replace(
            self,
            end=max(ends, default=None),
            files=self.files + other.files,
            apart_s=max(known, key=abs, default=None),
        )


def export_table(
    exports: pl.DataFrame, zone: ZoneInfo, tolerance_s: float
) -> dg.TableMetadataValue:
    """The files of a camera-day, at most `MOST_ROWS` rows.

    Args:
        exports: Rows of the `camera_exports` contract.
        zone: Of the site, in whose local time the table is.
        tolerance_s: Clocks that are farther apart make a kind of their own, so that a file whose
            clock is wrong is not hidden among many whose clock is right.
    """
    rows = [_file(one, tolerance_s) for one in exports.sort("started_at").iter_rows(named=True)]
    shown = [_sum(group) for _, group in groupby(rows, key=lambda files: files.kind)]
    if len(shown) > MOST_ROWS:
        shown = _by_kind(shown)
    return dg.MetadataValue.table(
        [dg.TableRecord(_cells(files, zone)) for files in shown],
        schema=dg.TableSchema(columns=list(COLUMNS)),
    )


def _file(row: dict[str, object], tolerance_s: float) -> _Files:
    begin, end, apart = row["started_at"], row["ended_at"], row["clocks_apart_s"]
    assert isinstance(begin, dt.datetime)
    apart_s = apart if isinstance(apart, float) else None
    kind = [row[name] for name in ("clock_source", "compared_with", "status", "reason")]
    far = apart_s is not None and abs(apart_s) > tolerance_s
    return _Files(
        begin=begin,
        end=end if isinstance(end, dt.datetime) else None,
        files=1,
        apart_s=apart_s,
        kind=(*(None if word is None else str(word) for word in kind), "far" if far else None),
    )


def _sum(files: Iterable[_Files]) -> _Files:
    first, *others = files
    for other in others:
        first += other
    return first


def _by_kind(files: Sequence[_Files]) -> list[_Files]:
    """One row a kind, in order of first files; of too many kinds, those of most files."""
    kinds: dict[tuple[str | None, ...], _Files] = {}
    for one in files:
        kinds[one.kind] = kinds[one.kind] + one if one.kind in kinds else one
    most = sorted(kinds.values(), key=lambda one: -one.files)[:MOST_ROWS]
    return sorted(most, key=lambda one: one.begin)


def _cells(files: _Files, zone: ZoneInfo) -> dict[str, str | int | float | None]:
    clock, compared, status, reason, _ = files.kind
    return {
        "from": _time(files.begin, zone),
        "until": None if files.end is None else _time(files.end, zone),
        "files": files.files,
        "status": status,
        "reason": reason,
        "clock": clock,
        "compared_with": compared,
        "apart_s": None if files.apart_s is None else round(files.apart_s, 1),
    }


def _time(at: dt.datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M:%S}"
