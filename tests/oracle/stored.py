"""A lake's days for the oracle, and the marts that Dagster makes of them.

Belongs here: from camera-days that are stored to rows on both sides. Does not belong here: what
days there are (`tests.arcade_fortnight`), any figure.
"""

import datetime as dt
from collections.abc import Iterable

import dagster as dg

from assets.camera_day import IO_MANAGER
from assets.marts import core
from assets.plan import SitePlan
from footfall_dagster.io_manager import LakeIOManager
from footfall_dagster.lake import Lake
from footfall_dagster.runs import QUIET
from footfall_dagster.warehouse import DuckDBWarehouse
from tests.oracle.day import COUNTED, COVERAGE, StoredDay

_DATASETS = (COVERAGE, *COUNTED)


def stored_day(lake: Lake, day: dt.date) -> StoredDay:
    """What the lake holds of one day."""
    site_day = lake.site.on(day)
    frames = {
        dataset: {
            camera: frame
            for camera in site_day.cameras
            if (frame := lake.stored(dataset, day, camera)) is not None
        }
        for dataset in _DATASETS
    }
    return StoredDay.of(site_day, frames)


def materialise(lake: Lake, warehouse: DuckDBWarehouse, days: Iterable[dt.date]) -> None:
    """Let Dagster make all core marts of each day from what the lake holds."""
    plan = SitePlan(lake.site)
    stored = [
        dg.AssetSpec(
            plan.key(dataset),
            partitions_def=plan.camera_days,
            metadata={"dagster/io_manager_key": IO_MANAGER},
        )
        for dataset in _DATASETS
    ]
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(plan.cameras.name or "", list(plan.site.camera_ids))
        for day in days:
            result = dg.materialize(
                [*stored, *core.build(plan)],
                partition_key=day.isoformat(),
                instance=instance,
                resources={
                    "warehouse": warehouse,
                    "lake": lake,
                    IO_MANAGER: LakeIOManager(lake),
                },
                run_config=QUIET,
            )
            assert result.success
