"""Recordings in an S3-compatible store, a real one: the same day from it, and late files in it."""

import datetime as dt
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterRunStatus
from dagster._core.test_utils import create_test_daemon_workspace_context, freeze_time
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import (
    QueuedRunCoordinatorDaemon,
)
from dagster._daemon.sensor import execute_sensor_iteration

from assets.plan import SitePlan
from footfall_dagster.arrivals import UNFINISHED, late_window
from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.sensors import missing_cameras
from tests.object_store import ObjectStore
from tests.privacy.clean_days import assert_no_alarm
from tests.privacy.finished_home import Home, lay_out, materialise, record
from tests.unit.vision.exports import media
from vision.contracts import GATE_EVENTS, LAKE
from vision.contracts_ingest import CAMERA_EXPORTS
from vision.exports.decode_host import RecordingGone, decoded_frames
from vision.exports.explain import Opening, explain
from vision.exports.folder import Recordings
from vision.exports.limits import Limits
from vision.exports.places import Bucket, Source
from vision.exports.pool import Candidate, Probed, probe_all
from vision.exports.reading import Reading, Stretch

_SETTLE_S = 10
_RUNS_WITHIN_S = 180


def in_bucket(home: Home, store: ObjectStore, name: str) -> Home:
    """The home, its recordings moved into a bucket of that name."""
    store.files.mkdir(name)
    for path in sorted(Path(home.settings.recordings).rglob("*.mp4")):
        within = path.relative_to(home.settings.recordings)
        if not path.name.startswith("."):
            store.files.put_file(str(path), f"{name}/arcade/{within}")
    moved = {"recordings": f"s3://{name}/arcade", "s3_endpoint": store.endpoint}
    return replace(home, settings=home.settings.model_copy(update=moved))


def test_a_bucket_lists_what_a_folder_would(object_store: ObjectStore) -> None:
    object_store.files.mkdir("listed")
    for name in ("cam/a.mp4", "cam/b.mp4", "cam/deep/c.mp4", "camera/a.mp4"):
        object_store.files.pipe(f"listed/site/{name}", name.encode())
    bucket = Bucket("s3://listed/site", object_store.endpoint)

    def names(prefix: str, depth: int) -> list[str]:
        return sorted(file.name for file in bucket.files(prefix, depth))

    assert names("cam/", 1) == ["cam/a.mp4", "cam/b.mp4"]
    assert names("cam/b", 1) == ["cam/b.mp4"]
    assert names("", 1) == ["cam/a.mp4", "cam/b.mp4", "camera/a.mp4"]
    assert names("", 2) == ["cam/a.mp4", "cam/b.mp4", "cam/deep/c.mp4", "camera/a.mp4"]
    assert names("nothing/", 1) == []
    assert bucket.has("cam/a.mp4")
    assert not bucket.has("cam/c.mp4")
    with Recordings("s3://listed/site", object_store.endpoint).source("cam/a.mp4").reading() as one:
        assert one.read() == b"cam/a.mp4"


def test_more_files_than_one_answer_of_the_store_holds_are_all_listed(
    object_store: ObjectStore,
) -> None:
    object_store.files.mkdir("many")
    object_store.files.pipe({f"many/cam/{number:05}.mp4": b"1" for number in range(1100)})
    assert len(list(Bucket("s3://many", object_store.endpoint).files("cam/", 1))) == 1100


def test_an_absent_bucket_is_an_error_and_not_a_site_without_files(
    object_store: ObjectStore,
) -> None:
    with pytest.raises(FileNotFoundError, match="FOOTFALL_RECORDINGS"):
        list(Bucket("s3://absent/site", object_store.endpoint).files("cam/", 1))


@pytest.fixture(scope="module")
def clip(object_store: ObjectStore, tmp_path_factory: pytest.TempPathFactory) -> Reading:
    """Two seconds of video in a bucket."""
    stamps = range(0, 2000, 100)
    path = media.write(tmp_path_factory.mktemp("clip"), stamps_ms=stamps, name="a.mp4")
    object_store.files.mkdir("slow")
    object_store.files.put_file(str(path), "slow/a.mp4")
    source = Recordings("s3://slow", object_store.endpoint).source("a.mp4")
    return Reading(source, Stretch("a.mp4", 0, 0, 2_000_000))


