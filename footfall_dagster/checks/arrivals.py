"""The check `nothing_came_late` of a camera-day: made from every file that its recorder exported.

Belongs here: what a partition's page says of files that came after it was made. Does not belong
here: running camera-days for them (`footfall_dagster.arrivals`).
"""

import dagster as dg

from assets.plan import SitePlan
from footfall_dagster.checks.partitioned_check import partitioned_check
from footfall_dagster.deliveries import delivery_of, difference
from footfall_dagster.io_manager import camera_day
from footfall_dagster.lake import Lake
from vision.contracts_ingest import CAMERA_EXPORTS
from vision.exports.folder import Recordings

NOTHING_CAME_LATE = "nothing_came_late"


def build(plan: SitePlan) -> list[dg.AssetChecksDefinition]:
    """The check that each camera-day is made with."""

    @dg.multi_asset_check(
        name=f"{plan.site.id}__{NOTHING_CAME_LATE}",
        specs=[
            partitioned_check(
                NOTHING_CAME_LATE,
                plan.key(CAMERA_EXPORTS.name),
                plan.camera_days,
                blocking=False,
                description="Made from every file of the camera-day that was there. Warns where "
                "files came later than the site file waits for them.",
            )
        ],
    )
    def check(
        context: dg.AssetCheckExecutionContext,
        lake: dg.ResourceParam[Lake],
        recordings: dg.ResourceParam[Recordings],
    ) -> dg.AssetCheckResult:
        partition = camera_day(context.partition_key)
        delivery = delivery_of(recordings, plan.site, partition)
        differs = difference(lake, delivery)
        new = differs.new if differs is not None else 0
        return dg.AssetCheckResult(
            asset_key=plan.key(CAMERA_EXPORTS.name),
            check_name=NOTHING_CAME_LATE,
            passed=not new,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{new} of its files came while it was made, or could not be opened; the "
            "sensor `arrivals` asks for one more run once they have settled"
            if new
            else f"made from all {len(delivery.exports)} files",
            metadata={"files_new": new},
        )

    return [check]


def too_late(plan: SitePlan, partition: str, files: int) -> dg.AssetCheckEvaluation:
    """The check of a camera-day to which files came after the late window, as an event."""
    hours = plan.site.file.late_hours
    return dg.AssetCheckEvaluation(
        asset_key=plan.key(CAMERA_EXPORTS.name),
        check_name=NOTHING_CAME_LATE,
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        partition=partition,
        description=f"{files} file{'s' if files > 1 else ''} came more than {hours} hours after "
        "the day had ended. What was made stands as it is; to take them in, materialise the "
        "camera-day and then its site-day",
        metadata={"files_new": files},
    )
