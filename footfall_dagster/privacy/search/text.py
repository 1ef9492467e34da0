r"""Vectors and pictures written as text: encoded, as rows of numbers, spread over lines.

Belongs here: finding encoded runs and numbers in text of any form, without parsing the form; so
JSON, logs, SQL, CSV and pages of HTML are all looked at alike, however deep or broken. Does not
belong here: what decoded bytes hold (`content`), drawings (`drawings`).

A number or a token is known by the few characters before it, their digits and encoded tokens
masked: so what is spread over lines, rows of a table or fields of a form comes together again.
"""

import base64
import binascii
import re
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from footfall_dagster.privacy.search import encodings, raw_bytes
from footfall_dagster.privacy.search.account import Account
from footfall_dagster.privacy.search.numbers import LEAST, judge

Examine = Callable[[bytes, str], None]
ENCODED, HIDDEN = "encoded text", "characters without width"

_BREAK = rb"(?:\\[nr]|[\r\n\t ]|\\\\n)"
_HEX = re.compile(
    rb"(?<![0-9a-zA-Z])(?:\\?\\?[xX])?((?:[0-9a-f]{24,}|[0-9A-F]{24,}))(?![0-9a-zA-Z])"
)
_BASE64 = re.compile(rb"(?<![A-Za-z0-9+/_-])((?:[A-Za-z0-9+/_-]{24,}={0,2}" + _BREAK + rb"{0,3})+)")
_ESCAPED = re.compile(rb"(?:[ -~]{0,30}?\\{1,8}x[0-9a-fA-F]{2}){24,}[ -~]{0,30}")
_DENSE = re.compile(rb"[!-~]{80,}")
_WRAP = re.compile(rb"\n(?<=[!-~]{60}\n)(?=[!-~]{20})")
_NUMBER = rb"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?"
_ROW = re.compile(
    rb"(?<![\w.#-])" + _NUMBER + rb"(?:[\s,;:|\[\](){}/'\"\\n]{1,12}" + _NUMBER + rb"){15,}"
)
_ONE = re.compile(
    rb"(?<![\w.#])(?<!\d:)(?<!\d-)[-+]?(?:\d{1,12}\.\d+(?:[eE][-+]?\d{1,3})?|\d{1,10}(?![\w.:-]))"
)
_WIDTHLESS = re.compile(
    rb"(?:\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf|\xef\xb8[\x80-\x8f]"
    rb"|\xf3\xa0[\x80-\x87][\x80-\xbf]|\\u200[b-f]|\\u206[0-4]|\\ufeff|&#82(?:03|04|05);)"
)
_BLANKS = re.compile(rb"(?=[ \t]*\t )(?=[ \t]* \t)[ \t]{32,}")
_DIGITS = re.compile(rb"\d+(?:\.\d+)?")
_LONG = re.compile(rb"(?=[^\s]*\d)[0-9a-zA-Z+/=]{12,}")
_SHORT_ROWS = b"short rows"
_CONTEXT = 36
_MOST_TOKENS = 60_000
_DIGESTS = frozenset({32, 40, 56, 64})


@dataclass
class Streams:
    """Numbers and encoded tokens by what stands before them, over all texts of one place."""

    numbers: dict[bytes, list[float]] = field(default_factory=lambda: defaultdict(list))
    tokens: dict[tuple[str, bytes], list[bytes]] = field(default_factory=lambda: defaultdict(list))
    widthless: int = 0


def look(text: bytes, place: str, streams: Streams, account: Account, examine: Examine) -> None:
    """Look at one text; what is spread over several waits in `streams` for `close`."""
    streams.widthless += sum(1 for _ in _WIDTHLESS.finditer(text)) if _may_hide(text) else 0
    if _BLANKS.search(text):
        account.find(place, HIDDEN, 0.4)
    rest = _take_rows(text, place, streams, account)
    rest = _take_hex(rest, place, streams, examine)
    rest = _take_escaped(rest, place, examine)
    rest = _take_base64(rest, place, streams, account, examine)
    _take_dense(rest, place, account, examine)
    _take_numbers(rest, streams)


def close(place: str, streams: Streams, account: Account, examine: Examine) -> None:
    """Judge what came together over all texts of a place."""
    if streams.widthless >= 32:
        account.find(place, HIDDEN, 0.8)
    for stream in streams.numbers.values():
        if len(stream) >= LEAST and (verdict := judge(np.array(stream))):
            account.find(f"{place} > numbers with the same words before them", *verdict)
    for (kind, _), tokens in streams.tokens.items():
        together = b"".join(dict.fromkeys(tokens))
        place_of = f"{place} > {kind} with the same words before it"
        if kind == "hex":
            _judge_digests(dict.fromkeys(tokens), place_of, account, examine)
        elif len(tokens) > 1 and (decoded := encodings.unbase64(together)):
            examine(decoded, place_of)


