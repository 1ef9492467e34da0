"""Runs whose process is gone: said to have failed, so that nothing waits for them.

Belongs here: what a run is told that its process executes itself, and finding out that a run of
this host is dead. Does not belong here: starting runs.

Dagster's code server notices when a run that it started dies. Nobody notices when the code server
dies with it, or when a run was started from a command line: such a run stays "started" for ever,
with its place in the queue and in the pool of the warehouse.

A run that says its host and process by tag is looked for on that host only. One that does not is
looked for where Dagster's own launcher has code servers of this host start runs; the process is
then told by what it reported. Other launchers (Ray, Kubernetes) start runs elsewhere, and have
health checks of their own.
"""

import json
import os
import socket

import dagster as dg
from dagster import DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.launcher import DefaultRunLauncher
from dagster._core.storage.tags import GRPC_INFO_TAG

_PID, _HOST = "pid", "host"
_UNDER_WAY = [
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]
"""What a run may be killed in. One that is merely queued has no process yet."""
HOST_TAG, PID_TAG = "footfall/host", "footfall/pid"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Configuration of a run that tells its log and not the terminal as well."""
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


def process_tags() -> dict[str, str]:
    """Tags of a run that this process executes itself."""
    return {HOST_TAG: socket.gethostname(), PID_TAG: str(os.getpid())}


def fail_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs of this host that are under way without a process as failed; return their ids."""
    dead = dead_runs(instance)
    for run in dead:
        instance.report_run_failed(run, "The process of this run is gone; it was killed.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id for run in dead]


def dead_runs(instance: dg.DagsterInstance) -> list[DagsterRun]:
    """Runs of this host that are under way without a process."""
    under_way = instance.get_runs(RunsFilter(statuses=_UNDER_WAY))
    return [run for run in under_way if _is_dead(instance, run)]


def _is_dead(instance: dg.DagsterInstance, run: DagsterRun) -> bool:
    pid = _pid(instance, run)
    if pid is None or _alive(pid):
        return False
    # It may have ended well between being listed and being looked for.
    now = instance.get_run_by_id(run.run_id)
    return now is not None and now.status in _UNDER_WAY


def _pid(instance: dg.DagsterInstance, run: DagsterRun) -> int | None:
    """Process of a run on this host; None where it is not known or not here."""
    if PID_TAG in run.tags:
        here = run.tags.get(HOST_TAG) == socket.gethostname()
        return int(run.tags[PID_TAG]) if here else None
    if not _was_started_here(instance, run):
        return None
    for record in reversed(instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)):
        event = record.dagster_event
        metadata = event.engine_event_data.metadata if event is not None else {}
        if _PID in metadata:
            return int(str(metadata[_PID].value))
    return None


def _was_started_here(instance: dg.DagsterInstance, run: DagsterRun) -> bool:
    """Whether the launcher had a code server of this host start the run.

    One that names no code server was started by hand, in a process beside this one.
    """
    if not isinstance(instance.run_launcher, DefaultRunLauncher):
        return False
    server = json.loads(run.tags.get(GRPC_INFO_TAG, "{}")).get("host", "localhost")
    return server in _HERE or server == socket.gethostname()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
