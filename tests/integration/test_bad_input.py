"""Days that are not as they should be: each gets a clear word and nothing is lost."""

import datetime as dt
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import dagster as dg
import numpy as np
import polars as pl
import pytest

from assets import detections, ingest
from assets.marts.contracts import MARTS
from assets.plan import SitePlan
from footfall_dagster.definitions import build_definitions
from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.privacy.wall import Refused
from footfall_dagster.resources import warehouse
from footfall_dagster.runs import QUIET
from footfall_dagster.sensors import missing_cameras
from footfall_dagster.settings import Settings
from vision.contract_check import Bounds, violations
from vision.contracts import DETECTIONS, GATE_EVENTS
from vision.contracts_ingest import CAMERA_EXPORTS, COVERAGE, ClockSource
from vision.exports.catalogue import catalogue
from vision.exports.folder import Export
from vision.exports.places import Folder, Source
from vision.protocols import Boxes, Frame
from vision.site.load import load_site

DAY = dt.date(2026, 3, 14)
CAMERA = "cam_entrance"


class SeesNobody:
    """A detector of empty frames."""

    description = "sees nobody"

    def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        for frame in frames:
            yield Boxes(frame.at_us, np.empty((0, 4), np.float32), np.empty(0, np.float32))


class Place:
    """An arcade of the test's own, with a Dagster instance."""

    def __init__(
        self, home: Path, instance: dg.DagsterInstance, site: Path, **resources: object
    ) -> None:
        self.recordings = home / "recordings"
        self.recordings.mkdir(exist_ok=True)
        self.settings = Settings(
            site=site, home=home, recordings=self.recordings, weights=home / "absent.pt"
        )
        self.instance = instance
        self.definitions = build_definitions(self.settings, resources=resources)
        self.site = load_site(site)
        self.lake = Lake(self.settings.lake, self.site)
        plan = SitePlan(self.site)
        instance.add_dynamic_partitions(plan.cameras.name or "", missing_cameras(plan, instance))

    def camera_day(self, camera: str = CAMERA, *only: str) -> dg.ExecuteInProcessResult:
        key = dg.MultiPartitionKey({"date": DAY.isoformat(), "camera": camera})
        return self._run("camera_day", key, only)

    def site_day(self) -> dg.ExecuteInProcessResult:
        return self._run("site_day", DAY.isoformat())

    def _run(self, job: str, partition: str, only: Sequence[str] = ()) -> dg.ExecuteInProcessResult:
        plan = SitePlan(self.site)
        return self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            partition_key=partition,
            run_config=QUIET,
            raise_on_error=False,
            asset_selection=[plan.key(name) for name in only] or None,
        )

    def counts(self) -> pl.DataFrame:
        return warehouse(self.settings).read_day(MARTS["gate_counts_15min"], self.site.id, DAY)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for stage in (ingest, detections):
        at_once = dg.RetryPolicy(stage.RETRY.max_retries, delay=0)
        monkeypatch.setattr(stage, "RETRY", at_once)
    with dg.DagsterInstance.ephemeral() as instance:
        yield Place(tmp_path, instance, Path("examples/arcade"))


def told(result: dg.ExecuteInProcessResult) -> str:
    parts = []
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            failure = data.user_failure_data
            parts.append((failure.description if failure else None) or str(data.error))
    return "\n".join(parts)


def test_no_exports_is_an_unobserved_day_with_a_warning_and_not_an_error(place: Place) -> None:
    for camera in place.site.camera_ids:
        result = place.camera_day(camera)
        assert result.success
        warned = [e for e in result.get_asset_check_evaluations() if not e.passed]
        assert [(e.check_name, e.severity.value) for e in warned] == [("observed", "WARN")]
    assert place.lake.read(COVERAGE, CameraDay(DAY, CAMERA))["readable_s"].sum() == 0
    assert place.site_day().success
    counts = place.counts()
    assert counts.height == 3 * 96
    assert counts["entries"].null_count() == counts.height


def test_an_unreadable_file_is_set_aside_and_the_day_goes_on(place: Place) -> None:
    folder = place.recordings / CAMERA
    folder.mkdir()
    (folder / f"{CAMERA}_20260314_100000.mp4").write_bytes(b"not a video")
    (folder / f"{CAMERA}_20260314_100100.mp4").write_bytes(b"")
    assert place.camera_day().success
    files = place.lake.read(CAMERA_EXPORTS, CameraDay(DAY, CAMERA))
    assert files["status"].to_list() == ["quarantined"] * 2
    assert files["reason"].to_list() == ["unreadable", "empty_file"]
    coverage = place.lake.read(COVERAGE, CameraDay(DAY, CAMERA))
    assert coverage.filter(pl.col("reason") == "quarantined").height == 2


