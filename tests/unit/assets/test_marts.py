"""Core and published marts in a real run, with the lake replaced by frames in memory."""

import datetime as dt
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from assets.camera_day import IO_MANAGER
from assets.marts import core, release
from assets.marts.contracts import MARTS
from assets.marts.of_gates import GATE_COUNTS_15MIN
from assets.marts.of_ways import HEATMAP_HOURLY
from assets.plan import SitePlan, camera_key
from footfall_dagster.checks import mart_drift
from footfall_dagster.checks import marts as mart_checks
from footfall_dagster.checks.mart_totals import MEASURES
from footfall_dagster.report_store import FolderReportStore
from footfall_dagster.warehouse import DuckDBWarehouse
from tests.unit import small_mall
from tests.unit.small_mall import DAY, NOON
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS
from vision.contracts_ingest import COVERAGE

HOUR = dt.timedelta(hours=1)
PLAN = SitePlan(small_mall.site(k=3))
LAKE = (COVERAGE, GATE_EVENTS, ZONE_VISITS, ANONYMISED_TRAJECTORIES)
Stored = dict[str, dict[str, pl.DataFrame]]


class FramesInMemory(dg.IOManager):
    """Returns frames by camera, as the lake's IO manager does for a site-day."""

    def __init__(self, stored: Stored) -> None:
        self.stored = stored

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        raise AssertionError("nothing but marts is made here")

    def load_input(self, context: dg.InputContext) -> dict[str, pl.DataFrame]:
        frames = self.stored[context.asset_key.path[-1]]
        asked = {camera_key(key) for key in context.asset_partition_keys}
        return {camera: frame for camera, frame in frames.items() if camera in asked}


class Purged:
    """What was deleted by age, by dataset."""

    def __init__(self, **cameras: str) -> None:
        self._cameras = cameras

    def purged(self, dataset: str, day: dt.date) -> frozenset[str]:
        """See `assets.storage.CameraDays`."""
        return frozenset({self._cameras[dataset]} if dataset in self._cameras else ())

    def failed(self, day: dt.date) -> frozenset[str]:
        """See `assets.storage.CameraDays`."""
        return frozenset()


NOTHING_PURGED = Purged()


def stored(day: dt.date = DAY) -> Stored:
    site_day = PLAN.site.on(day)
    noon = dt.datetime.combine(day, NOON.timetz())
    return {
        COVERAGE.name: {"cam_a": small_mall.coverage(site_day, (noon, noon + HOUR))},
        GATE_EVENTS.name: {
            "cam_a": small_mall.crossings(*[("door", noon, "in")] * 4, ("door", noon, "out"))
        },
        ZONE_VISITS.name: {"cam_a": small_mall.stays(("shop", noon, 60))},
        ANONYMISED_TRAJECTORIES.name: {
            "cam_a": small_mall.walks((noon, [(1.125, 1.125)]), (noon, [(1.125, 1.125)]))
        },
    }


def upstream() -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            PLAN.key(contract.name),
            partitions_def=PLAN.camera_days,
            metadata={"dagster/io_manager_key": IO_MANAGER},
        )
        for contract in LAKE
    ]


def materialise(
    warehouse: DuckDBWarehouse,
    lake: Stored,
    *names: str,
    day: dt.date = DAY,
    with_checks: bool = False,
    purged: Purged = NOTHING_PURGED,
) -> dg.ExecuteInProcessResult:
    parts = [*core.build(PLAN), *release.build(PLAN)]
    checks = mart_checks.build(PLAN) if with_checks else []
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(PLAN.cameras.name, list(PLAN.site.camera_ids))
        selection = dg.AssetSelection.assets(*(PLAN.key(name) for name in names))
        return dg.materialize(
            [*upstream(), *parts, *checks],
            selection=selection if with_checks else selection.without_checks(),
            partition_key=day.isoformat(),
            instance=instance,
            resources={
                "warehouse": warehouse,
                "lake": purged,
                "data_docs": docs_beside(warehouse),
                IO_MANAGER: FramesInMemory(lake),
            },
            raise_on_error=False,
        )


def docs_beside(warehouse: DuckDBWarehouse) -> FolderReportStore:
    return FolderReportStore(warehouse.core.parent / "docs", PLAN.site.id)


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return DuckDBWarehouse.below(tmp_path)


def test_a_day_is_made_with_metadata_that_names_the_missing_camera(warehouse: DuckDBWarehouse):
    result = materialise(warehouse, stored(), *MARTS)
    assert result.success
    made = {
        event.asset_key.path[-1]: event.materialization.metadata
        for event in result.get_asset_materialization_events()
    }
    assert set(made) == set(MARTS)
    metadata = made["gate_counts_15min"]
    assert metadata["cameras_missing"].value == ["cam_b"]
    assert metadata["cameras_observed"].value == ["cam_a"]
    assert metadata["dagster/row_count"].value == 2 * 96
    assert (metadata["entries"].value, metadata["exits"].value) == (4, 1)
    frame = warehouse.read_day(GATE_COUNTS_15MIN, "mall", DAY)
    assert frame.filter(pl.col("gate") == "door")["entries"].sum() == 4
    assert frame.filter(pl.col("gate") == "back")["entries"].null_count() == 96


