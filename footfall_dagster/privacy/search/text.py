r"""Vectors and pictures written as text: encoded, as rows of numbers, spread over lines.

Belongs here: the order of the looks at a text, and numbers in it, without parsing its form; so
JSON, logs, SQL, CSV and pages of HTML are all looked at alike, however deep or broken. Does not
belong here: what decoded bytes hold (`content`), runs of base64 and its like (`encoded`), bytes
spelled out one by one (`spelled`), drawings (`drawings`).

What is spread over lines, rows of a table or fields of a form comes together again in `streams`.
"""

import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

import numpy as np

from footfall_dagster.privacy.search import encoded, glimpse, raw_bytes, spelled
from footfall_dagster.privacy.search.account import Account
from footfall_dagster.privacy.search.numbers import LEAST, judge
from footfall_dagster.privacy.search.streams import (
    ENCODED,
    HIDDEN,
    NUMBER,
    SHORT_ROWS,
    Streams,
    masked,
    take_numbers,
)
from footfall_dagster.privacy.search.stretches import Alphabet, Stretches

Examine = Callable[[bytes, str], None]

_HEX = re.compile(
    rb"(?<![0-9a-zA-Z])(?:\\?\\?[xX])?((?:[0-9a-f]{24,}|[0-9A-F]{24,}))(?![0-9a-zA-Z])"
)
# Atomic, since backslashes may as well be what lies between: that would be tried in every way.
_ESCAPED = re.compile(rb"(?>[ -~]{0,30}?\\{1,8}x[0-9a-fA-F]{2}){24,}[ -~]{0,30}")
_ROW = re.compile(
    rb"(?<![\w.#-])" + NUMBER + rb"(?:(?:[\s,;:|\[\](){}/'\"\\n%]|&#){1,12}" + NUMBER + rb"){15,}"
)
_COMMAS = re.compile(rb"[-+]?\d{1,9},\d+(?:[;\s|]{1,4}[-+]?\d{1,9},\d+){15,}")
_COMMA, _LEAST_COMMAS = re.compile(rb",\d(?<=\d,\d)"), 16
_HEX_FLOAT = re.compile(rb"[-+]?0[xX][01]\.[0-9a-fA-F]{1,13}[pP][-+]?\d{1,4}")
_HUGE = re.compile(rb"\d(?<![\w.].)\d{16,}(?![\w.])")
_LONGEST_INTEGER = 60
_WIDTHLESS = re.compile(
    rb"(?:\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf|\xef\xb8[\x80-\x8f]"
    rb"|\xf3\xa0[\x80-\x87][\x80-\xbf]|\\u200[b-f]|\\u206[0-4]|\\ufeff|&#82(?:03|04|05);)"
)
_BLANKS = re.compile(rb"(?=[ \t]*\t )(?=[ \t]* \t)[ \t]{32,}")
_OTHER_DIGITS = re.compile(rb"[\xd9-\xe1\xea\xef\xf0]|\xe2\x88\x92")
_LINE_END = re.compile(rb"[ \t]+(?=\n)")


def look(text: bytes, place: str, streams: Streams, account: Account, examine: Examine) -> None:
    """Look at one text; what is spread over several waits in `streams` for `close`."""
    streams.widthless += sum(1 for _ in _WIDTHLESS.finditer(text)) if _may_hide(text) else 0
    if (b"\t " in text and b" \t" in text and _BLANKS.search(text)) or _ends_in_blanks(text):
        account.find(place, HIDDEN, 0.4)
    text = _with_plain_digits(text)
    shown = Stretches(text)
    for how, content in spelled.whole(shown):
        if len(content) >= 64 and not content.isascii():
            examine(content, f"{place} > {how}")
    _take_huge(shown, place, account)
    shown = shown.after(_take_rows(shown, place, streams, account))
    shown = shown.after(_take_hex(shown, place, streams, examine))
    for content in spelled.runs(shown):
        streams.hold("spelled bytes", b"", content)
    shown = shown.after(_take_escaped(shown.text, place, examine))
    shown = shown.after(encoded.take_base64(shown, place, streams, account, examine))
    rest = shown.text
    encoded.hold_short_base64(shown, streams)
    encoded.take_dense(shown, place, account, examine)
    spelled.words(rest, lambda at, word: _hold_word(rest, at, word, streams))
    take_numbers(rest, streams)


def judge_interleaved(row: "np.typing.NDArray[np.float64]") -> tuple[str, float] | None:
    """The verdict on a row of numbers, or on every second or third of them."""
    for count in (1, 2, 3):
        for phase in range(count):
            if verdict := judge(row[phase::count]):
                return verdict
    return None


def _ends_in_blanks(text: bytes) -> bool:
    """Whether many lines end in blanks, now in one and now in more."""
    if b" \n" not in text and b"\t\n" not in text:
        return False
    ends = [len(match[0]) for match in _LINE_END.finditer(text)]
    return (
        len(ends) >= 64 and len(set(ends)) > 1 and max(map(ends.count, set(ends))) < 0.9 * len(ends)
    )


