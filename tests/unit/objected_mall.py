"""The small mall with some busy days in lake, warehouse and public pages, to object to.

Belongs here: days that are stored and published, and the batch carried out on them. Does not belong
here: what is expected of it.
"""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import polars as pl

from assets.marts.contracts import MARTS
from assets.marts.release import release_day
from assets.release import policy
from assets.release.day import decide
from assets.reports import public
from footfall_dagster.lake import CameraDay
from footfall_dagster.privacy import ledger
from footfall_dagster.privacy.objecting import Objecting
from footfall_dagster.report_store import report_stores
from footfall_dagster.settings import Settings
from footfall_dagster.store import matching
from tests.unit import small_mall
from tests.unit.published_mall import make_tables
from vision.contract_terms import Contract
from vision.contracts import ANONYMISED_TRAJECTORIES, DETECTIONS, GATE_EVENTS, TRACKS, ZONE_VISITS
from vision.contracts_ingest import COVERAGE
from vision.objections import Objection, Place
from vision.site.models import Site

SECOND, MINUTE, DAY = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(days=1)
MONDAY = dt.date(2026, 3, 9)
DAYS = [MONDAY + DAY, MONDAY + 2 * DAY, MONDAY + 8 * DAY]
"""Two of one week and one of the next, a week after the first."""
NOW = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
PEOPLE, APART = 100, 36 * SECOND
"""At each of the two cameras, and how far apart they come."""
_SHOPPING = [(0.125, 4.125), (1.125, 3.125), *[(2.125, 2.125)] * 20, (1.125, 3.125), (0.125, 4.125)]
_STROLL = [(9.125, 4.125), *[(7.125, 4.125)] * 10, (9.125, 4.125)]
PLACES = (
    Place("gate", "door"),
    Place("gate", "back"),
    Place("zone", "shop"),
    Place("zone", "aisle"),
    Place("camera", "cam_a"),
    Place("point", "ground", 2.0, 2.0, 1.0),
    Place("point", "ground", 7.0, 4.0, 1.5),
)


def came_at(day: dt.date, person: int) -> dt.datetime:
    """When a person comes through the door, and another one through the back."""
    return dt.datetime.combine(day, dt.time(12), dt.UTC) + person * APART


def objection(day: dt.date, person: int, place: Place) -> Objection:
    """What somebody asks for who came to a place some seconds after `came_at`."""
    return Objection(day, came_at(day, person), came_at(day, person) + 12 * SECOND, place)


def dump(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of a DuckDB file in an order of its own: two builds of one differ in some bytes."""
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        names = connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()
        return {
            name: connection.execute(f'SELECT * FROM "{name}" ORDER BY ALL').fetchall()
            for (name,) in names
        }


@dataclass(frozen=True)
class Mall:
    """The mall at home in a folder."""

    home: Path
    withdraw: str = "week"
    stored: Settings | None = None
    """Where it is not all below the home."""

    @cached_property
    def site(self) -> Site:
        site = small_mall.site()
        asked = site.file.privacy.objections.model_copy(update={"withdraw": self.withdraw})
        privacy = site.file.privacy.model_copy(update={"objections": asked})
        return site.model_copy(update={"file": site.file.model_copy(update={"privacy": privacy})})

    @property
    def settings(self) -> Settings:
        return self.stored or Settings(home=self.home)

    @property
    def objecting(self) -> Objecting:
        return Objecting(self.settings, self.site)

    def write(self, contract: Contract, camera_day: CameraDay, rows: pl.DataFrame) -> None:
        self.objecting.lake.write(contract, camera_day, rows, "0" * 64)

    def record(self, day: dt.date) -> None:
        """Store a camera-day each of shoppers at the door and of strollers at the back."""
        site_day = self.site.on(day)
        came = [came_at(day, person) for person in range(PEOPLE)]
        seen = small_mall.coverage(site_day, (came[0], came[0] + 75 * MINUTE))
        last = {"cam_a": len(_SHOPPING) - 1, "cam_b": len(_STROLL) - 1}
        ways = {"cam_a": ("door", "shop", _SHOPPING, 2), "cam_b": ("back", "aisle", _STROLL, 0)}
        for camera, (gate, zone, way, enters) in ways.items():
            ends = [at + last[camera] * SECOND for at in came]
            dwell = last[camera] - 2 * enters + (1 if enters else 0)
            stays = [(zone, at + enters * SECOND, dwell) for at in came]
            crossed = [(gate, at, "in") for at in came] + [(gate, at, "out") for at in ends]
            made = {
                COVERAGE: seen,
                ANONYMISED_TRAJECTORIES: small_mall.walks(*((at, way) for at in came)),
                GATE_EVENTS: small_mall.crossings(*crossed),
                ZONE_VISITS: small_mall.stays(*stays),
                DETECTIONS: DETECTIONS.empty(),
                TRACKS: TRACKS.empty(),
            }
            for contract, rows in made.items():
                self.write(contract, CameraDay(day, camera), rows)

    def make(self, day: dt.date) -> dict[str, pl.DataFrame]:
        """Make exact marts of what is stored of a day."""
        site_day, lake = self.site.on(day), self.objecting.lake
        of = {
            contract.name: {
                camera: lake.read(contract, CameraDay(day, camera)) for camera in site_day.cameras
            }
            for contract in (COVERAGE, ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS)
        }
        tables = small_mall.relations(site_day, of.pop(COVERAGE.name), of)
        return make_tables(self.settings, self.site, day, tables)

    def publish(self, day: dt.date) -> None:
        """Make marts of a day, release them, draw the public page, as the assets do."""
        site_day, exact, stored = self.site.on(day), self.make(day), self.objecting.warehouse
        if not stored.is_withdrawn(self.site.id, day):
            changed = [public.RELEASED[name] for name in policy.CHANGES]
            earlier = stored.read_published_days(changed, self.site.id, policy.days_before(day))
            released = release_day(site_day, exact, decide(site_day, exact, earlier))
            stored.publish_day(self.site.id, day, released, lambda _line: None)
        pages = report_stores(self.settings, self.site.id)[ledger.PUBLIC_REPORTS]
        public.draw(site_day, stored, pages)

    def carry_out(self, *batch: Objection) -> list[dt.date]:
        """Take a batch in and carry it out; return the days that are to be made again."""
        listed = self.objecting.lake.objection_list
        for one in batch:
            assert listed.add(one, NOW.date())
        list(self.objecting.carry_out(NOW))
        return [day for day, _ in listed.read().to_make]

    @property
    def released(self) -> tuple[object, dict[str, bytes]]:
        """All that leaves the house: every row that is published, and every public page."""
        pages = matching(self.settings.public_reports, "**/*.html")
        return (
            dump(self.objecting.warehouse.published),
            {path.name: path.read_bytes() for path in pages},
        )

    def rows(self, mart: str, day: dt.date) -> pl.DataFrame:
        """Published rows of a mart."""
        contract = public.RELEASED[MARTS[mart].name]
        return self.objecting.warehouse.read_published_day(contract, self.site.id, day)
