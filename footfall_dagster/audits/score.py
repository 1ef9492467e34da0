"""From a filled sheet to counts by eye that can be taken, and how exact gates are by them.

Belongs here: what is wrong with which row, and what to do. Does not belong here: reading the sheet
(`footfall_dagster.audits.sheet`), comparing (`footfall_dagster.audits.observed`), audits.yaml
(`vision.site.audits_file`).
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from pydantic import ValidationError

from footfall_dagster.audits import observed, sheet
from footfall_dagster.audits.sheet import ENTRIES, EXITS, Row
from footfall_dagster.lake import Lake
from vision.site.audits import Audit
from vision.site.models import Site
from vision.site.wording import nearest

BOTH = "both"
_ON_PAPER = "see the list of `footfall audit sample`, which the same --seed prints again"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row."""

    row: int
    what: str
    remedy: str

    def __str__(self) -> str:
        """One line."""
        return f"row {self.row}: {self.what}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class Scored:
    """What a sheet says.

    Attributes:
        counts: Counts by eye, in the order of the sheet.
        not_counted: Rows that were left blank.
        faults: What is wrong; where there is anything, nothing is to be taken.
        exactness: Rows of `gate_accuracy_daily` by these counts alone: of `both` directions
            together, of `entries` and of `exits`. Empty where there are faults.
    """

    counts: Sequence[Audit]
    not_counted: Sequence[int]
    faults: Sequence[Fault]
    exactness: Mapping[str, pl.DataFrame]


