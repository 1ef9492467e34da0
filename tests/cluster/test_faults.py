"""What a part that fails in the middle of a camera-day costs: time, and no row.

After each fault the camera-day is what it is where nothing fails, and what the event log says of a
run that failed names the part. The table at the end says what it took.
"""

import datetime as dt
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from assets.plan import SitePlan
from footfall_dagster.definitions import build_definitions
from footfall_dagster.jobs import CAMERA_DAY
from footfall_dagster.lake import CameraDay
from footfall_dagster.runs import QUIET, process_tags
from footfall_dagster.sensors import missing_cameras
from tests.cluster import tower
from tests.cluster.hosts import BUCKET, Host
from tests.cluster.ray_hosts import OPEN, Cluster, cluster, limits_of, trouble, wait_for
from tests.privacy.finished_home import Home
from vision.site.load import load_site

FLOORS, _SECONDS, _PATIENCE_S = 2, 60, 900
DAYS = [dt.date(2026, 3, 9), dt.date(2026, 3, 10)]
pytestmark = pytest.mark.timeout(2400)
_TABLE: list[str] = []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a site and its recordings."""
    folder = tmp_path_factory.mktemp("tower")
    tower.build(folder, FLOORS, DAYS, _SECONDS)
    return folder


@pytest.fixture(scope="module")
def grown(site: Path, weights: Path) -> Iterator[Cluster]:
    """A cluster of two workers that take one run at a time, and have nothing to do."""
    if why := trouble():
        pytest.skip(why)
    limits = limits_of(vision=2, marts=1)
    hosts = site / "hosts"
    with cluster(hosts, site / "site", weights, workers=2, slots=1, limits=limits) as started:
        started.bring(site / "recordings")
        started.start()
        started.wait_for_partitions(2 * FLOORS * len(DAYS))
        yield started
        print("\n" + "\n".join(_TABLE))


class Undisturbed:
    """Makes camera-days of the site on one machine, in folders, where nothing fails."""

    def __init__(self, home: Home, instance: dg.DagsterInstance) -> None:
        self.settings = home.settings
        self._instance = instance
        self._job = build_definitions(home.settings).resolve_job_def(CAMERA_DAY)
        plan = SitePlan(home.site)
        instance.add_dynamic_partitions(plan.cameras.name or "", missing_cameras(plan, instance))

    def rows(self, one: CameraDay) -> dict[str, pl.DataFrame]:
        key = dg.MultiPartitionKey({"date": str(one.day), "camera": one.camera})
        self._job.execute_in_process(
            instance=self._instance, partition_key=key, tags=process_tags(), run_config=QUIET
        )
        return tower.rows(self.settings, one)


@pytest.fixture(scope="module")
def undisturbed(site: Path, weights: Path) -> Iterator[Undisturbed]:
    home = tower.home_of(site, weights)
    with home.open() as instance:
        yield Undisturbed(home, instance)


@pytest.fixture(scope="module")
def camera_days(site: Path) -> Iterator[CameraDay]:
    """Camera-days that no other test has taken."""
    cameras = load_site(site / "site").camera_ids
    return iter([CameraDay(day, camera) for day in DAYS for camera in cameras])


def test_a_worker_is_killed(
    grown: Cluster, undisturbed: Undisturbed, camera_days: Iterator[CameraDay]
) -> None:
    one = next(camera_days)
    worker = in_the_middle_of(grown, one)
    began = time.monotonic()
    worker.switch_off()
    runs = finished(grown, one)
    grown.join(worker)
    assert [run["status"] for run in runs] == ["SUCCESS", "FAILURE"]
    assert "Ray says of the run's job" in reasons(grown, runs)
    assert worker.address in reasons(grown, runs)
    assert_undisturbed(grown, undisturbed, one)
    note("a worker killed", grown, runs, began)


def cut_from_the_bucket(grown: Cluster, worker: Host) -> None:
    with worker.cut_from(BUCKET):
        time.sleep(30)


def postgresql_restarted(grown: Cluster, worker: Host) -> None:
    grown.postgres.stop()
    time.sleep(3)
    grown.postgres.start()


def bucket_that_answers_503(grown: Cluster, worker: Host) -> None:
    with grown.bucket.answering_503() as asked:
        time.sleep(20)
    assert asked


@pytest.mark.parametrize(
    ("fault", "part", "told"),
    [
        (cut_from_the_bucket, ("bucket",), "worker and bucket cut for 30 s"),
        # psycopg2 is its client, which Dagster quotes.
        (postgresql_restarted, ("PostgreSQL", "psycopg2"), "PostgreSQL away for 3 s"),
        (bucket_that_answers_503, ("bucket",), "bucket answers 503 for 20 s"),
    ],
)
def test_a_part_that_is_away_for_a_while_costs_time_and_no_row(
    grown: Cluster,
    undisturbed: Undisturbed,
    camera_days: Iterator[CameraDay],
    fault: Callable[[Cluster, Host], None],
    part: tuple[str, ...],
    told: str,
) -> None:
    one = next(camera_days)
    worker = in_the_middle_of(grown, one)
    began = time.monotonic()
    fault(grown, worker)
    from footfall_dagster.ray_launcher import WHAT_TO_DO

    runs = finished(grown, one)
    # The run went on, was retried, or failed with a reason and is made again by another.
    for failed in (run for run in runs if run["status"] != "SUCCESS"):
        said = reasons(grown, [failed]).replace(WHAT_TO_DO, "")
        assert any(word in said for word in part), said
    assert_undisturbed(grown, undisturbed, one)
    note(told, grown, runs, began)


def test_a_camera_day_runs_twice_at_once(
    grown: Cluster, undisturbed: Undisturbed, camera_days: Iterator[CameraDay]
) -> None:
    one = next(camera_days)
    began = time.monotonic()
    # Asked for together, or the daemon would make the second run only when the first one is over.
    grown.backfill("camera_day", [key_of(one)], times=2)
    runs = finished(grown, one)
    assert {run["status"] for run in runs} == {"SUCCESS"}
    assert len(runs) == 2
    first, second = sorted(runs, key=lambda run: float(run["startTime"]))
    assert second["startTime"] < first["endTime"], "they did not run at once"
    assert_undisturbed(grown, undisturbed, one)
    note("a camera-day twice at once", grown, runs, began)


def test_the_daemon_is_killed(
    grown: Cluster, undisturbed: Undisturbed, camera_days: Iterator[CameraDay]
) -> None:
    one, other = next(camera_days), next(camera_days)
    in_the_middle_of(grown, one)
    began = time.monotonic()
    for pid, command in grown.head.processes().items():
        if "dagster-daemon" in command:
            os.kill(pid, signal.SIGKILL)
    time.sleep(5)
    grown.start_daemon()
    grown.backfill("camera_day", [key_of(other)])
    for made in (one, other):
        runs = finished(grown, made)
        assert [run["status"] for run in runs] == ["SUCCESS"]
        assert_undisturbed(grown, undisturbed, made)
    note("the daemon killed", grown, runs, began)


def test_rays_head_is_killed(
    grown: Cluster, undisturbed: Undisturbed, camera_days: Iterator[CameraDay]
) -> None:
    one = next(camera_days)
    began = time.monotonic()
    for pid, command in grown.head.processes().items():
        if "/ray/" in command or "/ray start" in command:
            os.kill(pid, signal.SIGKILL)
    grown.backfill("camera_day", [key_of(one)])
    (run,) = runs_of(grown, one)
    wait_for(lambda: any("into the queue" in said for said in grown.messages(run["runId"])), 120)
    assert [run["status"] for run in runs_of(grown, one)] == ["QUEUED"]
    for worker in grown.workers:
        # Workers end a minute later; a head on the same machine takes theirs for one of its own.
        wait_for(lambda worker=worker: not worker.processes(), 180)
    assert [run["status"] for run in runs_of(grown, one)] == ["QUEUED"]
    grown.start_head()
    for worker in grown.workers:
        grown.join(worker)
    runs = finished(grown, one)
    assert [run["status"] for run in runs] == ["SUCCESS"]
    assert_undisturbed(grown, undisturbed, one)
    note("Ray's head killed", grown, runs, began)


def in_the_middle_of(grown: Cluster, one: CameraDay) -> Host:
    """Begin a camera-day, and return the host of its run once people are looked for."""
    grown.backfill("camera_day", [key_of(one)])
    (run,) = runs_of(grown, one)

    def looks() -> bool:
        said = grown.messages(run["runId"])
        return any(line.startswith("STEP_START tower_detect") for line in said)

    wait_for(looks, 300)
    address = grown.hosts_of_runs()[run["runId"]]
    return next(worker for worker in grown.workers if worker.address == address)


def finished(grown: Cluster, one: CameraDay) -> list[dict[str, Any]]:
    """Wait until a run of the camera-day succeeded and none is open; the latest first."""

    def is_done() -> bool:
        statuses = {run["status"] for run in runs_of(grown, one)}
        return "SUCCESS" in statuses and not statuses & set(OPEN)

    wait_for(is_done, _PATIENCE_S)
    return runs_of(grown, one)


def runs_of(grown: Cluster, one: CameraDay) -> list[dict[str, Any]]:
    return [run for run in grown.runs("camera_day") if run["partition"] == key_of(one)]


def key_of(one: CameraDay) -> str:
    return f"{one.camera}|{one.day}"


def reasons(grown: Cluster, runs: list[dict[str, Any]]) -> str:
    """Why runs failed, as the event log has it."""
    said = [
        line for run in runs if run["status"] != "SUCCESS" for line in grown.messages(run["runId"])
    ]
    return "\n".join(line for line in said if "FAILURE" in line.split()[0])


def assert_undisturbed(grown: Cluster, undisturbed: Undisturbed, one: CameraDay) -> None:
    ours, theirs = tower.rows(grown.settings, one), undisturbed.rows(one)
    assert sum(map(len, theirs.values())) > 50
    assert tower.different(ours, theirs) == []


def note(fault: str, grown: Cluster, runs: list[dict[str, Any]], began: float) -> None:
    retried = sum("STEP_RESTARTED" in line for run in runs for line in grown.messages(run["runId"]))
    ended = ", ".join(run["status"].lower() for run in reversed(runs))
    took = time.monotonic() - began
    _TABLE.append(f"{fault:<34} runs: {ended:<20} steps tried again: {retried}  {took:6.0f} s")
