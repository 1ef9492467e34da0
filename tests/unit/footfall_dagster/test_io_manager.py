"""What a step stores is marked with what it was made from, whatever others store meanwhile."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import polars as pl

from assets.camera_day import IO_MANAGER
from assets.marts.core import cameras_of_day
from assets.marts.inputs import RowsByCamera
from assets.plan import SitePlan
from footfall_dagster.io_manager import LakeIOManager
from footfall_dagster.lake import CameraDay, Lake
from tests.unit.small_mall import DAY, NOON, site
from vision.contract_terms import Contract
from vision.contracts_ingest import CAMERA_EXPORTS, COVERAGE, TIMELINE
from vision.exports.coverage import coverage
from vision.exports.decoded import Decoded

CAM = CameraDay(DAY, "cam_a")


def a_minute(begins: dt.datetime = NOON) -> pl.DataFrame:
    """The timeline of a file that came late."""
    row = {"begins_at": begins, "ends_at": begins + dt.timedelta(minutes=1), "sha256": "0" * 64}
    return pl.DataFrame([row], schema=TIMELINE.schema)


def files(*used_s: float) -> pl.DataFrame:
    """A catalogue of files of which so many seconds are used."""
    rows = [
        {
            "export": number,
            "file_name": f"cam_a/20260311_12{number:02d}00.mp4",
            "sha256": f"{number:064x}",
            "size_bytes": 1,
            "started_at": NOON + dt.timedelta(minutes=number),
            "ended_at": NOON + dt.timedelta(minutes=number + 1),
            "clock_source": "name",
            "corrected_s": 0.0,
            "used_s": used,
            "status": "catalogued",
        }
        for number, used in enumerate(used_s)
    ]
    return pl.DataFrame(rows, schema=CAMERA_EXPORTS.schema)


def test_rows_of_old_files_are_not_taken_for_rows_of_new_ones(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", site())
    plan = SitePlan(lake.site)
    lake.write(TIMELINE, CAM, TIMELINE.empty())
    _, loaded = lake.read_with_receipt(TIMELINE, CAM)

    @dg.asset(
        key=plan.key(COVERAGE.name),
        ins={"timeline": dg.AssetIn(plan.key(TIMELINE.name))},
        partitions_def=plan.camera_days,
        io_manager_key=IO_MANAGER,
    )
    def slow(timeline: pl.DataFrame) -> pl.DataFrame:
        # Meanwhile another run of the same camera-day has found a file that came late.
        lake.write(TIMELINE, CAM, a_minute())
        return coverage(CAMERA_EXPORTS.empty(), Decoded([]), lake.site.on(DAY))

    source = dg.AssetSpec(
        plan.key(TIMELINE.name),
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
    _, newest = lake.read_with_receipt(TIMELINE, CAM)
    assert newest.sha256 != loaded.sha256
    assert stored.source == loaded.sha256


def store(
    lake: Lake, rows: pl.DataFrame, contract: Contract = CAMERA_EXPORTS
) -> dg.ExecuteInProcessResult:
    """Materialise a dataset, as the IO manager stores it."""
    plan = SitePlan(lake.site)

    @dg.asset(
        key=plan.key(contract.name),
        partitions_def=plan.camera_days,
        io_manager_key=IO_MANAGER,
    )
    def dataset() -> pl.DataFrame:
        return rows

    instance = dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions(plan.cameras.name or "", ["cam_a"])
    return dg.materialize(
        [dataset],
        partition_key=dg.MultiPartitionKey({"date": DAY.isoformat(), "camera": "cam_a"}),
        instance=instance,
        resources={IO_MANAGER: LakeIOManager(lake)},
        raise_on_error=False,
    )


def test_a_camera_day_is_replaced_by_one_that_observes_as_much(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", site())
    assert store(lake, files(60.0, 30.0)).success
    assert store(lake, files(30.0, 60.0)).success
    assert store(lake, files(30.0, 60.0, 60.0)).success
    assert lake.read(CAMERA_EXPORTS, CAM).height == 3


def test_a_camera_day_is_never_replaced_by_one_that_observes_less(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", site())
    assert store(lake, files(60.0, 60.0)).success
    refused = store(lake, files(60.0))
    assert not refused.success
    (failure,) = [event for event in refused.all_events if event.is_step_failure]
    told = failure.step_failure_data.user_failure_data
    assert told is not None
    assert "1.0 minutes less" in str(told.description)
    assert "1 recordings of which it was made are not there" in str(told.description)
    assert lake.read(CAMERA_EXPORTS, CAM).height == 2


def minutes(lake: Lake, seen_s: float) -> pl.DataFrame:
    """Coverage of a day of which one minute was decoded for so long."""
    frame = coverage(CAMERA_EXPORTS.empty(), Decoded([]), lake.site.on(DAY))
    first = pl.int_range(frame.height) == 0
    return frame.with_columns(
        pl.when(first).then(60.0).otherwise("recorded_s").alias("recorded_s"),
        pl.when(first).then(seen_s).otherwise("readable_s").alias("readable_s"),
    )


def test_coverage_is_never_replaced_by_one_of_which_less_was_decoded(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", site())
    assert store(lake, minutes(lake, 55.0), COVERAGE).success
    assert store(lake, minutes(lake, 50.0), COVERAGE).success
    assert not store(lake, minutes(lake, 20.0), COVERAGE).success
    assert lake.read(COVERAGE, CAM)["readable_s"].sum() == 50.0
    assert store(lake, minutes(lake, 60.0), COVERAGE).success


def test_a_camera_that_was_found_to_have_been_moved_is_no_failing_disk(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", site())
    assert store(lake, minutes(lake, 60.0), COVERAGE).success
    moved = minutes(lake, 0.0).with_columns(
        reason=pl.when(pl.col("recorded_s") > 0).then(pl.lit("camera_moved")).otherwise("reason")
    )
    assert store(lake, moved, COVERAGE).success
    assert lake.read(COVERAGE, CAM)["readable_s"].sum() == 0


def site_day_of(lake: Lake, step: Callable[[RowsByCamera], None]) -> dg.ExecuteInProcessResult:
    """A site-day whose one step does something with the coverage of its cameras."""
    plan = SitePlan(lake.site)

    @dg.asset(
        ins={"coverage": dg.AssetIn(plan.key(COVERAGE.name), partition_mapping=cameras_of_day())},
        partitions_def=plan.days,
    )
    def made(coverage: RowsByCamera) -> None:
        step(coverage)

    source = dg.AssetSpec(
        plan.key(COVERAGE.name),
        partitions_def=plan.camera_days,
        metadata={"dagster/io_manager_key": IO_MANAGER},
    )
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(plan.cameras.name or "", ["cam_a", "cam_b"])
        return dg.materialize(
            [source, made],
            partition_key=DAY.isoformat(),
            instance=instance,
            resources={IO_MANAGER: LakeIOManager(lake)},
            raise_on_error=False,
        )


def test_a_day_arrives_camera_by_camera_and_only_those_that_are_there(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", site())
    minutes = coverage(CAMERA_EXPORTS.empty(), Decoded([]), lake.site.on(DAY))
    lake.write(COVERAGE, CAM, minutes)
    found: dict[str, int] = {}

    def look(cameras: RowsByCamera) -> None:
        found.update({camera: rows.height for camera, rows in cameras.items()})
        assert len(cameras) == 1

    assert site_day_of(lake, look).success
    assert found == {"cam_a": minutes.height}


def test_which_cameras_there_are_is_told_without_reading_one(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", site())
    lake.write(COVERAGE, CAM, coverage(CAMERA_EXPORTS.empty(), Decoded([]), lake.site.on(DAY)))

    def look(cameras: RowsByCamera) -> None:
        for file in lake.folder(COVERAGE.name, CAM).iterdir():
            file.unlink()
        assert ("cam_a" in cameras, "cam_b" in cameras, list(cameras)) == (True, False, ["cam_a"])

    assert site_day_of(lake, look).success


def test_rows_that_were_made_again_meanwhile_fail_the_step_and_are_not_mixed(
    tmp_path: Path,
) -> None:
    lake = Lake(tmp_path / "lake", site())
    minutes = coverage(CAMERA_EXPORTS.empty(), Decoded([]), lake.site.on(DAY))
    lake.write(COVERAGE, CAM, minutes)
    recorded = minutes.with_columns(recorded_s=pl.lit(1.0, pl.Float64)).cast(minutes.schema)

    def look(cameras: RowsByCamera) -> None:
        lake.write(COVERAGE, CAM, recorded)
        cameras["cam_a"]

    result = site_day_of(lake, look)
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    assert not result.success
    assert "was made again while" in failed.step_failure_data.error_display_string