def test_an_absent_folder_of_recordings_is_an_error_that_names_the_setting(place: Place) -> None:
    place.recordings.rmdir()
    result = place.camera_day()
    assert not result.success
    assert "FOOTFALL_RECORDINGS" in told(result)


def test_a_camera_that_the_site_does_not_know_is_refused_by_name(place: Place) -> None:
    place.instance.add_dynamic_partitions("arcade_cameras", ["cam_attic"])
    result = place.camera_day("cam_attic")
    assert not result.success
    assert "cam_attic is no camera of arcade" in told(result)
    assert "cameras.yaml" in told(result)


def test_weights_that_are_not_there_name_both_remedies(place: Place, clip: Path) -> None:
    folder = place.recordings / CAMERA
    folder.mkdir()
    shutil.copy(clip, folder / f"{CAMERA}_20260314_100000.mp4")
    result = place.camera_day()
    assert not result.success
    assert "footfall weights" in told(result)
    assert "FOOTFALL_WEIGHTS" in told(result)


def test_a_camera_that_has_not_delivered_does_not_block_the_day(place: Place) -> None:
    assert place.camera_day(CAMERA).success
    result = place.site_day()
    assert result.success
    counts = place.counts()
    assert set(counts["gate"]) == {"entrance", "bakery_door", "books_door"}


def test_a_partition_that_was_tampered_with_is_not_observed(place: Place) -> None:
    for camera in place.site.camera_ids:
        assert place.camera_day(camera).success
    part = place.lake.folder(GATE_EVENTS.name, CameraDay(DAY, CAMERA)) / "part.parquet"
    part.write_bytes(part.read_bytes() + b"\xff\xd8\xff")
    result = place.site_day()
    assert result.success
    counts = place.counts().filter(pl.col("gate") == "entrance")
    assert counts["entries"].null_count() == counts.height


def test_events_older_than_their_coverage_are_not_observed(place: Place, clip: Path) -> None:
    """A first run finds nothing; files arrive; a second run ends before it has tracked anybody."""
    assert place.camera_day().success
    (place.recordings / CAMERA).mkdir()
    shutil.copy(clip, place.recordings / CAMERA / f"{CAMERA}_20260314_100000.mp4")
    again = Place(place.settings.home, place.instance, place.settings.site, detector=SeesNobody())
    assert again.camera_day(CAMERA, "camera_exports", "timeline", "detections", "coverage").success
    assert place.lake.read(COVERAGE, CameraDay(DAY, CAMERA))["readable_s"].sum() > 0
    assert place.site_day().success
    counts = place.counts().filter(pl.col("gate") == "entrance")
    assert counts["entries"].null_count() == counts.height


def test_what_lies_beside_a_partition_makes_it_unobserved(place: Place) -> None:
    for camera in place.site.camera_ids:
        assert place.camera_day(camera).success
    (place.lake.folder(GATE_EVENTS.name, CameraDay(DAY, CAMERA)) / "face.jpg").write_bytes(b"\xff")
    with pytest.raises(Refused):
        place.lake.read(GATE_EVENTS, CameraDay(DAY, CAMERA))
    assert place.site_day().success
    counts = place.counts().filter(pl.col("gate") == "entrance")
    assert counts["entries"].null_count() == counts.height


def test_a_file_of_an_odd_name_is_set_aside(tmp_path: Path) -> None:
    site = load_site(Path("examples/arcade"))
    camera = site.on(DAY).cameras[CAMERA]
    start = dt.datetime(2026, 3, 14, 10, tzinfo=dt.UTC)
    (tmp_path / "Tür.mp4").write_bytes(b"")
    told: dict[ClockSource, int] = {"name": round(start.timestamp() * 1e6)}
    found = [
        Export(Source(Folder(tmp_path), name), 0, start, start, told)
        for name in ("Tür.mp4", start.strftime(str(camera.exports)))
    ]
    rows = catalogue(found, camera, site.on(DAY)).exports
    assert set(rows["reason"]) == {"unsupported_name", "unreadable"}
    assert violations(rows, CAMERA_EXPORTS, Bounds.of(site.on(DAY), CAMERA)) == []


def test_a_stage_asked_for_before_the_one_above_says_so(place: Place) -> None:
    result = place.camera_day(CAMERA, DETECTIONS.name, COVERAGE.name)
    assert not result.success
    assert f"camera_exports of {CAMERA}|{DAY} is not there; materialise it first" in told(result)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten grey frames as an H.264 file of the arcade's frame size."""
    import av

    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for _ in range(10):
            frame = av.VideoFrame.from_ndarray(
                np.full((360, 640, 3), 127, dtype=np.uint8), format="bgr24"
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
