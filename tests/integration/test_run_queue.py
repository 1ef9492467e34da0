"""Who goes first, by Dagster's own queue: real jobs, real limits; the launcher only notes."""

import logging
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster import DagsterRun
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.remote_representation.external import RemoteRepository
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._daemon.backfill import execute_backfill_iteration
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import (
    QueuedRunCoordinatorDaemon,
)

from footfall_dagster.fair_use import PRIORITY_TAG, SITE_TAG, WORK_TAG, Work, awaited
from tests.two_sites import CAMERAS, NORTH, SOUTH, workspace

REPOSITORY = Path(__file__).resolve().parent.parent.parent
DAYS = [f"2026-03-{day:02}" for day in range(1, 26)]
TODAY = "2026-04-01"


def shared(path: str) -> dict[str, Any]:
    return dict(yaml.safe_load((REPOSITORY / path).read_text()))


def limits(path: str) -> dict[str, int]:
    """Limits by the tag, or the value of `footfall/work`, that they are of."""
    listed = shared(path)["concurrency"]["runs"]["tag_concurrency_limits"]
    return {one["value"] if one["key"] == WORK_TAG else one["key"]: one["limit"] for one in listed}


class Queue:
    """Two sites, one queue."""

    def __init__(self, instance: dg.DagsterInstance, workspace: WorkspaceProcessContext) -> None:
        self.instance, self.workspace = instance, workspace
        self._daemon = QueuedRunCoordinatorDaemon(interval_seconds=1)

    def repository(self, site: str) -> RemoteRepository:
        location = self.workspace.create_request_context().get_code_location(site)
        return next(iter(location.get_repositories().values()))

    def backfill(self, site: str, job: str, partitions: Sequence[str]) -> None:
        """Launch a backfill as the page of a job does, and let the daemon queue all its runs."""
        sets = self.repository(site).get_partition_sets()
        (one,) = (one for one in sets if one.job_name == job)
        self._carry_out(
            PartitionBackfill(
                backfill_id=f"{site}_{job}",
                status=BulkActionStatus.REQUESTED,
                from_failure=False,
                tags={},
                backfill_timestamp=time.time(),
                partition_set_origin=one.get_remote_origin(),
                partition_names=list(partitions),
            )
        )

    def backfill_assets(self, site: str, like: str, partitions: Sequence[str]) -> None:
        """Launch one of a job's assets as the asset graph does, with runs of no named job."""
        self._carry_out(
            PartitionBackfill.from_asset_partitions(
                backfill_id=f"{site}_assets_of_{like}",
                asset_graph=self.workspace.create_request_context().asset_graph,
                partition_names=list(partitions),
                asset_selection=self.repository(site).get_asset_keys_in_job(like),
                backfill_timestamp=time.time(),
                tags={},
                dynamic_partitions_store=self.instance,
                all_partitions=False,
                title=None,
                description=None,
                run_config=None,
            )
        )

    def ask(self, site: str, job: str, partition: str, more: dict[str, str]) -> None:
        """Ask for a run as a schedule or a sensor does."""
        context = self.workspace.create_request_context()
        remote = self.repository(site).get_full_job(job)
        tags = {**remote.run_tags, **more, "dagster/partition": partition}
        plan = context.get_code_location(site).get_execution_plan(
            remote, {}, step_keys_to_execute=None, known_state=None, instance=self.instance
        )
        run = self.instance.create_run(
            job_name=job,
            run_id=None,
            run_config={},
            status=dg.DagsterRunStatus.NOT_STARTED,
            tags=tags,
            root_run_id=None,
            parent_run_id=None,
            step_keys_to_execute=None,
            execution_plan_snapshot=plan.execution_plan_snapshot,
            job_snapshot=remote.job_snapshot,
            parent_job_snapshot=remote.parent_job_snapshot,
            asset_selection=None,
            asset_check_selection=None,
            resolved_op_selection=None,
            op_selection=None,
            remote_job_origin=remote.get_remote_origin(),
            job_code_origin=remote.get_python_origin(),
            asset_graph=self.repository(site).asset_graph,
        )
        self.instance.submit_run(run.run_id, context)

    def queued(self) -> Sequence[DagsterRun]:
        return self.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED]))

    def look(self) -> None:
        """Have the daemon look at the queue once."""
        list(self._daemon.run_iteration(self.workspace))

    def turn(self) -> list[str]:
        """What the daemon launches in one look at the queue."""
        before = len(self.launched)
        self.look()
        return [named(run) for run in self.launched[before:]]

    @property
    def launched(self) -> list[DagsterRun]:
        launcher: Any = self.instance.run_launcher
        return list(launcher.queue())

    def end_one(self, name: str) -> None:
        """Let a run end that was launched."""
        run = next(run for run in self.launched if named(run) == name)
        event = dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, job_name=run.job_name)
        self.instance.report_dagster_event(event, run.run_id)

    def _carry_out(self, backfill: PartitionBackfill) -> None:
        self.instance.add_backfill(backfill)
        for _ in range(3):
            errors = execute_backfill_iteration(self.workspace, logging.getLogger("backfill"))
            assert not list(filter(None, errors))


def named(run: DagsterRun) -> str:
    return f"{run.tags[SITE_TAG]} {run.tags[WORK_TAG]} {run.tags['dagster/partition']}"


def camera_days(days: Sequence[str] = DAYS) -> list[str]:
    return [f"{camera}|{day}" for day in days for camera in CAMERAS]


