"""Two weeks of the arcade in a lake, with the truth beside them, for tests of the marts.

Belongs here: the arcade with a till, a line before it and people who work there; days of people who
walk as planned; what cameras would have stored of them, gaps and all. Does not belong here: what
marts make of it.

People's continuous paths go through the product's own decisions (`vision.anonymise`,
`vision.crossings`, `vision.visits`), so that the rows of a camera-day agree with each other as real
ones do. Tracks are perfect: whoever is in view is followed, and nobody is taken for somebody else.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from footfall_dagster.lake import CameraDay, Lake
from vision.anonymise import anonymise
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS
from vision.contracts_ingest import COVERAGE
from vision.crossings import gate_events
from vision.exports.instants import us_of
from vision.exports.intervals import Interval, merged, seconds_by_minute, without
from vision.floor import PATHS
from vision.simulate.camera import Pinhole
from vision.simulate.itinerary import arrivals, crowd
from vision.simulate.plan import FloorPlan
from vision.simulate.staff import staff
from vision.simulate.stroll import stroll
from vision.simulate.trajectories import in_view
from vision.simulate.truth import truth_frames
from vision.simulate.walk import STEP_S, Walk
from vision.site.load import load_site
from vision.site.models import (
    WEEKDAYS,
    CalibrationPair,
    Camera,
    Hours,
    Site,
    SiteDay,
    Zone,
)
from vision.visits import without_excluded, zone_visits

ARCADE = Path(__file__).resolve().parents[1] / "examples" / "arcade"
FIRST, LAST = dt.date(2026, 3, 9), dt.date(2026, 3, 22)
DAYS = tuple(FIRST + dt.timedelta(days=number) for number in range((LAST - FIRST).days + 1))
OPENS, CLOSES = dt.time(10), dt.time(12)
# The arcade keeps Greenwich time in these weeks.
RECORDED = (dt.time(9, 45), dt.time(12, 15))
FLOOR = "ground"

NOBODY_ON = dt.date(2026, 3, 15)
"""Recorded as a whole; nobody came."""
MISSING = (dt.date(2026, 3, 11), "cam_shops")
"""A camera-day that was never delivered."""
EMPTY = (dt.date(2026, 3, 19), "cam_till")
"""A camera-day without a single recording."""
LATE = (dt.date(2026, 3, 17), "cam_entrance")
"""A camera-day that comes when the others are there; see `Fortnight.store_late`."""

_RIGHT_OF_THE_WALL = (ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS)
_LATEST_ARRIVAL = dt.time(11, 50)
_RUSH = (dt.time(10, 40), dt.time(11, 10))
"""Half of all people come in this half hour, so that there is a line."""
_STAFF = 3
_BODY_M = 1.7
_FRAMES_OF_STEPS = 2
"""The arcade's cameras are analysed at 5 frames a second."""
_LOST_AFTER_US = 500_000
_FEWEST_FRAMES = 5


@dataclass(frozen=True)
class Gap:
    """A camera observed nothing for a while.

    Attributes:
        day: The trading day.
        camera: Which one.
        begins: UTC.
        ends: UTC.
        reason: `gap`, where nobody recorded; `unreadable`, where a file could not be decoded.
    """

    day: dt.date
    camera: str
    begins: dt.datetime
    ends: dt.datetime
    reason: str = "gap"

    @property
    def interval(self) -> Interval:
        return us_of(self.begins), us_of(self.ends)


def _gap(day: int, camera: str, begins: str, ends: str, reason: str = "gap") -> Gap:
    date = dt.date(2026, 3, day)
    moments = (
        dt.datetime.combine(date, dt.time.fromisoformat(moment), dt.UTC)
        for moment in (begins, ends)
    )
    return Gap(date, camera, *moments, reason)


GAPS = (
    # Forty minutes that could not be decoded.
    _gap(12, "cam_entrance", "10:20:00", "11:00:00", "unreadable"),
    # A dead quarter of an hour, and one in which the line is not seen either.
    _gap(13, "cam_shops", "10:45:00", "11:00:00"),
    _gap(13, "cam_till", "10:45:00", "11:00:00"),
    # Minutes that were observed in part.
    _gap(14, "cam_till", "10:31:20", "10:31:40"),
    _gap(14, "cam_till", "10:47:12.5", "10:49:03.25"),
    _gap(14, "cam_shops", "11:10:00", "11:10:07", "unreadable"),
    _gap(18, "cam_entrance", "11:29:48", "11:30:12"),
)

