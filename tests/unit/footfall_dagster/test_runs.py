"""Runs whose process is gone are failed; those that live are left alone; old ones are forgotten."""

import datetime as dt
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterRunStatus
from dagster._core.events import EngineEventData
from dagster._core.instance_for_test import instance_for_test
from dagster._core.storage.tags import GRPC_INFO_TAG

from footfall_dagster.fair_use import SITE_TAG
from footfall_dagster.housekeeping import forget
from footfall_dagster.runs import HOST_TAG, PID_TAG, fail_dead_runs
from vision.site.retention import Retention


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


@dg.job
def some_job() -> None:
    pass


def started(instance: dg.DagsterInstance, **tags: str) -> str:
    return instance.create_run_for_job(some_job, status=DagsterRunStatus.STARTED, tags=tags).run_id


def ended_process() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def status(instance: dg.DagsterInstance, run_id: str) -> DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


@pytest.mark.parametrize("killed_in", ["NOT_STARTED", "STARTING", "STARTED", "CANCELING"])
def test_a_run_of_a_process_that_is_gone_is_failed(
    killed_in: str, instance: dg.DagsterInstance
) -> None:
    tags = {HOST_TAG: socket.gethostname(), PID_TAG: str(ended_process())}
    run_id = instance.create_run_for_job(
        some_job, status=DagsterRunStatus[killed_in], tags=tags
    ).run_id
    assert fail_dead_runs(instance) == [run_id]
    assert status(instance, run_id) is DagsterRunStatus.FAILURE


def test_the_place_of_a_dead_run_in_the_warehouse_pool_is_free_again(
    instance: dg.DagsterInstance,
) -> None:
    storage = instance.event_log_storage
    storage.set_concurrency_slots("warehouse", 1)
    dead = started(instance, **{HOST_TAG: socket.gethostname(), PID_TAG: str(ended_process())})
    assert storage.claim_concurrency_slot("warehouse", dead, "marts").is_claimed
    waiting = started(instance)
    assert not storage.claim_concurrency_slot("warehouse", waiting, "marts").is_claimed
    fail_dead_runs(instance)
    assert storage.claim_concurrency_slot("warehouse", waiting, "marts").is_claimed


def test_a_run_whose_process_lives_goes_on(instance: dg.DagsterInstance) -> None:
    run_id = started(instance, **{HOST_TAG: socket.gethostname(), PID_TAG: str(os.getpid())})
    assert fail_dead_runs(instance) == []
    assert status(instance, run_id) is DagsterRunStatus.STARTED


def test_a_run_of_another_host_is_left_alone(instance: dg.DagsterInstance) -> None:
    started(instance, **{HOST_TAG: "elsewhere", PID_TAG: str(ended_process())})
    assert fail_dead_runs(instance) == []


def test_a_run_that_says_nothing_of_its_process_is_left_alone(
    instance: dg.DagsterInstance,
) -> None:
    started(instance)
    assert fail_dead_runs(instance) == []


def test_the_process_is_read_from_what_the_executor_reported(
    instance: dg.DagsterInstance,
) -> None:
    run_id = started(instance)
    run = instance.get_run_by_id(run_id)
    assert run is not None
    instance.report_engine_event(
        "Executing steps in process",
        run,
        EngineEventData.in_process(ended_process()),
    )
    assert fail_dead_runs(instance) == [run_id]


def reported_from(process: int, instance: dg.DagsterInstance, **tags: str) -> str:
    run_id = instance.create_run_for_job(
        some_job, status=DagsterRunStatus.STARTED, tags=tags
    ).run_id
    run = instance.get_run_by_id(run_id)
    assert run is not None
    instance.report_engine_event("Executing steps", run, EngineEventData.in_process(process))
    return run_id


@pytest.mark.parametrize(
    ("server", "is_failed"),
    [("localhost", True), (socket.gethostname(), True), ("elsewhere", False)],
    ids=["of this machine", "of this machine by its name", "of another machine"],
)
def test_a_run_is_looked_for_where_its_code_server_is(
    server: str, is_failed: bool, instance: dg.DagsterInstance
) -> None:
    tags = {GRPC_INFO_TAG: json.dumps({"host": server, "port": 4000})}
    run_id = reported_from(ended_process(), instance, **tags)
    assert fail_dead_runs(instance) == ([run_id] if is_failed else [])


def test_runs_of_a_launcher_that_starts_them_elsewhere_are_left_to_it(tmp_path: Path) -> None:
    """A process of another machine may have any number, also one that is free here."""
    launcher = {"module": "dagster._core.test_utils", "class": "MockedRunLauncher"}
    with instance_for_test(
        temp_dir=str(tmp_path), overrides={"run_launcher": launcher}
    ) as elsewhere:
        run_id = reported_from(ended_process(), elsewhere)
        assert fail_dead_runs(elsewhere) == []
        assert status(elsewhere, run_id) is DagsterRunStatus.STARTED
        # `footfall run` is a process of this host, whatever launches the others.
        ours = started(elsewhere, **{HOST_TAG: socket.gethostname(), PID_TAG: str(ended_process())})
        assert fail_dead_runs(elsewhere) == [ours]


def test_failed_runs_are_forgotten_after_their_time_and_successful_ones_are_not(
    instance: dg.DagsterInstance,
) -> None:
    failed = instance.create_run_for_job(some_job, status=DagsterRunStatus.FAILURE).run_id
    done = instance.create_run_for_job(some_job, status=DagsterRunStatus.SUCCESS).run_id
    now = dt.datetime.now(dt.UTC)
    assert forget(instance, Retention(), now).runs == 0
    assert forget(instance, Retention(), now + dt.timedelta(days=91)).runs == 1
    assert instance.get_run_by_id(failed) is None
    assert instance.get_run_by_id(done) is not None


def test_runs_of_another_site_are_left_to_its_own_purge(instance: dg.DagsterInstance) -> None:
    ours, theirs = (
        instance.create_run_for_job(
            some_job, status=DagsterRunStatus.FAILURE, tags={SITE_TAG: site}
        ).run_id
        for site in ("mall", "other")
    )
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=91)
    assert forget(instance, Retention(), later, site="mall").runs == 1
    assert instance.get_run_by_id(ours) is None
    assert instance.get_run_by_id(theirs) is not None
    assert forget(instance, Retention(), later, site="other").runs == 1
