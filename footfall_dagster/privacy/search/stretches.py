"""Where in a text long stretches of certain characters are, found many bytes at a time.

Belongs here: leading a search to the few places at which it can find anything. Does not belong
here: what is searched for there (`text`, `spelled`).

A regular expression steps through a text character by character, and most of what is looked for
needs a long stretch of some alphabet, of which ordinary text has hardly any. Characters become bits
for the alphabets that they are part of; then eight or four neighbours are compared at once.
"""

import re
from collections.abc import Callable, Iterator
from enum import IntFlag

import numpy as np


class Alphabet(IntFlag):
    """Sets of characters, each a bit."""

    ALPHANUMERIC = 1
    BASE64 = 2
    NUMBERS = 4
    DIGITS = 8
    PRINTED = 16
    BITS = 32
    HEX_GROUPS = 64
    CAPITALS_AND_SIGNS = 128


_DIGITS = b"0123456789"
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_MEMBERS = {
    Alphabet.ALPHANUMERIC: _DIGITS + _LETTERS,
    Alphabet.BASE64: _DIGITS + _LETTERS + b"+/_-",
    Alphabet.NUMBERS: _DIGITS + b".eE+- \t\n\r\f\v,;:|[](){}/'\"\\n%&#",
    Alphabet.DIGITS: _DIGITS,
    Alphabet.PRINTED: bytes(range(0x21, 0x7F)),
    Alphabet.BITS: b"01 ,\n",
    Alphabet.HEX_GROUPS: _DIGITS + b"abcdefABCDEFxX \t,:;|'\"-",
    Alphabet.CAPITALS_AND_SIGNS: _DIGITS + b"+/" + _LETTERS[:26],
}
_RUNS = {one: re.compile(b"[" + re.escape(held) + b"]*") for one, held in _MEMBERS.items()}
_TABLE = bytes(
    sum(int(alphabet) for alphabet, members in _MEMBERS.items() if code in members)
    for code in range(256)
)


Words = list[tuple[int, int]]
_SHORT = 600
"""Characters of a text in which a plain search is quicker."""


class Stretches:
    """A text and, for each of its characters, the alphabets that it is part of."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        # So that every stretch ends, and words of eight have no rest.
        self._codes = b"" if self._is_short else text.translate(_TABLE) + bytes(16 - len(text) % 8)
        self._bits = np.frombuffer(self._codes, dtype=np.uint8)

    @property
    def _is_short(self) -> bool:
        return len(self.text) < _SHORT

    def after(self, text: bytes) -> "Stretches":
        """The same for what became of the text."""
        return self if text is self.text else Stretches(text)

    def of(self, alphabet: Alphabet, least: int) -> Iterator[tuple[int, int]]:
        """Start and end of each longest stretch of at least `least` characters of an alphabet.

        `least` must be 7 or more. A short text is one stretch.
        """
        if self._is_short:
            yield 0, len(self.text)
            return
        width = 8 if least >= 15 else 4
        kind = np.dtype(f"u{width}")
        whole = np.frombuffer(bytes([alphabet]) * width, dtype=kind)[0]
        full = (self._bits.view(kind) & whole) == whole
        # However it lies, a stretch covers so many words of its own.
        marks = full
        for shift in range(1, (least + 1) // width - 1):
            marks = marks[:-1] & full[shift : shift + marks.size - 1]
        end, bit = 0, int(alphabet)
        for word in np.flatnonzero(marks).tolist():
            start = word * width
            if start < end:
                continue
            # It begins at most a word ahead of the first that it covers.
            while start and self._codes[start - 1] & bit:
                start -= 1
            end = _RUNS[alphabet].match(self.text, start).end()  # type: ignore[union-attr]
            if end - start >= least:
                yield start, end

    def words(self, alphabet: Alphabet, least: int, most: int, telling: Alphabet) -> Words:
        """Start and end of each longest stretch of so many characters, one of them `telling`.

        Of a short text all of its stretches are given.
        """
        if self._is_short:
            return [match.span() for match in _RUNS[alphabet].finditer(self.text) if match[0]]
        inside = (self._bits & alphabet) != 0
        edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
        if inside[0]:
            edges = np.append(0, edges)
        starts, ends = edges[0::2], edges[1::2]
        fit = (ends - starts >= least) & (ends - starts <= most)
        starts, ends = starts[fit], ends[fit]
        told = np.cumsum((self._bits & telling) != 0, dtype=np.int32)
        some = told[ends - 1] - told[starts] + ((self._bits[starts] & telling) != 0) > 0
        return list(zip(starts[some].tolist(), ends[some].tolist(), strict=True))

    def matches(
        self, pattern: "re.Pattern[bytes]", alphabet: Alphabet, least: int, before: int = 0
    ) -> Iterator["re.Match[bytes]"]:
        """Each match of a pattern that needs such a stretch.

        It begins in the stretch or up to `before` characters ahead of it, and may go on behind it.
        """
        done = 0
        for start, end in self.of(alphabet, least):
            at = max(done, start - before)
            # One character more, for what the pattern says must not follow.
            while at < end and (found := pattern.search(self.text, at, end + 1)):
                whole = found.end() < end
                match = found if whole else pattern.match(self.text, found.start())
                if match:
                    yield match
                at = done = match.end() if match else found.start() + 1

    def sub(
        self,
        pattern: "re.Pattern[bytes]",
        take: Callable[["re.Match[bytes]"], bytes],
        alphabet: Alphabet,
        least: int,
        before: int = 0,
    ) -> bytes:
        """The text with each of the `matches` replaced by what `take` says."""
        pieces: list[bytes] = []
        done = 0
        for match in self.matches(pattern, alphabet, least, before):
            pieces += [self.text[done : match.start()], take(match)]
            done = match.end()
        return b"".join([*pieces, self.text[done:]]) if pieces else self.text
