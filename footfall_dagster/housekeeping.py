"""What Dagster's own storage forgets, and when.

Belongs here: the job that keeps the event log and the captured output of runs from growing for
ever. Does not belong here: retention of data, which is the privacy wall's affair.

A successful run is the record of what was made from what, so its events stay for as long as the
marts do. Runs that failed or were cancelled, and what any run printed, go.
"""

import datetime as dt

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

FAILED_RUNS_KEPT = dt.timedelta(days=90)
OUTPUT_KEPT = dt.timedelta(days=30)
_BATCH = 500


def forget(instance: dg.DagsterInstance, now: dt.datetime) -> dict[str, int]:
    """Delete old failed runs and old output; return how many of each."""
    unsuccessful = RunsFilter(
        statuses=[DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED],
        created_before=now - FAILED_RUNS_KEPT,
    )
    failed = 0
    while runs := instance.get_runs(unsuccessful, limit=_BATCH):
        for run in runs:
            instance.delete_run(run.run_id)
        failed += len(runs)
    printed = instance.get_runs(RunsFilter(created_before=now - OUTPUT_KEPT))
    for run in printed:
        instance.compute_log_manager.delete_logs(prefix=[run.run_id])
    return {"failed_runs": failed, "runs_with_output": len(printed)}


@dg.op(description="Deletes runs that failed over 90 days ago, and what runs printed 30 days ago.")
def forget_old_runs_and_output(context: dg.OpExecutionContext) -> None:
    """Run `forget` on this instance."""
    gone = forget(context.instance, dt.datetime.now(dt.UTC))
    context.log.info(f"deleted {gone['failed_runs']} failed runs; output of older runs is gone")


@dg.job(description="Keeps Dagster's event log and captured output from growing for ever.")
def housekeeping() -> None:
    """Delete what Dagster need not keep."""
    forget_old_runs_and_output()


def schedule() -> dg.ScheduleDefinition:
    """Once a week, on Sunday morning."""
    return dg.ScheduleDefinition(
        name="weekly_housekeeping",
        job=housekeeping,
        cron_schedule="30 2 * * 0",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