# Here belongs what the site file says of gates and zones beyond their shape:
# `leads_from` of a gate, `of` of a frontage (its store) and of the line (`till`).
_MORE_OF_GATES: Mapping[str, Mapping[str, object]] = {}
_MORE_OF_ZONES: Mapping[str, Mapping[str, object]] = {}

_ZONES = (
    Zone(
        id="till_line",
        kind="queue",
        camera="cam_till",
        floor=FLOOR,
        polygon=((11, 0.95), (17, 0.95), (17, 2.65), (11, 2.65)),
        min_dwell=3,
    ),
    # Where people stand who are being served.
    Zone(
        id="till",
        kind="seating",
        camera="cam_till",
        floor=FLOOR,
        polygon=((17, 0.95), (18.2, 0.95), (18.2, 2.65), (17, 2.65)),
        min_dwell=3,
    ),
    Zone(
        id="back_room",
        kind="staff",
        camera="cam_till",
        floor=FLOOR,
        polygon=((18.6, 0.4), (22, 0.4), (22, 3.2), (18.6, 3.2)),
    ),
)


def site(**more_of_site_file: object) -> Site:
    """The arcade with a till in its south, open for two hours on each day of two weeks."""
    arcade = load_site(ARCADE)
    file = arcade.file.model_copy(
        update={
            "opens": FIRST,
            "closes": LAST,
            "trading_hours": dict.fromkeys(WEEKDAYS, Hours(opens=OPENS, closes=CLOSES)),
            "gates": tuple(
                gate.model_copy(update=dict(_MORE_OF_GATES.get(gate.id, {})))
                for gate in arcade.file.gates
            ),
            "zones": tuple(
                zone.model_copy(update=dict(_MORE_OF_ZONES.get(zone.id, {})))
                for zone in (*arcade.file.zones, *_ZONES)
            ),
            **more_of_site_file,
        }
    )
    return Site(file=file, cameras=(*arcade.cameras, _till_camera()))


def _till_camera() -> Camera:
    """A camera below the ceiling between the shops, which looks south on line and till."""
    centre, pitch, focal, frame = np.array([16.0, 7.7, 3.4]), np.radians(32), 300.0, (640, 360)
    towards = np.array([0.0, -np.cos(pitch), -np.sin(pitch)])
    right = np.array([-1.0, 0.0, 0.0])
    turn = np.vstack([right, np.cross(towards, right), towards])
    lens = np.array([[focal, 0, frame[0] / 2], [0, focal, frame[1] / 2], [0, 0, 1]])
    matrix = lens @ np.column_stack([turn, -turn @ centre])
    marks = [(11.0, 1.0), (22.0, 1.0), (12.0, 3.5), (20.0, 3.5), (14.0, 5.0), (17.0, 2.0)]
    pairs = []
    for x, y in marks:
        u, v, w = matrix @ np.array([x, y, 0, 1])
        pairs.append(CalibrationPair(pixel=(u / w, v / w), floor=(x, y)))
    return Camera(
        id="cam_till",
        floor=FLOOR,
        exports="cam_till/cam_till_%Y%m%d_%H%M%S.mp4",
        frame=frame,
        analysed_fps=5,
        calibration=tuple(pairs),
    )


@dataclass(frozen=True)
class Truth:
    """What really happened on one day.

    Attributes:
        site_day: The site on the day.
        begins: Moment 0 of the simulation, UTC.
        plan: The floor.
        walks: Each person's continuous path, a place each tenth of a second, by number; who they
            are is in `Walk.person`.
    """

    site_day: SiteDay
    begins: dt.datetime
    plan: FloorPlan
    walks: tuple[Walk, ...]

    @cached_property
    def people(self) -> pl.DataFrame:
        """One row a person.

        `group` is the number of the first of those who came together; `line` is NULL for who never
        went to one, and `outcome` is then too: `served`, `abandoned`, or `turned_away` by a line
        that was full. `joined_at` is when somebody stood in line, `left_at` when they left the
        counter or gave up.
        """
        rows = []
        for walk in self.walks:
            person, turn = walk.person, walk.person.turn
            moments = [None] * 3 if turn is None else [turn.joined, turn.served, turn.left]
            rows.append(
                (
                    person.number,
                    person.group,
                    person.staff,
                    self.at(walk.start),
                    self.at(walk.start + STEP_S * (len(walk.path) - 1)),
                    None if turn is None else turn.line,
                    None if turn is None else turn.outcome,
                    *(None if moment is None else self.at(moment) for moment in moments),
                )
            )
        instant = pl.Datetime("us", "UTC")
        schema = {
            "person": pl.Int32,
            "group": pl.Int32,
            "is_staff": pl.Boolean,
            "appears_at": instant,
            "vanishes_at": instant,
            "line": pl.String,
            "outcome": pl.String,
            "joined_at": instant,
            "served_at": instant,
            "left_at": instant,
        }
        return pl.DataFrame(rows, schema=schema, orient="row")

    @cached_property
    def frames(self) -> dict[str, pl.DataFrame]:
        """`paths`, `gate_crossings` and `zone_visits`, each with `person` (`simulate.truth`)."""
        return truth_frames(self.site_day, self.begins, [(self.plan, self.walks)])

    def at(self, seconds: float) -> dt.datetime:
        """A moment of the simulation as an instant."""
        return self.begins + dt.timedelta(microseconds=round(seconds * 1e6))


