"""A CSV beside the recordings that says when each began, where names do not.

Belongs here: reading it. Does not belong here: which clock is believed (`vision.exports.clocks`).
"""

import csv
import datetime as dt
from zoneinfo import ZoneInfo

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
    except UnicodeDecodeError:
        raise SidecarError("it is no UTF-8 text; save it as CSV, UTF-8") from None
    columns = lines.fieldnames or ()
    if missing := [name for name in (_FILE, _START) if name not in columns]:
        raise SidecarError(
            f"its first line names no column {' and no column '.join(missing)}; begin it with "
            f"`{_FILE},{_START}`"
        )
    told: dict[str, dt.datetime] = {}
    for number, row in enumerate(lines, 2):
        name, start = (row[_FILE] or "").strip(), (row[_START] or "").strip()
        try:
            at = dt.datetime.fromisoformat(start)
        except ValueError:
            raise SidecarError(
                f"line {number}: the start is no time; write one such as 2026-03-14T10:00:00+00:00"
            ) from None
        at = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
        if told.setdefault(name, at.astimezone(dt.UTC)) != at:
            raise SidecarError(f"line {number}: the file was given another start before; keep one")
    return told
