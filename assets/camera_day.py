"""What every camera-day asset has in common, said once.

Belongs here: keys, partitions, owners, freshness, retries and schema of camera-day assets, and what
a tracker is told of a camera. Does not belong here: any asset.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg

from assets.metadata import column_lineage, column_schema
from assets.plan import SitePlan
from vision.calibration import Homography
from vision.contract_terms import Contract
from vision.protocols import View
from vision.site.models import Camera

OWNERS = ["team:data-engineering"]
IO_MANAGER = "lake_io"
"""Resource key of the IO manager that stores camera-day assets."""

RETRY = dg.RetryPolicy(max_retries=2, delay=10, backoff=dg.Backoff.EXPONENTIAL)
"""For what may pass: a mount that is away, memory that is short. The wall's refusals do not."""

FRESHNESS = dg.FreshnessPolicy.time_window(
    fail_window=dt.timedelta(hours=36), warn_window=dt.timedelta(hours=28)
)
"""A trading day, its settling time and a night's run."""

Lineage = dict[str, list[tuple[str, str]]]
"""For each column the (dataset, column) pairs that it is made of."""


def spec_fields(
    plan: SitePlan, contract: Contract, *, kinds: set[str], lineage: Lineage
) -> dict[str, Any]:
    """Fields that `dg.asset` and `dg.AssetOut` share for the dataset of `contract`."""
    kept = plan.site.file.privacy.retention.rule(contract.kept)
    return {
        "key": plan.key(contract.name),
        "description": f"One row: {contract.grain}. Kept: {kept}."
        + (" Personal data, left of the wall." if contract.personal else ""),
        "kinds": kinds,
        "owners": OWNERS,
        "io_manager_key": IO_MANAGER,
        "freshness_policy": FRESHNESS,
        "metadata": {
            "dagster/column_schema": column_schema(contract),
            "dagster/column_lineage": column_lineage(
                {
                    column: [(plan.key(dataset), source) for dataset, source in sources]
                    for column, sources in lineage.items()
                }
            ),
        },
    }


def view_of(camera: Camera) -> View:
    """What a tracker may know of `camera`."""
    homography = Homography.fit(camera.calibration) if camera.calibrated else None
    return View(*camera.frame, analysed_fps=camera.analysed_fps, homography=homography)


def camera_day_asset(
    plan: SitePlan,
    contract: Contract,
    *,
    group: str,
    kinds: set[str],
    reads: Sequence[str] = (),
    lineage: Lineage,
    retry: dg.RetryPolicy | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Decorator that makes a function the camera-day asset of `contract`.

    Args:
        plan: The site.
        contract: Of the dataset that the function returns as `dg.Output`.
        group: The asset group, which is a stage of the flow.
        kinds: As Dagster shows them.
        reads: Names of camera-day assets, which are also names of the function's parameters.
        lineage: Where each column comes from.
        retry: For steps that touch files of others.
    """
    return dg.asset(  # type: ignore[no-any-return]
        **spec_fields(plan, contract, kinds=kinds, lineage=lineage),
        group_name=group,
        partitions_def=plan.camera_days,
        ins={name: dg.AssetIn(plan.key(name)) for name in reads},
        retry_policy=retry,
    )
