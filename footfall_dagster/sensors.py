"""What reacts to change: cameras in the site file, files that arrive, runs that ended or died.

Belongs here: sensors. Does not belong here: what happens by the clock (`schedules`).
"""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import dagster as dg
from dagster import DagsterRun, DagsterRunStatus

from assets.plan import SitePlan
from assets.recordings import ARRIVALS
from footfall_dagster.arrivals import Arrivals
from footfall_dagster.fair_use import Work, as_awaited_as
from footfall_dagster.following import day_of, outdated_by, weeks_outdated_by
from footfall_dagster.jobs import CAMERA_DAY, PRIVACY_DAY, SITE_DAY, SITE_WEEK
from footfall_dagster.lake import Lake
from footfall_dagster.runs import PID_TAG, fail_dead_runs
from vision.exports.folder import Recordings

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )

_SCHEDULED = "dagster/schedule_name"
_Jobs = Sequence["UnresolvedAssetJobDefinition"]
_Asked = dg.RunRequest | dg.SkipReason | dg.SensorResult
_Request = Callable[[DagsterRun, dg.DagsterInstance], _Asked]
"""What follows from the end of a run."""


def build(plan: SitePlan, jobs: _Jobs, late: dg.JobDefinition) -> list[dg.SensorDefinition]:
    """The sensors of a site; all run unless they are switched off in the UI."""
    return [
        _cameras(plan),
        _dead_runs(),
        _arrivals(plan, jobs, late),
        *(_site_day_after(status, plan, jobs) for status in ("SUCCESS", "FAILURE", "CANCELED")),
        *(_privacy_after(status, jobs) for status in ("SUCCESS", "FAILURE")),
        *(_site_week_after(status, plan, jobs) for status in ("SUCCESS", "FAILURE", "CANCELED")),
    ]


def missing_cameras(plan: SitePlan, instance: dg.DagsterInstance) -> list[str]:
    """Cameras of the site file that are no partition yet."""
    known = set(instance.get_dynamic_partitions(plan.cameras.name or ""))
    return [camera for camera in plan.site.camera_ids if camera not in known]


def _cameras(plan: SitePlan) -> dg.SensorDefinition:
    @dg.sensor(
        name="cameras_of_site_file",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Adds a partition for each camera that appears in cameras.yaml.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        missing = missing_cameras(plan, context.instance)
        if not missing:
            return dg.SkipReason("every camera of the site file has its partition")
        return dg.SensorResult(
            dynamic_partitions_requests=[plan.cameras.build_add_request(missing)]
        )

    return sensor


def _dead_runs() -> dg.SensorDefinition:
    @dg.sensor(
        name="dead_runs",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Fails runs of this host whose process was killed, and frees their places. "
        "What other launchers start elsewhere is left to their own health checks.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        dead = fail_dead_runs(context.instance)
        return dg.SkipReason(f"failed {', '.join(dead)}" if dead else "every run has its process")

    return sensor


def _arrivals(plan: SitePlan, jobs: _Jobs, late: dg.JobDefinition) -> dg.SensorDefinition:
    by_name = {job.name: job for job in jobs}

    @dg.sensor(
        name=ARRIVALS,
        jobs=[by_name[CAMERA_DAY], late],
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Runs camera-days to which files came late, within {plan.site.file.late_hours}"
        " hours of the day's end and once they have stopped growing; reports what came later.",
    )
    def sensor(
        context: dg.SensorEvaluationContext,
        recordings: dg.ResourceParam[Recordings],
        lake: dg.ResourceParam[Lake],
    ) -> dg.SensorResult:
        now = dt.datetime.now(dt.UTC)
        return Arrivals(plan, recordings, lake).look(context.instance, context.cursor, now)

    return sensor


def _site_day_after(status: str, plan: SitePlan, jobs: _Jobs) -> dg.SensorDefinition:
    def request(run: DagsterRun, instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
        day = day_of(run)
        now = dt.datetime.now(dt.UTC)
        last = outdated_by(instance, plan, day, now) if day is not None else None
        if day is None or last is None:
            return dg.SkipReason("the marts of the day are made or asked for otherwise")
        return dg.RunRequest(
            run_key=f"{day} {last.run_id}",
            partition_key=day.isoformat(),
            tags=as_awaited_as(last, Work.MARTS),
        )

    return _after(
        status,
        CAMERA_DAY,
        SITE_DAY,
        jobs,
        "Makes the marts of a day again after the last of its camera-days that were made later "
        "than they; the schedule makes them first.",
        request,
    )


def needs_privacy_day(run: DagsterRun) -> bool:
    """Whether nobody else asks for the privacy report of the day of which `run` made the marts.

    The schedule asks for that of a day that a schedule made, and `footfall run` for its own.
    """
    return run.job_name == SITE_DAY and not {_SCHEDULED, PID_TAG} & set(run.tags)


def _privacy_after(status: str, jobs: _Jobs) -> dg.SensorDefinition:
    def request(run: DagsterRun, _instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
        if not needs_privacy_day(run):
            return dg.SkipReason("its privacy report is asked for otherwise")
        return dg.RunRequest(
            run_key=run.run_id,
            partition_key=run.tags["dagster/partition"],
            tags=as_awaited_as(run, Work.MARTS),
        )

    return _after(
        status,
        SITE_DAY,
        PRIVACY_DAY,
        jobs,
        "The privacy report of each day whose marts were launched by hand or in a backfill; the "
        "schedules take care of the others.",
        request,
    )


def _site_week_after(status: str, plan: SitePlan, jobs: _Jobs) -> dg.SensorDefinition:
    def request(run: DagsterRun, instance: dg.DagsterInstance) -> dg.SensorResult | dg.SkipReason:
        day = dt.date.fromisoformat(run.tags["dagster/partition"])
        outdated = weeks_outdated_by(instance, plan, day)
        if not outdated:
            return dg.SkipReason("the reports of its weeks are made or asked for otherwise")
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(
                    run_key=f"{monday} {last.run_id}",
                    partition_key=monday.isoformat(),
                    tags=as_awaited_as(last, Work.MARTS),
                )
                for monday, last in outdated
            ]
        )

    return _after(
        status,
        SITE_DAY,
        SITE_WEEK,
        jobs,
        "Makes the report of a week again, and of the one after, once marts of one of its days were"
        " made later than it; the schedule makes it first.",
        request,
    )


def _after(
    status: str, monitored: str, requested: str, jobs: _Jobs, description: str, request: _Request
) -> dg.SensorDefinition:
    """The sensor that may have one job run when a run of another ends with `status`."""
    by_name = {job.name: job for job in jobs}

    @dg.run_status_sensor(
        name=f"{requested}_after_{status.lower()}",
        run_status=DagsterRunStatus[status],
        monitored_jobs=[by_name[monitored]],
        request_job=by_name[requested],
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=description,
    )
    def sensor(context: dg.RunStatusSensorContext) -> _Asked:
        return request(context.dagster_run, context.instance)

    return sensor