def test_one_mart_can_be_made_alone(warehouse: DuckDBWarehouse):
    assert materialise(warehouse, stored(), "heatmap_hourly").success
    assert warehouse.read_day(HEATMAP_HOURLY, "mall", DAY).height == 1
    assert warehouse.read_day(GATE_COUNTS_15MIN, "mall", DAY).is_empty()


def test_a_day_with_no_camera_at_all_is_a_day_of_nulls(warehouse: DuckDBWarehouse):
    assert materialise(warehouse, {contract.name: {} for contract in LAKE}, *MARTS).success
    frame = warehouse.read_day(GATE_COUNTS_15MIN, "mall", DAY)
    assert frame.height == frame["entries"].null_count() == 2 * 96
    assert warehouse.read_day(HEATMAP_HOURLY, "mall", DAY).is_empty()


def test_a_heatmap_outlives_the_positions_it_was_made_from(warehouse: DuckDBWarehouse):
    lake = stored()
    assert materialise(warehouse, lake, *MARTS).success
    lake[ANONYMISED_TRAJECTORIES.name] = {}
    purged = Purged(anonymised_trajectories="cam_a")
    result = materialise(warehouse, lake, *MARTS, purged=purged)
    assert result.success
    assert warehouse.read_day(HEATMAP_HOURLY, "mall", DAY).height == 1
    assert warehouse.read_day(GATE_COUNTS_15MIN, "mall", DAY)["entries"].sum() == 4
    made = {
        event.asset_key.path[-1]: event.materialization.metadata
        for event in result.get_asset_materialization_events()
    }
    # Positions past their retention do not make their camera one that was not observed.
    assert made["gate_counts_15min"]["cameras_observed"].value == ["cam_a"]
    assert made["heatmap_hourly"]["kept_from_before"].value is True


def test_a_heatmap_follows_positions_that_were_withdrawn(warehouse: DuckDBWarehouse):
    lake = stored()
    assert materialise(warehouse, lake, *MARTS).success
    lake[ANONYMISED_TRAJECTORIES.name] = {}
    assert materialise(warehouse, lake, *MARTS).success
    assert warehouse.read_day(HEATMAP_HOURLY, "mall", DAY).is_empty()


def test_figures_outlive_the_events_of_one_camera_that_were_deleted_by_age(
    warehouse: DuckDBWarehouse,
):
    lake = stored()
    assert materialise(warehouse, lake, *MARTS).success
    before = {name: warehouse.read_day(mart, "mall", DAY) for name, mart in MARTS.items()}
    for contract in (GATE_EVENTS, ZONE_VISITS, ANONYMISED_TRAJECTORIES):
        lake[contract.name] = {}
    purged = Purged(gate_events="cam_a", zone_visits="cam_a", anonymised_trajectories="cam_a")
    result = materialise(warehouse, lake, *MARTS, purged=purged)
    assert not result.success
    told = [
        event.step_failure_data.user_failure_data
        for event in result.all_events
        if event.is_step_failure
    ]
    assert "was deleted by age" in (told[0].description if told[0] else "")
    for name, mart in MARTS.items():
        assert warehouse.read_day(mart, "mall", DAY).equals(before[name])


def test_published_marts_are_the_released_core_marts(warehouse: DuckDBWarehouse):
    names = [*MARTS, *(f"published_{name}" for name in MARTS)]
    assert materialise(warehouse, stored(), *names, with_checks=True).success
    contract = release.published(GATE_COUNTS_15MIN)
    frame = warehouse.read_published_day(contract, "mall", DAY).filter(pl.col("gate") == "door")
    assert frame["entries"].drop_nulls().unique().sort().to_list() == [0, 4]
    assert frame.filter("suppressed").select("exits").to_series().to_list() == [None]
    cells = warehouse.read_published_day(release.published(HEATMAP_HOURLY), "mall", DAY)
    assert cells.is_empty()


def test_published_marts_launched_alone_take_only_rows_that_passed_their_checks(
    warehouse: DuckDBWarehouse,
):
    alone = "published_gate_counts_15min"
    assert materialise(warehouse, stored(), *MARTS).success
    assert not materialise(warehouse, stored(), alone).success
    assert materialise(warehouse, stored(), *MARTS, with_checks=True).success
    assert materialise(warehouse, stored(), alone).success
    assert materialise(warehouse, stored(), *MARTS).success
    assert not materialise(warehouse, stored(), alone).success


