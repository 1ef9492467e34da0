"""A CSV beside the recordings that says when each began, where names do not.

Belongs here: reading it. Does not belong here: which clock is believed (`vision.exports.clocks`).
"""

import csv
import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from vision.exports.bounds import CLOCKS_SHOW

_FILE, _START = "file", "start"
MOST_BYTES = 64 * 2**20


class SidecarError(ValueError):
    """A sidecar that cannot be believed; the message says which line and what to write."""


def starts(content: bytes, zone: str) -> dict[str, dt.datetime]:
    """When each file that the sidecar names began, UTC.

    Args:
        content: Of a CSV with a head; columns `file` (a name, or a path below the folder of
            recordings) and `start` (ISO 8601; without an offset it is local time of `zone`). Other
            columns are left alone.
        zone: In which the recorder writes local times.

    Raises:
        SidecarError: A column is missing, a time is none, a file has two, or it is no text.
    """
    if len(content) > MOST_BYTES:
        raise SidecarError(f"it has more than {MOST_BYTES >> 20} MB; keep one row a file")
    try:
        lines = csv.DictReader(content.decode("utf-8-sig").splitlines())
        columns = lines.fieldnames or ()
    except UnicodeDecodeError:
        raise SidecarError("it is no UTF-8 text; save it as CSV, UTF-8") from None
    except csv.Error:
        raise SidecarError(
            "line 1: it is no CSV; see that every quotation mark is closed"
        ) from None
    if missing := [name for name in (_FILE, _START) if name not in columns]:
        raise SidecarError(
            f"its first line names no column {' and no column '.join(missing)}; begin it with "
            f"`{_FILE},{_START}`"
        )
    told: dict[str, dt.datetime] = {}
    for number, row in enumerate(_rows(lines), 2):
        name, start = (row[_FILE] or "").strip(), (row[_START] or "").strip()
        at = _utc(start, zone)
        if at is None:
            raise SidecarError(
                f"line {number}: the start is no time; write one such as 2026-03-14T10:00:00+00:00"
            )
        if told.setdefault(name, at) != at:
            raise SidecarError(f"line {number}: the file was given another start before; keep one")
    return told


def _rows(lines: "csv.DictReader[str]") -> Iterator[dict[str, str]]:
    try:
        yield from lines
    except csv.Error:
        raise SidecarError(
            f"line {lines.line_num}: it is no CSV; see that every quotation mark is closed"
        ) from None


def _utc(start: str, zone: str) -> dt.datetime | None:
    """None where it is no time, or one that no recorder's clock shows."""
    try:
        at = dt.datetime.fromisoformat(start)
        at = (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
    return at if CLOCKS_SHOW[0] <= at < CLOCKS_SHOW[1] else None
