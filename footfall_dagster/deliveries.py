"""What recorders have delivered of each camera-day, beside what was made from it.

Belongs here: finding the files of many camera-days at once, and comparing those of one with its
stored catalogue. Does not belong here: what follows from the comparison
(`footfall_dagster.arrivals`), how a file is found (`vision.exports.folder`).

The truth about what was made is the catalogue in the lake, whoever made it: a schedule, a person
or `footfall run`.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import polars as pl

from footfall_dagster.lake import CameraDay, Lake, NotMaterialised, Purged
from footfall_dagster.privacy.wall import PART, Refused
from vision.contracts_ingest import CAMERA_EXPORTS, UNSUPPORTED_NAME
from vision.exports.folder import AS_LISTED, Export, Recordings, dates_of, fingerprint, of_window
from vision.exports.names import stored_names
from vision.exports.sidecar import SidecarError
from vision.site.models import Camera, Site

_DAY = dt.timedelta(days=1)
_File = tuple[object, ...]
"""Values of `AS_LISTED`."""


@dataclass(frozen=True)
class Delivery:
    """The files that may show part of a camera-day, as they lie there now."""

    camera_day: CameraDay
    exports: tuple[Export, ...]

    @cached_property
    def fingerprint(self) -> str:
        """Changes with any of the files."""
        return fingerprint(self.exports)

    def newest(self, now: dt.datetime) -> dt.datetime | None:
        """When the last file arrived; a clock that is ahead of ours is passed over."""
        return max((one.arrived_at for one in self.exports if one.arrived_at <= now), default=None)


@dataclass(frozen=True, slots=True)
class Difference:
    """A delivery beside the stored catalogue of its camera-day.

    Attributes:
        made: Content hash of the catalogue; None where the camera-day was never made.
        new: Files that the catalogue does not have as they are now.
        gone: Files that the catalogue has, of which nothing is there.
    """

    made: str | None
    new: int
    gone: int


def deliveries(
    recordings: Recordings,
    site: Site,
    days: Sequence[dt.date] | None = None,
    on_fault: Callable[[str, SidecarError], None] = lambda _camera, _fault: None,
) -> Iterator[Delivery]:
    """What there is of every camera-day.

    Each folder is listed once for every camera, however many days it has files of.

    Args:
        recordings: Where to look.
        site: Whose cameras.
        days: Of which days, camera-days without a file included; None stands for all days of which
            there is a file.
        on_fault: Told of a camera that is passed over, since its sidecar cannot be believed: that
            is no reason to keep the others waiting, and its own runs fail of it.
    """
    # Cameras may share folders.
    listed = cache(lambda prefix, depth: list(recordings.place.files(prefix, depth)))
    for camera_id in site.camera_ids:
        for camera, since, until in _versions(site, camera_id):
            held = [day for day in days or () if since <= day < until]
            if days is not None and not held:
                continue
            dates = {date for day in held for date in dates_of(site.day_window(day))}
            site_day = site.on(max(since, site.file.opens))
            wanted = None if days is None else dates
            try:
                found = recordings.of_camera(site_day, camera, wanted, listed)
            except SidecarError as fault:
                on_fault(camera_id, fault)
                continue
            told = held or [day for day in _days_of(site, found) if since <= day < until]
            for day, exports in _by_day(site, found, told):
                yield Delivery(CameraDay(day, camera_id), tuple(exports))


def delivery_of(recordings: Recordings, site: Site, camera_day: CameraDay) -> Delivery:
    """What there is of one camera-day."""
    site_day = site.on(camera_day.day)
    found = recordings.find(site_day, site_day.cameras[camera_day.camera])
    return Delivery(camera_day, tuple(found))


def difference(lake: Lake, delivery: Delivery) -> Difference | None:
    """How a delivery differs from what its camera-day was made from.

    None where that cannot be said any more: the catalogue is past its own retention.
    """
    camera_day = delivery.camera_day
    try:
        rows, receipt = lake.read_with_receipt(CAMERA_EXPORTS, camera_day)
    except Purged:
        return None
    except (NotMaterialised, Refused):
        return Difference(None, len(delivery.exports), 0)
    site_day = lake.site.on(camera_day.day)
    names = stored_names(site_day.cameras[camera_day.camera])
    before = Counter(_files_of(rows))
    begins, ends = site_day.window
    timed = [one for one in delivery.exports if one.started_at is not None]
    eve = [one for one in timed if one.about < begins]
    # Of which day a file is whose start only its content tells is known when it has been opened:
    # until then it counts for the days in which it was written, or on whose morrow.
    untimed = [one for one in delivery.exports if one.started_at is None]
    maybe = [one for one in untimed if begins <= one.modified_at < ends + _DAY]
    of_day = Counter(
        _as_catalogued(one, bool(names.fullmatch(one.name)))
        for one in [*timed, *maybe]
        if one not in eve
    )
    late_eve = [one for one in eve if _as_catalogued(one) not in before]
    new = (of_day - before).total() + sum(_reaches(lake, camera_day, one) for one in late_eve)
    there = {one.name for one in delivery.exports}
    gone = {name for name in rows["file_name"] if name != UNSUPPORTED_NAME} - there
    return Difference(receipt.sha256, new, len(gone))


def written_at(lake: Lake, camera_day: CameraDay) -> dt.datetime | None:
    """When the catalogue of a camera-day was stored; None where there is none."""
    part = lake.folder(CAMERA_EXPORTS.name, camera_day) / PART
    try:
        return dt.datetime.fromtimestamp(part.stat().st_mtime, dt.UTC)
    except FileNotFoundError:
        return None


def _files_of(rows: pl.DataFrame) -> Iterable[_File]:
    return rows.select(AS_LISTED).iter_rows()


def _as_catalogued(export: Export, named_plainly: bool = True) -> _File:
    """An export as a catalogue has it: under an unsupported name it was never opened."""
    if named_plainly:
        return export.as_listed
    return (UNSUPPORTED_NAME, 0, None)


def _reaches(lake: Lake, camera_day: CameraDay, eve: Export) -> bool:
    """Whether a file that began on the eve may show something of `camera_day` that is not in it.

    The catalogue of its own day knows when it ended. Where that one does not have it, it counts if
    it came after the catalogue of `camera_day`, which leaves out what ended before the day.
    """
    yesterday = CameraDay(camera_day.day - dt.timedelta(days=1), camera_day.camera)
    begins = lake.site.day_window(camera_day.day)[0]
    try:
        rows = lake.read(CAMERA_EXPORTS, yesterday)
    except (NotMaterialised, Refused):
        rows = CAMERA_EXPORTS.empty()
    for file, ended_at in zip(_files_of(rows), rows["ended_at"], strict=True):
        if file == _as_catalogued(eve):
            return ended_at is not None and ended_at > begins
    written = written_at(lake, camera_day)
    return written is None or eve.arrived_at + dt.timedelta(seconds=1) > written


def _versions(site: Site, camera_id: str) -> Iterator[tuple[Camera, dt.date, dt.date]]:
    """Entries of a camera, each with the days on which it holds: from, included, and until."""
    entries = sorted(
        (one for one in site.cameras if one.id == camera_id),
        key=lambda one: one.valid_from or dt.date.min,
    )
    begins = [entry.valid_from or dt.date.min for entry in entries]
    return zip(entries, begins, [*begins[1:], dt.date.max], strict=True)


def _days_of(site: Site, found: Iterable[Export]) -> list[dt.date]:
    """Trading days on which files begin, in order."""
    days = {site.day_of(one.about) for one in found}
    return [day for day in sorted(days) if site.file.trades_on(day)]


def _by_day(
    site: Site, found: Sequence[Export], days: Sequence[dt.date]
) -> Iterator[tuple[dt.date, list[Export]]]:
    for day in days:
        yield day, of_window(found, site.day_window(day))