def judge_interleaved(row: "np.typing.NDArray[np.float64]") -> tuple[str, float] | None:
    """The verdict on a row of numbers, or on every second or third of them."""
    for count in (1, 2, 3):
        for phase in range(count):
            if verdict := judge(row[phase::count]):
                return verdict
    return None


def _may_hide(text: bytes) -> bool:
    return b"\xe2" in text or b"\xef" in text or b"\xf3" in text or b"\\u" in text or b"&#8" in text


def _take_rows(text: bytes, place: str, streams: Streams, account: Account) -> bytes:
    def take(match: re.Match[bytes]) -> bytes:
        row = [float(one) for one in re.findall(_NUMBER, match[0])[:100_000]]
        if len(row) < LEAST:
            streams.numbers[_SHORT_ROWS].extend(row)
        elif verdict := judge_interleaved(np.array(row)):
            account.find(place, *verdict)
        return b" "

    return _ROW.sub(take, text)


def _take_hex(text: bytes, place: str, streams: Streams, examine: Examine) -> bytes:
    def take(match: re.Match[bytes]) -> bytes:
        token = match[1].lower()
        if len(token) > 128:
            examine(bytes.fromhex(token[: len(token) // 2 * 2].decode()), f"{place} > hex")
        else:
            before = _masked(text, match.start())
            held = streams.tokens[("hex", before)]
            if len(held) < _MOST_TOKENS:
                held.append(token)
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
            return match[0]
        if len(token) >= 120 and _decode_base64(token, place, account, examine):
            return b" "
        held = streams.tokens[("base64", _masked(text, match.start()))]
        if len(held) < _MOST_TOKENS:
            held.append(token)
        return b" "

    return _BASE64.sub(take, text)


def _decode_base64(token: bytes, place: str, account: Account, examine: Examine) -> bool:
    """Examine what a run decodes to; its first characters may be missing. Whether it is text."""
    decoded = [encodings.unbase64(token[skip:]) for skip in range(4)]
    texts = [one for one in decoded if one and encodings.is_mostly_text(one)]
    for one in texts[:1] or decoded[:1]:
        if one:
            examine(one, f"{place} > base64")
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
        counts = np.bincount(np.frombuffer(run, dtype=np.uint8), minlength=128)
        used = counts[counts > 0] / len(run)
        entropy = float(-(used * np.log2(used)).sum())
        if entropy < min(5.7, 0.84 * np.log2(len(run))) or (counts > 0).sum() < 45:
            continue
        for decode in (encodings.base85, encodings.ascii85):
            for body in (run, _unprefixed(match[0])):
                if decoded := decode(body):
                    examine(decoded, f"{place} > base85")
        account.find(place, ENCODED, 0.5)


def _unprefixed(run: bytes) -> bytes:
    return run[1:].rstrip(b"'\",;)")


def _take_numbers(text: bytes, streams: Streams) -> None:
    for match in _ONE.finditer(text):
        key = _masked(text, match.start())
        held = streams.numbers[key]
        if len(held) < _MOST_TOKENS:
            held.append(float(match[0]))


def _masked(text: bytes, at: int) -> bytes:
    """The characters before a token, digits masked."""
    before = _LONG.sub(b"#", text[max(0, at - _CONTEXT) : at])
    return _DIGITS.sub(b"#", before)[-12:]


def _judge_digests(
    tokens: dict[bytes, None], place: str, account: Account, examine: Examine
) -> None:
    """Hashes are even over all their bytes; vectors cut to their length are not."""
    pooled = bytearray()
    for token in tokens:
        if len(token) == 32 and token[12:13] == b"4" and token[16:17] in b"89ab":
            token = token[:12] + token[13:16] + token[17:]  # noqa: PLW2901 - version and variant of a UUID
        pooled += bytes.fromhex(token[: len(token) // 2 * 2].decode())
    if len(pooled) >= 120 and (
        _uneven(bytes(pooled)) or raw_bytes.look(bytes(pooled), sealed=False)
    ):
        account.find(place, ENCODED, 0.7)
    if any(len(token) not in _DIGESTS for token in tokens) and len(pooled) >= 96:
        examine(bytes(pooled), place)


def _uneven(content: bytes) -> bool:
    """Whether the values of bytes are spread less evenly than a hash could ever be."""
    nibbles = np.bincount(np.frombuffer(content, dtype=np.uint8) >> 4, minlength=16)
    expected = len(content) / 16
    return float(((nibbles - expected) ** 2 / expected).sum()) > 75
