"""Bytes without a reader: what stands in unused space, in logs of a database.

Belongs here: telling remains of plain text from pictures, vectors and encoded text. Does not belong
here: where such space is (`sqlite_pages`).
"""

import base64
import binascii
import re

from footfall_dagster.privacy.text import trouble

_CONTAINER = re.compile(
    rb"\xff\xd8\xff[\xc0-\xfe]|\x89PNG\r\n|GIF8[79]a|RIFF....WEBP|ftypavi[fs]|\x93NUMPY|PK\x03\x04"
    rb"|\x1f\x8b\x08[\x00-\x1f]|ARROW1\0\0|PAR1.|\x80[\x02-\x05](?:\x95|c|}|\])|__metadata__",
    re.DOTALL,
)
_TEXT = re.compile(rb"[\x09\x0a\x0d\x20-\x7e]{24,}")
_BASE64 = re.compile(
    r"[A-Za-z0-9+/]{120,}={0,2}|^[A-Za-z0-9+/]{16,}={0,2}|[A-Za-z0-9+/]{16,}={0,2}$"
)
"""A drawing, or what is left of one at either end."""
_KNOWN = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\d")
_HASH = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{32,44}|[0-9a-f]{64,72})(?![0-9a-f])")
"""A hash, and what of the words around it looks as if it belonged to it."""
_CUT = re.compile(r"^[0-9a-f-]{1,80}(?![0-9a-f-])|(?<![0-9a-f-])[0-9a-f-]{1,80}$")
"""What is left of an id or a hash at either end."""
_LAST = re.compile(r"[A-Z]?[!-~]{1,4} ?$")
"""The number of a row, which may look like text, or a word that was cut behind its capital."""
_SEAM = re.compile(
    r"(?<=[a-z])(?=[A-Z]{5,24}(?![A-Za-z0-9]))|(?<=\d)[A-Z]?(?=[a-z]{5,24}(?![A-Za-z0-9]))"
)
"""Where a word meets the next, or its own length, which may look like a letter."""
_LEAST_DENSE = 256
_MANY = 10**6


def raw_trouble(content: bytes) -> str | None:
    """What kind of thing `content` may hold that no reader shows, or None.

    Remains of rows that Dagster deleted are plain text and stay unmentioned; where SQLite was told
    to overwrite them, there are none.
    """
    if _CONTAINER.search(content):
        return "picture or archive"
    rest = _TEXT.sub(b"", content)
    if _is_dense(rest):
        return "bytes"
    for run in _TEXT.findall(content):
        # Text that was cut anywhere: only what is encoded, or a row of figures, tells.
        text = _apart(_BASE64.sub(_drawn, run.decode("ascii")))
        for start in range(0, len(text), 10_000):
            if kind := trouble(text[start : start + 10_200], hashes=_MANY):
                return kind
    return None


def _is_dense(rest: bytes) -> bool:
    """Whether a stretch of `rest` is nearly without zeros, as pixels and floats are."""
    for start in range(0, max(1, len(rest) - _LEAST_DENSE + 1), _LEAST_DENSE // 2):
        window = rest[start : start + _LEAST_DENSE]
        if len(window) == _LEAST_DENSE and window.count(0) < 16 and len(set(window)) > 96:
            return True
    return False


def _apart(text: str) -> str:
    """Text of rows with spaces between its columns, and without ids and hashes, whole or cut.

    SQLite writes the columns of a row one after the other with nothing between them, and leaves of
    a row that it moves what nothing was written over.
    """
    for known in (_KNOWN, _HASH, _CUT, _LAST, _SEAM):
        text = known.sub(" ", text)
    return text


def _drawn(run: re.Match[str]) -> str:
    """Nothing in place of base64 that spells plain text, which is how plots are kept."""
    for skipped in range(4):
        part = run[0][skipped:].rstrip("=")
        part = part[: len(part) // 4 * 4]
        try:
            spelt = base64.b64decode(part, validate=True)
        except binascii.Error:
            continue
        if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in spelt):
            return " "
    return run[0]
