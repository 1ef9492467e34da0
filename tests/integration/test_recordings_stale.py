"""A late file makes exactly its camera-day stale, as Dagster itself computes it."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from assets.plan import SitePlan
from assets.recordings import observation
from footfall_dagster.definitions import build_definitions
from footfall_dagster.deliveries import delivery_of
from footfall_dagster.lake import CameraDay
from footfall_dagster.runs import QUIET
from footfall_dagster.sensors import missing_cameras
from footfall_dagster.settings import Settings
from vision.site.load import load_site

DAYS = (dt.date(2026, 3, 14), dt.date(2026, 3, 15))
CAMERAS = ("cam_entrance", "cam_shops")


class Ledger:
    """A site's camera-days, of which only the catalogue is made."""

    def __init__(self, root: Path, instance: dg.DagsterInstance) -> None:
        site = Path("examples/arcade")
        self.settings = Settings(site=site, home=root, recordings=root / "recordings")
        (root / "recordings").mkdir()
        self.instance = instance
        self.definitions = build_definitions(self.settings)
        self.plan = SitePlan(load_site(site))
        missing = missing_cameras(self.plan, instance)
        instance.add_dynamic_partitions(self.plan.cameras.name or "", missing)

    def arrive(self, camera: str, day: dt.date, hour: int) -> None:
        """A file that began at that hour; empty, since only its arrival matters."""
        begins = dt.datetime.combine(day, dt.time(hour))
        exports = self.plan.site.on(day).cameras[camera].exports
        path = self.settings.exports.root / begins.strftime(exports)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")

    def make(self, camera: str, day: dt.date) -> None:
        """Run the step of `camera_exports` as the job does."""
        result = self.definitions.resolve_job_def("camera_day").execute_in_process(
            instance=self.instance,
            asset_selection=[self.plan.key("camera_exports"), self.plan.key("timeline")],
            partition_key=key(camera, day),
            run_config=QUIET,
        )
        assert result.success

    def observe(self, camera: str, day: dt.date) -> None:
        """What the sensor does when it sees other files than before."""
        found = delivery_of(self.settings.exports, self.plan.site, CameraDay(day, camera))
        event = observation(self.plan, str(found.camera_day), found.exports)
        self.instance.report_runless_asset_event(event)

    def stale(self) -> set[str]:
        """Camera-days whose catalogue Dagster shows as out of date."""
        resolver = CachingStaleStatusResolver(
            self.instance,
            self.definitions.resolve_asset_graph(),
            LoadingContextForTest(self.instance),
        )
        wanted = self.plan.key("camera_exports")
        return {
            str(one)
            for one in (key(camera, day) for camera in CAMERAS for day in DAYS)
            if resolver.get_status(wanted, one) is StaleStatus.STALE
        }


def key(camera: str, day: dt.date) -> dg.MultiPartitionKey:
    return dg.MultiPartitionKey({"date": day.isoformat(), "camera": camera})


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with dg.DagsterInstance.ephemeral() as instance:
        made = Ledger(tmp_path, instance)
        for camera in CAMERAS:
            for day in DAYS:
                made.arrive(camera, day, 10)
                made.make(camera, day)
        yield made


def test_what_was_just_made_is_not_stale(ledger: Ledger) -> None:
    assert ledger.stale() == set()
    ledger.make(CAMERAS[0], DAYS[0])
    assert ledger.stale() == set()


def test_a_late_file_makes_exactly_its_camera_day_stale_until_that_is_made_again(
    ledger: Ledger,
) -> None:
    ledger.arrive(CAMERAS[0], DAYS[0], 12)
    ledger.observe(CAMERAS[0], DAYS[0])
    assert ledger.stale() == {f"{CAMERAS[0]}|{DAYS[0]}"}
    ledger.make(CAMERAS[1], DAYS[0])
    ledger.make(CAMERAS[0], DAYS[1])
    assert ledger.stale() == {f"{CAMERAS[0]}|{DAYS[0]}"}
    ledger.make(CAMERAS[0], DAYS[0])
    assert ledger.stale() == set()


def test_files_that_nobody_had_observed_before_the_step_found_them_leave_nothing_stale(
    ledger: Ledger,
) -> None:
    ledger.arrive(CAMERAS[0], DAYS[0], 12)
    ledger.make(CAMERAS[0], DAYS[0])
    assert ledger.stale() == set()
    ledger.observe(CAMERAS[0], DAYS[0])
    assert ledger.stale() == set()


def test_files_that_go_make_their_camera_day_stale_too(ledger: Ledger) -> None:
    root = ledger.settings.exports.root
    next(Path(root).rglob("cam_entrance*.mp4")).unlink()
    ledger.observe(CAMERAS[0], DAYS[0])
    assert ledger.stale() == {f"{CAMERAS[0]}|{DAYS[0]}"}
