"""Rules between the entries of a site's files.

Belongs here: ids, references, dates and hours, and the list of all rules. Does not belong here:
rules that one entry can break alone (`vision.site.models`), rules about shapes
(`vision.site.shape_rules`), rules about cameras (`vision.site.camera_rules`).
"""

import datetime as dt
from collections.abc import Iterator, Sequence

from vision.site import camera_rules, shape_rules
from vision.site.hours import Hours
from vision.site.models import OUTSIDE, Dated, Gate, Site, SiteDay, Zone
from vision.site.problems import AUDITS_YAML, CAMERAS_YAML, SITE_YAML, Fault, FieldPath
from vision.site.wording import nearest


def faults(site: Site) -> Iterator[Fault]:
    """Yield everything that is wrong between the entries of `site`, each once.

    Entries change with time, so the site is looked at as it stands on opening day and on every
    later day on which an entry begins. Shapes are only judged where the references between them
    hold.
    """
    found = [
        *_calendar(site),
        *_retention(site),
        *_late_window(site),
        *_recomputed(site),
        *_repeated(site),
        *_unknown_references(site),
    ]
    if not found:
        for site_day in site_days(site):
            found += _references_on(site_day)
    if not found:
        found += [*shape_rules.floor_faults(site), *camera_rules.camera_faults(site)]
    if not found:
        for site_day in site_days(site):
            found += shape_rules.shape_faults(site_day)
        found += _audits(site)
    return iter(dict.fromkeys(found))


def site_days(site: Site) -> Iterator[SiteDay]:
    """Yield the site on opening day and on each later day on which an entry begins."""
    opens = site.file.opens
    entries: tuple[Dated, ...] = (*site.file.zones, *site.file.gates, *site.cameras)
    begun = {entry.valid_from for entry in entries if entry.valid_from}
    for day in sorted({opens, *(day for day in begun if day > opens)}):
        yield site.on(day)


def _calendar(site: Site) -> Iterator[Fault]:
    file = site.file
    if file.closes and file.closes < file.opens:
        what = f"the site closes on {file.closes}, before it opens on {file.opens}"
        yield Fault(SITE_YAML, ("closes",), what, "swap the two dates, or leave closes out")
    if not file.trading_hours:
        what = "the site never trades"
        remedy = (
            "give the hours of one weekday or more, such as `mon: {opens: 09:00, closes: 21:00}`"
        )
        yield Fault(SITE_YAML, ("trading_hours",), what, remedy)
    for weekday, hours in file.trading_hours.items():
        yield from _crossed_day_start(hours, file.trading_day_start, ("trading_hours", weekday))


def _retention(site: Site) -> Iterator[Fault]:
    """Nothing may go before what is still to be computed from it, or compared with it."""
    kept = site.file.privacy.retention
    for events in ("gate_events_months", "zone_visits_months"):
        months = getattr(kept, events)
        for figures, what_for in (
            ("ingest_years", "coverage, without which they count as not observed"),
            ("marts_years", "the marts that are made of them"),
        ):
            if months > 12 * getattr(kept, figures):
                what = f"events are kept for {months} months, longer than {what_for} ({figures})"
                remedy = f"set it to {12 * getattr(kept, figures)} or less, or raise {figures}"
                yield Fault(SITE_YAML, ("privacy", "retention", events), what, remedy)
    if kept.run_output_days > kept.failed_runs_days:
        what = (
            f"what a run printed is kept for {kept.run_output_days} days, longer than the run if "
            f"it failed ({kept.failed_runs_days} days)"
        )
        remedy = f"set it to {kept.failed_runs_days} or less, or raise failed_runs_days"
        yield Fault(SITE_YAML, ("privacy", "retention", "run_output_days"), what, remedy)


def _late_window(site: Site) -> Iterator[Fault]:
    """A camera-day that a late file runs again needs the files that it had before."""
    file = site.file
    rule = file.privacy.retention.recordings_rule
    if rule is None or file.late_hours < rule.number:
        return
    what = (
        f"late files are waited for {file.late_hours} hours, and recordings kept for no longer "
        f"({rule}), so a camera-day could be run again from what is left of it"
    )
    # Where it stands in the file: the other of the two may be a default.
    if "late_hours" in file.model_fields_set:
        remedy = f"set it to {rule.number - 1} or less, or raise delete_after_hours"
        yield Fault(SITE_YAML, ("late_hours",), what, remedy)
    else:
        remedy = f"set it to {file.late_hours + 1} or more, or late_hours to {rule.number - 1}"
        path: FieldPath = ("privacy", "retention", "recordings", "delete_after_hours")
        yield Fault(SITE_YAML, path, what, remedy)


