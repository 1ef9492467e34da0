"""The language in which names of files are described: plain text, dates, ends, and what may vary.

Belongs here: from the text of a pattern to what it matches, reads and writes. Does not belong here:
what directives say together (`vision.exports.moments`), which patterns a camera has
(`vision.exports.names`), what recorders write (`vision.exports.recorders`).

Directives of strftime give the start of a file, `{end:...}` holds those of its end, and the rest of
the braces stands for text that varies: `{copy}`, `{digits:4}`, `{mp4|mkv}`. `*` is any text within
a folder.
"""

import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, product, takewhile
from typing import Literal

from vision.exports import moments
from vision.exports.moments import DIRECTIVES, DIRECTIVES_SHOWN, When

FIELDS = "{end:...}, {copy}, {digits}, {hex}, {letter}, {ip}, or {a|b} for one of several texts"
"""What may stand in braces."""

_ANY = "[^/]*"
_PLAIN = r"[A-Za-z0-9 ._,@\[\]()=+-]{0,24}"
"""What may stand for a * in a stored name: a serial number, a channel, no more."""
_COPY = r"(?:[ _-]?\([0-9]{1,3}\)|[_-][0-9]{1,5})?"
_IP = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_TOKEN = re.compile(r"%(?P<directive>-?.?)|\{(?P<field>[^{}]*)\}|(?P<any>\*+)|(?P<text>[^%{}*]+)")
_MOST_SAMPLES = 64


class PatternError(ValueError):
    """A pattern that cannot be understood; reads `what is wrong; what to write instead`."""


