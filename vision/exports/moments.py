"""Moments as names of files have them: directives of strftime, read and written.

Belongs here: which directives there are, what they say together, and what is missing. Does not
belong here: where they stand in a name (`vision.exports.patterns`), time zones
(`vision.exports.local_time`).
"""

import datetime as dt
from collections.abc import Mapping, Set
from types import MappingProxyType
from typing import Literal

from vision.exports.instants import EPOCH

When = Literal["start", "end"]

DIRECTIVES: Mapping[str, str] = MappingProxyType(
    {
        "Y": "[0-9]{4}",
        **dict.fromkeys("mdHMSI", "[0-9]{2}"),
        **{f"-{letter}": "[0-9]{1,2}" for letter in "mdHMSI"},
        "f": "[0-9]{1,6}",
        "p": "[AaPp][Mm]",
        "z": "Z|[+-][0-9]{2}:?[0-9]{2}",
        "s": "[0-9]{10}",
        "Q": "[0-9]{13}",
    }
)
"""What each directive looks like in a name, without the per cent sign; `-m` has no leading 0."""

DIRECTIVES_SHOWN = "%Y %m %d %H %M %S %f %I %p %z %s %Q"

_FIRST_YEAR, _LAST_YEAR = 1970, 2100
_MILLISECOND = dt.timedelta(milliseconds=1)


def missing(told: Set[str], when: When) -> tuple[str, ...]:
    """Directives without which a moment is not known, as they are written.

    An end needs no date, since it is soon after the start, and no seconds.
    """
    told = {directive.lstrip("-") for directive in told}
    if told & {"s", "Q"}:
        return ()
    wanted = ["I", "p", "M"] if told & {"I", "p"} else ["H", "M"]
    if when == "start" or told & {"Y", "m", "d"}:
        wanted = ["Y", "m", "d", *wanted]
    if when == "start":
        wanted.append("S")
    return tuple(f"%{directive}" for directive in wanted if directive not in told)


def read(fields: Mapping[str, str]) -> dt.datetime | dt.time | None:
    """The moment that directives give together; None where they do not suffice.

    Returns:
        With an offset where the name gives one, without a date where it has none.

    Raises:
        ValueError: There is no such moment, or no recorder's clock shows it.
    """
    if "s" in fields or "Q" in fields:
        return EPOCH + int(fields.get("Q") or f"{fields['s']}000") * _MILLISECOND
    hour = _hour(fields)
    if hour is None or "M" not in fields:
        return None
    minute, second = int(fields["M"]), int(fields.get("S") or 0)
    # A file may end at 24:00.
    midnight = (hour, minute, second) == (24, 0, 0)
    time = dt.time(
        0 if midnight else hour,
        minute,
        second,
        int((fields.get("f") or "0").ljust(6, "0")),
        tzinfo=_offset(fields.get("z")),
    )
    if not {"Y", "m", "d"} <= fields.keys():
        return time
    year = int(fields["Y"])
    # Hours and days are added to it later, for which the calendar has no room at its ends.
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError(year)
    date = dt.date(year, int(fields["m"]), int(fields["d"]))
    return dt.datetime.combine(date, time) + dt.timedelta(days=midnight)


def _hour(fields: Mapping[str, str]) -> int | None:
    if "H" in fields:
        return int(fields["H"])
    if not {"I", "p"} <= fields.keys():
        return None
    if not 1 <= int(fields["I"]) <= 12:
        raise ValueError(fields["I"])
    return int(fields["I"]) % 12 + (12 if fields["p"][0] in "Pp" else 0)


def _offset(text: str | None) -> dt.tzinfo | None:
    if text is None or text == "Z":
        return dt.UTC if text else None
    hours, minutes = int(text[1:3]), int(text[-2:])
    return dt.timezone((-1 if text[0] == "-" else 1) * dt.timedelta(hours=hours, minutes=minutes))


def write(directive: str, moment: dt.datetime) -> str:
    """One directive of a moment that has an offset."""
    if directive in {"s", "Q"}:
        milliseconds = (moment - EPOCH) // _MILLISECOND
        return str(milliseconds if directive == "Q" else milliseconds // 1000)
    if directive == "f":
        return f"{moment.microsecond // 1000:03d}"
    if directive == "p":
        # What strftime writes depends on the language of the machine.
        return "AM" if moment.hour < 12 else "PM"
    text = moment.strftime(f"%{directive.lstrip('-')}")
    return str(int(text)) if directive.startswith("-") else text
