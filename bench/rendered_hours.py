"""Hours of the arcade with a till, rendered and taken through the whole product, and not rendered.

Belongs here: who comes, the recordings, marts of both ways. Does not belong here: what is compared
(`bench.mart_figures`).

The same people twice: once as recordings through the real detector and tracker, and once followed
without a fault. What the two differ by is what detector and tracker do.
"""

import datetime as dt
import shutil
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import dagster as dg
import numpy as np
import yaml

from bench.mart_figures import Made
from footfall_dagster.day import materialise_day
from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.resources import warehouse
from footfall_dagster.settings import Settings
from footfall_dagster.warehouse import DuckDBWarehouse
from tests.arcade_cameras import RIGHT_OF_THE_WALL, camera_day, coverage
from tests.arcade_fortnight import Truth
from tests.arcade_till import FIRST, FLOOR, site
from tests.oracle.stored import materialise
from tests.oracle.truth import TrueDay
from vision.contracts_ingest import COVERAGE
from vision.exports.instants import us_of
from vision.simulate.itinerary import arrivals, crowd
from vision.simulate.plan import FloorPlan
from vision.simulate.record import Shoot, file_names, film
from vision.simulate.staff import STAFF, staff
from vision.simulate.walk import walk
from vision.site.hours import WEEKDAYS, Hours
from vision.site.models import Site, SiteDay

OPENS, CLOSES = dt.time(10), dt.time(11)
SECONDS = 3600
PEOPLE_PER_MINUTE = 2.0
RUSH_S = (1200, 1800)
"""As many again come in these ten minutes as in the whole hour, so that there is a line."""
LAST_ARRIVAL_S = 3300
FPS = 10


def hours(days: int, folder: Path, weights: Path) -> tuple[Made, Made]:
    """An hour on each of some days: as the product saw it, and as perfect tracks tell it.

    What an earlier call left in `folder` is not made again.
    """
    arcade = site(trading_hours=dict.fromkeys(WEEKDAYS, Hours(opens=OPENS, closes=CLOSES)))
    dates = [FIRST + dt.timedelta(days=number) for number in range(days)]
    lived = {date: _lived(arcade.on(date)) for date in dates}
    truth = {date: TrueDay(one) for date, one in lived.items()}
    seen = Made(arcade, _as_seen(arcade, lived.values(), folder, weights), truth)
    followed = Made(arcade, _as_followed(arcade, lived.values(), folder / "followed"), truth)
    return seen, followed


def _lived(site_day: SiteDay) -> Truth:
    """People who give way to each other, as recordings should show them."""
    plan = FloorPlan.of(site_day, FLOOR)
    rng = np.random.default_rng([1, site_day.day.toordinal()])
    moments = arrivals(rng, PEOPLE_PER_MINUTE, LAST_ARRIVAL_S, 5.0)
    rush = PEOPLE_PER_MINUTE * SECONDS / (RUSH_S[1] - RUSH_S[0])
    moments += arrivals(rng, rush, RUSH_S[1], RUSH_S[0])
    people = crowd(rng, plan, sorted(moments))
    people += staff(rng, plan, STAFF, len(people), 5.0, SECONDS)
    begins = dt.datetime.combine(site_day.day, OPENS, dt.UTC)
    return Truth(site_day, begins, plan, tuple(walk(plan, people, SECONDS)))


def _as_seen(arcade: Site, lived: Iterable[Truth], folder: Path, weights: Path) -> DuckDBWarehouse:
    described = folder / "site"
    described.mkdir(parents=True, exist_ok=True)
    told = arcade.file.model_dump(mode="json", exclude_defaults=True)
    (described / "site.yaml").write_text(yaml.safe_dump(told))
    cameras = [one.model_dump(mode="json", exclude_defaults=True) for one in arcade.cameras]
    (described / "cameras.yaml").write_text(yaml.safe_dump({"cameras": cameras}))
    settings = Settings(
        site=described, home=folder / "var", recordings=folder / "recordings", weights=weights
    )
    (folder / "dagster").mkdir(exist_ok=True)
    with dg.DagsterInstance.local_temp(str(folder / "dagster")) as instance:
        for truth in lived:
            _record(truth, settings.recordings)
            materialise_day(settings, instance, truth.site_day.day, print)
    return warehouse(settings)


def _record(truth: Truth, recordings: Path) -> None:
    """Draw what every camera of the day saw, two cameras at a time."""
    day = truth.site_day
    unfinished = [
        Shoot(
            day=day,
            camera=camera,
            walks=list(truth.walks),
            out=recordings,
            truth=recordings / "truth" / str(day.day),
            start=truth.begins,
            seconds=SECONDS,
            fps=FPS,
            seed=day.day.toordinal(),
            cast=day.day.toordinal(),
            size=None,
        )
        for camera in day.cameras
        if not _all_there(day, camera, truth.begins, recordings)
    ]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(film, unfinished))


def _all_there(day: SiteDay, camera: str, begins: dt.datetime, recordings: Path) -> bool:
    names: Sequence[str] = file_names(day, day.cameras[camera], begins, SECONDS)
    return all((recordings / name).is_file() for name in names)


def _as_followed(arcade: Site, lived: Iterable[Truth], folder: Path) -> DuckDBWarehouse:
    shutil.rmtree(folder, ignore_errors=True)
    lake = Lake(folder / "lake", arcade)
    days = []
    for truth in lived:
        first = us_of(truth.begins)
        recorded = (first, first + SECONDS * 1_000_000)
        days.append(truth.site_day.day)
        for camera in truth.site_day.cameras:
            rows = camera_day(truth.site_day, camera, truth.begins, truth.walks, [recorded])
            rows[COVERAGE.name] = coverage(truth.site_day, recorded, [])
            for contract in (COVERAGE, *RIGHT_OF_THE_WALL):
                lake.write(contract, CameraDay(days[-1], camera), rows[contract.name])
    stored = DuckDBWarehouse.below(folder / "warehouse")
    materialise(lake, stored, days)
    return stored