@dataclass(frozen=True)
class Fortnight:
    """Two weeks in a lake.

    Attributes:
        lake: Coverage and everything right of the wall, of each camera-day that was delivered.
        days: The trading days.
        gaps: What cameras did not observe while they recorded.
        truth: What really happened, by day.
    """

    lake: Lake
    days: tuple[dt.date, ...]
    gaps: tuple[Gap, ...]
    truth: Mapping[dt.date, Truth]

    @property
    def site(self) -> Site:
        return self.lake.site

    def delivered(self, day: dt.date) -> tuple[str, ...]:
        """Cameras of which something is stored, before the late one comes."""
        cameras = self.site.on(day).cameras
        return tuple(name for name in cameras if (day, name) not in (MISSING, LATE))

    def store_late(self) -> CameraDay:
        """Store the camera-day that comes late, and say which one it is."""
        day, camera = LATE
        _store(self.lake, self.truth[day], camera, self.gaps)
        return CameraDay(day, camera)


def build(
    folder: Path, *, people: int = 240, seed: int = 1, days: Iterable[dt.date] = DAYS
) -> Fortnight:
    """Store the fortnight below `folder`, but for the camera-day that comes late.

    The same arguments give the same rows.

    Args:
        folder: Of the lake.
        people: How many come on a weekday, about; on Saturdays it is a third more.
        seed: Of everything that is drawn at random.
        days: Only some of the days; each is the same whichever others there are.
    """
    arcade = site()
    lake = Lake(folder, arcade)
    plan = FloorPlan.of(arcade.on(FIRST), FLOOR)
    truth = {day: _lived(arcade.on(day), plan, people, seed) for day in days}
    fortnight = Fortnight(lake, tuple(truth), GAPS, truth)
    for day, lived in truth.items():
        for camera in fortnight.delivered(day):
            _store(lake, lived, camera, GAPS)
    return fortnight


def _lived(site_day: SiteDay, plan: FloorPlan, people: int, seed: int) -> Truth:
    day = site_day.day
    begins = dt.datetime.combine(day, RECORDED[0], dt.UTC)
    if day == NOBODY_ON:
        return Truth(site_day, begins, plan, ())

    def seconds(moment: dt.time) -> float:
        return (dt.datetime.combine(day, moment, dt.UTC) - begins).total_seconds()

    rng = np.random.default_rng([seed, day.toordinal()])
    wanted = people * (4 / 3 if day.weekday() == 5 else 1)
    moments: list[float] = []
    for begin, end in ((OPENS, _LATEST_ARRIVAL), _RUSH):
        first, last = seconds(begin), seconds(end)
        moments += arrivals(rng, wanted / 2 / ((last - first) / 60), last, first)
    visitors = crowd(rng, plan, sorted(moments))
    employees = staff(rng, plan, _STAFF, len(visitors), 5.0, seconds(CLOSES))
    return Truth(site_day, begins, plan, tuple(stroll([*visitors, *employees])))


def _store(lake: Lake, truth: Truth, camera: str, gaps: Iterable[Gap]) -> None:
    day = truth.site_day.day
    own = [gap for gap in gaps if (gap.day, gap.camera) == (day, camera)]
    first, last = (us_of(dt.datetime.combine(day, moment, dt.UTC)) for moment in RECORDED)
    if (day, camera) == EMPTY:
        last = first
    observed = without([(first, last)], [gap.interval for gap in own])
    rows = camera_day(truth, camera, observed)
    rows[COVERAGE.name] = _coverage(truth.site_day, (first, last), own)
    for contract in (COVERAGE, *_RIGHT_OF_THE_WALL):
        lake.write(contract, CameraDay(day, camera), rows[contract.name])


