r"""Bytes that a text spells out one by one: hex pairs, bits, escapes, entities, code points.

Belongs here: reading such spellings back. Does not belong here: encodings of several bytes at once
(`encodings`), numbers that are numbers (`text`, `numbers`).
"""

import binascii
import quopri
import re
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from footfall_dagster.privacy.search.stretches import Alphabet, Stretches

# Each begins with a set of characters, which is what a search for it is quick by; what may not
# stand before it is said after that character.
_FIRST = rb"(?:(?<=0)[xX][0-9a-fA-F])?[0-9a-fA-F](?:[0-9a-fA-F]{2}(?:[0-9a-fA-F]{4})?)?"
_GROUP = rb"(?:0[xX])?(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{4}|[0-9a-fA-F]{2})"
_GROUPS = re.compile(
    rb"[0-9a-fA-F](?<![0-9A-Za-z.].)" + _FIRST + rb"(?:[ \t,:;|'\"-]{1,3}" + _GROUP + rb"){4,}"
    rb"(?![0-9A-Za-z.])"
)
_WORD = re.compile(
    rb"[0-9a-fA-F](?<![\w.#:-].)(?:(?<=0)[xX][0-9a-fA-F])?[0-9a-fA-F]{1,22}(?![\w.:-])"
)
_BITS = re.compile(rb"[01]{8}(?:[ ,\n]?[01]{8}){11,}")
_LEAST = 24
_ESCAPES: tuple[tuple[bytes, "re.Pattern[bytes]", int], ...] = (
    (b"\\", re.compile(rb"\\{1,4}([0-3][0-7]{2})"), 8),
    (b"\\u00", re.compile(rb"\\{1,4}u00([0-9a-fA-F]{2})"), 16),
    (b"&#", re.compile(rb"&#(\d{1,3});"), 10),
    (b"&#x", re.compile(rb"&#[xX]([0-9a-fA-F]{1,2});"), 16),
)
_UUENCODED = re.compile(rb"\n([!-M])([ -`]{4,61})(?=\r?\n)")
_QUOTED = re.compile(rb"=(?:[0-9A-F]{2}|\r?\n)")


def runs(shown: Stretches) -> Iterator[bytes]:
    """Bytes of each run of hex groups; without a letter they are taken for plain figures."""
    for match in shown.matches(_GROUPS, Alphabet.HEX_GROUPS, 14):
        digits = re.sub(rb"0[xX]|[^0-9a-fA-F]", b"", match[0])
        if re.search(rb"[a-fA-F]", digits) and len(digits) % 2 == 0:
            yield bytes.fromhex(digits.decode())


def words(text: bytes, take: Callable[[int, bytes], None]) -> None:
    """Tell `take` of each short hexadecimal number that stands by itself, and where it begins."""
    for match in _WORD.finditer(text):
        word = re.sub(b"^0x", b"", match[0].lower())
        if len(word) % 2 == 0:
            take(match.start(), word)


def whole(shown: Stretches) -> Iterator[tuple[str, bytes]]:
    """The bytes that all of a text, or lines of it, stand for; and how they were spelled."""
    text = shown.text
    for match in shown.matches(_BITS, Alphabet.BITS, 96):
        bits = np.frombuffer(re.sub(rb"[^01]", b"", match[0]), dtype=np.uint8) - 48
        yield "bits", np.packbits(bits).tobytes()
    for mark, escape, base in _ESCAPES:
        if text.count(mark) >= _LEAST and len(escape.findall(text)) >= _LEAST:
            yield "escapes", escape.sub(partial(_byte, base=base), text)
    if text.count(b"=") >= _LEAST and len(_QUOTED.findall(text)) >= _LEAST:
        yield "quoted printable", quopri.decodestring(text)
    if lines := [line for line in _UUENCODED.finditer(b"\n" + text + b"\n") if _is_uuencoded(line)]:
        decoded = b"".join(_unuuencoded(line[1] + line[2]) for line in lines)
        if len(lines) >= 3:
            yield "uuencoded lines", decoded
    if not text.isascii():
        yield from _code_points(text)


def _byte(escape: "re.Match[bytes]", base: int) -> bytes:
    return bytes([min(255, int(escape[1], base))])


def _is_uuencoded(line: "re.Match[bytes]") -> bool:
    held = line[1][0] - 32
    return len(line[2]) - (held + 2) // 3 * 4 in {0, 1}


def _unuuencoded(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        return b""


def _code_points(text: bytes) -> Iterator[tuple[str, bytes]]:
    """Letters of one block of 256, each for a byte; a language has fewer, or more blocks."""
    points = np.frombuffer(text.decode(errors="ignore").encode("utf-32-le"), dtype=np.uint32)
    beyond = points[points >= 0x80]
    if beyond.size < 64 or beyond.size < 0.1 * points.size:
        return
    common = int(np.bincount(np.minimum(beyond >> 8, 0x2000)).argmax())
    base = common << 8 if common else 0
    chosen = points[points < 0x100] if not common else beyond
    for least in {base, int(chosen.min())}:
        inside = chosen[(chosen >= least) & (chosen < least + 256)]
        if inside.size >= 0.9 * chosen.size and len(np.unique(inside)) >= _LEAST:
            yield "code points", (inside - least).astype(np.uint8).tobytes()
