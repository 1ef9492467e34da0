"""The folder into which recorders export, and which of its files belong to a camera-day.

Belongs here: finding files and the moment at which each begins. Does not belong here: how names are
written (`vision.exports.names`), what is in a file (`vision.exports.probe`).
"""

import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vision.exports.local_time import to_utc
from vision.exports.names import NameTimes, Naming
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
        zone = site_day.site.file.time_zone
        found = sorted(
            _exports(self.root, camera, zone), key=lambda export: (export.started_at, export.name)
        )
        start, end = site_day.window
        before = [e for e in found if start - _LONGEST_FILE < e.started_at < start][-1:]
        return before + [e for e in found if start <= e.started_at < end]

    def path(self, file_name: str) -> Path:
        """Where the file of a row of `camera_exports` lies."""
        return self.root / file_name

    def frames(self, file_name: str, started_at_us: int, fps: float) -> Iterator[Frame]:
        """Frames of a file, as `vision.exports.decode.read_frames` gives them."""
        from vision.exports.decode import read_frames

        return read_frames(self.path(file_name), started_at_us, fps)


def _exports(root: Path, camera: Camera, zone: str) -> Iterator[Export]:
    naming = Naming.of(camera)
    named = dict(_names(root, naming))
    told = {name: start for name in named if (start := camera.clock.starts.get(_file_name(name)))}
    info = naming.time_zone(zone)
    told_utc = to_utc({name: NameTimes(start) for name, start in told.items()}, info)
    read_utc = to_utc(
        {name: times for name, times in named.items() if name not in told},
        info,
        lambda name: dt.datetime.fromtimestamp((root / name).stat().st_mtime, dt.UTC),
    )
    for name, times in (told_utc | read_utc).items():
        # To the millisecond: no recorder's clock is better.
        begins = floored(times.start, 1000)
        yield Export(root / name, name, begins, "site_file" if name in told else "name")


def _names(root: Path, naming: Naming) -> Iterator[tuple[str, NameTimes]]:
    for prefix in naming.prefixes():
        top = root / prefix.rpartition("/")[0]
        for folder, below, files in os.walk(top, followlinks=True):
            inside = Path(folder).relative_to(root)
            if len(inside.parts) >= naming.depth:
                below.clear()
            for file in files:
                name = (inside / file).as_posix()
                if (times := naming.read(name)) is not None and (root / name).is_file():
                    yield name, times


def _file_name(name: str) -> str:
    return name.rpartition("/")[2]


def floored(at: dt.datetime, microseconds: int) -> dt.datetime:
    """`at`, down to a whole multiple of so many microseconds within its second."""
    return at.replace(microsecond=at.microsecond // microseconds * microseconds)
