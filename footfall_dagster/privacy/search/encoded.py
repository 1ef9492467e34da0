"""Runs of base64, base32 and base85 in a text, long ones by themselves and short ones together.

Belongs here: finding such runs, and what becomes of what they hold. Does not belong here: decoding
(`encodings`), hex and numbers (`text`), bytes spelled out one by one (`spelled`).
"""

import base64
import binascii
import re
from collections.abc import Callable
from contextlib import suppress

import numpy as np

from footfall_dagster.privacy.search import encodings, glimpse, raw_bytes
from footfall_dagster.privacy.search.account import Account
from footfall_dagster.privacy.search.streams import ENCODED, Streams, masked
from footfall_dagster.privacy.search.stretches import Alphabet, Stretches

Examine = Callable[[bytes, str], None]

_BREAK = rb"(?:\\[nr]|[\r\n\t ]|\\\\n)"
_BASE64 = re.compile(rb"(?<![A-Za-z0-9+/_-])((?:[A-Za-z0-9+/_-]{24,}={0,2}" + _BREAK + rb"{0,3})+)")
_EMBEDDED, _PLAIN_BASE64 = b";base64,", re.compile(rb"[A-Za-z0-9+/]{400,}={0,2}")
_RUN = re.compile(rb"[A-Za-z0-9+/_-]+={0,2}")
_ESCAPED_BREAK = re.compile(rb"\\+[nr]")
_SHORT_BASE64 = re.compile(
    rb"(?=[A-Za-z]*(?:[a-z][_-][a-z]*)?[0-9+/]|[a-z]+[A-Z]|[A-Z]+[a-z]+[A-Z])[A-Za-z0-9+/_-]{8,23}"
)
_DENSE = re.compile(rb"[!-~]{80,}")
_WRAP = re.compile(rb"\n(?<=[!-~]{60}\n)(?=[!-~]{20})")
_ALNUM = re.compile(rb"[0-9A-Za-z]{100,}")
_NAMES = re.compile(rb"[a-z]{4,}|[A-Z]{4,}|[0-9]{4,}")
_SIGNS = re.compile(rb"[^0-9A-Za-z+/]*$")
_NAME_IN_FRONT = re.compile(rb"[a-z]{1,20}[_-]")
_DIGIT = re.compile(rb"\d")
_MOST_KNOWN = 100_000


def take_embedded(text: bytes, place: str, examine: Examine) -> bytes:
    """Take out data URIs of which every byte is text: drawings, of which a log is full.

    What they hold is looked at by itself; whatever does not decode to text stays for the others.
    """
    pieces, end = [], 0
    at = text.find(_EMBEDDED)
    while at >= 0:
        start = at + len(_EMBEDDED)
        match = _PLAIN_BASE64.match(text, start)
        decoded = encodings.unbase64(match[0]) if match else None
        if match and decoded and decoded.isascii() and encodings.is_mostly_text(decoded):
            examine(decoded, f"{place} > base64")
            pieces += [text[end:start], b" "]
            end = match.end()
        at = text.find(_EMBEDDED, max(start, end))
    return b"".join([*pieces, text[end:]]) if pieces else text


def _kind_of(token: bytes, before: bytes) -> bytes:
    """By what pieces of one thing are known: their length, signs before them, a name in front."""
    signs, name = _SIGNS.search(before), _NAME_IN_FRONT.match(token)
    told = (signs[0] if signs else b"", name[0] if name else b"")
    return b"%d %s %s" % (len(token), *told)


def hold_short_base64(shown: Stretches, streams: Streams) -> None:
    """Hold words that may be pieces of base64, cut to the length of a name."""
    text = shown.text
    for start, end in shown.words(Alphabet.BASE64, 8, 23, Alphabet.CAPITALS_AND_SIGNS):
        # The same name behind the same signs says no more a thousand times than once.
        before, token = text[max(0, start - 3) : start], text[start:end]
        if (before, token) not in streams.known:
            if len(streams.known) >= _MOST_KNOWN:
                streams.known.clear()
            streams.known.add((before, token))
            if _SHORT_BASE64.fullmatch(token):
                token += b"=" * (2 if text[end : end + 2] == b"==" else text[end : end + 1] == b"=")
                streams.hold("short base64", _kind_of(token, before), token)


def take_base64(
    shown: Stretches, place: str, streams: Streams, account: Account, examine: Examine
) -> bytes:
    """Take out runs that hold text, which is looked at, and hold what may be part of a longer."""
    text = shown.text

    def take(match: re.Match[bytes]) -> bytes:
        # Nearly all long words are names.
        if not _DIGIT.search(match[1]):
            return match[0]
        token = match[1]
        if not _RUN.fullmatch(token):
            token = b"".join(_RUN.findall(_ESCAPED_BREAK.sub(b"\n", token)))
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

    return shown.sub(_BASE64, take, Alphabet.BASE64, 24)


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


def take_dense(shown: Stretches, place: str, account: Account, examine: Examine) -> None:
    """Runs of base85 and its like: no blank, no words, all characters alike often."""
    # Nothing is joined if no line is long, and a copy that is the same says so.
    joined, count = _WRAP.subn(b"", shown.text)
    shown = shown.after(joined) if count else shown
    for match in shown.matches(_DENSE, Alphabet.PRINTED, 80):
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