def camera_day(truth: Truth, camera: str, observed: list[Interval]) -> dict[str, pl.DataFrame]:
    """What is right of the wall of one camera that observes during some spans of time."""
    site_day = truth.site_day
    zones = site_day.zones_of(camera)
    tracks = [*_tracks(truth, Pinhole.of(site_day.cameras[camera]), observed)]
    paths = [
        track.with_columns(track=pl.lit(number, pl.Int32)) for number, track in enumerate(tracks)
    ]
    if not paths:
        return {
            one.name: one.empty() for one in (ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS)
        }
    feet = without_excluded(pl.concat(paths).select(PATHS.names()).cast(PATHS), zones)
    events = gate_events(feet, site_day.gates_of(camera))
    return {
        ANONYMISED_TRAJECTORIES.name: anonymise(feet, site_day.floor_of(camera)),
        # A path is carried on for half a second at its ends, which may lead into a gap.
        GATE_EVENTS.name: events.filter(_within(events["at"], observed)),
        ZONE_VISITS.name: zone_visits(feet, zones),
    }


def _tracks(truth: Truth, camera: Pinhole, observed: list[Interval]) -> Iterator[pl.DataFrame]:
    """Rows of `vision.floor.PATHS` for each stretch on which somebody is followed."""
    for walk in truth.walks:
        step = round(walk.start / STEP_S) + np.arange(len(walk.path))
        analysed = step % _FRAMES_OF_STEPS == 0
        place = walk.path[analysed]
        at_us = us_of(truth.begins) + np.round(step[analysed] * STEP_S * 1e6).astype(np.int64)
        seen = in_view(camera, place) & _observed(at_us, observed)
        place, at_us = place[seen], at_us[seen]
        for rows in np.split(
            np.arange(len(at_us)), np.flatnonzero(np.diff(at_us) > _LOST_AFTER_US) + 1
        ):
            if len(rows) >= _FEWEST_FRAMES:
                yield _path(camera, at_us[rows], place[rows])


def _path(camera: Pinhole, at_us: np.ndarray, place: np.ndarray) -> pl.DataFrame:
    feet = camera.project(np.column_stack([place, np.zeros(len(place))]))
    heads = camera.project(np.column_stack([place, np.full(len(place), _BODY_M)]))
    return pl.DataFrame(
        {
            "at": pl.Series(at_us).cast(pl.Datetime("us", "UTC")),
            "x_px": feet[:, 0],
            "y_px": feet[:, 1],
            "x_m": place[:, 0],
            "y_m": place[:, 1],
            "height_px": feet[:, 1] - heads[:, 1],
        }
    )


def _coverage(site_day: SiteDay, recorded: Interval, gaps: list[Gap]) -> pl.DataFrame:
    start, end = site_day.window
    opens, closes = site_day.trading_hours or (end, end)
    minutes = (end - start) // dt.timedelta(minutes=1)

    def seconds(spans: list[Interval]) -> np.ndarray:
        return seconds_by_minute(merged(spans), us_of(start), minutes)

    lost = [gap.interval for gap in gaps if gap.reason == "unreadable"]
    claimed = without([recorded], [gap.interval for gap in gaps if gap.reason == "gap"])
    frame = pl.DataFrame(
        {
            "minute": pl.datetime_range(start, end, "1m", closed="left", eager=True),
            "recorded_s": seconds(claimed),
            "readable_s": seconds(without(claimed, lost)),
            "lost_s": seconds(lost),
        }
    )
    trading = (pl.col("minute") >= opens) & (pl.col("minute") < closes)
    reason = (
        pl.when(pl.col("readable_s") >= 60)
        .then(None)
        .when(pl.col("lost_s") > 0)
        .then(pl.lit("unreadable"))
        .when(~trading)
        .then(pl.lit("outside_trading_hours"))
        .otherwise(pl.lit("gap"))
    )
    return frame.with_columns(reason=reason).select(COVERAGE.schema.names()).cast(COVERAGE.schema)


def _observed(at_us: np.ndarray, spans: list[Interval]) -> np.ndarray:
    inside = np.zeros(len(at_us), dtype=bool)
    for begins, ends in spans:
        inside |= (at_us >= begins) & (at_us < ends)
    return inside


def _within(instants: pl.Series, spans: list[Interval]) -> pl.Series:
    return pl.Series(_observed(instants.dt.epoch("us").to_numpy(), spans))
