"""What becomes of the files of a site's cameras, by the very code that a camera-day goes through.

Belongs here: whose a file is, by which clock it began, whether it is used. Does not belong here:
files of no camera, and opening any (`vision.exports.explain`).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vision.exports.catalogue import catalogue, told_of
from vision.exports.clocks import choose
from vision.exports.folder import Export, Recordings, of_window
from vision.exports.instants import at_of
from vision.exports.names import Naming, stored_names
from vision.exports.pool import Probed, SetAside
from vision.exports.sidecar import SidecarError
from vision.exports.told import Group, State, Told, by_start
from vision.site.models import Camera, Site

Outcomes = Mapping[str, Probed | SetAside]
"""What came of opening files, by name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Files that are of one entry of cameras.yaml: it is in force on their trading day."""

    camera: Camera
    exports: list[Export]

    def openable(self, site: Site) -> dict[str, int]:
        """Names, in order, and sizes of its files that a camera-day would open."""
        storable = stored_names(self.camera)
        names = {
            one.name: one.size_bytes
            for one in self.exports
            if not one.outside and storable.fullmatch(one.name) and not _absent(one, self, site)
        }
        return dict(sorted(names.items()))


def entries_of(recordings: Recordings, site: Site) -> list[Entry]:
    """All entries of the site's cameras, with the files that each is in force for."""
    found = []
    for camera in site.cameras:
        day = camera.valid_from or site.file.opens
        site_day = site.on(day)
        try:
            exports = recordings.of_camera(site_day, camera)
        except SidecarError as error:
            where = f"{camera.clock.sidecar}, the sidecar of {camera.id}"
            raise SidecarError(f"{where}: {error}") from None
        kept = [one for one in exports if _in_force(site, camera, site.day_of(one.about))]
        found.append(Entry(camera, kept))
    return found


def _in_force(site: Site, camera: Camera, day: dt.date) -> bool:
    """Whether files of `day` are read as this entry says; the first one says so of days before."""
    standing = site.on(day).cameras.get(camera.id)
    if standing is not None:
        return standing == camera
    begins = [one.valid_from or dt.date.min for one in site.cameras if one.id == camera.id]
    return (camera.valid_from or dt.date.min) == min(begins)


def _absent(export: Export, entry: Entry, site: Site) -> str | None:
    """Why its trading day has no camera-day of this camera."""
    if export.started_at is None:
        return None
    day = site.day_of(export.started_at)
    if not site.file.trades_on(day):
        return "not_open"
    return "no_camera_yet" if entry.camera.id not in site.on(day).cameras else None


def groups_of(entries: Sequence[Entry], site: Site, outcomes: Outcomes) -> list[Group]:
    """The files of each camera, whichever of its entries they are of."""
    files: dict[str, list[Told]] = defaultdict(list)
    newest: dict[str, Camera] = {}
    for entry in sorted(entries, key=lambda one: one.camera.valid_from or dt.date.min):
        newest[entry.camera.id] = entry.camera
        files[entry.camera.id] += _of_entry(entry, site, outcomes)
    return [
        Group(
            tuple(sorted(files[camera], key=by_start)),
            newest[camera],
            zone=_zone(newest[camera], site),
        )
        for camera in sorted(newest)
    ]


def _zone(camera: Camera, site: Site) -> str | None:
    naming = Naming.of(camera)
    return naming.time_zone(site.file.time_zone).key if naming.tells_start else None


def _of_entry(entry: Entry, site: Site, outcomes: Outcomes) -> list[Told]:
    rows = _rows(entry, site, outcomes)
    return [
        _told(export, entry, site, outcomes.get(export.name), rows.get(export.name, []))
        for export in entry.exports
    ]


def _rows(entry: Entry, site: Site, outcomes: Outcomes) -> dict[str, list[dict[str, Any]]]:
    """Rows of `camera_exports` that each opened file comes to, on all days that it shows."""
    opened = [one for one in entry.exports if one.name in outcomes or one.outside]
    days: set[dt.date] = set()
    for export in opened:
        days |= _days(export, entry.camera, site, outcomes.get(export.name))
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for day in sorted(days):
        site_day = site.on(day)
        made = catalogue(
            of_window(opened, site_day.window),
            entry.camera,
            site_day,
            measure=lambda exports: [outcomes[one.name] for one in exports],
        )
        for row in made.exports.iter_rows(named=True):
            rows[row["file_name"]].append(row)
    return rows


def _days(
    export: Export, camera: Camera, site: Site, outcome: Probed | SetAside | None
) -> set[dt.date]:
    """Trading days on which a file may be found, or of which it shows some."""
    days = set()
    if export.started_at is not None:
        days.add(site.day_of(export.started_at))
    if isinstance(outcome, Probed):
        lasts_us = round(outcome.video.duration_s * 1e6)
        began = choose(told_of(export, outcome.video, camera), lasts_us, camera.clock)
        if began is not None:
            days |= {site.day_of(at_of(began.at_us)), site.day_of(at_of(began.at_us + lasts_us))}
    return days


def _told(
    export: Export,
    entry: Entry,
    site: Site,
    outcome: Probed | SetAside | None,
    rows: Sequence[dict[str, Any]],
) -> Told:
    camera = entry.camera
    video = outcome.video if isinstance(outcome, Probed) else None
    told = dict(export.told) if video is None else told_of(export, video, camera)
    began = choose(told, 0, camera.clock)
    kind = outcome.kind if isinstance(outcome, SetAside) else None
    decided_by = None if export.named is None else export.named.decided_by
    known = Told(
        export.name, export.size_bytes, "unopened", video=video, kind=kind, decided_by=decided_by
    )
    if began is not None:
        known = replace(
            known,
            starts={source: at_of(told[source]) for source in camera.clock.order if source in told},
            start=at_of(began.at_us),
            taken=began.source,
            compared_with=began.compared_with,
            apart_s=began.apart_s,
            day=site.day_of(at_of(began.at_us)),
        )
    if rows:
        return _as_catalogued(known, rows, site)
    reason = _set_aside_for(export, entry, site, outcome)
    if reason is not None:
        return replace(known, state="set_aside", reason=reason)
    return known if video is None else replace(known, state="no_clock")


def _set_aside_for(
    export: Export, entry: Entry, site: Site, outcome: Probed | SetAside | None
) -> str | None:
    """Why a file of which the catalogue of no day tells takes no part."""
    if (absent := _absent(export, entry, site)) is not None:
        return absent
    if not stored_names(entry.camera).fullmatch(export.name):
        return "unsupported_name"
    if export.outside:
        return "outside_root"
    if isinstance(outcome, SetAside):
        return outcome.reason
    if outcome is not None and _days(export, entry.camera, site, outcome):
        return "written_before"
    return None


def _as_catalogued(known: Told, rows: Sequence[dict[str, Any]], site: Site) -> Told:
    """What the catalogue makes of a file; on the day on which most of it is used."""
    row = max(rows, key=lambda row: row["used_s"])
    states: dict[str, State] = {"catalogued": "used", "quarantined": "set_aside"}
    corrected = dt.timedelta(seconds=row["corrected_s"])
    by_order = row["clock_source"] == "order"
    return replace(
        known,
        state=states.get(row["status"], "repeated"),
        reason=row["reason"],
        starts={"order": row["started_at"] - corrected} if by_order else known.starts,
        start=row["started_at"],
        taken=row["clock_source"],
        compared_with=row["compared_with"],
        apart_s=row["clocks_apart_s"],
        corrected_s=row["corrected_s"],
        day=site.day_of(row["started_at"]),
        used_s=sum(one["used_s"] for one in rows),
    )
