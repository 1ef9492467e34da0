"""Stretches of an alphabet: what is found through them is all that a plain search finds."""

import re
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall_dagster.privacy.search import encoded, spelled, text
from footfall_dagster.privacy.search.stretches import Alphabet, Stretches

_WORDS = (
    *(b"aB3-_/+", b"\\x", b"\\\\x", b"0x", b"x", b"#", b"&#", b".", b"-", b" ", b"\n", b", ", b"="),
    *(b"deadbeef" * 3, b"DEADBEEF12" * 3, b"0" * 17, b"1234567890" * 3, b"f9a02ff4-0d63-41d8-8af2"),
    *(
        b"0.5, " * 16,
        b"-1.25e-3 ",
        b"[1, 2, 3]",
        b"7:",
        b"a1 b2 c3 d4 e5 ",
        b"ff:00:",
        b"01010101 ",
    ),
    *(
        b"10101010" * 13,
        b"Ab1" * 30,
        b"!~" * 45,
        b"w" * 24,
        b"\xc3\xa9",
        b"\0",
        b"name",
        b"g",
        b"_",
    ),
)
_TEXTS = st.lists(st.sampled_from(_WORDS), min_size=1, max_size=60).map(b"".join)
_LONG = b" a plain word or two, which hold nothing at all \n" * 13

PATTERNS: dict[str, tuple["re.Pattern[bytes]", Alphabet, int, int]] = {
    "rows of numbers": (text._ROW, Alphabet.NUMBERS, 31, 0),
    "hex": (text._HEX, Alphabet.ALPHANUMERIC, 24, 3),
    "huge integers": (text._HUGE, Alphabet.DIGITS, 17, 0),
    "base64": (encoded._BASE64, Alphabet.BASE64, 24, 0),
    "dense runs": (encoded._DENSE, Alphabet.PRINTED, 80, 0),
    "bits": (spelled._BITS, Alphabet.BITS, 96, 0),
    "groups of hex": (spelled._GROUPS, Alphabet.HEX_GROUPS, 14, 0),
}


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("ahead", [b"", _LONG], ids=["in a short text", "in a long text"])
@given(drawn=_TEXTS)
def test_the_same_is_found_as_by_a_plain_search(name: str, ahead: bytes, drawn: bytes) -> None:
    pattern, alphabet, least, before = PATTERNS[name]
    whole = ahead + drawn
    plain = [match.span() for match in pattern.finditer(whole)]
    found = [m.span() for m in Stretches(whole).matches(pattern, alphabet, least, before)]
    assert found == plain
    replaced = Stretches(whole).sub(pattern, lambda _: b"?", alphabet, least, before)
    assert replaced == pattern.sub(b"?", whole)


@given(drawn=_TEXTS, least=st.integers(7, 40))
def test_stretches_are_all_that_are_long_enough(drawn: bytes, least: int) -> None:
    whole = drawn + _LONG
    inside = set(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    expected, at = [], 0
    for member, run in groupby(whole, inside.__contains__):
        length = len(list(run))
        if member and length >= least:
            expected.append((at, at + length))
        at += length
    assert list(Stretches(whole).of(Alphabet.ALPHANUMERIC, least)) == expected


@given(drawn=_TEXTS)
def test_words_are_those_of_the_length_that_hold_something_telling(drawn: bytes) -> None:
    whole = drawn + _LONG
    expected = [
        match.span()
        for match in re.finditer(rb"[A-Za-z0-9+/_-]+", whole)
        if 8 <= len(match[0]) <= 23 and re.search(rb"[0-9A-Z+/]", match[0])
    ]
    told = Alphabet.CAPITALS_AND_SIGNS
    assert Stretches(whole).words(Alphabet.BASE64, 8, 23, told) == expected
