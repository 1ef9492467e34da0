"""Recordings: which files of a folder or bucket may show a camera-day, and what says when.

Belongs here: finding the files of a camera-day, and their starts as far as they are known without
opening one. Does not belong here: how names are written (`vision.exports.names`), listing a place
(`vision.exports.places`), what is in a file (`vision.exports.probe`), which clock is believed
(`vision.exports.clocks`).
"""

import datetime as dt
import hashlib
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vision.contracts_ingest import ClockSource
from vision.exports import sidecar
from vision.exports.instants import at_of, us_of
from vision.exports.limits import Limits
from vision.exports.local_time import UtcTimes, to_utc
from vision.exports.names import NameTimes, Naming
from vision.exports.places import NEVER_SET, Bucket, File, Folder, Place, Source
from vision.exports.reading import Reading, Stretch
from vision.exports.wire import Loss
from vision.protocols import Frame
from vision.site.models import Camera, SiteDay

AS_LISTED = ("file_name", "size_bytes", "modified_at")
"""Columns of a catalogue by which a file is known not to have changed."""
Listed = tuple[str, int, dt.datetime]
"""Their values."""

Listing = Callable[[str, int], Iterable[File]]
"""Files whose names begin so, so many folders below the root."""

_LONGEST_FILE = dt.timedelta(hours=24)
_MOST_AT_ONCE = 8
"""Files that one camera may be writing at one moment."""
_WIDEST_ZONE = dt.timedelta(hours=14)
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Export:
    """A file of a camera, and what is said of its start without opening it.

    Attributes:
        source: Where its bytes are.
        size_bytes: When it was listed.
        modified_at: When it was last written, to the second, UTC.
        arrived_at: When it was last written, moved or renamed, UTC.
        told: The start of the recording by each source that says one, microseconds, UTC.
        named: What its name says of its times; None where that is nothing.
        outside: Whether it lies elsewhere, behind a link; it is not opened then.
    """

    source: Source
    size_bytes: int
    modified_at: dt.datetime
    arrived_at: dt.datetime
    told: Mapping[ClockSource, int]
    named: UtcTimes | None = None
    outside: bool = False

    @property
    def name(self) -> str:
        """Its path below the root of the recordings."""
        return self.source.name

    @property
    def as_listed(self) -> Listed:
        """What is the same as long as nobody writes the file: the columns `AS_LISTED`."""
        return self.name, self.size_bytes, self.modified_at

    @property
    def named_end(self) -> dt.datetime | None:
        """When it ends by its name, UTC; None where that does not say."""
        return None if self.named is None else self.named.end

    @property
    def started_at(self) -> dt.datetime | None:
        """The start by the site file, its name or a sidecar; None where only its content says."""
        for clock in ("site_file", "name", "sidecar"):
            if clock in self.told:
                return at_of(self.told[clock])
        return None

    @property
    def about(self) -> dt.datetime:
        """When it was recorded, as far as one can say without opening it: before it was written."""
        return self.started_at or self.modified_at


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
        up to 24 hours, since it may reach into the day, and any earlier one that does so by its
        name or, where that tells no end, was still written to; and any whose start only its content
        tells, if it was written after the day began.

        Raises:
            FileNotFoundError: The folder or bucket itself is absent, which is a setting gone wrong
                and not a camera that recorded nothing.
            vision.exports.places.Unreachable: The store does not answer, or not to us.
            vision.exports.sidecar.SidecarError: The camera's sidecar cannot be believed.
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
        """All files of `camera`, by start, then name; last those whose start is not known yet.

        Args:
            site_day: Says in which zone names are written.
            camera: As it stands on that day.
            dates: Where names hold a date, only names with one of these are looked for.
            listed: What has been listed already; None lists anew.
        """
        naming, place = Naming.of(camera), self.place
        zone = site_day.site.file.time_zone
        # What other clocks say of a file's start may be another day than its name says.
        dates = None if camera.clock.starts or camera.clock.sidecar else dates
        named = {
            file.name: (file, times)
            for prefix in naming.prefixes(dates)
            for file in (listed or place.files)(prefix, naming.depth)
            if (times := naming.read(file.name)) is not None
        }
        told, read = _told(named, camera, naming, zone)
        for name, at in self._in_sidecar(camera, naming, zone).items():
            if name in named:
                told.setdefault(name, {})["sidecar"] = _us(at)
        found = [
            Export(
                Source(place, name),
                size_bytes=file.size_bytes,
                modified_at=file.modified_at,
                arrived_at=file.arrived_at,
                told=told.get(name, {}),
                named=read.get(name),
                outside=file.outside,
            )
            for name, (file, _) in named.items()
        ]
        return sorted(found, key=_order)

    def _in_sidecar(self, camera: Camera, naming: Naming, zone: str) -> dict[str, dt.datetime]:
        if camera.clock.sidecar is None:
            return {}
        try:
            with self.source(camera.clock.sidecar).reading() as file:
                content = file.read(sidecar.MOST_BYTES + 1)
        except FileNotFoundError:
            # It may come with the next export; other clocks tell meanwhile.
            return {}
        folder, slash, _ = camera.clock.sidecar.rpartition("/")
        told = sidecar.starts(content, naming.time_zone(zone).key)
        # A file is named as it lies beside the sidecar, or from the root.
        return told | {f"{folder}{slash}{name}": at for name, at in told.items()}

    def source(self, file_name: str) -> Source:
        """The file of a row of `camera_exports`, to be opened here or in another process."""
        return Source(self.place, file_name)

    def has(self, file_name: str) -> bool:
        """Whether the file of a row of `camera_exports` is there, be it a link to nothing."""
        return self.place.has(file_name)

    def frames(
        self, stretches: Sequence[Stretch], fps: float, on_loss: Callable[[str, Loss], None]
    ) -> Iterator[Frame]:
        """Frames of `stretches`, as `vision.exports.decode_host.decoded_frames` gives them."""
        from vision.exports.decode_host import decoded_frames

        readings = [Reading(self.source(one.file_name), one) for one in stretches]
        return decoded_frames(readings, fps, Limits(), on_loss)


