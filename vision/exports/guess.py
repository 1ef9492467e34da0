"""What names look like while no camera says how they are to be read.

Belongs here: from a folder's names to what `exports` of a camera would be. Does not belong here:
reading names once that is known (`vision.exports.names`), opening files (`vision.exports.explain`).

Presets are tried with any channel and below any folders. Where folders have dates, or no preset
fits and digits look like a date, a pattern of one's own is put together.
"""

import datetime as dt
import json
import posixpath
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from vision.exports.foreign import KINDS
from vision.exports.names import Naming
from vision.exports.patterns import NamePattern, NameTimes, PatternError
from vision.exports.recorders import RECORDERS, Preset, Recorder
from vision.site.models import RecorderExports

_CHANNEL = "\0"
"""Stands for the channel in a pattern; no name holds it."""
_WIDE: tuple[Recorder, ...] = ("hikvision", "plain")
"""Presets that many names fit, tried last."""
_ANY_NAME: tuple[Recorder, ...] = ("milestone", "onvif")
"""Presets that any name fits, which says nothing."""

_STAMP = re.compile(
    r"(?<![0-9])(?:19|20)[0-9]{2}([-_.]?)[0-9]{2}\1[0-9]{2}(?P<between>[-_T .]?)"
    r"[0-9]{2}(?P<within>[-_.:]?)[0-9]{2}(?P=within)[0-9]{2}(?![0-9])"
)
_SECONDS = re.compile(r"(?<![0-9])1[0-9]{9}([0-9]{3})?(?![0-9])")
_NUMBER = re.compile("[0-9]+")
_NUMBERS = re.compile("[0-9]{1,14}(?:[-_.][0-9]{1,14})*")
_SPECIAL = re.compile(r"[%{}*]+")
_DATES = ("%Y-%m-%d", "%Y_%m_%d", "%Y.%m.%d", "%Y%m%d", "%Y/%m/%d")
_DATED = re.compile(r"(?:19|20)[0-9]{2}([-_./]?)[0-9]{2}\1[0-9]{2}")
_FEWEST_NUMBERED = 4

_RECORDING = re.compile(
    r"\.(?:264|265|3gp|asf|avi|dav|dv|flv|h26[45]|hevc|m2ts|m4v|mjpe?g|mkv|mov|mp4|mpe?g|mts|ogv|ts"
    r"|vob|webm|wmv|zip|7z|rar|gz|exe)",
    re.IGNORECASE,
)
_FOREIGN = frozenset(ending for kind in KINDS.values() for ending in kind.endings)


def may_be_video(name: str) -> bool:
    """Whether a name ends like one of a recording, or of what some recorders export instead."""
    ending = posixpath.splitext(name)[1]
    return bool(_RECORDING.fullmatch(ending)) or ending.lower() in _FOREIGN


@dataclass(frozen=True, slots=True)
class Look:
    """How files seem to be named.

    Attributes:
        exports: What cameras.yaml would say of them; None where names tell no start.
        folder: In which they lie, where `exports` is None.
    """

    exports: str | RecorderExports | None
    folder: str = ""

    @property
    def recorder(self) -> Recorder | None:
        """Whose files they are, if a preset reads them as it is."""
        return self.exports.recorder if isinstance(self.exports, RecorderExports) else None

    @property
    def zone(self) -> str | None:
        """Zone of the times in names; None for that of the recorder's clock."""
        return None if self.exports is None else Naming.as_written(self.exports).zone

    @property
    def line(self) -> str | None:
        """`exports` as one writes it in cameras.yaml."""
        if not isinstance(self.exports, RecorderExports):
            return None if self.exports is None else f"exports: {quoted(self.exports)}"
        said = self.exports.model_dump(exclude_defaults=True)
        told = ", ".join(f"{name}: {quoted(text)}" for name, text in said.items())
        return f"exports: {{{told}}}"

    def read(self, name: str) -> NameTimes | None:
        """The times in a name, as it has them."""
        return None if self.exports is None else Naming.as_written(self.exports).read(name)


def looks(names: Collection[str]) -> dict[str, Look]:
    """How each name seems to be made."""
    found: dict[str, Look] = {}
    drafts: dict[str, tuple[str, str]] = {}
    for name in names:
        if (look := _by_preset(name)) is not None:
            found[name] = look
        elif (draft := _draft(name)) is not None:
            drafts[name] = draft
        else:
            found[name] = Look(None, posixpath.dirname(name))
    for name, pattern in _common(drafts):
        look = Look(pattern)
        times = look.read(name)
        tells = times is not None and times.start is not None
        found[name] = look if tells else Look(None, posixpath.dirname(name))
    return found


def _by_preset(name: str) -> Look | None:
    """The first preset that reads the name where it lies, if no folder above it has a date."""
    for recorder, preset in _tried():
        fit = _fit(preset, name)
        if fit is None:
            continue
        _, folder, channel = fit
        if _DATED.search(folder):
            return None
        try:
            exports = RecorderExports(recorder=recorder, folder=folder, channel=channel or None)
            if Naming.as_written(exports).read(name) is not None:
                return Look(exports)
        except (PatternError, ValueError):
            continue
    return None


def _tried() -> Iterator[tuple[Recorder, Preset]]:
    telling = [name for name in RECORDERS if name not in (*_WIDE, *_ANY_NAME)]
    return ((name, RECORDERS[name]) for name in (*telling, *_WIDE))


