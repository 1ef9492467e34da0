"""How the recorder of one camera names its files.

Belongs here: which names a camera's files may have, what is read from one, which of them may be
stored, and how one is written. Does not belong here: the language of patterns
(`vision.exports.patterns`), finding files (`vision.exports.folder`), from local time to UTC
(`vision.exports.local_time`).
"""

import datetime as dt
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from zoneinfo import ZoneInfo

from vision.exports.patterns import NamePattern, NameTimes, PatternError, prefixes
from vision.exports.recorders import RECORDERS
from vision.site.models import Camera, RecorderExports

__all__ = ["NameTimes", "Naming", "PatternError", "stored_names"]


@dataclass(frozen=True, slots=True)
class Naming:
    """How files of one camera are named, below the folder of recordings.

    Attributes:
        patterns: What names may look like; the first that fits is read.
        zone: Zone that its recorder always writes in; None for that of its clock.
    """

    patterns: tuple[NamePattern, ...]
    zone: str | None

    @classmethod
    def of(cls, camera: Camera) -> "Naming":
        """How `camera`'s files are named.

        Raises:
            PatternError: Its pattern cannot be understood, or a channel is missing.
        """
        return cls.as_written(camera.exports, camera.clock.time_zone)

    @classmethod
    def as_written(cls, exports: str | RecorderExports, time_zone: str | None = None) -> "Naming":
        """How files are named by what `exports` of a camera says, and `clock.time_zone`.

        Raises:
            PatternError: The pattern cannot be understood, or a channel is missing.
        """
        return _naming(exports, time_zone)

    def read(self, name: str) -> NameTimes | None:
        """The times in a name, as it has them; None where no file of the camera has such a name.

        Args:
            name: Path below the folder of recordings, with / between folders.
        """
        for pattern in self.patterns:
            if (times := pattern.read(name)) is not None:
                return times
        return None

    def prefixes(self, dates: Collection[dt.date] | None = None) -> list[str]:
        """What names of the camera's files begin with; none of them begins with another.

        Args:
            dates: Where names begin with a date, only those with one of these are meant.
        """
        return prefixes(self.patterns, dates)

    @property
    def depth(self) -> int:
        """How many folders below the root the deepest of its files lie."""
        return max(pattern.depth for pattern in self.patterns)

    @property
    def tells_start(self) -> bool:
        """Whether some names tell when a file begins."""
        return any(pattern.tells("start") for pattern in self.patterns)

    def time_zone(self, site_zone: str) -> ZoneInfo:
        """The zone of times without an offset."""
        return ZoneInfo(self.zone or site_zone)

    def write(
        self, start: dt.datetime, site_zone: str, end: dt.datetime | None = None, copy: int = 0
    ) -> str:
        """A name as the camera's recorder would give it.

        Args:
            start: When the file begins, with an offset.
            site_zone: The site's time zone.
            end: When it ends, likewise; it stands in names of some recorders.
            copy: How many files of that name there are already.
        """
        zone = self.time_zone(site_zone)
        ends = None if end is None else end.astimezone(zone)
        return self.patterns[0].write(start.astimezone(zone), ends, copy)

    def samples(self) -> Iterator[str]:
        """A name for each choice that the patterns leave, all of one moment."""
        at = dt.datetime(2026, 11, 12, 13, 14, 15, tzinfo=dt.UTC)
        return chain.from_iterable(pattern.samples(at) for pattern in self.patterns)


@lru_cache(maxsize=512)
def _naming(exports: str | RecorderExports, time_zone: str | None) -> Naming:
    if isinstance(exports, str):
        return Naming((NamePattern.of(exports),), time_zone)
    preset = RECORDERS[exports.recorder]
    if exports.channel is None and preset.any_channel is None:
        raise PatternError(
            f"{exports.recorder} needs a channel; give {preset.channel}, as in {preset.example}"
        )
    folder = f"{_plain(exports.folder.strip('/'))}/" if exports.folder.strip("/") else ""
    channel = preset.any_channel if exports.channel is None else _plain(exports.channel)
    patterns = tuple(
        NamePattern.of(folder + pattern.replace("{channel}", channel or ""))
        for pattern in preset.patterns
    )
    return Naming(patterns, time_zone or preset.zone)


def _plain(text: str) -> str:
    """Text that stands for itself in a pattern."""
    special = re.search(r"[%{}*]", text)
    if special:
        what = f"{text} has a {special[0]} in it, which stands for something else in a pattern"
        raise PatternError(f"{what}; write a pattern of your own in exports, with * in its place")
    return text


def stored_names(camera: Camera) -> re.Pattern[str]:
    """What a name of a file of `camera` must match to be stored."""
    return _stored(camera.exports, tuple(camera.clock.starts))


@lru_cache(maxsize=512)
def _stored(exports: str | RecorderExports, listed: tuple[str, ...]) -> re.Pattern[str]:
    patterns = _naming(exports, None).patterns
    wanted = [(pattern, name) for pattern in patterns for name in (None, *listed)]
    return re.compile("|".join(p.stored(number, name) for number, (p, name) in enumerate(wanted)))
