"""Numbers and tokens that belong together though a text has them apart: one a line, one a field.

Belongs here: holding what was found one by one, by what stands before it, and judging it once a
place has been read. Does not belong here: finding it (`text`, `pieces`).

What is held is known by the words before it on its line, by the last of these words, and, since
words may change from line to line, by its own form alone.
"""

import base64
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from footfall_dagster.privacy.search import encodings, glimpse, raw_bytes
from footfall_dagster.privacy.search.account import Account
from footfall_dagster.privacy.search.numbers import LEAST, VECTOR, judge

Examine = Callable[[bytes, str], None]
ENCODED, HIDDEN = "encoded text", "characters without width"

NUMBER = rb"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?"
# It begins with a set of characters, which is what a search for it is quick by.
_ONE = re.compile(
    rb"[-+\d](?<![0-9A-Za-z.#].)(?<!\d:.)(?<!\d-.)(?:(?<=[-+])\d)?(?<=\d)"
    rb"(?:\d{0,11}\.\d+(?:[eE][-+]?\d{1,3})?|\d{0,9}(?![\w.:-]))"
)
_HEX = re.compile(rb"[0-9a-f]*[a-f][0-9a-f]*")
_FIGURE = re.compile(rb"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_LONG = re.compile(rb"(?=[^\s]*\d)[0-9a-zA-Z+/=]{12,}")
_WORD = re.compile(rb"[^\W\d_]{2,}[^\w]{0,3}$")
SHORT_ROWS = b"short rows"
_CONTEXT = 36
_MOST_TOKENS = 60_000
_LEAST_ANYWHERE = 60
_DIGESTS = frozenset({32, 40, 56, 64})


@dataclass
class Streams:
    """Numbers and encoded tokens by what stands before them, over all texts of one place.

    `anywhere` are numbers by the count of their decimals, whatever stands before them; `known` are
    short tokens that were taken already, with what stands before them.
    """

    numbers: dict[bytes, list[float]] = field(default_factory=lambda: defaultdict(list))
    anywhere: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    tokens: dict[tuple[str, bytes], list[bytes]] = field(default_factory=lambda: defaultdict(list))
    known: set[tuple[bytes, bytes]] = field(default_factory=set)
    widthless: int = 0

    def hold(self, kind: str, before: bytes, token: bytes) -> None:
        """Keep a token until its place has been read."""
        held = self.tokens[kind, before]
        if len(held) < _MOST_TOKENS:
            held.append(token)


def take_numbers(text: bytes, streams: Streams) -> None:
    """Hold every number of a text that stands by itself."""
    for match in _ONE.finditer(text):
        value = float(match[0])
        for before in _contexts(text[max(0, match.start() - _CONTEXT) : match.start()]):
            _hold(streams.numbers[before], value)
        if b"." in match[0] and b"e" not in match[0]:
            _hold(streams.anywhere[len(match[0]) - match[0].index(b".") - 1], value)


def _hold(held: list[float], value: float) -> None:
    if len(held) < _MOST_TOKENS:
        held.append(value)


def masked(text: bytes, at: int) -> bytes:
    """The characters before a token on its line, figures masked; before it, if there are none."""
    return _contexts(text[max(0, at - _CONTEXT) : at])[0]


@lru_cache(2**16)  # A log says the same before most of its numbers.
def _contexts(before: bytes) -> tuple[bytes, ...]:
    """What stands before a token, figures masked, and the last word of it."""
    line = before[before.rfind(b"\n") + 1 :]
    before = line if len(line.strip()) > 1 else before
    before = _FIGURE.sub(b"#", _LONG.sub(b"#", before))[-12:]
    word = _WORD.search(before)
    return (before, b"after " + word[0]) if word else (before,)


def close(place: str, streams: Streams, account: Account, examine: Examine) -> None:
    """Judge what came together over all texts of a place."""
    if streams.widthless >= 32:
        account.find(place, HIDDEN, 0.8)
    for stream in streams.numbers.values():
        if len(stream) >= LEAST and (verdict := judge(np.array(stream))):
            account.find(f"{place} > numbers with the same words before them", *verdict)
    for stream in streams.anywhere.values():
        if are_components(stream):
            account.find(f"{place} > numbers of one form", VECTOR, 0.5)
    for (kind, _), tokens in streams.tokens.items():
        place_of = f"{place} > {kind} with the same words before it"
        if kind == "hex":
            _judge_digests(dict.fromkeys(tokens), place_of, account, examine)
        elif kind == "hex words":
            _judge_words(tokens, place_of, account)
        elif kind == "spelled bytes":
            examine(b"".join(tokens), place_of)
        elif kind == "short base64":
            _judge_short(dict.fromkeys(tokens), place_of, account, examine)
        elif len(tokens) > 1 and (decoded := encodings.unbase64(b"".join(dict.fromkeys(tokens)))):
            examine(decoded, place_of)


def are_components(numbers: list[float]) -> bool:
    """Whether numbers from anywhere have both signs and follow nothing, as no figures of ours."""
    if len(numbers) < _LEAST_ANYWHERE:
        return False
    values = np.array(numbers)
    signs, distinct = float((values < 0).mean()), len(np.unique(values)) / len(values)
    return 0.25 < signs < 0.75 and distinct > 0.3 and judge(values) is not None


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


def _judge_words(tokens: list[bytes], place: str, account: Account) -> None:
    """Short hexadecimal numbers, each by itself: a count has few letters, an id is random."""
    lettered = sum(any(one in b"abcdef" for one in token) for token in tokens)
    if len(tokens) * len(tokens[0]) >= 192 and lettered >= 0.3 * len(tokens):
        for kind, sure in raw_bytes.look(bytes.fromhex(b"".join(tokens).decode())).items():
            if kind != raw_bytes.OPAQUE:
                account.find(place, kind, sure)


def _judge_short(tokens: dict[bytes, None], place: str, account: Account, examine: Examine) -> None:
    """Pieces of base64 no longer than a name, all of one length; names hold nothing if decoded."""
    # What all of them begin with is a name.
    least, most = min(tokens), max(tokens)
    common = next((n for n, one in enumerate(least) if one != most[n]), 0)
    together = b"".join(token[common:] for token in tokens)
    if len(together) < 160:
        return
    if _HEX.fullmatch(together):
        _judge_digests({token[common:]: None for token in tokens}, place, account, examine)
        return
    if encodings.looks_encoded(together):
        # The first piece may have been taken for something else.
        guesses = [encodings.unbase64(together[skip:]) or b"" for skip in range(4)]
    elif encodings.is_base32(together):
        whole = (together[skip : skip + (len(together) - skip) // 8 * 8] for skip in range(8))
        guesses = [base64.b32decode(one.upper()) for one in whole]
    else:
        return
    for decoded in guesses:
        for kind, sure in glimpse.held(decoded, only_floats=True).items():
            account.find(place, kind, sure)
        if decoded.startswith(glimpse.PACKED):
            examine(decoded, place)


def _uneven(content: bytes) -> bool:
    """Whether the values of bytes are spread less evenly than a hash could ever be."""
    nibbles = np.bincount(np.frombuffer(content, dtype=np.uint8) >> 4, minlength=16)
    expected = len(content) / 16
    return float(((nibbles - expected) ** 2 / expected).sum()) > 75
