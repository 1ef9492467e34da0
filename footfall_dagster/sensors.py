"""What reacts to change: cameras in the site file, runs that ended or died.

Belongs here: sensors. Does not belong here: what happens by the clock (`schedules`).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg
from dagster import DagsterRun, DagsterRunStatus

from assets.plan import SitePlan
from footfall_dagster.jobs import PRIVACY_DAY, SITE_DAY
from footfall_dagster.runs import PID_TAG, fail_dead_runs

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )

_SCHEDULED = "dagster/schedule_name"


def build(
    plan: SitePlan, jobs: Sequence["UnresolvedAssetJobDefinition"]
) -> list[dg.SensorDefinition]:
    """The sensors of a site; all run unless they are switched off in the UI."""
    return [
        _cameras(plan),
        _dead_runs(),
        *(_privacy_after(status, jobs) for status in ("SUCCESS", "FAILURE")),
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
        description="Fails runs of this host whose process was killed, and frees their places.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        dead = fail_dead_runs(context.instance)
        return dg.SkipReason(f"failed {', '.join(dead)}" if dead else "every run has its process")

    return sensor


def needs_privacy_day(run: DagsterRun) -> bool:
    """Whether nobody else asks for the privacy report of the day of which `run` made the marts.

    The schedule asks for that of a day that a schedule made, and `footfall run` for its own.
    """
    return run.job_name == SITE_DAY and not {_SCHEDULED, PID_TAG} & set(run.tags)


def _privacy_after(
    status: str, jobs: Sequence["UnresolvedAssetJobDefinition"]
) -> dg.SensorDefinition:
    by_name = {job.name: job for job in jobs}

    @dg.run_status_sensor(
        name=f"privacy_day_after_{status.lower()}",
        run_status=DagsterRunStatus[status],
        monitored_jobs=[by_name[SITE_DAY]],
        request_job=by_name[PRIVACY_DAY],
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="The privacy report of each day whose marts were launched by hand or in a "
        "backfill; the schedules take care of the others.",
    )
    def sensor(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        if not needs_privacy_day(context.dagster_run):
            return dg.SkipReason("its privacy report is asked for otherwise")
        return dg.RunRequest(
            run_key=context.dagster_run.run_id,
            partition_key=context.dagster_run.tags["dagster/partition"],
        )

    return sensor