def _fit(preset: Preset, name: str) -> tuple[str, str, str] | None:
    """Pattern, folder above it and channel with which a preset fits; the shortest folder."""
    fits = [
        (pattern, match["folder"].rstrip("/"), match["channel"])
        for pattern, expression in _expressions(preset)
        if (match := expression.fullmatch(name)) is not None
    ]
    return min(fits, key=lambda fit: len(fit[1]), default=None)


@lru_cache(maxsize=64)
def _expressions(preset: Preset) -> tuple[tuple[str, re.Pattern[str]], ...]:
    known = NamePattern.of(preset.any_channel).expression.pattern if preset.any_channel else None
    # Without one, whatever lies between what the pattern says.
    channel = known or ("[^/]*?" if preset.any_channel == "" else "[^/]+?")
    return tuple((pattern, _with_channel(pattern, channel)) for pattern in preset.patterns)


def _with_channel(pattern: str, channel: str) -> re.Pattern[str]:
    text = NamePattern.of(pattern.replace("{channel}", _CHANNEL)).expression.pattern
    first = text.replace(_CHANNEL, f"(?P<channel>{channel})", 1)
    # A channel that stands twice is the same twice.
    return re.compile("(?P<folder>(?:[^/]+/)*?)" + first.replace(_CHANNEL, "(?P=channel)"))


def _draft(name: str) -> tuple[str, str] | None:
    """A pattern that reads the name: with the numbers in it as they are, and with any."""
    return _preset_below_dates(name) or _pattern_of_own(name)


def _preset_below_dates(name: str) -> tuple[str, str] | None:
    for _, preset in _tried():
        fit = _fit(preset, name)
        if fit is None:
            continue
        pattern, folder, channel = fit
        tail = "/" + pattern.replace("{channel}", _plain(channel))
        start = _start(NamePattern.of(f"*{tail}"), f"_{name[len(folder) :]}")
        if start is not None:
            return _dated(folder, start) + tail, _dated(folder, None) + tail
    return None


def _pattern_of_own(name: str) -> tuple[str, str] | None:
    folder, slash, own = name.rpartition("/")
    texts, stamps = _pieces(own)
    start = _start(NamePattern.of(_joined(texts, stamps)), own) if stamps else None
    if start is None:
        return None
    exact = _dated(folder, start) + slash + _joined(texts, stamps)
    *before, last = texts
    stem, dot, ending = last.rpartition(".")
    loose = [_NUMBER.sub("{digits}", text) for text in (*before, stem)]
    loose[-1] += dot + ending
    return exact, _dated(folder, None) + slash + _joined(loose, stamps)


def _start(pattern: NamePattern, name: str) -> dt.datetime | None:
    times = pattern.read(name)
    return None if times is None else times.start


def _pieces(own: str) -> tuple[list[str], list[str]]:
    """Text around moments in a file's own name, and directives of the moments, two at most."""
    found = list(_STAMP.finditer(own))[:2] or list(_SECONDS.finditer(own))[:1]
    texts, stamps, at = [], [], 0
    for moment in found:
        texts.append(_plain(own[at : moment.start()]))
        stamps.append(_directives(moment))
        at = moment.end()
    return [*texts, _plain(own[at:])], stamps


def _directives(moment: re.Match[str]) -> str:
    if moment.re is _SECONDS:
        return "%Q" if moment[1] else "%s"
    a, b, c = moment[1], moment["between"], moment["within"]
    return f"%Y{a}%m{a}%d{b}%H{c}%M{c}%S"


def _joined(texts: list[str], stamps: list[str]) -> str:
    ends = [stamps[0], *(f"{{end:{stamp}}}" for stamp in stamps[1:])]
    return "".join(text + end for text, end in zip(texts, [*ends, ""], strict=True))


def _dated(folder: str, start: dt.datetime | None) -> str:
    """A folder with its date as directives, if it is the day of `start`, or any in its place."""
    for date in _DATES if start is not None else ():
        assert start is not None
        text = start.strftime(date)
        before, found, after = folder.partition(text)
        if found:
            return _plain(before) + date + _numbered(_plain(after))
    return _numbered(_plain(folder))


def _numbered(text: str) -> str:
    """Folders that are numbers, such as dates and hours, may be others of that length."""
    parts = text.split("/")
    return "/".join(
        _NUMBER.sub(lambda number: f"{{digits:{len(number[0])}}}", part)
        if _NUMBERS.fullmatch(part)
        else part
        for part in parts
    )


def _common(drafts: dict[str, tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Of each name the pattern that it shares with others.

    A number that is another one in most files counts them; one that few files have tells cameras
    apart.
    """
    exact_of: dict[str, set[str]] = defaultdict(set)
    files_of: dict[str, int] = defaultdict(int)
    for exact, loose in drafts.values():
        exact_of[loose].add(exact)
        files_of[loose] += 1
    for name, (exact, loose) in drafts.items():
        kinds = len(exact_of[loose])
        counts = kinds >= _FEWEST_NUMBERED and kinds > files_of[loose] / 2
        yield name, loose if counts else exact


def _plain(text: str) -> str:
    return _SPECIAL.sub("*", text)


def quoted(text: str) -> str:
    """Text as YAML reads it back: as it is where nothing in it means something else."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_ ./-]*(?<! )", text)
    return text if plain and text.lower() not in {"null", "true", "false"} else json.dumps(text)