def _recomputed(site: Site) -> Iterator[Fault]:
    """Of what is kept, every day can be made again."""
    file = site.file
    fewest = file.fewest_recomputed_days
    if file.recomputed_days is not None and file.recomputed_days < fewest:
        what = (
            f"days can be made again for {file.recomputed_days} days, and gate events and visits "
            "are kept for longer, so an objection or a late file would find a day out of reach"
        )
        remedy = f"set it to {fewest} or more, or keep events for fewer months (privacy.retention)"
        yield Fault(SITE_YAML, ("recomputed_days",), what, remedy)


def _audits(site: Site) -> Iterator[Fault]:
    """Counts by eye of a gate that was there, on a trading day, and of no minute twice."""
    zone = site.zone_info
    days: dict[dt.date, SiteDay] = {}
    ended: dict[str, dt.datetime] = {}
    in_order = sorted(enumerate(site.audits), key=lambda one: one[1].window(zone)[0])
    for index, audit in in_order:
        path: FieldPath = ("audits", index)
        begins, ends = audit.window(zone)
        day = site.day_of(begins)
        if day not in days:
            days[day] = site.on(day)
        gates = days[day].gates
        if begins.astimezone(zone).replace(tzinfo=None) != audit.starts:
            what = f"the clocks of the site never show {audit.starts}: they go forward over it"
            yield Fault(AUDITS_YAML, (*path, "starts"), what, "write the time after the change")
        elif not site.file.trades_on(day):
            what = f"the site is not open on {day}, the trading day of this count"
            remedy = f"see opens and closes in {SITE_YAML}"
            yield Fault(AUDITS_YAML, (*path, "starts"), what, remedy)
        elif audit.gate not in gates:
            what = f"there is no gate {audit.gate} on {day}"
            yield Fault(AUDITS_YAML, (*path, "gate"), what, nearest(audit.gate, gates))
        elif site.day_of(ends - dt.timedelta(microseconds=1)) != day:
            what = f"this count goes on past the end of trading day {day}"
            remedy = f"end it before {site.file.trading_day_start:%H:%M}"
            yield Fault(AUDITS_YAML, (*path, "minutes"), what, remedy)
        elif audit.gate in ended and begins < ended[audit.gate]:
            what = f"another entry counts gate {audit.gate} in some of these minutes as well"
            remedy = "keep one of the two, or count different minutes"
            yield Fault(AUDITS_YAML, (*path, "starts"), what, remedy)
        ended[audit.gate] = max(ends, ended.get(audit.gate, ends))


def _crossed_day_start(hours: Hours, start: dt.time, path: FieldPath) -> Iterator[Fault]:
    """A trading day runs from `start` to `start`; opening hours must lie inside it."""
    if hours.opens < start:
        what = f"the hours begin at {hours.opens:%H:%M}, before the trading day at {start:%H:%M}"
        remedy = f"set trading_day_start to {hours.opens:%H:%M} or earlier"
        yield Fault(SITE_YAML, (*path, "opens"), what, remedy)
    elif hours.closes <= hours.opens and hours.closes > start:
        what = (
            f"closes {hours.closes:%H:%M} is not after opens {hours.opens:%H:%M}, and the next "
            f"morning at that time is past trading_day_start {start:%H:%M}"
        )
        yield Fault(
            SITE_YAML, (*path, "closes"), what, "swap the two, or move trading_day_start after it"
        )