def _may_hide(text: bytes) -> bool:
    return b"\xe2" in text or b"\xef" in text or b"\xf3" in text or b"\\u" in text or b"&#8" in text


def _take_rows(shown: Stretches, place: str, streams: Streams, account: Account) -> bytes:
    def take(match: re.Match[bytes]) -> bytes:
        row = [float(one) for one in re.findall(NUMBER, match[0])[:100_000]]
        if len(row) < LEAST:
            streams.numbers[SHORT_ROWS].extend(row)
        elif verdict := judge_interleaved(np.array(row)):
            account.find(place, *verdict)
        else:
            _judge_levels(np.array(row), place, account)
        return b" "

    def take_commas(match: re.Match[bytes]) -> bytes:
        row = [float(one.replace(b",", b".")) for one in re.findall(rb"[-+]?\d+,\d+", match[0])]
        if verdict := judge(np.array(row[:100_000])):
            account.find(place, *verdict)
        return match[0]

    text = shown.text
    if (b"0x1." in text or b"0X1." in text) and (floats := _HEX_FLOAT.findall(text)):
        row = [float.fromhex(one.decode()) for one in floats[:100_000]]
        if verdict := judge(np.array(row)):
            account.find(place, *verdict)
    if len(_COMMA.findall(text)) >= _LEAST_COMMAS:
        _COMMAS.sub(take_commas, text)
    return shown.sub(_ROW, take, Alphabet.NUMBERS, 31)


def _judge_levels(row: "np.typing.NDArray[np.float64]", place: str, account: Account) -> None:
    """Whole numbers that are bytes: of a picture, of floats, of pixels."""
    if row.size < 96 or row.min() < -128 or row.max() > 255 or (row % 1).any():
        return
    for kind, sure in glimpse.held((row % 256).astype(np.uint8).tobytes()).items():
        account.find(place, kind, sure)


def _with_plain_digits(text: bytes) -> bytes:
    """The text with digits and signs of other scripts as those of ASCII."""
    if text.isascii() or not _OTHER_DIGITS.search(text):
        return text
    shown = unicodedata.normalize("NFKC", text.decode(errors="replace"))
    signs = {0x2212: "-", 0x066B: ".", 0x060C: ","}
    odd = {ord(one): str(unicodedata.decimal(one)) for one in set(shown) if one.isdecimal()}
    return shown.translate(signs | odd).encode(errors="replace")


def _hold_word(text: bytes, at: int, word: bytes, streams: Streams) -> None:
    streams.hold("hex words", b"%d %s" % (len(word), masked(text, at)), word)


def _take_huge(shown: Stretches, place: str, account: Account) -> None:
    """Integers with more digits than anything has that is counted."""
    tokens = [match[0] for match in shown.matches(_HUGE, Alphabet.DIGITS, 17)]
    if any(len(token) >= _LONGEST_INTEGER and len(set(token)) > 4 for token in tokens):
        account.find(place, ENCODED, 0.6)
    if sum(map(len, tokens)) < 300:
        return
    # Beyond 64 bits nothing is counted either, and time in nanoseconds always begins alike.
    orders: tuple[Literal["big", "little"], ...] = ("big", "little")
    for order in orders:
        pooled = b"".join(
            int(token).to_bytes(8 if int(token) < 2**64 else 25, order)
            for token in tokens
            if len(token) < _LONGEST_INTEGER
        )
        for kind, sure in raw_bytes.look(pooled, sealed=False, only_floats=True).items():
            account.find(place, kind, sure)


def _take_hex(shown: Stretches, place: str, streams: Streams, examine: Examine) -> bytes:
    def take(match: re.Match[bytes]) -> bytes:
        token = match[1].lower()
        if len(token) > 128:
            examine(bytes.fromhex(token[: len(token) // 2 * 2].decode()), f"{place} > hex")
        else:
            streams.hold("hex", masked(shown.text, match.start()), token)
        return b" "

    return shown.sub(_HEX, take, Alphabet.ALPHANUMERIC, 24, before=3)


def _take_escaped(text: bytes, place: str, examine: Examine) -> bytes:
    """Bytes as Python and SQL print them, the unprintable ones escaped."""
    if text.count(b"\\x") < 24:
        return text

    def take(match: re.Match[bytes]) -> bytes:
        printed = match[0]
        for _ in range(3):
            printed = printed.replace(b"\\\\", b"\\") if b"\\\\x" in printed else printed
        with suppress(UnicodeDecodeError):
            bare = printed.strip(b"\\").decode("unicode_escape").encode("latin-1", "replace")
            examine(bare, f"{place} > escaped bytes")
        return b" "

    return _ESCAPED.sub(take, text)
