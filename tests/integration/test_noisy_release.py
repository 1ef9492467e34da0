"""A day released with noise by the job of the site-day: drawn once, shown, audited, and refused."""

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from assets.marts.of_zones import ZONE_VISITS_HOURLY
from assets.marts.release import published
from assets.plan import SitePlan
from footfall_dagster.definitions import build_definitions
from footfall_dagster.jobs import SITE_DAY
from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.privacy import closed_list, ledger
from footfall_dagster.report_store import report_stores
from footfall_dagster.resources import warehouse
from footfall_dagster.runs import QUIET
from footfall_dagster.sensors import missing_cameras
from footfall_dagster.settings import Settings
from tests.integration.test_bad_input import told
from tests.unit import small_mall
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS
from vision.contracts_ingest import COVERAGE
from vision.site.load import load_site

DAY = dt.date(2026, 3, 14)
TEN = dt.datetime(2026, 3, 14, 10, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
GOES_IN = [(14.125, 7.125)] * 5 + [(14.125, 9.125)] * 9
"""From the front of the bakery into it."""
ASKED = """privacy:
  release:
    marts: {zone_visits_hourly: noisy}
    noise: {epsilon: 1, budget: 1.5}"""
NAME = ZONE_VISITS_HOURLY.name


class Home:
    """The arcade, with a lake of one day and nothing made of it yet."""

    def __init__(self, root: Path, instance: dg.DagsterInstance) -> None:
        site = root / "site"
        shutil.copytree("examples/arcade", site, ignore=shutil.ignore_patterns("notice"))
        file = (site / "site.yaml").read_text()
        assert file.count("\nprivacy:") == 1
        (site / "site.yaml").write_text(file.replace("\nprivacy:", f"\n{ASKED}"))
        self.settings = Settings(site=site, home=root / "home")
        self.plan, self.instance = SitePlan(load_site(site)), instance
        self.lake = Lake(self.settings.lake, self.plan.site)
        instance.add_dynamic_partitions(
            self.plan.cameras.name or "", missing_cameras(self.plan, instance)
        )

    def delivered(self, customers: int) -> None:
        """Store a day on which so many went into the bakery."""
        for camera in self.plan.site.camera_ids:
            ways = [(TEN + n * MINUTE / 2, GOES_IN) for n in range(customers)]
            frames = {
                COVERAGE: small_mall.coverage(self.plan.site.on(DAY), (TEN, TEN + 60 * MINUTE)),
                GATE_EVENTS: GATE_EVENTS.empty(),
                ZONE_VISITS: ZONE_VISITS.empty(),
                ANONYMISED_TRAJECTORIES: small_mall.walks(*ways),
            }
            for contract, frame in frames.items():
                self.lake.write(contract, CameraDay(DAY, camera), frame)

    def run(self) -> dg.ExecuteInProcessResult:
        job = build_definitions(self.settings).resolve_job_def(SITE_DAY)
        return job.execute_in_process(
            instance=self.instance,
            partition_key=DAY.isoformat(),
            run_config=QUIET,
            raise_on_error=False,
        )

    def published(self) -> pl.DataFrame:
        return warehouse(self.settings).read_published_day(
            published(ZONE_VISITS_HOURLY), self.plan.site.id, DAY
        )

    @property
    def file(self) -> Path:
        return warehouse(self.settings).published


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Home(tmp_path, instance)


def test_noise_is_drawn_once_and_refused_when_the_budget_is_spent(home: Home) -> None:
    home.delivered(customers=60)
    first = home.run()
    assert first.success, told(first)
    exact = warehouse(home.settings).read_day(ZONE_VISITS_HOURLY, home.plan.site.id, DAY)
    rows, bytes_before = home.published(), home.file.read_bytes()
    assert rows.height == exact.height
    # Each is a dozen off or more, mostly: that all six stay as they were is out of question.
    assert (rows["visits"] != exact["visits"]).any()
    assert rows["dwell_median_s"].null_count() == rows.height

    again = home.run()
    assert again.success, told(again)
    assert home.published().equals(rows)
    assert home.file.read_bytes() == bytes_before

    # Another day's worth of noise would cost the people of the day 2 of the 1.5 that they have.
    home.delivered(customers=61)
    third = home.run()
    assert not third.success
    assert "noise.budget" in told(third)
    assert home.file.read_bytes() == bytes_before


def test_reports_and_the_audit_of_the_disk_take_noisy_figures(home: Home) -> None:
    home.delivered(customers=60)
    assert home.run().success
    page = report_stores(home.settings, home.plan.site.id)[ledger.PUBLIC_REPORTS].page(DAY)
    assert "released with noise" in page.read_text(encoding="utf-8")
    audited = closed_list.audit(home.settings, home.plan.site, None)
    assert audited.findings == audited.unread == ()