def of_window(found: Sequence[Export], window: tuple[dt.datetime, dt.datetime]) -> list[Export]:
    """Those of one camera's files, in order of their start, that may show part of `window`."""
    start, end = window
    # Those whose start only their content tells come last.
    timed = bisect_left(found, True, key=lambda export: export.started_at is None)
    first = bisect_left(found, start, hi=timed, key=_about)
    until = bisect_left(found, end, lo=first, hi=timed, key=_about)
    last = found[first - 1].about if first else start
    # The last one before, its copies, and whichever says itself that it reaches so far.
    copies = bisect_left(found, last, hi=first, key=_about)
    earliest = bisect_left(found, start - _LONGEST_FILE, hi=first, key=_about)
    eve = found[earliest:copies]
    # A recorder closes a file when it ends. Where many were written later, they were copied.
    late = [one for one in eve if one.named_end is None and one.modified_at > start]
    still_open = late if len(late) <= _MOST_AT_ONCE else []
    reaching = [
        one for one in eve if one in still_open or (one.named_end and one.named_end > start)
    ]
    reaching += found[max(copies, earliest) : first]
    # One of which nobody noted when it was written may be of any day.
    untimed = [
        one for one in found[timed:] if one.modified_at >= start or one.modified_at == NEVER_SET
    ]
    return [*reaching, *found[first:until], *untimed]


def _order(export: Export) -> tuple[bool, dt.datetime, str]:
    started_at = export.started_at
    return started_at is None, started_at or export.modified_at, export.name


def _about(export: Export) -> dt.datetime:
    return export.about


def fingerprint(exports: Iterable[Export]) -> str:
    """Digits that change with any file's name, size or time of writing, and with nothing else.

    Digits alone, since they go into cursors, tags and keys of runs, where the wall between pixels
    and metadata lets no text stand that bytes could be written in.
    """
    digest = hashlib.sha256()
    for name, size_bytes, modified_at in sorted(one.as_listed for one in exports):
        told = f"{name}\0{size_bytes}\0{modified_at.timestamp():.0f}\n"
        digest.update(told.encode(errors="surrogateescape"))
    return str(int.from_bytes(digest.digest()[:7]))


def dates_of(window: tuple[dt.datetime, dt.datetime]) -> list[dt.date]:
    """Dates that a file which may show part of `window` can have in its name, in any zone."""
    start, end = window
    first, last = (start - _LONGEST_FILE - _WIDEST_ZONE).date(), (end + _WIDEST_ZONE).date()
    return [first + number * _DAY for number in range((last - first).days + 1)]


def _told(
    listed: Mapping[str, tuple[File, NameTimes]], camera: Camera, naming: Naming, site_zone: str
) -> tuple[dict[str, dict[ClockSource, int]], dict[str, UtcTimes]]:
    """What the site file and names say of the starts of files; and all that names say."""
    zone = naming.time_zone(site_zone)
    given = {
        name: NameTimes(start)
        for name in listed
        if (start := camera.clock.starts.get(name.rpartition("/")[2])) is not None
    }
    told: dict[str, dict[ClockSource, int]] = {
        name: {"site_file": _us(times.start)} for name, times in to_utc(given, zone).items()
    }
    read = to_utc(
        {name: times for name, (_, times) in listed.items()},
        zone,
        lambda name: listed[name][0].modified_at,
    )
    for name, times in read.items():
        told.setdefault(name, {})["name"] = _us(times.start)
    return told, read


def _us(at: dt.datetime) -> int:
    """Microseconds, to the millisecond: no recorder's clock is better."""
    return us_of(at) // 1000 * 1000
