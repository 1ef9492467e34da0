"""The folder into which recorders export, and which of its files belong to a camera-day.

Belongs here: finding files and the moment at which each begins. Does not belong here: how names are
written (`vision.exports.names`), what is in a file (`vision.exports.probe`).
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from vision.exports.limits import Limits
from vision.exports.names import name_pattern
from vision.exports.reading import LocalFile, Reading, Source, Stretch
from vision.exports.wire import Loss
from vision.protocols import Frame
from vision.site.models import Camera, SiteDay

_LONGEST_FILE = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Export:
    """A file of a camera and the moment at which it begins."""

    path: Path
    name: str
    started_at: dt.datetime
    clock_source: Literal["name", "site_file"]


@dataclass(frozen=True, slots=True)
class Recordings:
    """The folder into which recorders export; nothing here ever writes to it."""

    root: Path

    def find(self, site_day: SiteDay, camera: Camera) -> list[Export]:
        """Files of `camera` that may show part of the trading day, by start, then name.

        A file belongs if it starts within the day; so does the last one that starts before it, by
        up to 24 hours, since it may reach into the day.

        Raises:
            FileNotFoundError: The folder itself is absent, which is a setting gone wrong and not
                a camera that recorded nothing.
        """
        if not self.root.is_dir():
            raise FileNotFoundError(
                f"the folder of recordings {self.root} does not exist; create it, mount it, or "
                "point FOOTFALL_RECORDINGS at the folder into which your recorder exports"
            )
        zone = camera.clock.time_zone or site_day.site.file.time_zone
        found = sorted(
            _exports(self.root, camera, zone), key=lambda export: (export.started_at, export.name)
        )
        start, end = site_day.window
        before = [e for e in found if start - _LONGEST_FILE < e.started_at < start][-1:]
        return before + [e for e in found if start <= e.started_at < end]

    def path(self, file_name: str) -> Path:
        """Where the file of a row of `camera_exports` lies."""
        return self.root / file_name

    def source(self, file_name: str) -> Source:
        """The same file, to be opened in another process."""
        return LocalFile(self.path(file_name))

    def frames(
        self, stretches: Sequence[Stretch], fps: float, on_loss: Callable[[str, Loss], None]
    ) -> Iterator[Frame]:
        """Frames of `stretches`, as `vision.exports.decode_host.decoded_frames` gives them."""
        from vision.exports.decode_host import decoded_frames

        readings = [Reading(self.source(one.file_name), one) for one in stretches]
        return decoded_frames(readings, fps, Limits(), on_loss)


def _exports(root: Path, camera: Camera, zone: str) -> Iterator[Export]:
    pattern = name_pattern(camera.exports)
    info = ZoneInfo(zone)
    for path in root.glob(re.sub(r"(%.)+", "*", camera.exports)):
        name = path.relative_to(root).as_posix()
        match = pattern.fullmatch(name)
        if match is None or not path.is_file():
            continue
        told = camera.clock.starts.get(path.name)
        local = told or _start_in_name(match.groupdict())
        if local is not None:
            at = local if local.tzinfo else local.replace(tzinfo=info)
            # To the millisecond: no recorder's clock is better.
            begins = floored(at.astimezone(dt.UTC), 1000)
            yield Export(path, name, begins, "site_file" if told else "name")


def _start_in_name(fields: dict[str, Any]) -> dt.datetime | None:
    try:
        digits = "".join(fields[directive] for directive in "YmdHMS")
        at = dt.datetime.strptime(digits, "%Y%m%d%H%M%S")
    except (KeyError, ValueError):
        return None
    return at.replace(microsecond=int((fields.get("f") or "0").ljust(6, "0")))


def floored(at: dt.datetime, microseconds: int) -> dt.datetime:
    """`at`, down to a whole multiple of so many microseconds within its second."""
    return at.replace(microsecond=at.microsecond // microseconds * microseconds)
