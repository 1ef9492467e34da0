"""How recorders name their files: patterns of the site file as regular expressions.

Belongs here: which names a camera's files may have, and which of them may be stored. Does not
belong here: finding files or reading their clocks (`vision.exports.folder`).
"""

import datetime as dt
import re
from collections.abc import Collection

from vision.site.models import Camera

_DIRECTIVES = {
    "Y": r"(?P<Y>\d{4})",
    "m": r"(?P<m>\d{2})",
    "d": r"(?P<d>\d{2})",
    "H": r"(?P<H>\d{2})",
    "M": r"(?P<M>\d{2})",
    "S": r"(?P<S>\d{2})",
    "f": r"(?P<f>\d{1,6})",
}
_ANY = "[^/]*"
_PLAIN = r"[A-Za-z0-9 ._,@\[\]()=+-]{0,24}"
"""What may stand for a * in a stored name: a serial number, a channel, no more."""


def name_pattern(exports: str) -> re.Pattern[str]:
    """The regular expression of an `exports` pattern: strftime directives, and * for any text.

    Raises:
        ValueError: A directive other than %Y %m %d %H %M %S %f.
    """
    return _pattern(exports, _ANY)


def stored_names(camera: Camera) -> re.Pattern[str]:
    """What a name of a file of `camera` must match to be stored."""
    listed = camera.exports.rpartition("/")[0]
    beside = [re.escape(f"{listed}/{name}" if listed else name) for name in camera.clock.starts]
    return re.compile("|".join([_pattern(camera.exports, _PLAIN).pattern, *beside]))


def prefixes(exports: str, dates: Collection[dt.date] | None = None) -> list[str]:
    """What the names of the files of an `exports` pattern begin with; none of them in another.

    Args:
        exports: The pattern.
        dates: Where the pattern begins with a date, only names with one of these are meant.
    """
    certain = exports.partition("*")[0]
    if dates is None:
        return [certain.partition("%")[0]]
    dated = re.match(r"(?:[^%]|%[Ymd])*", certain)
    text = dated.group() if dated else ""
    return sorted({date.strftime(text) for date in dates}) if "%" in text else [text]


def depth(exports: str) -> int:
    """How many folders below the root the files of an `exports` pattern lie."""
    return exports.count("/")


def _pattern(exports: str, anything: str) -> re.Pattern[str]:
    parts = []
    seen: set[str] = set()
    for literal, directive in re.findall(r"([^%]+)|%(.)", exports):
        if literal:
            parts.append(re.escape(literal).replace(r"\*", anything))
        elif directive not in _DIRECTIVES:
            raise ValueError(f"unknown directive %{directive}; use %Y %m %d %H %M %S %f")
        elif directive in seen:
            parts.append(f"(?P={directive})")
        else:
            seen.add(directive)
            parts.append(_DIRECTIVES[directive])
    return re.compile("".join(parts))
