"""Telling of files that came too late: their camera-days stand as they were made.

Belongs here: the job that tells, and its events. Does not belong here: finding out
(`footfall_dagster.arrivals`), taking such files in, which is for a person to decide.

A job and not the sensor itself tells, because Dagster 1.13 keeps one check result for each run and
partition, and none but the first that belongs to no run.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets import recordings as observed
from assets.plan import SitePlan
from footfall_dagster.checks.arrivals import too_late
from footfall_dagster.deliveries import delivery_of, difference
from footfall_dagster.fair_use import Work, tags
from footfall_dagster.io_manager import camera_day
from footfall_dagster.lake import Lake
from footfall_dagster.settings import Settings
from vision.exports.folder import Recordings

JOB = "late_files"
_OP = "tell_of_late_files"

Event = dg.AssetObservation | dg.AssetCheckEvaluation


class LateFiles(dg.Config):
    """Camera-days to which files came too late, as Dagster spells them."""

    camera_days: list[str]


def build(plan: SitePlan, settings: Settings) -> dg.JobDefinition:
    """The job that tells of late files of a site."""

    @dg.op(name=_OP, out={})
    def tell(
        context: dg.OpExecutionContext,
        config: LateFiles,
        recordings: dg.ResourceParam[Recordings],
        lake: dg.ResourceParam[Lake],
    ) -> Iterator[Event]:
        for name in config.camera_days:
            partition = plan.camera_days.get_partition_key_from_str(name)
            delivery = delivery_of(recordings, plan.site, camera_day(partition))
            differs = difference(lake, delivery)
            if differs is None or not differs.new:
                continue
            event = too_late(plan, name, differs.new)
            context.log.warning(f"{name}: {event.description}")
            yield observed.observation(plan, name, delivery.exports, late=True)
            yield event

    @dg.job(
        name=JOB,
        tags=tags(plan.site.id, Work.UPKEEP, settings),
        description="Tells of files that came after the late window of the site file: as an "
        "observation of `recordings`, and a warning on the camera-day. Changes nothing.",
    )
    def job() -> None:
        tell()

    return job


def config(camera_days: list[str]) -> dict[str, Any]:
    """Run configuration of the job."""
    return {"ops": {_OP: {"config": {"camera_days": camera_days}}}}