@dataclass(frozen=True, slots=True)
class NameTimes:
    """What a name says of the times of its file.

    A time without an offset is as the recorder's clock showed it.

    Attributes:
        start: When it begins; None where the name does not say.
        end: When it ends; a time of day where the name gives no date for it, in which case the
            first such moment after the start is meant.
    """

    start: dt.datetime | None
    end: dt.datetime | dt.time | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a pattern: a directive of a moment, or text and what may stand for it.

    Attributes:
        loose: Regular expression of what is found in a name.
        stored: The same, of what may be stored.
        samples: Texts that it can stand for, the usual one first.
        when: Whose moment it is part of; None for text.
        directive: Which part of it, without the per cent sign.
        kind: Text as it stands, something that varies, or what tells copies of a name apart.
    """

    loose: str
    stored: str
    samples: tuple[str, ...] = ()
    when: When | None = None
    directive: str = ""
    kind: Literal["text", "vary", "copy"] = "vary"


@dataclass(frozen=True, slots=True)
class NamePattern:
    """One pattern: what it matches, what it reads from a name, and what it writes.

    Attributes:
        text: As it was written.
        folders: Its parts, folder by folder; the last are those of the file's own name.
        expression: What names look like, with a group for each directive.
        directives: Those of each moment, and the number of the group that has each.
    """

    text: str
    folders: tuple[tuple[_Part, ...], ...]
    expression: re.Pattern[str]
    directives: Mapping[When, Mapping[str, int]]

    @classmethod
    def of(cls, text: str) -> "NamePattern":
        """Understand a pattern.

        Raises:
            PatternError: A directive, a field or a brace that is not known here.
        """
        folders = tuple(tuple(_parts(folder, "start")) for folder in text.split("/"))
        expression = re.compile(_expression(folders))
        return cls(text, folders, expression, _directives(expression))

    def read(self, name: str) -> NameTimes | None:
        """What a name says; None where it does not fit, or its start is no date that exists."""
        match = self.expression.fullmatch(name)
        if match is None:
            return None
        try:
            start = moments.read(_fields(match, self.directives["start"]))
        except ValueError:
            return None
        end = None
        if self.directives["end"]:
            with suppress(ValueError):
                end = moments.read(_fields(match, self.directives["end"]))
        return NameTimes(start if isinstance(start, dt.datetime) else None, end)

    def fits_file(self, file_name: str) -> bool:
        """Whether a file may have this name of its own, in whatever folder."""
        return bool(re.fullmatch(_expression(self.folders[-1:]), file_name))

    def stored(self, number: int, file_name: str | None = None) -> str:
        """The regular expression of paths that may be stored.

        Args:
            number: Keeps its groups apart from those of other patterns.
            file_name: A file's own name that the site file lists, in place of the pattern's.
        """
        if file_name is None:
            return _expression(self.folders, stored=True, number=number)
        return _expression((*self.folders[:-1], (_text(file_name),)), stored=True, number=number)

    @property
    def depth(self) -> int:
        """How many folders deep its files lie."""
        return len(self.folders) - 1

    def prefix(self, date: dt.date | None = None) -> str:
        """What all of its names begin with.

        Args:
            date: Only names with this date are meant, where they begin with one.
        """

        def is_certain(part: _Part) -> bool:
            dated = part.when == "start" and part.directive in {"Y", "m", "d"}
            return part.kind == "text" or (date is not None and dated)

        certain = takewhile(is_certain, self._flat())
        return "".join(
            part.samples[0] if part.kind == "text" or date is None else f"{date:%{part.directive}}"
            for part in certain
        )

    def missing(self, when: When) -> tuple[str, ...]:
        """Directives without which the moment is not known; none where it is, or is not told."""
        told = {part.directive for part in self._flat() if part.when == when}
        return moments.missing(told, when) if told else ()

    def tells(self, when: When) -> bool:
        """Whether anything of the moment stands in the pattern."""
        return any(part.when == when for part in self._flat())

    def write(self, start: dt.datetime, end: dt.datetime | None = None, copy: int = 0) -> str:
        """A name that this pattern reads.

        Args:
            start: When the file begins, in the zone in which its recorder writes; has an offset.
            end: When it ends, likewise; the start where it is not known.
            copy: How many files of that name there are already.
        """
        times = {"start": start, "end": end or start}
        return "".join(_written(part, times, copy) for part in self._flat())

    def samples(self, at: dt.datetime) -> Iterator[str]:
        """Names of one moment, one for each choice that the pattern leaves, up to a limit."""
        times = {"start": at, "end": at}
        choices = [part.samples or (_written(part, times, 0),) for part in self._flat()]
        return map("".join, islice(product(*choices), _MOST_SAMPLES))

    def _flat(self) -> Iterator[_Part]:
        for number, folder in enumerate(self.folders):
            if number:
                yield _text("/")
            yield from folder


def _parts(text: str, when: When) -> Iterator[_Part]:
    at = 0
    for token in _TOKEN.finditer(text):
        if token.start() != at:
            break
        at = token.end()
        if token["directive"] is not None:
            yield _directive(token["directive"], when)
        elif token["field"] is not None:
            yield from _field(token["field"], when)
        elif token["any"]:
            yield _Part(_ANY, _PLAIN, ("sim",))
        else:
            yield _text(token["text"])
    if at != len(text):
        raise PatternError(f"a brace in {text} has no partner; braces hold {FIELDS}")


def _text(text: str) -> _Part:
    return _Part(re.escape(text), re.escape(text), (text,), kind="text")


def _directive(directive: str, when: When) -> _Part:
    if directive not in DIRECTIVES:
        what = f"%{directive} is not a part of a date that is known here"
        raise PatternError(f"{what}; use {DIRECTIVES_SHOWN}, and * for any text")
    return _Part(DIRECTIVES[directive], DIRECTIVES[directive], when=when, directive=directive)


def _field(field: str, when: When) -> Iterator[_Part]:
    name, _, rest = field.partition(":")
    if name == "end" and rest and when == "start":
        yield from _parts(rest, "end")
    elif "|" in field:
        choices = tuple(field.split("|"))
        yield _varying(f"(?:{'|'.join(re.escape(choice) for choice in choices)})", *choices)
    elif field == "copy":
        yield _Part(_COPY, _COPY, ("",), kind="copy")
    elif field == "letter":
        yield _varying("[A-Z]", "R")
    elif field == "ip":
        yield _varying(_IP, "192.0.2.1")
    elif name in {"digits", "hex"} and re.fullmatch("(?:[1-9]|1[0-9])?", rest):
        one = "[0-9]" if name == "digits" else "[0-9A-Fa-f]"
        yield _varying(one + (f"{{{rest}}}" if rest else "{1,12}"), "0" * int(rest or 1))
    else:
        raise PatternError(f"{{{field}}} is not a field that is known here; use {FIELDS}")


def _varying(expression: str, *samples: str) -> _Part:
    return _Part(expression, expression, samples)


def _expression(
    folders: Sequence[Sequence[_Part]], *, stored: bool = False, number: int = 0
) -> str:
    seen: set[str] = set()

    def part_of(part: _Part) -> str:
        if part.when is None:
            return part.stored if stored else part.loose
        group = f"{part.when}_{part.directive.replace('-', 'n')}_{number}"
        if group in seen:
            # A recorder that writes the hour of a folder again in the file's name means one hour.
            return f"(?P={group})"
        seen.add(group)
        return f"(?P<{group}>{part.loose})"

    return "/".join("".join(part_of(part) for part in folder) for folder in folders)


def _directives(expression: re.Pattern[str]) -> Mapping[When, Mapping[str, int]]:
    found: dict[When, dict[str, int]] = {"start": {}, "end": {}}
    for group, place in expression.groupindex.items():
        moment, directive, _ = group.split("_")
        found["start" if moment == "start" else "end"][directive.lstrip("n")] = place
    return found


def _fields(match: re.Match[str], directives: Mapping[str, int]) -> dict[str, str]:
    return {directive: match[place] for directive, place in directives.items()}


def _written(part: _Part, times: Mapping[str, dt.datetime], copy: int) -> str:
    if part.when is not None:
        return moments.write(part.directive, times[part.when])
    if part.kind == "copy" and copy:
        return f"_{copy}"
    return part.samples[0]


def prefixes(
    patterns: Collection[NamePattern], dates: Collection[dt.date] | None = None
) -> list[str]:
    """What names of any of the patterns begin with; none of them begins with another.

    Args:
        patterns: The patterns.
        dates: Where names begin with a date, only those with one of these are meant.
    """
    found = sorted({p.prefix(date) for p in patterns for date in (dates or (None,))})
    kept: list[str] = []
    for prefix in found:
        if not kept or not prefix.startswith(kept[-1]):
            kept.append(prefix)
    return kept