def test_checks_pass_on_a_right_day_and_say_what_they_saw(warehouse: DuckDBWarehouse):
    result = materialise(
        warehouse, stored(), *MARTS, "published_gate_counts_15min", with_checks=True
    )
    assert result.success
    found = {
        (one.asset_key.path[-1], one.check_name): one
        for one in result.get_asset_check_evaluations()
    }
    assert len(found) == len(MARTS) + len(MEASURES) + len(mart_drift.MEASURES) + 1
    unobserved = found.pop(("gate_counts_15min", mart_checks.OBSERVATION))
    assert not unobserved.passed
    assert unobserved.severity == dg.AssetCheckSeverity.WARN
    assert "cam_b is missing" in (unobserved.description or "")
    assert all(one.passed for one in found.values()), found
    assert all(one.partition == DAY.isoformat() for one in found.values())
    drift = found["zone_visits_hourly", mart_checks.DRIFT]
    assert drift.severity == dg.AssetCheckSeverity.WARN
    assert "2 of 2 zones: not enough history" in (drift.description or "")
    totals = found["gate_counts_15min", mart_checks.TOTALS].metadata
    assert (totals["entries"].value, totals["entries_of_events"].value) == (4, 4)


def test_checks_link_to_data_docs_of_the_day_and_some_of_them_replace_no_page(
    warehouse: DuckDBWarehouse,
):
    page = docs_beside(warehouse).page(DAY)
    for _ in range(2):
        result = materialise(warehouse, stored(), *MARTS, with_checks=True)
        linked = {
            (one.asset_key.path[-1], one.check_name): one.metadata["data_docs"].value
            for one in result.get_asset_check_evaluations()
            if one.check_name != mart_checks.OBSERVATION
        }
        assert len(linked) == len(MARTS) + len(MEASURES) + len(mart_drift.MEASURES)
        assert set(linked.values()) == {str(page)}
        assert docs_beside(warehouse).written(page)
        assert len(list(page.parent.iterdir())) == 2
    before = page.read_bytes()
    for mart in MARTS:
        assert mart.encode() in before
    result = materialise(warehouse, stored(), "heatmap_hourly", with_checks=True)
    assert all("data_docs" not in one.metadata for one in result.get_asset_check_evaluations())
    assert page.read_bytes() == before


def test_a_page_that_the_wall_refuses_costs_nobody_the_checks(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        "footfall_dagster.checks.data_docs.render", lambda *_: "<img src='https://a.example'>"
    )
    result = materialise(warehouse, stored(), *MARTS, with_checks=True)
    assert result.success
    found = result.get_asset_check_evaluations()
    assert all(one.passed for one in found if one.check_name in {"rows", "totals", "drift"})
    told = next(one for one in found if one.check_name == "rows").metadata["data_docs"]
    assert isinstance(told, dg.TextMetadataValue)
    assert "was not stored" in (told.value or "")
    assert not docs_beside(warehouse).page(DAY).exists()


def test_a_wrong_mart_blocks_what_is_made_from_it(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
):
    read, wrong = DuckDBWarehouse.read_days, GATE_COUNTS_15MIN.name

    def one_too_many(self, marts, site, days):
        rows = read(self, marts, site, days)
        return {
            name: frame.with_columns(pl.col("entries") + 1) if name == wrong else frame
            for name, frame in rows.items()
        }

    monkeypatch.setattr(DuckDBWarehouse, "read_days", one_too_many)
    result = materialise(
        warehouse, stored(), *MARTS, "published_gate_counts_15min", with_checks=True
    )
    made = {event.asset_key.path[-1] for event in result.get_asset_materialization_events()}
    assert "published_gate_counts_15min" not in made
    failed = [
        one for one in result.get_asset_check_evaluations() if not one.passed and one.blocking
    ]
    assert [(one.asset_key.path[-1], one.check_name) for one in failed] == [
        ("gate_counts_15min", mart_checks.TOTALS)
    ]


@pytest.mark.parametrize("name", MARTS)
def test_every_column_comes_with_schema_and_the_figures_with_lineage(name: str):
    spec = {spec.key: spec for spec in core.build(PLAN)[0].specs}[PLAN.key(name)]
    schema = spec.metadata["dagster/column_schema"]
    assert [column.name for column in schema.columns] == list(MARTS[name].schema)
    lineage = spec.metadata["dagster/column_lineage"].deps_by_column
    for column in MARTS[name].columns:
        if column.counted_by:
            assert lineage[column.name]
    known = {(c.name, column.name) for c in LAKE for column in c.columns}
    named = {(dep.asset_key.path[-1], dep.column_name) for deps in lineage.values() for dep in deps}
    assert named <= known
