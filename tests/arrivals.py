"""A site whose recordings are looked at again and again, by a desk that does what a daemon does.

Belongs here: a site, its folder, and the part of Dagster's daemon that carries out what a sensor
asked for. Does not belong here: any test.

Files arrive when they really do, at this moment. The desk's clock runs ahead of it.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import polars as pl
from dagster import DagsterRun, DagsterRunStatus, RunsFilter

from assets.plan import SitePlan
from footfall_dagster import late_files
from footfall_dagster.arrivals import UNFINISHED, Arrivals, late_window
from footfall_dagster.deliveries import Delivery, delivery_of
from footfall_dagster.io_manager import camera_day
from footfall_dagster.jobs import CAMERA_DAY
from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.settings import Settings
from tests.unit import small_mall
from vision.contracts_ingest import CAMERA_EXPORTS
from vision.exports.catalogue import catalogue
from vision.exports.folder import Recordings
from vision.site.models import Site

CAMERAS = ("cam_a", "cam_b")


def site_at_noon() -> Site:
    """The small mall, in the zone in which it is about noon: no trading day ends during a test."""
    hour = dt.datetime.now(dt.UTC).hour
    return small_mall.site(time_zone=f"Etc/GMT{hour - 12:+d}")


class Desk:
    """Looks at the recordings and keeps count of what was requested.

    Attributes:
        now: The desk's clock.
        cursor: What the sensor remembers.
        asked: Camera-day and fingerprint of every run that was launched, in order.
    """

    def __init__(
        self, root: Path, recordings: Recordings | None = None, site: Site | None = None
    ) -> None:
        self.root = root
        self.plan = SitePlan(site or site_at_noon())
        self.lake = Lake(root / "lake", self.plan.site)
        self.recordings = recordings or Recordings(root / "recordings")
        (root / "recordings").mkdir(exist_ok=True)
        self.now = dt.datetime.now(dt.UTC)
        self.cursor: str | None = None
        self.asked: list[tuple[str, str]] = []
        self.said = ""
        # Quicker than one on a disk, which most tests need not have.
        self.instance = dg.DagsterInstance.ephemeral()

    @property
    def day(self) -> dt.date:
        """The last trading day that has ended and settled."""
        return late_window(self.plan.site, self.now)[-1]

    def restart(self) -> None:
        """Begin anew on what is stored: nothing that was in memory is left.

        The first time makes an instance that is stored, in which nothing has happened yet.
        """
        self.instance.dispose()
        (self.root / "dagster").mkdir(exist_ok=True)
        self.instance = dg.DagsterInstance.local_temp(str(self.root / "dagster"))

    def put(self, camera: str, day: dt.date, time: str, content: bytes = b"") -> Path:
        """Let a file arrive that begins at `time` of `day`."""
        path = self.root / "recordings" / camera / f"{day:%Y%m%d}_{time}.mp4"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return path

    def look(self, seconds: float) -> dg.SensorResult:
        """One look of the sensor, so much later than the last; carries nothing out."""
        self.now += dt.timedelta(seconds=seconds)
        arrivals = Arrivals(self.plan, self.recordings, self.lake)
        return arrivals.look(self.instance, self.cursor, self.now)

    def tick(self, seconds: float = 130) -> list[str]:
        """One look, carried out as Dagster's daemon does; the camera-days that were launched."""
        result = self.look(seconds)
        self.said = result.skip_reason.skip_message or "" if result.skip_reason else ""
        for event in result.asset_events:
            self.instance.report_runless_asset_event(event)
        launched = [one for one in result.run_requests or () if self._is_new(one.run_key or "")]
        self.cursor = result.cursor
        camera_days = [one for one in launched if one.job_name == CAMERA_DAY]
        for request in launched:
            if request in camera_days:
                self._launch(request)
            else:
                self._tell(request)
        return sorted(str(request.partition_key) for request in camera_days)

    def launch(self, camera: str, day: dt.date) -> None:
        """Queue a run as a schedule or a person does."""
        key = dg.MultiPartitionKey({"date": day.isoformat(), "camera": camera})
        self._add({"dagster/partition": str(key), "dagster/partition/date": day.isoformat()})

    def unfinished(self) -> set[str]:
        """Camera-days of which a run is queued or in progress."""
        runs = self.instance.get_runs(RunsFilter(statuses=UNFINISHED))
        return {run.tags["dagster/partition"] for run in runs}

    def finish(self, *, make: bool = True) -> None:
        """Let every run that is queued end: well, with its catalogue stored, or in failure."""
        for run in self.instance.get_runs(RunsFilter(statuses=UNFINISHED)):
            if make:
                self.make(camera_day_of(run))
            kind = dg.DagsterEventType.RUN_SUCCESS if make else dg.DagsterEventType.RUN_FAILURE
            event = dg.DagsterEvent(kind.value, job_name="camera_day")
            self.instance.report_dagster_event(event, run.run_id)

    def make(self, one: CameraDay) -> None:
        """Store the catalogue of what there is of a camera-day."""
        site_day = self.plan.site.on(one.day)
        camera = site_day.cameras[one.camera]
        rows = catalogue(self.recordings.find(site_day, camera), camera, site_day).exports
        self.lake.write(CAMERA_EXPORTS, one, rows)

    def know(self, one: CameraDay) -> int:
        """Store a catalogue of what there is of a camera-day without opening any; its files.

        All rows but names, sizes and times are those of the first file.
        """
        site_day = self.plan.site.on(one.day)
        begins = site_day.window[0]
        exports = [export for export in self.delivery(one).exports if export.about >= begins]
        first = catalogue(exports[:1], site_day.cameras[one.camera], site_day).exports
        told = {
            "export": range(len(exports)),
            "file_name": [export.name for export in exports],
            "size_bytes": [export.size_bytes for export in exports],
            "modified_at": [export.modified_at for export in exports],
            "started_at": [export.started_at for export in exports],
        }
        columns = [
            pl.Series(name, values, dtype=CAMERA_EXPORTS.schema[name])
            for name, values in told.items()
            if name in CAMERA_EXPORTS.schema
        ]
        rows = pl.concat([first] * len(exports)).with_columns(columns)
        self.lake.write(CAMERA_EXPORTS, one, rows)
        return len(exports)

    def delivery(self, one: CameraDay) -> Delivery:
        """What there is of a camera-day now."""
        return delivery_of(self.recordings, self.plan.site, one)

    def _is_new(self, run_key: str) -> bool:
        return not self.instance.get_runs(RunsFilter(tags={"dagster/run_key": run_key}))

    def _tell(self, request: dg.RunRequest) -> None:
        result = late_files.build(self.plan, Settings()).execute_in_process(
            instance=self.instance,
            run_config=request.run_config,
            resources={"recordings": self.recordings, "lake": self.lake},
            tags={"dagster/run_key": request.run_key or ""},
        )
        assert result.success

    def _launch(self, request: dg.RunRequest) -> None:
        partition = str(request.partition_key)
        delivery = self.delivery(camera_day(request.partition_key))  # type: ignore[arg-type]
        self.asked.append((partition, delivery.fingerprint))
        day = delivery.camera_day.day.isoformat()
        self._add(
            {
                "dagster/run_key": request.run_key or "",
                "dagster/partition": partition,
                "dagster/partition/date": day,
            }
        )

    def _add(self, tags: dict[str, str]) -> None:
        self.instance.add_run(
            DagsterRun(
                job_name="camera_day",
                run_id=str(uuid.uuid4()),
                status=DagsterRunStatus.NOT_STARTED,
                tags=tags,
            )
        )


def camera_day_of(run: DagsterRun) -> CameraDay:
    """The camera-day of a run."""
    camera, _, day = run.tags["dagster/partition"].partition("|")
    return CameraDay(dt.date.fromisoformat(day), camera)


@contextmanager
def desk(root: Path, site: Site | None = None) -> Iterator[Desk]:
    """A desk, and its instance closed after it."""
    one = Desk(root, site=site)
    try:
        yield one
    finally:
        one.instance.dispose()
