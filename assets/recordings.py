"""The recordings as Dagster sees them: an asset that recorders make and we only observe.

Belongs here: the asset `recordings` and what is said of one camera-day of it. Does not belong here:
finding files (`vision.exports.folder`), noticing that some arrived (`footfall_dagster.arrivals`).

The version of a camera-day's recordings is a fingerprint of names, sizes and times of writing. Each
`camera_exports` remembers which it was made from, so that in Dagster exactly the camera-days are
out of date whose files are others now.
"""

from collections.abc import Sequence

import dagster as dg
from dagster._core.definitions.data_version import (
    DATA_VERSION_IS_USER_PROVIDED_TAG,
    DATA_VERSION_TAG,
)

from assets.camera_day import OWNERS
from assets.plan import INGEST, SitePlan
from vision.exports.folder import Export, fingerprint

NAME = "recordings"
ARRIVALS = "arrivals"
"""Name of the sensor that has camera-days run again when files arrive."""
_LATE = "came_too_late"


def spec(plan: SitePlan) -> dg.AssetSpec:
    """The asset, which nothing here makes."""
    return dg.AssetSpec(
        plan.key(NAME),
        description="One partition: the files that a camera's recorder exported of a trading day, "
        "as they lie there. Observed when some arrive, and when a camera-day is made from them.",
        group_name=INGEST,
        partitions_def=plan.camera_days,
        kinds={"video"},
        owners=OWNERS,
    )


def observation(
    plan: SitePlan, partition: str, exports: Sequence[Export], *, late: bool = False
) -> dg.AssetObservation:
    """What is there of a camera-day now; `late`, where it came too late to be taken in."""
    metadata: dict[str, bool | int | str] = {
        _LATE: late,
        "files": len(exports),
        "size_bytes": sum(one.size_bytes for one in exports),
    }
    if exports:
        newest = max(one.arrived_at for one in exports)
        metadata["newest_arrived_at"] = f"{newest:%Y-%m-%d %H:%M:%S} UTC"
    return dg.AssetObservation(
        plan.key(NAME),
        partition=partition,
        metadata=metadata,
        tags={
            DATA_VERSION_TAG: fingerprint(exports),
            DATA_VERSION_IS_USER_PROVIDED_TAG: "true",
        },
    )


def note_made_from(
    context: dg.AssetExecutionContext, plan: SitePlan, exports: Sequence[Export]
) -> None:
    """Let what the running step makes of a camera-day be known to be made from `exports`.

    Dagster looks up what a step depends on when the step begins, and takes for newer whatever is
    observed later. So the files are observed once they have been found, and looked up again.
    """
    context.instance.report_runless_asset_event(observation(plan, context.partition_key, exports))
    context.get_step_execution_context().fetch_external_input_asset_version_info()


def is_told_late(
    instance: dg.DagsterInstance, plan: SitePlan, partition: str, exports: Sequence[Export]
) -> bool:
    """Whether the last that was observed of a camera-day is that these came too late."""
    wanted = dg.AssetRecordsFilter(plan.key(NAME), asset_partitions=[partition])
    for record in instance.fetch_observations(wanted, limit=1).records:
        last = record.asset_observation
        if last is not None:
            same = last.tags.get(DATA_VERSION_TAG) == fingerprint(exports)
            return same and last.metadata[_LATE].value is True
    return False
