"""The sheet that an auditor fills in: a CSV, written for spreadsheets and read after them.

Belongs here: its columns, the codes that tell its rows, what spreadsheets do to it. Does not belong
here: whether a count may be taken (`footfall_dagster.audits.score`).

No figure of ours is in it: who knows what the gate counted does not count.
"""

import csv
import datetime as dt
import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

from footfall_dagster.audits import AuditError
from vision.site.audit_sample import Interval

CODE, GATE, STARTS, MINUTES, ENTRIES, EXITS = READ = (
    "code",
    "gate",
    "starts",
    "minutes",
    "entries",
    "exits",
)
"""Columns that are read back; a sheet may have others, in any order."""
_SHOWN = (*READ, "camera", "recordings")
_LETTERS = "bcdfghjkmnpqrstvwxyz"
"""No digits, and nothing that is a word: spreadsheets change what looks like a number or a date."""
_CODE_LENGTH = 6
_LARGEST_BYTES = 5_000_000
_NEVER = dt.datetime(1899, 12, 30)
"""Day 0 of spreadsheets."""
_DATES = (
    "%Y-%m-%d",
    *("%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%d/%m/%y", "%m/%d/%Y", "%m/%d/%y", "%d-%m-%Y"),
    *("%d-%m-%y", "%Y/%m/%d", "%Y.%m.%d"),
)
_TIMES = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p")
_FORMATS = tuple(f"{date} {time}" for date, time in product(_DATES, _TIMES))


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a sheet that somebody may have filled in.

    Attributes:
        number: Of the row, as spreadsheets number rows.
        cells: Text of each column of `READ`, without spaces around it.
    """

    number: int
    cells: Mapping[str, str]

    @property
    def is_blank(self) -> bool:
        """Whether neither direction was counted."""
        return not self.cells[ENTRIES] and not self.cells[EXITS]


def code(site: str, gate: str, starts: dt.datetime, minutes: int) -> str:
    """The code of an interval, by which one sees that a row was changed.

    Args:
        site: Whose.
        gate: Where.
        starts: On the site's clocks, without a zone.
        minutes: For how long.
    """
    told = f"{site} {gate} {starts:%Y-%m-%dT%H:%M} {minutes}"
    number = int.from_bytes(hashlib.sha256(told.encode()).digest()[:8])
    letters = []
    for _ in range(_CODE_LENGTH):
        number, letter = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "".join(letters)


def local(at: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """An instant on the site's clocks, without a zone."""
    return at.astimezone(zone).replace(tzinfo=None)


def write(
    path: Path,
    site: str,
    zone: ZoneInfo,
    drawn: Iterable[tuple[Interval, str, Sequence[str]]],
) -> None:
    """Write the sheet: of each interval its camera and where it is recorded.

    Raises:
        AuditError: There is such a file, which may hold counts, or it cannot be written.
    """
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\r\n")
    sheet.writerow(_SHOWN)
    for interval, camera, recordings in drawn:
        starts = local(interval.starts_at, zone)
        told = code(site, interval.gate, starts, interval.minutes)
        where = "; ".join(recordings)
        at = f"{starts:%Y-%m-%d %H:%M}"
        sheet.writerow((told, interval.gate, at, interval.minutes, "", "", camera, where))
    try:
        # Spreadsheets take a file without a mark for one of the machine's own encoding.
        with path.open("x", encoding="utf-8-sig", newline="") as file:
            file.write(text.getvalue())
    except FileExistsError:
        raise AuditError(
            f"{path} is there already and may hold counts: name another file with --out, or move "
            "this one away"
        ) from None
    except OSError as failed:
        raise AuditError(
            f"cannot write {path} ({failed.strerror}): name a file in a folder that is yours"
        ) from failed


def read(path: Path) -> list[Row]:
    """Rows of a filled sheet that hold anything, in its order.

    Raises:
        AuditError: It is no such sheet.
    """
    listed = list(_lines(_text(path)))
    headed = next((row for row in listed if any(row[1])), None)
    names = [] if headed is None else [name.strip().lower() for name in headed[1]]
    if missing := [name for name in READ if name not in names]:
        raise AuditError(
            f"{path} has no column {', '.join(missing)}: its first row has to name "
            f"{', '.join(READ)}; fill in the sheet that `footfall audit sample` wrote, and save it "
            "as CSV"
        )
    places = {name: names.index(name) for name in READ}
    return [
        Row(
            number,
            {name: cells[at].strip() if at < len(cells) else "" for name, at in places.items()},
        )
        for number, cells in listed
        if headed is not None and number > headed[0] and any(cell.strip() for cell in cells)
    ]


def whole_number(text: str) -> int | None:
    """The number that a cell holds; None where it is none, or has a part that is not 0."""
    told = re.fullmatch(r"([-+]?\d{1,9})(?:[.,]0*)?", text)
    return int(told[1]) if told else None


def moments(text: str) -> Iterator[dt.datetime]:
    """What a cell with a time may mean, however a spreadsheet wrote it, to the minute."""
    plain = " ".join(text.replace("T", " ").split())
    for form in _FORMATS:
        with suppress(ValueError):
            yield dt.datetime.strptime(plain, form).replace(second=0)
    with suppress(ValueError, OverflowError):
        # Days since day 0, where the column was shown as a number.
        minutes = round(float(plain.replace(",", ".")) * 24 * 60)
        yield _NEVER + dt.timedelta(minutes=minutes)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
    except OSError as failed:
        raise AuditError(
            f"cannot read {path} ({failed.strerror}): name the sheet that was filled in"
        ) from failed
    if content.startswith((b"PK", b"\xd0\xcf")):
        raise AuditError(f"{path} is a workbook: save the sheet as CSV, and give that file")
    if len(content) > _LARGEST_BYTES:
        raise AuditError(f"{path} is larger than 5 MB, which no such sheet is: look what it is")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # As spreadsheets on Windows write it; all that is read of it is ASCII.
        return content.decode("cp1252", errors="replace")


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with their numbers, split by whatever its first line is split by."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    # A row may be of several lines, and is one row to a spreadsheet.
    yield from enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1)