def score(
    site: Site,
    lake: Lake,
    rows: Sequence[Row],
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Scored:
    """Check each row, and compare its counts with the gate's.

    Args:
        site: With the counts that audits.yaml has already.
        lake: What was observed and counted.
        rows: Of the sheet.
        progress: Called with days done, and with those there are.
    """
    taken: list[tuple[Row, Audit]] = []
    faults: list[Fault] = []
    for row in rows:
        if row.is_blank:
            continue
        try:
            count = _count(site, row)
            _refuse_twice(site, count, taken)
        except _Wrong as wrong:
            faults.append(Fault(row.number, wrong.what, wrong.remedy))
        else:
            taken.append((row, count))
    compared = [] if faults else list(_compared(site, lake, taken, faults, progress))
    return Scored(
        counts=[audit for _, audit in taken],
        not_counted=[row.number for row in rows if row.is_blank],
        faults=sorted(faults, key=lambda fault: fault.row),
        exactness=_exactness(compared) if compared and not faults else {},
    )


class _Wrong(Exception):  # noqa: N818 - says what it is
    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


def _count(site: Site, row: Row) -> Audit:
    """The count of a row; raises `_Wrong` where something is wrong with it by itself."""
    cells, gates = row.cells, {gate.id for gate in site.file.gates}
    gate = cells[sheet.GATE]
    if gate not in gates:
        raise _Wrong(f"there is no gate {gate or 'named'}", nearest(gate, gates))
    starts, minutes = _drawn(site, row)
    people = {name: _people(name, cells) for name in (ENTRIES, EXITS)}
    try:
        return Audit(gate=gate, starts=starts, minutes=minutes, **people)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise _Wrong(
            f"{name} is {cells[name]}, which cannot be", "see whether a digit is too many"
        ) from None


def _people(name: str, cells: Mapping[str, str]) -> int:
    """How many were counted one way."""
    number = sheet.whole_number(cells[name])
    if not cells[name]:
        raise _Wrong(
            f"{name} is empty and the other count is not",
            "write 0 if there was nobody, or empty both if nobody counted",
        )
    if number is None:
        what = f"{name} is {cells[name]!r}, which is no whole number"
        raise _Wrong(what, "write in digits how many people there were")
    if number < 0:
        what = f"{name} is {number}, which is less than nobody"
        raise _Wrong(what, "write how many people there were")
    return number


def _drawn(site: Site, row: Row) -> tuple[dt.datetime, int]:
    """Start and length of the interval of a row, if it is one that was drawn."""
    cells = row.cells
    if not cells[sheet.CODE]:
        raise _Wrong(
            "it has no code, so it was not drawn",
            "put the code back if it was; counts of other minutes go into audits.yaml by hand, "
            "and say less, since somebody chose them",
        )
    meant = list(sheet.moments(cells[sheet.STARTS]))
    minutes = sheet.whole_number(cells[sheet.MINUTES])
    if not meant:
        what = f"starts is {cells[sheet.STARTS]!r}, which is no date with a time"
        raise _Wrong(what, f"write it as 2026-03-14 10:05; {_ON_PAPER}")
    if minutes is None:
        what = f"minutes is {cells[sheet.MINUTES]!r}, which is no whole number"
        raise _Wrong(what, _ON_PAPER)
    for starts in meant:
        if sheet.code(site.id, cells[sheet.GATE], starts, minutes) == cells[sheet.CODE].lower():
            return starts, minutes
    raise _Wrong(
        f"code {cells[sheet.CODE]} is of another gate, start or length, or of another site than "
        f"{site.id}, so the row was changed",
        f"put it back as it was drawn: {_ON_PAPER}",
    )


def _refuse_twice(site: Site, count: Audit, taken: Sequence[tuple[Row, Audit]]) -> None:
    """Raise `_Wrong` where the minutes of a count are counted already, or nobody could."""
    zone = site.zone_info
    starts, ends = count.window(zone)
    day = site.on(site.day_of(starts))
    if not site.file.trades_on(day.day) or count.gate not in day.gates:
        what = f"there is no gate {count.gate} on {day.day}"
        raise _Wrong(what, "see opens and closes in site.yaml, and valid_from of the gate")

    def overlaps(other: Audit) -> bool:
        begins, until = other.window(zone)
        return other.gate == count.gate and begins < ends and starts < until

    for row, other in taken:
        if overlaps(other):
            what = f"row {row.number} counts the same minutes of {count.gate}"
            raise _Wrong(what, "keep one of the two rows")
    for other in site.audits:
        if overlaps(other) and other != count:
            raise _Wrong(
                f"audits.yaml has {other.entries} in and {other.exits} out at {other.gate} in "
                f"{other.minutes} minutes from {other.starts:%Y-%m-%d %H:%M}",
                "keep one of the two: empty this row, or delete that entry",
            )


def _compared(
    site: Site,
    lake: Lake,
    taken: Sequence[tuple[Row, Audit]],
    faults: list[Fault],
    progress: Callable[[int, int], None],
) -> Iterator[tuple[observed.Tables, pl.DataFrame]]:
    """Of each day its relations and rows of `gate_audits`; adds to `faults` what has none."""
    zone = site.zone_info
    by_day: dict[dt.date, list[tuple[Row, Audit]]] = {}
    for row, count in taken:
        by_day.setdefault(site.day_of(count.window(zone)[0]), []).append((row, count))
    for done, (day, of_day) in enumerate(sorted(by_day.items()), 1):
        counted = site.model_copy(update={"audits": tuple(count for _, count in of_day)})
        tables = observed.tables_of(lake, counted.on(day))
        rows = observed.compared(tables)
        known = {
            (gate, starts)
            for gate, starts, entries in rows.select("gate", "starts_at", "gate_entries").rows()
            if entries is not None
        }
        faults += [
            Fault(
                row.number,
                f"{count.gate} was not observed as a whole in these minutes of {day}, as far as is "
                "stored now",
                "materialise the camera-day again if its recordings are there, or empty this row",
            )
            for row, count in of_day
            if (count.gate, count.window(zone)[0]) not in known
        ]
        progress(done, len(by_day))
        yield tables, rows


def _exactness(
    compared: Sequence[tuple[observed.Tables, pl.DataFrame]],
) -> dict[str, pl.DataFrame]:
    last, audits = compared[-1][0], observed.together([rows for _, rows in compared])
    of_each = {
        BOTH: audits,
        **{name: observed.of_direction(audits, name) for name in (ENTRIES, EXITS)},
    }
    return {name: observed.exactness(rows, last) for name, rows in of_each.items()}
