"""Recordings: which files of a folder or bucket belong to a camera-day, and when each begins.

Belongs here: finding the files of a camera-day and the moment at which each begins. Does not belong
here: how names are written (`vision.exports.names`), listing a place (`vision.exports.places`),
what is in a file (`vision.exports.probe`).
"""

import datetime as dt
import hashlib
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from vision.exports.names import depth, name_pattern, prefixes
from vision.exports.places import Bucket, File, Folder, Place, Source
from vision.protocols import Frame
from vision.site.models import Camera, SiteDay

Listing = Callable[[str, int], Iterable[File]]
"""Files whose names begin so, so many folders below the root."""

_LONGEST_FILE = dt.timedelta(hours=24)
_WIDEST_ZONE = dt.timedelta(hours=14)
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Export:
    """A file of a camera and the moment at which it begins.

    Attributes:
        source: Where its bytes are.
        started_at: When its first frame was taken, UTC.
        clock_source: What says so.
        size_bytes: When it was listed.
        modified_at: When it was last written, to the second, UTC.
        arrived_at: When it was last written, moved or renamed, UTC.
    """

    source: Source
    started_at: dt.datetime
    clock_source: Literal["name", "site_file"]
    size_bytes: int
    modified_at: dt.datetime
    arrived_at: dt.datetime

    @property
    def name(self) -> str:
        """Its path below the root of the recordings."""
        return self.source.name


@dataclass(frozen=True, slots=True)
class Recordings:
    """Where recorders export to; nothing here ever writes to it.

    Attributes:
        root: A folder, or the URL of a bucket and a prefix in it, `s3://bucket/prefix`.
        endpoint: Of the bucket's store, where it is not Amazon's.
    """

    root: Path | str
    endpoint: str | None = None

    @property
    def place(self) -> Place:
        """What lists and opens the files."""
        if isinstance(self.root, Path):
            return Folder(self.root)
        return Bucket(self.root, self.endpoint)

    def find(self, site_day: SiteDay, camera: Camera) -> list[Export]:
        """Files of `camera` that may show part of the trading day, by start, then name.

        A file belongs if it starts within the day; so does the last one that starts before it, by
        up to 24 hours, since it may reach into the day.

        Raises:
            FileNotFoundError: The folder or bucket itself is absent, which is a setting gone wrong
                and not a camera that recorded nothing.
            vision.exports.places.Unreachable: The store does not answer, or not to us.
        """
        found = self.of_camera(site_day, camera, dates_of(site_day.window))
        return of_window(found, site_day.window)

    def of_camera(
        self,
        site_day: SiteDay,
        camera: Camera,
        dates: Collection[dt.date] | None = None,
        listed: Listing | None = None,
    ) -> list[Export]:
        """All files of `camera`, by start, then name.

        Args:
            site_day: Says in which zone names are written.
            camera: As it stands on that day.
            dates: Where names hold a date, only names with one of these are looked for.
            listed: What has been listed already; None lists anew.
        """
        zone = camera.clock.time_zone or site_day.site.file.time_zone
        # What the site file says of a file's start may be another day than its name says.
        dates = None if camera.clock.starts else dates
        files = (
            file
            for prefix in prefixes(camera.exports, dates)
            for file in (listed or self.place.files)(prefix, depth(camera.exports))
        )
        found = _exports(self.place, files, camera, zone)
        return sorted(found, key=lambda export: (export.started_at, export.name))

    def source(self, file_name: str) -> Source:
        """The file of a row of `camera_exports`, to be opened here or in another process."""
        return Source(self.place, file_name)

    def has(self, file_name: str) -> bool:
        """Whether the file of a row of `camera_exports` is there, be it a link to nothing."""
        return self.place.has(file_name)

    def frames(self, file_name: str, started_at_us: int, fps: float) -> Iterator[Frame]:
        """Frames of a file, as `vision.exports.decode.read_frames` gives them."""
        from vision.exports.decode import read_frames

        return read_frames(self.source(file_name), started_at_us, fps)


def of_window(found: Sequence[Export], window: tuple[dt.datetime, dt.datetime]) -> list[Export]:
    """Those of one camera's files, in order of their start, that may show part of `window`."""
    start, end = window
    first = bisect_left(found, start, key=_started_at)
    before = found[max(first - 1, 0) : first]
    reaching = [one for one in before if one.started_at > start - _LONGEST_FILE]
    return [*reaching, *found[first : bisect_left(found, end, key=_started_at)]]


def _started_at(export: Export) -> dt.datetime:
    return export.started_at


def fingerprint(exports: Iterable[Export]) -> str:
    """Digits that change with any file's name, size or time of writing, and with nothing else.

    Digits alone, since they go into cursors, tags and keys of runs, where the wall between pixels
    and metadata lets no text stand that bytes could be written in.
    """
    digest = hashlib.sha256()
    for one in sorted(exports, key=lambda export: export.name):
        told = f"{one.name}\0{one.size_bytes}\0{one.modified_at.timestamp():.0f}\n"
        digest.update(told.encode(errors="surrogateescape"))
    return str(int.from_bytes(digest.digest()[:7]))


def dates_of(window: tuple[dt.datetime, dt.datetime]) -> list[dt.date]:
    """Dates that a file which may show part of `window` can have in its name, in any zone."""
    start, end = window
    first, last = (start - _LONGEST_FILE - _WIDEST_ZONE).date(), (end + _WIDEST_ZONE).date()
    return [first + number * _DAY for number in range((last - first).days + 1)]


def _exports(place: Place, files: Iterable[File], camera: Camera, zone: str) -> Iterator[Export]:
    pattern = name_pattern(camera.exports)
    info = ZoneInfo(zone)
    for file in files:
        match = pattern.fullmatch(file.name)
        if match is None:
            continue
        told = camera.clock.starts.get(file.name.rpartition("/")[2])
        local = told or _start_in_name(match.groupdict())
        if local is not None:
            at = local if local.tzinfo else local.replace(tzinfo=info)
            yield Export(
                source=Source(place, file.name),
                # To the millisecond: no recorder's clock is better.
                started_at=floored(at.astimezone(dt.UTC), 1000),
                clock_source="site_file" if told else "name",
                size_bytes=file.size_bytes,
                modified_at=file.modified_at,
                arrived_at=file.arrived_at,
            )


def _start_in_name(fields: dict[str, Any]) -> dt.datetime | None:
    try:
        date = int(fields["Y"]), int(fields["m"]), int(fields["d"])
        time = int(fields["H"]), int(fields["M"]), int(fields["S"])
        return dt.datetime(*date, *time, int((fields.get("f") or "0").ljust(6, "0")))
    except (KeyError, ValueError):
        return None


def floored(at: dt.datetime, microseconds: int) -> dt.datetime:
    """`at`, down to a whole multiple of so many microseconds within its second."""
    return at.replace(microsecond=at.microsecond // microseconds * microseconds)
