"""What reacts to change: cameras in the site file, runs that died.

Belongs here: sensors. Does not belong here: what happens by the clock (`schedules`).
"""

import dagster as dg

from assets.plan import SitePlan
from footfall_dagster.runs import fail_dead_runs


def build(plan: SitePlan) -> list[dg.SensorDefinition]:
    """The sensors of a site; all run unless they are switched off in the UI."""
    return [_cameras(plan), _dead_runs()]


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
