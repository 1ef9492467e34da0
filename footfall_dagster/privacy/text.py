"""What text may be, wherever the wall lets text stand: words, names, a few figures.

Belongs here: telling plain text from bytes that were made to look like text, and from vectors that
were written out. Does not belong here: where text stands (`metadata`, `event_log`, `closed_list`).
"""

import base64
import binascii
import re
import zlib

_MOST_INFLATED = 2**26
_MANY = 10**9
LONGEST = 20_000
"""Characters of one text: the stack of an exception, the rules that a mart breaks."""

_ROW = re.compile(
    r"(?:(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?:[\s,;|:/]|\\[nt])*[\s,;|:/][\s\[\]()]*){8,}"
)
"""Eight figures or more with nothing but separators between them."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f]")
_UNBROKEN = re.compile(r"\S{25,}")
_ATOM = re.compile(r"[A-Za-z0-9]+")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HASH = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?![0-9A-Za-z])")
_STAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?")
_WORD = re.compile(
    r"[A-Z]*[a-z]{1,24}(?:[A-Z]+[a-z]{1,24}){0,7}\d{0,4}|[A-Z]{1,24}|\d{1,19}|\w{1,3}"
)
_HEXLIKE = re.compile(r"(?<![\w.])(?=\w*\d)(?=\w*[A-Za-z])\w{6,}(?![\w.])")
_FRACTION = re.compile(r"\d\.\d{2,}")
_MOST_MIXED, _MOST_FRACTIONS = 6, 16
_NEGATIVE = re.compile(r"(?<![\w.])-\d+\.\d")
_MOST_TOGETHER = 24
_ODD = frozenset("!#$%&*+;?@^`|~")


def trouble(text: str, *, longest: int = LONGEST, hashes: int = 0) -> str | None:
    """What kind of thing `text` may hide, or None where it is plain.

    Args:
        text: Of a log line, a message, a description, a name.
        longest: Most characters.
        hashes: How many hashes may stand in it: 32, 40 or 64 hexadecimal digits.
    """
    if len(text) > longest:
        return "long text"
    if _CONTROL.search(text):
        return "bytes"
    if _ROW.search(text) or len(_FRACTION.findall(text)) > _MOST_FRACTIONS:
        return "row of figures"
    rest = _STAMP.sub(" ", _UUID.sub(" ", text))
    known = len(_HASH.findall(rest))
    rest = _HASH.sub(" ", rest)
    # Wrapped or spaced out, encoded bytes are many short words that mix letters and digits.
    strange = {word for word in _HEXLIKE.findall(rest) if not _is_name(word)}
    encoded = any(_is_encoded(run) for run in _UNBROKEN.findall(rest))
    return "encoded text" if encoded or known > hashes or len(strange) > _MOST_MIXED else None


def _is_encoded(run: str) -> bool:
    """Whether a run without a space is anything but words, names and paths."""
    if sum(letter in _ODD for letter in run) > 3 and len(run) > 3 * len(set(run)) // 4 > 12:
        return True
    atoms = _ATOM.findall(run)
    strange = [atom for atom in atoms if len(atom) > 3 and not _is_word(atom)]
    return any(len(atom) > 8 for atom in strange) or len(strange) > 2 or not atoms


def _is_word(atom: str) -> bool:
    return _WORD.fullmatch(atom) is not None and len(atom) <= 60


def _is_name(word: str) -> bool:
    """Whether `word` is an identifier such as `gate_counts_15min` or `cam2`."""
    parts = [part for part in word.split("_") if part]
    return all(_is_word(part) or re.fullmatch(r"\d{1,4}[a-z]{1,5}", part) for part in parts)


def mixed(text: str) -> set[str]:
    """Words of `text` that mix letters and digits and are no names, hashes or times."""
    rest = _HASH.sub(" ", _STAMP.sub(" ", _UUID.sub(" ", text)))
    return {word for word in _HEXLIKE.findall(rest) if not _is_name(word)}


class Together:
    """Texts of one thing: what each of them may have a few of, all of them may not have many of."""

    def __init__(self, most: int = 2 * _MOST_MIXED) -> None:
        self._most = most
        self._words: set[str] = set()
        self._fractions = self._negative = 0

    def trouble(self, text: str, *, most_fractions: int = _MOST_TOGETHER) -> str | None:
        """What kind of thing `text` is part of, with the texts before it."""
        self._words |= mixed(text)
        self._fractions += len(_FRACTION.findall(text))
        self._negative += len(_NEGATIVE.findall(text))
        if len(self._words) > self._most:
            return "encoded text"
        many = self._fractions > most_fractions or self._negative > _MOST_TOGETHER
        return "row of figures" if many else None


_FIGURE = re.compile(r"\s*[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")
_LETTERS = re.compile(r"[A-Za-z]{2,}")
_MOST_ALIKE, _MOST_FRACTIONS_ALIKE = 120, 24


class Lines:
    """Lines that came one by one: a vector can be told a component a line."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}
        self._together = Together(4 * _MOST_MIXED)

    def trouble(self, line: str) -> str | None:
        """What kind of thing `line` is part of, with the lines before it."""
        if not _FIGURE.search(line):
            return None
        if kind := self._together.trouble(line, most_fractions=_MANY):
            return kind
        shape = _FIGURE.sub("0", line)
        self._seen[shape] = self._seen.get(shape, 0) + 1
        bare = len(_LETTERS.findall(shape)) < 2
        few = bare or _FRACTION.search(line) is not None
        return (
            "row of figures"
            if self._seen[shape] > (_MOST_FRACTIONS_ALIKE if few else _MOST_ALIKE)
            else None
        )


def packed(text: str) -> str | None:
    """The text that `text` holds packed, as Dagster packs long cursors, or None."""
    try:
        content = inflated(base64.b64decode(text, validate=True))
        return None if content is None else content.decode()
    except (binascii.Error, ValueError):
        return None


def inflated(content: bytes) -> bytes | None:
    """What was packed with zlib, if nothing follows it."""
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(content, _MOST_INFLATED)
    except zlib.error:
        return None
    return unpacked if unpacker.eof and not unpacker.unused_data else None
