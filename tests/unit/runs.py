"""Runs that an instance remembers and that nobody executed.

Belongs here: adding one and having it end. Does not belong here: what is made of them.
"""

import uuid
from collections.abc import Mapping

import dagster as dg
from dagster import DagsterRun, DagsterRunStatus


def add_run(
    instance: dg.DagsterInstance, job: str, tags: Mapping[str, str], ending: str | None = "SUCCESS"
) -> DagsterRun:
    """Add a run of a job; None as its ending leaves it where it waits to be started."""
    run = DagsterRun(
        job_name=job,
        run_id=str(uuid.uuid4()),
        status=DagsterRunStatus.NOT_STARTED,
        tags=dict(tags),
    )
    instance.add_run(run)
    if ending is not None:
        start_run(instance, run)
        end_run(instance, run, ending)
    return run


def start_run(instance: dg.DagsterInstance, run: DagsterRun) -> None:
    """Have it start."""
    _report(instance, run, "PIPELINE_START")


def end_run(instance: dg.DagsterInstance, run: DagsterRun, ending: str = "SUCCESS") -> None:
    """Have it end well, or with `FAILURE` or `CANCELED`."""
    _report(instance, run, f"PIPELINE_{ending}")


def _report(instance: dg.DagsterInstance, run: DagsterRun, event: str) -> None:
    instance.report_dagster_event(dg.DagsterEvent(event, run.job_name), run.run_id)