def test_a_store_that_takes_its_time_costs_no_frame(
    object_store: ObjectStore, clip: Reading
) -> None:
    lost: list[str] = []
    frames = decoded_frames([clip], 10, Limits(frame_s=1.5), lambda name, _why: lost.append(name))
    with object_store.silent_for(5):
        assert len(list(frames)) == 20
    assert lost == []


def test_a_store_that_never_answers_is_an_error_and_no_gap_in_the_day(
    object_store: ObjectStore, clip: Reading
) -> None:
    frames = decoded_frames([clip], 10, Limits(frame_s=1.5, store_s=2), lambda *_: None)
    with (
        object_store.silent_for(8),
        pytest.raises(RecordingGone, match=r"no frame of a\.mp4 in 2 s"),
    ):
        list(frames)


def test_a_store_that_takes_its_time_sets_no_file_aside(
    object_store: ObjectStore, clip: Reading
) -> None:
    assert isinstance(clip.source, Source)
    asked = [Candidate(clip.source, 1000)]
    with object_store.silent_for(5):
        (measured,) = probe_all(asked, Limits(probe_s=1.5), workers=1)
    assert isinstance(measured, Probed)
    assert measured.video.frames == 20


def test_a_day_from_a_bucket_is_the_day_from_a_folder(
    tmp_path: Path, object_store: ObjectStore
) -> None:
    day = dt.date(2026, 3, 14)
    stored = {}
    for name in ("folder", "bucket"):
        (tmp_path / name).mkdir()
        home = lay_out(tmp_path / name / "var", day, day)
        record(home, day)
        home = home if name == "folder" else in_bucket(home, object_store, "same-day")
        with home.open() as instance:
            materialise(home, instance, [day], people=40, seed=3)
        lake = Lake(home.settings.lake, home.site)
        stored[name] = {
            (contract.name, camera): lake.read(contract, CameraDay(day, camera))
            for contract in LAKE.values()
            for camera in home.site.camera_ids
        }
    assert any(stored["bucket"][GATE_EVENTS.name, one].height for one in home.site.camera_ids)
    for (dataset, camera), rows in stored["folder"].items():
        known = [name for name in rows.columns if name != "modified_at"]
        theirs = stored["bucket"][dataset, camera].select(known)
        apart = [name for name in known if not theirs[name].equals(rows[name])]
        assert apart == [], f"{dataset} of {camera}"


class Daemon:
    """Dagster's own sensor daemon and queue, a step at a time, on a site whose days are now."""

    def __init__(self, home: Home, instance: dg.DagsterInstance) -> None:
        self.home = home
        self.plan = SitePlan(home.site)
        self.day = late_window(home.site, dt.datetime.now(dt.UTC))[-1]
        self.ahead = dt.timedelta()
        self.instance = instance
        missing = missing_cameras(self.plan, instance)
        instance.add_dynamic_partitions(self.plan.cameras.name or "", missing)

    def look(self) -> None:
        """One iteration of every sensor, by a clock that has moved on since the last."""
        self.ahead += dt.timedelta(minutes=2)
        target = WorkspaceFileTarget(["workspace.yaml"])
        with (
            create_test_daemon_workspace_context(target, self.instance) as context,
            freeze_time(dt.datetime.now(dt.UTC) + self.ahead),
        ):
            list(execute_sensor_iteration(context, logging.getLogger("daemon"), None, None))

    def work(self) -> None:
        """Let the queue start what is in it, and wait until it has ended."""
        target = WorkspaceFileTarget(["workspace.yaml"])
        with create_test_daemon_workspace_context(target, self.instance) as context:
            queue = QueuedRunCoordinatorDaemon(interval_seconds=1)
            until = time.monotonic() + _RUNS_WITHIN_S
            while self.instance.get_runs(dg.RunsFilter(statuses=UNFINISHED)):
                list(queue.run_iteration(context))
                assert time.monotonic() < until, "a run does not end"
                time.sleep(0.5)

    def runs(self) -> list[tuple[str, str]]:
        """Partition and status of the runs of camera-days, the oldest first."""
        runs = self.instance.get_runs(dg.RunsFilter(job_name="camera_day"))[::-1]
        return [(run.tags["dagster/partition"], run.status.value) for run in runs]