def _repeated(site: Site) -> Iterator[Fault]:
    floors = [floor.id for floor in site.file.floors]
    for index, name in enumerate(floors):
        if name in floors[:index]:
            remedy = "give each floor an id of its own"
            yield Fault(SITE_YAML, ("floors", index, "id"), f"a second floor {name}", remedy)
    lists: tuple[tuple[str, str, Sequence[Dated]], ...] = (
        (SITE_YAML, "zones", site.file.zones),
        (SITE_YAML, "gates", site.file.gates),
        (CAMERAS_YAML, "cameras", site.cameras),
    )
    for file, field, entries in lists:
        seen: set[tuple[str, dt.date | None]] = set()
        for index, entry in enumerate(entries):
            key = (entry.id, entry.valid_from)
            if key in seen:
                since = f"from {entry.valid_from}" if entry.valid_from else "without valid_from"
                what = f"a second entry {entry.id} {since}"
                remedy = "rename one, or give the newer one the valid_from on which it began"
                yield Fault(file, (field, index, "id"), what, remedy)
            seen.add(key)


def _unknown_references(site: Site) -> Iterator[Fault]:
    floors = {floor.id for floor in site.file.floors}
    cameras = set(site.camera_ids)
    for path, shape in _shapes(site):
        if shape.floor not in floors:
            what = f"there is no floor {shape.floor}"
            yield Fault(SITE_YAML, (*path, "floor"), what, nearest(shape.floor, floors))
        if shape.camera not in cameras:
            what = f"there is no camera {shape.camera} in {CAMERAS_YAML}"
            yield Fault(SITE_YAML, (*path, "camera"), what, nearest(shape.camera, cameras))
    for index, gate in enumerate(site.file.gates):
        places = {OUTSIDE, *floors} - {gate.floor}
        if gate.leads_from is not None and gate.leads_from not in places:
            what = f"nobody comes to floor {gate.floor} from {gate.leads_from}"
            remedy = nearest(gate.leads_from, places)
            yield Fault(SITE_YAML, ("gates", index, "leads_from"), what, remedy)
    for index, camera in enumerate(site.cameras):
        if camera.floor not in floors:
            what = f"there is no floor {camera.floor} in {SITE_YAML}"
            remedy = nearest(camera.floor, floors)
            yield Fault(CAMERAS_YAML, ("cameras", index, "floor"), what, remedy)


def _references_on(site_day: SiteDay) -> Iterator[Fault]:
    """Shapes whose camera has not begun, or looks at another floor, on one day."""
    held = {id(shape) for shape in (*site_day.zones.values(), *site_day.gates.values())}
    for path, shape in _shapes(site_day.site):
        if id(shape) not in held:
            continue
        camera = site_day.cameras.get(shape.camera)
        if camera is None:
            begins = min(
                camera.valid_from
                for camera in site_day.site.cameras
                if camera.id == shape.camera and camera.valid_from
            )
            what = f"camera {shape.camera} does not exist before {begins}"
            remedy = f"add `valid_from: {begins}` here, or an earlier one to the camera"
            yield Fault(SITE_YAML, (*path, "camera"), what, remedy)
        elif camera.floor != shape.floor:
            what = f"camera {camera.id} sees floor {camera.floor}, not {shape.floor}"
            remedy = f"write floor: {camera.floor}, or name a camera of floor {shape.floor}"
            yield Fault(SITE_YAML, (*path, "floor"), what, remedy)
        elif isinstance(shape, Zone) and shape.of is not None:
            yield from _wrong_of(site_day, shape, (*path, "of"))


_OF = {"frontage": "store", "queue": None}
"""Kinds of zones that are for another, and of which kind that must be; None: any."""


def _wrong_of(site_day: SiteDay, zone: Zone, path: FieldPath) -> Iterator[Fault]:
    """A zone is for another one that the same camera sees, or nobody is seen in both."""
    if zone.kind not in _OF:
        what = f"a zone of kind {zone.kind} is for no other"
        remedy = f"leave it out; zones that have it are of kind {' or '.join(_OF)}"
        yield Fault(SITE_YAML, path, what, remedy)
        return
    wanted = _OF[zone.kind]
    others = {
        other.id
        for other in site_day.zones_of(zone.camera)
        if other.id != zone.id and other.kind != "exclude" and wanted in (None, other.kind)
    }
    if zone.of not in others:
        what = f"{zone.of} is no {wanted or 'other zone'} that camera {zone.camera} owns"
        yield Fault(SITE_YAML, path, what, nearest(zone.of or "", others))


def _shapes(site: Site) -> Iterator[tuple[FieldPath, Zone | Gate]]:
    for index, zone in enumerate(site.file.zones):
        yield ("zones", index), zone
    for index, gate in enumerate(site.file.gates):
        yield ("gates", index), gate