@pytest.fixture(params=["dagster.yaml", "deploy/dagster.yaml"])
def path(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def queue(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    home = tmp_path / "dagster"
    home.mkdir()
    told = {name: shared(path)[name] for name in ("run_coordinator", "concurrency")}
    # One file for the events of all runs: a file for each takes most of the time.
    told["event_log_storage"] = {
        "module": "dagster._core.storage.event_log",
        "class": "ConsolidatedSqliteEventLogStorage",
        "config": {"base_dir": str(home)},
    }
    told["telemetry"] = {"enabled": False}
    told["run_launcher"] = {"module": "dagster._core.test_utils", "class": "MockedRunLauncher"}
    (home / "dagster.yaml").write_text(yaml.safe_dump(told))
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.get() as instance, workspace(tmp_path, instance) as both:
        yield Queue(instance, both)


def test_places_of_each_kind_of_work_are_its_own(path: str) -> None:
    told = limits(path)
    most = shared(path)["concurrency"]["runs"]["max_concurrent_runs"]
    assert sum(told[work] for work in Work) == most
    assert told.get("footfall/vision_of", 0) < told["vision"]
    assert told.get("footfall/marts_of", 0) <= told["marts"]


def test_a_backfill_of_camera_days_keeps_nobody_else_waiting(queue: Queue, path: str) -> None:
    queue.backfill(NORTH, "camera_day", camera_days())
    assert len(queue.queued()) == 50
    first = queue.turn()
    most = limits(path)["vision"]
    of_one_site = limits(path).get("footfall/vision_of", most)
    assert len(first) == of_one_site
    assert queue.turn() == []

    queue.ask(NORTH, "site_day", TODAY, awaited(Work.MARTS))
    queue.ask(NORTH, "purge", "now", awaited(Work.UPKEEP))
    assert queue.turn() == ["north upkeep now", f"north marts {TODAY}"]

    for partition in camera_days([TODAY]):
        queue.ask(NORTH, "camera_day", partition, awaited(Work.VISION))
    queue.backfill(SOUTH, "camera_day", camera_days(DAYS[:3]))
    # Of the other site as many as there are places left, though it came last.
    begun = queue.turn()
    assert len(begun) == most - of_one_site
    assert all(name.startswith("south vision") for name in begun)

    # And of its own, today's before the backfill.
    for name in first[:2]:
        queue.end_one(name)
    assert queue.turn() == [f"north vision {one}" for one in camera_days([TODAY])]
    assert len(queue.queued()) == 50 + 6 - most


def test_todays_camera_days_of_any_site_go_before_a_backfill(queue: Queue) -> None:
    queue.backfill(NORTH, "camera_day", camera_days(DAYS[:7]))
    first = queue.turn()
    queue.ask(SOUTH, "camera_day", f"cam_a|{TODAY}", awaited(Work.VISION))
    begun = queue.turn()
    if not begun:
        # One machine keeps no place free for another site; the next that is free is its own.
        queue.end_one(first[0])
        begun = queue.turn()
    assert begun == [f"south vision cam_a|{TODAY}"]


def test_a_backfill_of_marts_of_one_site_leaves_room_for_those_of_another(
    queue: Queue, path: str
) -> None:
    queue.backfill(NORTH, "site_day", DAYS[:4])
    first = queue.turn()
    queue.ask(SOUTH, "site_day", TODAY, awaited(Work.MARTS))
    begun = queue.turn()
    if path == "dagster.yaml":
        assert begun == []
        queue.end_one(first[0])
        begun = queue.turn()
    assert begun == [f"south marts {TODAY}"]


@pytest.mark.parametrize("path", ["deploy/dagster.yaml"], indirect=True)
def test_what_is_launched_from_the_asset_graph_is_held_to_the_same(queue: Queue, path: str) -> None:
    queue.backfill_assets(NORTH, "camera_day", camera_days(DAYS[:7]))
    runs = queue.queued()
    assert len(runs) == 14
    jobs = {run.job_name for run in runs}
    assert "camera_day" not in jobs
    assert {run.tags[WORK_TAG] for run in runs} == {"vision"}
    assert {run.tags[PRIORITY_TAG] for run in runs} == {"0"}
    assert len(queue.turn()) == limits(path)["footfall/vision_of"]
    queue.backfill_assets(NORTH, "privacy_day", [TODAY])
    assert queue.turn() == [f"north marts {TODAY}"]


@pytest.mark.parametrize("path", ["deploy/dagster.yaml"], indirect=True)
def test_while_rays_head_is_away_runs_stay_in_the_queue(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray_launcher = pytest.importorskip("footfall_dagster.ray_launcher")
    # Nobody listens at that port.
    away = ray_launcher.QuietRayRunLauncher(address="http://127.0.0.1:9")
    away.register_instance(queue.instance)
    queue.backfill(NORTH, "camera_day", camera_days(DAYS[:2]))
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(queue.instance, "_run_launcher", away)
        for _ in range(2):
            queue.look()
    assert len(queue.queued()) == 4
    told = [
        entry.dagster_event.message
        for run in queue.queued()
        for entry in queue.instance.all_logs(run.run_id, dg.DagsterEventType.ENGINE_EVENT)
        if entry.dagster_event and "re-submitting the run" in (entry.dagster_event.message or "")
    ]
    # All are runs of one site: where one of them waits, the others need not try.
    assert len(told) == 1
    later = Queue(queue.instance, queue.workspace)
    assert len(later.turn()) == 4
