"""The check `retention` of every camera-day dataset: kept no longer than the site says.

Belongs here: what a partition's page says of its retention. Does not belong here: deleting
(`footfall_dagster.forgetting`).
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from assets.plan import SitePlan
from footfall_dagster.checks.partitioned_check import partitioned_check
from footfall_dagster.io_manager import camera_day
from footfall_dagster.lake import Lake
from footfall_dagster.privacy import wall
from footfall_dagster.privacy.ledger import PurgeReceipt
from footfall_dagster.privacy.retention import due_at
from vision.contracts import lake_of

RETENTION = "retention"
_GRACE = dt.timedelta(hours=12)
"""A run in progress holds a purge up for so long at most."""


def build(plan: SitePlan) -> list[dg.AssetChecksDefinition]:
    """One step that looks at every dataset of a camera-day."""
    datasets = lake_of(plan.site).values()

    @dg.multi_asset_check(
        name=f"{plan.site.id}__retention",
        specs=[
            partitioned_check(
                RETENTION,
                plan.key(contract.name),
                plan.camera_days,
                blocking=False,
                description="Kept no longer than the site file says; once deleted, when and why.",
            )
            for contract in datasets
        ],
        can_subset=True,
    )
    def check(
        context: dg.AssetCheckExecutionContext, lake: dg.ResourceParam[Lake]
    ) -> Iterator[dg.AssetCheckResult]:
        now = dt.datetime.now(dt.UTC)
        partition = camera_day(context.partition_key)
        retention = plan.site.file.privacy.retention
        for contract in datasets:
            key = plan.key(contract.name)
            if dg.AssetCheckKey(key, RETENTION) not in context.selected_asset_check_keys:
                continue
            part = lake.folder(contract.name, partition) / wall.PART
            gone = lake.ledger.last(contract.name, str(partition))
            if part.exists():
                written = dt.datetime.fromtimestamp(part.stat().st_mtime, dt.UTC)
                due = due_at(plan.site, retention.rule(contract.kept), partition.day, written)
                yield _kept_result(key, due, now)
            else:
                yield dg.AssetCheckResult(
                    asset_key=key,
                    check_name=RETENTION,
                    passed=True,
                    description=f"{gone} of the site's retention" if gone else "nothing is stored",
                )

    return [check]


def _kept_result(key: dg.AssetKey, due: dt.datetime, now: dt.datetime) -> dg.AssetCheckResult:
    late = now > due + _GRACE
    told = f"{due:%Y-%m-%d %H:%M} UTC"
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=RETENTION,
        passed=not late,
        description=f"should have been deleted on {told}; look whether the schedule "
        "purge_every_hour runs, or run `footfall privacy purge`"
        if late
        else f"kept until {told}",
    )


def purged_result(key: dg.AssetKey, receipt: PurgeReceipt) -> dg.AssetCheckEvaluation:
    """The check of a partition that was deleted, as an event of its own."""
    return dg.AssetCheckEvaluation(
        asset_key=key,
        check_name=RETENTION,
        passed=True,
        partition=receipt.partition,
        description=f"{receipt} of the site's retention",
        metadata={
            "purged": True,
            "sha256": receipt.sha256,
            "rows_purged": receipt.rows,
            "bytes_purged": receipt.bytes,
        },
    )
