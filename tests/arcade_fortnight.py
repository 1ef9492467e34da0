"""Two weeks of the arcade in a lake, with the truth beside them, for tests of the marts.

Belongs here: who comes on which day, which camera did not observe what, what really happened. Does
not belong here: the site (`tests.arcade_till`), what cameras store of people
(`tests.arcade_cameras`), what marts make of it.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from footfall_dagster.lake import CameraDay, Lake
from tests.arcade_cameras import RIGHT_OF_THE_WALL, Gap, camera_day, coverage
from tests.arcade_till import CLOSES, FIRST, FLOOR, LAST, OPENS, site
from vision.contracts_ingest import COVERAGE
from vision.exports.instants import us_of
from vision.exports.intervals import without
from vision.simulate.itinerary import arrivals, crowd
from vision.simulate.plan import FloorPlan
from vision.simulate.staff import STAFF, staff
from vision.simulate.stroll import stroll
from vision.simulate.truth import truth_frames
from vision.simulate.walk import STEP_S, Walk
from vision.site.models import Site, SiteDay

DAYS = tuple(FIRST + dt.timedelta(days=number) for number in range((LAST - FIRST).days + 1))
# The arcade keeps Greenwich time in these weeks.
RECORDED = (dt.time(9, 45), dt.time(12, 15))

NOBODY_ON = dt.date(2026, 3, 15)
"""Recorded as a whole; nobody came."""
MISSING = (dt.date(2026, 3, 11), "cam_shops")
"""A camera-day that was never delivered."""
EMPTY = (dt.date(2026, 3, 19), "cam_till")
"""A camera-day without a single recording."""
LATE = (dt.date(2026, 3, 17), "cam_entrance")
"""A camera-day that comes when the others are there; see `Fortnight.store_late`."""

_LATEST_ARRIVAL = dt.time(11, 50)
_RUSH = (dt.time(10, 40), dt.time(11, 10))
"""Half of all people come in this half hour, so that there is a line."""


def _gap(day: int, camera: str, begins: str, ends: str, reason: str = "gap") -> Gap:
    date = dt.date(2026, 3, day)
    at, until = (
        dt.datetime.combine(date, dt.time.fromisoformat(moment), dt.UTC)
        for moment in (begins, ends)
    )
    return Gap(date, camera, at, until, reason)


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
    employees = staff(rng, plan, STAFF, len(visitors), 5.0, seconds(CLOSES))
    return Truth(site_day, begins, plan, tuple(stroll([*visitors, *employees])))


def _store(lake: Lake, truth: Truth, camera: str, gaps: Iterable[Gap]) -> None:
    day = truth.site_day.day
    own = [gap for gap in gaps if (gap.day, gap.camera) == (day, camera)]
    first, last = (us_of(dt.datetime.combine(day, moment, dt.UTC)) for moment in RECORDED)
    recorded = (first, first if (day, camera) == EMPTY else last)
    observed = without([recorded], [gap.interval for gap in own])
    rows = camera_day(truth.site_day, camera, truth.begins, truth.walks, observed)
    rows[COVERAGE.name] = coverage(truth.site_day, recorded, own)
    for contract in (COVERAGE, *RIGHT_OF_THE_WALL):
        lake.write(contract, CameraDay(day, camera), rows[contract.name])
