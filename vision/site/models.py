"""Pydantic models of site.yaml and cameras.yaml, and of the site as it stands on one day.

Belongs here: fields, defaults and the rules that one entry can break alone. Does not belong here:
hours and privacy (`vision.site.hours`, `vision.site.privacy`), rules between entries
(`vision.site.rules`), reading files (`vision.site.load`).
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Discriminator, Field, NaiveDatetime, Tag, model_validator

from vision.contracts_ingest import CLOCK_SOURCES, ClockSource
from vision.exports.recorders import Recorder
from vision.site.audits import Audit
from vision.site.entry import Entry
from vision.site.hours import WEEKDAYS, Hours, LocalTime, QuietHours, Weekday
from vision.site.privacy import Privacy

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Metres = Annotated[float, Field(ge=-10_000, le=10_000, allow_inf_nan=False)]
Pixels = Annotated[float, Field(ge=-1, le=16_384, allow_inf_nan=False)]
FloorPoint = tuple[Metres, Metres]
PixelPoint = tuple[Pixels, Pixels]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # Only now, since listing all zones reads the whole database from disk.
        close = get_close_matches(name, available_timezones(), n=1)
        remedy = f"did you mean {close[0]}?" if close else "write a name such as Europe/London"
        raise ValueError(f"{name} is not a time zone; {remedy}") from None
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]


class Dated(Entry):
    """An entry that holds from `valid_from` until a later entry of the same id, or for ever."""

    id: Id
    valid_from: dt.date | None = None

    def holds_on(self, day: dt.date) -> bool:
        """Whether the entry has begun by `day`."""
        return self.valid_from is None or self.valid_from <= day


_D = TypeVar("_D", bound=Dated)


class Floor(Entry):
    """One level of the building; `outline` is a simple polygon in metres."""

    id: Id
    outline: Annotated[tuple[FloorPoint, ...], Field(min_length=3)]


class Zone(Dated):
    """A polygon on a floor, in metres, or in the pixels of an uncalibrated camera.

    `of` names the zone that this one is for: a frontage's store, or the counter that people in a
    queue wait for.
    """

    kind: Literal[
        "store", "frontage", "corridor", "display", "queue", "seating", "staff", "exclude"
    ]
    camera: Id
    floor: Id
    polygon: Annotated[tuple[FloorPoint, ...], Field(min_length=3)] | None = None
    polygon_px: Annotated[tuple[PixelPoint, ...], Field(min_length=3)] | None = None
    min_dwell: Annotated[float, Field(ge=0, le=3600)] = 5.0
    of: Id | None = None

    @model_validator(mode="after")
    def _one_shape(self) -> "Zone":
        if (self.polygon is None) == (self.polygon_px is None):
            raise ValueError(
                "the zone needs one shape; give either polygon (metres) or polygon_px (pixels), "
                "and not both"
            )
        return self


class Gate(Dated):
    """A line that people cross, and a point on the side that counts as inside.

    `leads_from` says where people come from who cross it inwards: `outside`, or another floor.
    Without it, the gate counts for itself alone, as a shop's door does.
    """

    camera: Id
    floor: Id
    leads_from: Id | None = None
    line: tuple[FloorPoint, FloorPoint] | None = None
    inside: FloorPoint | None = None
    line_px: tuple[PixelPoint, PixelPoint] | None = None
    inside_px: PixelPoint | None = None

    @model_validator(mode="after")
    def _one_shape(self) -> "Gate":
        metres = (self.line is not None, self.inside is not None)
        pixels = (self.line_px is not None, self.inside_px is not None)
        if (metres, pixels) not in {((True, True), (False, False)), ((False, False), (True, True))}:
            raise ValueError(
                "the gate needs one line and its inside; give either line and inside (metres) or "
                "line_px and inside_px (pixels), and not both"
            )
        return self


_LONGEST_MONTH = 31
"""Days."""
OUTSIDE = "outside"
"""Where a gate leads from that is an entrance of the site."""


_Words = Annotated[str, Field(min_length=1, max_length=400)]


class Notice(Entry):
    """Who is responsible, where the public notice is, and what of it only they can know.

    The last four are asked for by the law and follow from nothing else here: on what legal basis
    the controller relies, who their data protection officer is, who else receives figures, and to
    which authority people may complain. What is absent is shown as missing, never made up.
    """

    controller: str
    contact: str
    url: str | None = None
    legal_basis: _Words | None = None
    data_protection_officer: _Words | None = None
    recipients: _Words | None = None
    authority: _Words | None = None


class CalibrationPair(Entry):
    """One point of the floor, as the camera sees it and as the plan has it."""

    pixel: PixelPoint
    floor: FloorPoint


class Clock(Entry):
    """How the start of a file is found.

    `time_zone` is the zone in which the recorder writes names (default: the site's). `starts`
    gives the first frame's local time of files whose names say nothing; `sidecar` names a CSV below
    the folder of recordings that does (columns file and start). Of several sources the first in
    `order` is taken; where another is more than `tolerance_s` away from it, a check warns. The last
    source, `order` itself, has a file follow the one whose name comes before; it has to be asked
    for, since a stray file would be counted. With `correct_drift`, starts follow the line that the
    other clock draws over the day. A file that begins within `join_within_s` of where the one
    before ended begins exactly there.
    """

    time_zone: TimeZone | None = None
    starts: dict[str, NaiveDatetime] = Field(default_factory=dict)
    sidecar: str | None = None
    order: Annotated[tuple[ClockSource, ...], Field(min_length=1)] = CLOCK_SOURCES[:-1]
    tolerance_s: Annotated[float, Field(ge=0, le=86_400)] = 2.0
    correct_drift: bool = False
    join_within_s: Annotated[float, Field(ge=0, le=10)] = 2.0


class RecorderExports(Entry):
    """Files named as a known recorder names them (`vision.exports.recorders`).

    `folder` is where it exports to, below the folder of recordings; `channel` tells the cameras
    apart that share it, in the recorder's own word.
    """

    recorder: Recorder
    folder: Annotated[str, Field(max_length=200)] = ""
    channel: Annotated[str, Field(min_length=1, max_length=80)] | None = None


def _pattern_or_recorder(exports: object) -> str:
    return "[recorder]" if isinstance(exports, dict | RecorderExports) else "[pattern]"


Exports = Annotated[
    Annotated[str, Tag("[pattern]")] | Annotated[RecorderExports, Tag("[recorder]")],
    Discriminator(_pattern_or_recorder),
]


class Camera(Dated):
    """One camera: where its files are, which floor it sees, how pixels become metres.

    `exports` is a path below the folder of recordings with strftime directives for the start of
    the file (%Y %m %d %H %M %S), and * for any text, such as `cam_a/cam_a_%Y%m%d_%H%M%S.mp4`; or
    it names the recorder, such as `{recorder: frigate, channel: front_door}`.
    """

    floor: Id
    exports: Exports
    frame: tuple[Annotated[int, Field(ge=16)], Annotated[int, Field(ge=16)]]
    clock: Clock = Clock()
    calibration: tuple[CalibrationPair, ...] = ()
    masks: tuple[Annotated[tuple[PixelPoint, ...], Field(min_length=3)], ...] = ()
    analysed_fps: Annotated[float, Field(ge=1, le=30)] = 6.0

    @property
    def calibrated(self) -> bool:
        """Whether pixels can be turned into metres."""
        return bool(self.calibration)


class SiteFile(Entry):
    """site.yaml as written.

    Camera-days run `settling_minutes` after the end of a trading day, when recorders have exported
    its last files; marts and report `marts_minutes` after it, when the cameras have been worked
    through. In `quiet_hours` nothing is analysed. Where less than the share `least_coverage` of the
    other trading hours was observed, a check warns. A file that arrives later, within `late_hours`
    of the end of its day, has its camera-day run again once it has not changed for
    `settle_seconds`. Whoever is in view for longer than `staff_after_minutes` counts as staff. With
    `estimate_gaps`, daily totals over gaps come with an estimate beside them. With
    `recomputed_days`, days from longer ago stand as they were made: their figures stay, and nobody
    can have them made again.
    """

    id: Id
    name: Annotated[str, Field(min_length=1, max_length=80)]
    time_zone: TimeZone
    trading_day_start: LocalTime = dt.time(4)
    opens: dt.date
    closes: dt.date | None = None
    trading_hours: dict[Weekday, Hours]
    quiet_hours: tuple[QuietHours, ...] = ()
    settling_minutes: Annotated[int, Field(ge=0, le=12 * 60)] = 60
    marts_minutes: Annotated[int, Field(ge=0, le=12 * 60)] = 240
    least_coverage: Annotated[float, Field(ge=0, le=1)] = 0.9
    settle_seconds: Annotated[int, Field(ge=10, le=24 * 3600)] = 120
    late_hours: Annotated[int, Field(ge=0, le=24 * 31)] = 48
    staff_after_minutes: Annotated[int, Field(ge=5, le=24 * 60)] = 120
    estimate_gaps: bool = False
    recomputed_days: Annotated[int, Field(ge=1, le=366 * 30)] | None = None
    floors: Annotated[tuple[Floor, ...], Field(min_length=1)]
    zones: tuple[Zone, ...] = ()
    gates: tuple[Gate, ...] = ()
    privacy: Privacy = Privacy()
    notice: Notice

    @property
    def fewest_recomputed_days(self) -> int:
        """The shortest `recomputed_days` may be, so that no day is out of reach with events kept.

        Late files and objections have a day made again for as long as there is something of it.
        """
        kept = self.privacy.retention
        months = max(
            kept.gate_events_months, kept.zone_visits_months, kept.zone_demographics_months
        )
        return _LONGEST_MONTH * (months + 1)

    def trades_on(self, day: dt.date) -> bool:
        """Whether `day` is one of the days on which the site is open."""
        return self.opens <= day and (self.closes is None or day <= self.closes)


class CamerasFile(Entry):
    """cameras.yaml as written."""

    cameras: Annotated[tuple[Camera, ...], Field(min_length=1)]


class Site(Entry):
    """A whole site: site.yaml and cameras.yaml together, all versions of every entry.

    `audits` are the counts by eye in audits.yaml, where there is one. What is made of recordings
    does not rest on them.
    """

    file: SiteFile
    cameras: tuple[Camera, ...]
    audits: tuple[Audit, ...] = ()

    @property
    def as_recorded(self) -> "Site":
        """The site without what people counted by eye."""
        return self.model_copy(update={"audits": ()})

    @property
    def id(self) -> str:
        """The site's id."""
        return self.file.id

    @property
    def zone_info(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.file.time_zone)

    @property
    def camera_ids(self) -> tuple[str, ...]:
        """Ids of all cameras that any version declares, sorted."""
        return tuple(sorted({camera.id for camera in self.cameras}))

    def day_window(self, day: dt.date) -> tuple[dt.datetime, dt.datetime]:
        """Start and end of trading day `day`, UTC; 23, 24 or 25 hours apart."""
        start, end = (
            dt.datetime.combine(date, self.file.trading_day_start, self.zone_info)
            for date in (day, day + dt.timedelta(days=1))
        )
        return start.astimezone(dt.UTC), end.astimezone(dt.UTC)

    def day_of(self, at: dt.datetime) -> dt.date:
        """The trading day to which a moment belongs."""
        local = at.astimezone(self.zone_info)
        early = local.time() < self.file.trading_day_start
        return local.date() - dt.timedelta(days=early)

    def on(self, day: dt.date) -> "SiteDay":
        """The site as it stands on `day`: of every id the newest entry that has begun."""
        return SiteDay(
            site=self,
            day=day,
            cameras={camera.id: camera for camera in _newest(self.cameras, day)},
            zones={zone.id: zone for zone in _newest(self.file.zones, day)},
            gates={gate.id: gate for gate in _newest(self.file.gates, day)},
        )


class SiteDay(Entry):
    """A site on one trading day, each id once."""

    site: Site
    day: dt.date
    cameras: dict[str, Camera]
    zones: dict[str, Zone]
    gates: dict[str, Gate]

    @property
    def window(self) -> tuple[dt.datetime, dt.datetime]:
        """Start and end of the trading day, UTC."""
        return self.site.day_window(self.day)

    @property
    def trading_hours(self) -> tuple[dt.datetime, dt.datetime] | None:
        """Opening and closing, UTC; None on a day on which the site stays closed."""
        hours = self.site.file.trading_hours.get(WEEKDAYS[self.day.weekday()])
        if hours is None:
            return None
        overnight = hours.closes <= hours.opens
        closing_day = self.day + dt.timedelta(days=1) if overnight else self.day
        zone = self.site.zone_info
        opens = dt.datetime.combine(self.day, hours.opens, zone)
        closes = dt.datetime.combine(closing_day, hours.closes, zone)
        return opens.astimezone(dt.UTC), closes.astimezone(dt.UTC)

    @property
    def audits(self) -> tuple[Audit, ...]:
        """Counts by eye that began on the day."""
        starts, ends = self.window
        zone = self.site.zone_info
        return tuple(one for one in self.site.audits if starts <= one.window(zone)[0] < ends)

    def floor_of(self, camera: str) -> Floor:
        """The floor that `camera` sees."""
        wanted = self.cameras[camera].floor
        return next(floor for floor in self.site.file.floors if floor.id == wanted)

    def zones_of(self, camera: str) -> tuple[Zone, ...]:
        """Zones that `camera` owns, by id."""
        return tuple(z for _, z in sorted(self.zones.items()) if z.camera == camera)

    def gates_of(self, camera: str) -> tuple[Gate, ...]:
        """Gates that `camera` owns, by id."""
        return tuple(g for _, g in sorted(self.gates.items()) if g.camera == camera)


def _newest(entries: Sequence[_D], day: dt.date) -> Iterator[_D]:
    begun: dict[str, _D] = {}
    for entry in sorted(entries, key=lambda entry: entry.valid_from or dt.date.min):
        if entry.holds_on(day):
            begun[entry.id] = entry
    return iter(begun.values())
