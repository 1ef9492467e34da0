"""A purge forgets all that it can, whatever part of it fails, and asks for a run only where due."""

import datetime as dt
import os
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.runs.schema import RunsTable

from assets.marts.contracts import MARTS
from assets.plan import SitePlan
from footfall_dagster import forgetting
from footfall_dagster.day import why_failed
from footfall_dagster.forgetting import Forgetting, Incomplete, held_by_runs
from footfall_dagster.lake import CameraDay
from footfall_dagster.mart_tables import WarehouseError
from footfall_dagster.privacy import purge, wall
from footfall_dagster.privacy.noninterference import proof_folder
from footfall_dagster.privacy.retention import processed_at
from footfall_dagster.settings import Settings
from footfall_dagster.warehouse import DuckDBWarehouse
from tests.unit.footfall_dagster.privacy.test_retention_recordings import mall
from tests.unit.runs import add_run, end_run, start_run
from tests.unit.small_mall import DAY
from vision.contracts import DETECTIONS
from vision.contracts_ingest import CAMERA_EXPORTS

CAM = CameraDay(DAY, "cam_a")
PROCESSED = processed_at(mall(), DAY)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def of_mall(tmp_path: Path) -> Forgetting:
    """A camera-day without recordings that was made on time, on a site that lets us delete."""
    made = Forgetting(Settings(home=tmp_path), SitePlan(mall()))
    for contract in (CAMERA_EXPORTS, DETECTIONS):
        made.lake.write(contract, CAM, contract.empty())
        part = made.lake.folder(contract.name, CAM) / wall.PART
        os.utime(part, (PROCESSED.timestamp(), PROCESSED.timestamp()))
    return made


def test_a_part_that_fails_keeps_nothing_else_from_being_forgotten(
    of_mall: Forgetting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_args: object) -> None:
        raise OSError("somebody's word")

    def taken(*_args: object) -> None:
        raise WarehouseError("close it there")

    monkeypatch.setattr(forgetting, "forget_recordings", unreachable)
    monkeypatch.setattr(forgetting, "forget_marts", taken)
    boxes = of_mall.settings.home / "proof" / "boxes.parquet"
    boxes.parent.mkdir()
    boxes.write_bytes(b"boxes")
    told: list[object] = []
    with pytest.raises(Incomplete) as incomplete:
        told.extend(of_mall.carry_out(purge.nobody, PROCESSED + 25 * HOUR))
    assert str(incomplete.value) == "recordings: OSError; marts: close it there"
    assert not (of_mall.lake.folder(DETECTIONS.name, CAM) / wall.PART).exists()
    assert not boxes.parent.exists()
    assert not list(of_mall.lake.ledger.untold())


def test_a_purge_that_was_not_carried_out_wholly_is_a_failed_run(
    of_mall: Forgetting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*_args: object) -> None:
        raise WarehouseError("close it there")

    monkeypatch.setattr(forgetting, "forget_marts", taken)
    with dg.instance_for_test() as instance:
        result, lines = forgetting.run(of_mall, instance)
        assert not result.success
        told = "; ".join(why_failed("purge", result))
        assert "not all was deleted" in told
        assert "marts: close it there" in told
        # Dagster's own storage was looked after all the same, and what went is told.
        assert any(line.startswith("Dagster: ") for line in lines)
        key = of_mall.plan.key(DETECTIONS.name)
        assert instance.fetch_observations(key, limit=1).records
    assert not (of_mall.lake.folder(DETECTIONS.name, CAM) / wall.PART).exists()


def test_marts_that_could_not_be_forgotten_are_not_told_as_forgotten(
    of_mall: Forgetting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*_args: object) -> None:
        raise WarehouseError("close it there")

    monkeypatch.setattr(DuckDBWarehouse, "days", lambda *_args: [DAY])
    monkeypatch.setattr(DuckDBWarehouse, "forget", taken)
    told: list[object] = []
    with pytest.raises(Incomplete, match="marts: close it there"):
        told.extend(of_mall.carry_out(purge.nobody, PROCESSED + 4000 * 24 * HOUR))
    observed = [one.asset_key.path[-1] for one in told if isinstance(one, dg.AssetObservation)]
    assert "detections" in observed
    assert not set(MARTS) & set(observed)
    assert not list(of_mall.lake.ledger.folder("marts", str(DAY)).glob("*.json"))


def test_what_a_killed_proof_left_is_due_at_once(of_mall: Forgetting) -> None:
    assert not of_mall.is_due(PROCESSED)
    with proof_folder.only_proof(of_mall.settings.home) as home:
        home.mkdir()
        assert not of_mall.is_due(PROCESSED)
        home.rename(of_mall.settings.home / "kept")
    (of_mall.settings.home / "kept").rename(of_mall.settings.home / "proof")
    assert of_mall.is_due(PROCESSED)


def test_recordings_that_are_gone_or_left_alone_ask_for_no_run_every_hour(
    of_mall: Forgetting,
) -> None:
    list(of_mall.carry_out(purge.nobody, PROCESSED + 71 * HOUR))
    due = [hour for hour in range(71, 100) if of_mall.is_due(PROCESSED + hour * HOUR)]
    assert due == [72, 73, 74]


def test_a_run_holds_its_day_from_when_it_began_however_long_it_was_queued() -> None:
    now = dt.datetime.now(dt.UTC)
    with dg.DagsterInstance.ephemeral() as instance:
        held = held_by_runs("mall", instance, now)
        run = add_run(instance, "site_day", {"dagster/partition": f"{DAY}"}, None)
        with instance.run_storage.connect() as connection:  # type: ignore[attr-defined]
            connection.execute(RunsTable.update().values(create_timestamp=now - 13 * HOUR))
        assert not held(CAM)
        start_run(instance, run)
        assert held(CAM)
        assert not held(CameraDay(DAY + 24 * HOUR, "cam_a"))
        # A run that is older than any may get is dead, and nobody told Dagster.
        assert not held_by_runs("mall", instance, now + 13 * HOUR)(CAM)
        end_run(instance, run)
        assert not held(CAM)
