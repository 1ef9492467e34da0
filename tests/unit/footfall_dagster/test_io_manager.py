"""What a step stores is marked with what it was made from, whatever others store meanwhile."""

from pathlib import Path

import dagster as dg
import polars as pl

from assets.camera_day import IO_MANAGER
from assets.plan import SitePlan
from footfall_dagster.io_manager import LakeIOManager
from footfall_dagster.lake import CameraDay, Lake
from tests.unit.small_mall import DAY, NOON, site
from vision.contracts import CAMERA_EXPORTS, COVERAGE
from vision.exports.coverage import coverage
from vision.exports.decoded import Decoded

CAM = CameraDay(DAY, "cam_a")


def exports() -> pl.DataFrame:
    """A file that came late."""
    row = {
        "export": 0,
        "file_name": "cam_a/20260311_120000.mp4",
        "sha256": "0" * 64,
        "size_bytes": 1,
        "started_at": NOON,
        "clock_source": "name",
        "status": "quarantined",
        "reason": "unreadable",
    }
    return pl.DataFrame([row], schema=CAMERA_EXPORTS.schema)


def test_rows_of_old_files_are_not_taken_for_rows_of_new_ones(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", site())
    plan = SitePlan(lake.site)
    lake.write(CAMERA_EXPORTS, CAM, CAMERA_EXPORTS.empty())
    _, loaded = lake.read_with_receipt(CAMERA_EXPORTS, CAM)

    @dg.asset(
        key=plan.key(COVERAGE.name),
        ins={"camera_exports": dg.AssetIn(plan.key(CAMERA_EXPORTS.name))},
        partitions_def=plan.camera_days,
        io_manager_key=IO_MANAGER,
    )
    def slow(camera_exports: pl.DataFrame) -> pl.DataFrame:
        # Meanwhile another run of the same camera-day has found a file that came late.
        lake.write(CAMERA_EXPORTS, CAM, exports())
        return coverage(camera_exports, Decoded([]), lake.site.on(DAY))

    source = dg.AssetSpec(
        plan.key(CAMERA_EXPORTS.name),
        partitions_def=plan.camera_days,
        metadata={"dagster/io_manager_key": IO_MANAGER},
    )
    instance = dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions(plan.cameras.name or "", ["cam_a"])
    assert dg.materialize(
        [source, slow],
        partition_key=dg.MultiPartitionKey({"date": DAY.isoformat(), "camera": "cam_a"}),
        instance=instance,
        resources={IO_MANAGER: LakeIOManager(lake)},
    ).success
    _, stored = lake.read_with_receipt(COVERAGE, CAM)
    _, newest = lake.read_with_receipt(CAMERA_EXPORTS, CAM)
    assert newest.sha256 != loaded.sha256
    assert stored.source == loaded.sha256
