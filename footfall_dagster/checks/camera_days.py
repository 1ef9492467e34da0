"""Checks of every camera-day dataset on what is stored: contract and wall.

Belongs here: reading a partition back and saying whether it is what its contract says. Does not
belong here: refusing to store it, which the lake has done before (`footfall_dagster.lake`).
"""

from collections.abc import Iterator

import dagster as dg

from assets.plan import SitePlan
from footfall_dagster.checks.partitioned_check import partitioned_check
from footfall_dagster.io_manager import camera_day
from footfall_dagster.lake import CameraDay, Lake, NotMaterialised
from footfall_dagster.privacy.wall import Refused
from vision.contract_check import violations
from vision.contract_terms import Contract
from vision.contracts import lake_of

CONTRACT, WALL = "contract", "wall"


def build(plan: SitePlan) -> list[dg.AssetChecksDefinition]:
    """Contract checks of every dataset; wall checks of those right of tracking."""
    return [_stored_as_promised(plan, contract) for contract in lake_of(plan.site).values()]


def _stored_as_promised(plan: SitePlan, contract: Contract) -> dg.AssetChecksDefinition:
    key = plan.key(contract.name)
    specs = [
        partitioned_check(
            CONTRACT,
            key,
            plan.camera_days,
            blocking=True,
            description="Columns, types, ranges and the site's names, on every stored row.",
        )
    ]
    if not contract.personal:
        specs.append(
            partitioned_check(
                WALL,
                key,
                plan.camera_days,
                blocking=True,
                description="One admitted file whose bytes are those of its rows, its receipt, "
                "nothing else; and its last write was not refused.",
            )
        )

    @dg.multi_asset_check(name=f"{plan.site.id}__{contract.name}__stored", specs=specs)
    def check(
        context: dg.AssetCheckExecutionContext, lake: dg.ResourceParam[Lake]
    ) -> Iterator[dg.AssetCheckResult]:
        partition = camera_day(context.partition_key)
        try:
            frame = lake.read(contract, partition)
        except (Refused, NotMaterialised) as problem:
            for spec in specs:
                yield dg.AssetCheckResult(
                    asset_key=key, check_name=spec.name, passed=False, description=str(problem)
                )
            return
        broken = violations(frame, contract, lake.bounds(partition))
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=CONTRACT,
            passed=not broken,
            description="; ".join(str(violation) for violation in broken) or None,
            metadata={"rows": frame.height, "rules_broken": len(broken)},
        )
        if not contract.personal:
            yield _wall(key, lake, contract, partition)

    return check


def _wall(
    key: dg.AssetKey, lake: Lake, contract: Contract, partition: CameraDay
) -> dg.AssetCheckResult:
    """One admitted file whose bytes are those of its rows, its receipt, nothing else."""
    strangers = lake.strangers(contract, partition)
    told, size = list(strangers), 0
    try:
        size = lake.inspect(contract, partition).bytes
    except Refused as refused:
        told.append(str(refused))
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=WALL,
        passed=not told,
        description="; ".join(told) or None,
        metadata={"strangers": len(strangers), "bytes_verified": size},
    )