@pytest.fixture
def home(
    tmp_path: Path, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Home]:
    today = dt.datetime.now(dt.UTC).date()
    home = lay_out(tmp_path / "var", today - dt.timedelta(days=9), today + dt.timedelta(days=9))
    site_yaml = home.settings.site / "site.yaml"
    site_yaml.write_text(f"{site_yaml.read_text()}\nsettle_seconds: {_SETTLE_S}\n")
    home = in_bucket(home, object_store, "arrivals")
    for name in ("site", "home", "recordings", "s3_endpoint"):
        monkeypatch.setenv(f"FOOTFALL_{name.upper()}", str(getattr(home.settings, name)))
    monkeypatch.setenv("DAGSTER_HOME", str(home.dagster))
    return home


def arrive(home: Home, store: ObjectStore, camera: str, day: dt.date, hour: int) -> None:
    begins = dt.datetime.combine(day, dt.time(hour))
    name = begins.strftime(home.site.on(day).cameras[camera].exports)
    store.files.pipe(f"arrivals/arcade/{name}", b"no video")


@pytest.mark.long
def test_the_daemon_runs_what_arrives_in_a_bucket_once_however_often_it_restarts(
    home: Home, object_store: ObjectStore
) -> None:
    camera = home.site.camera_ids[0]
    with home.open() as instance:
        day = Daemon(home, instance).day
        arrive(home, object_store, camera, day, 10)
        Daemon(home, instance).look()
        assert Daemon(home, instance).runs() == []
    time.sleep(_SETTLE_S + 2)
    with home.open() as instance:
        daemon = Daemon(home, instance)
        daemon.ahead = dt.timedelta(minutes=2)
        daemon.look()
        assert daemon.runs() == [(f"{camera}|{day}", DagsterRunStatus.QUEUED.value)]
        daemon.look()
        assert len(daemon.runs()) == 1
        daemon.work()
        assert daemon.runs() == [(f"{camera}|{day}", DagsterRunStatus.SUCCESS.value)]
    stored = Lake(home.settings.lake, home.site).read(CAMERA_EXPORTS, CameraDay(day, camera))
    assert stored["status"].to_list() == ["quarantined"]
    with home.open() as instance:
        daemon = Daemon(home, instance)
        daemon.ahead = dt.timedelta(minutes=10)
        daemon.look()
        assert len(daemon.runs()) == 1
        ticks = instance.get_ticks(*_sensor(instance))
        assert {tick.status.value for tick in ticks} <= {"SKIPPED", "SUCCESS"}
    assert_no_alarm(home)


def _sensor(instance: dg.DagsterInstance) -> tuple[str, str]:
    (state,) = [one for one in instance.all_instigator_state() if one.name == "arrivals"]
    return state.instigator_origin_id, state.selector_id


def test_a_bucket_is_explained_as_a_folder_is(object_store: ObjectStore, tmp_path: Path) -> None:
    object_store.files.mkdir("explained")
    media.write(tmp_path, name="cam_20260314_100000.mp4")
    (tmp_path / "cam_20260314_110000.mp4").write_bytes(b"no video")
    for path in tmp_path.iterdir():
        object_store.files.put_file(str(path), f"explained/site/{path.name}")

    told = [
        explain(recordings, None, Opening())
        for recordings in (
            Recordings(tmp_path),
            Recordings("s3://explained/site", object_store.endpoint),
        )
    ]

    assert told[0] == told[1]
    assert [one.state for one in told[1][0].files] == ["readable", "set_aside"]
