r"""Vectors and pictures written as text: encoded, as rows of numbers, spread over lines.

Belongs here: finding encoded runs and numbers in text of any form, without parsing the form; so
JSON, logs, SQL, CSV and pages of HTML are all looked at alike, however deep or broken. Does not
belong here: what decoded bytes hold (`content`), bytes spelled out one by one (`spelled`), drawings
(`drawings`).

What is spread over lines, rows of a table or fields of a form comes together again in `streams`.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

import numpy as np

from footfall_dagster.privacy.search import encodings, glimpse, raw_bytes, spelled
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

Examine = Callable[[bytes, str], None]

_BREAK = rb"(?:\\[nr]|[\r\n\t ]|\\\\n)"
_HEX = re.compile(
    rb"(?<![0-9a-zA-Z])(?:\\?\\?[xX])?((?:[0-9a-f]{24,}|[0-9A-F]{24,}))(?![0-9a-zA-Z])"
)
_BASE64 = re.compile(rb"(?<![A-Za-z0-9+/_-])((?:[A-Za-z0-9+/_-]{24,}={0,2}" + _BREAK + rb"{0,3})+)")
_SHORT_BASE64 = re.compile(
    rb"(?<![A-Za-z0-9+/_-])(?=[A-Za-z]*(?:[a-z][_-][a-z]*)?[0-9+/]|[a-z]+[A-Z]|[A-Z]+[a-z]+[A-Z])"
    rb"[A-Za-z0-9+/_-]{8,23}={0,2}(?![A-Za-z0-9+/_-])"
)
_ESCAPED = re.compile(rb"(?:[ -~]{0,30}?\\{1,8}x[0-9a-fA-F]{2}){24,}[ -~]{0,30}")
_DENSE = re.compile(rb"[!-~]{80,}")
_WRAP = re.compile(rb"\n(?<=[!-~]{60}\n)(?=[!-~]{20})")
_ALNUM = re.compile(rb"[0-9A-Za-z]{100,}")
_NAMES = re.compile(rb"[a-z]{4,}|[A-Z]{4,}|[0-9]{4,}")
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
_SIGNS = re.compile(rb"[^0-9A-Za-z+/]*$")
_NAME_IN_FRONT = re.compile(rb"[a-z]{1,20}[_-]")
_LINE_END = re.compile(rb"[ \t]+(?=\n)")
_DIGITS = re.compile(rb"\d+(?:\.\d+)?")


def look(text: bytes, place: str, streams: Streams, account: Account, examine: Examine) -> None:
    """Look at one text; what is spread over several waits in `streams` for `close`."""
    streams.widthless += sum(1 for _ in _WIDTHLESS.finditer(text)) if _may_hide(text) else 0
    if _BLANKS.search(text) or _ends_in_blanks(text):
        account.find(place, HIDDEN, 0.4)
    text = _with_plain_digits(text)
    for how, content in spelled.whole(text):
        if len(content) >= 64 and not content.isascii():
            examine(content, f"{place} > {how}")
    _take_huge(text, place, account)
    rest = _take_rows(text, place, streams, account)
    rest = _take_hex(rest, place, streams, examine)
    for content in spelled.runs(rest):
        streams.hold("spelled bytes", b"", content)
    rest = _take_escaped(rest, place, examine)
    rest = _take_base64(rest, place, streams, account, examine)
    for match in _SHORT_BASE64.finditer(rest):
        before = rest[max(0, match.start() - 3) : match.start()]
        streams.hold("short base64", _kind_of(match[0], before), match[0])
    _take_dense(rest, place, account, examine)
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


def _take_rows(text: bytes, place: str, streams: Streams, account: Account) -> bytes:
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

    if (b"0x1." in text or b"0X1." in text) and (floats := _HEX_FLOAT.findall(text)):
        row = [float.fromhex(one.decode()) for one in floats[:100_000]]
        if verdict := judge(np.array(row)):
            account.find(place, *verdict)
    if len(_COMMA.findall(text)) >= _LEAST_COMMAS:
        _COMMAS.sub(take_commas, text)
    return _ROW.sub(take, text)


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


def _kind_of(token: bytes, before: bytes) -> bytes:
    """By what pieces of one thing are known: their length, signs before them, a name in front."""
    signs, name = _SIGNS.search(before), _NAME_IN_FRONT.match(token)
    told = (signs[0] if signs else b"", name[0] if name else b"")
    return b"%d %s %s" % (len(token), *told)


def _hold_word(text: bytes, at: int, word: bytes, streams: Streams) -> None:
    streams.hold("hex words", b"%d %s" % (len(word), masked(text, at)), word)


def _take_huge(text: bytes, place: str, account: Account) -> None:
    """Integers with more digits than anything has that is counted."""
    tokens = _HUGE.findall(text)
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


def _take_hex(text: bytes, place: str, streams: Streams, examine: Examine) -> bytes:
    def take(match: re.Match[bytes]) -> bytes:
        token = match[1].lower()
        if len(token) > 128:
            examine(bytes.fromhex(token[: len(token) // 2 * 2].decode()), f"{place} > hex")
        else:
            streams.hold("hex", masked(text, match.start()), token)
        return b" "

    return _HEX.sub(take, text)


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


def _take_base64(
    text: bytes, place: str, streams: Streams, account: Account, examine: Examine
) -> bytes:
    def take(match: re.Match[bytes]) -> bytes:
        # Nearly all long words are names.
        if not _DIGITS.search(match[1]):
            return match[0]
        lines = re.findall(rb"[A-Za-z0-9+/_-]+={0,2}", re.sub(rb"\\+[nr]", b"\n", match[1]))
        token = b"".join(lines)
        if not encodings.looks_encoded(token):
            if encodings.is_base32(token):
                _decode_base32(token, place, account)
            elif len(token) < 80:
                before = text[max(0, match.start() - 3) : match.start()]
                streams.hold("short base64", _kind_of(token, before), token)
            return match[0]
        if len(token) >= 120 and _decode_base64(token, place, account, examine):
            return b" "
        streams.hold("base64", masked(text, match.start()), token)
        return match[0]

    return _BASE64.sub(take, text)


def _decode_base64(token: bytes, place: str, account: Account, examine: Examine) -> bool:
    """Examine what a run decodes to; its first characters may be missing. Whether it is text."""
    decoded = [encodings.unbase64(token[skip:]) for skip in range(4)]
    texts = [one for one in decoded if one and encodings.is_mostly_text(one)]
    for one in texts[:1] or decoded[:1]:
        if one:
            examine(one, f"{place} > base64")
    if (
        not texts
        and len(token) >= 200
        and not any(one.startswith(glimpse.PACKED) for one in decoded if one)
    ):
        account.find(f"{place} > base64", ENCODED, 0.4)
    if not texts:
        for one in decoded[1:]:
            for kind, sure in raw_bytes.look(one or b"", sealed=False).items():
                account.find(f"{place} > base64", kind, sure)
    return bool(texts)


def _decode_base32(token: bytes, place: str, account: Account) -> None:
    """Judge what a run decodes to; some characters may have been put before it."""
    for skip in range(8):
        body = token[skip : skip + (len(token) - skip) // 8 * 8].upper()
        with suppress(binascii.Error):
            for kind, sure in raw_bytes.look(base64.b32decode(body), sealed=False).items():
                account.find(f"{place} > base32", kind, sure)


def _take_dense(text: bytes, place: str, account: Account, examine: Examine) -> None:
    """Runs of base85 and its like: no blank, no words, all characters alike often."""
    joined = _WRAP.sub(b"", text)
    for match in _DENSE.finditer(joined):
        run = match[0]
        for word in _ALNUM.findall(run):
            digits = sum(one in b"0123456789" for one in word)
            if len(set(word)) > 22 and 0.05 < digits / len(word) < 0.6:
                account.find(place, ENCODED, 0.5)
        counts = np.bincount(np.frombuffer(run, dtype=np.uint8), minlength=128)
        used = counts[counts > 0] / len(run)
        entropy = float(-(used * np.log2(used)).sum())
        bare = entropy > 5.0 and len(run) >= 200 and len(_NAMES.sub(b"", run)) > 0.85 * len(run)
        if entropy < min(5.7, 0.84 * np.log2(len(run))) and not bare:
            continue
        if (counts > 0).sum() < (40 if bare else 45):
            continue
        for decode in (encodings.base85, encodings.ascii85):
            for body in (run, _unprefixed(match[0])):
                if decoded := decode(body):
                    examine(decoded, f"{place} > base85")
        account.find(place, ENCODED, 0.5)


def _unprefixed(run: bytes) -> bytes:
    return run[1:].rstrip(b"'\",;)")
