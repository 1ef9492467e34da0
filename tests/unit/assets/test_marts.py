"""Core and published marts in a real run, with the lake replaced by frames in memory."""

import datetime as dt
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from assets import marts, release
from assets.camera_day import IO_MANAGER
from assets.mart_contracts import GATE_COUNTS_15MIN, HEATMAP_HOURLY, MARTS
from assets.plan import SitePlan, camera_key
from footfall_dagster.checks import expectations
from footfall_dagster.warehouse import DuckDBWarehouse
from tests.unit import small_mall
from tests.unit.small_mall import DAY, NOON
from vision.contracts import ANONYMISED_TRAJECTORIES, COVERAGE, GATE_EVENTS, ZONE_VISITS

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
) -> dg.ExecuteInProcessResult:
    parts = [*marts.build(PLAN), *release.build(PLAN)]
    checks = expectations.build(PLAN) if with_checks else []
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(PLAN.cameras.name, list(PLAN.site.camera_ids))
        selection = dg.AssetSelection.assets(*(PLAN.key(name) for name in names))
        return dg.materialize(
            [*upstream(), *parts, *checks],
            selection=selection if with_checks else selection.without_checks(),
            partition_key=day.isoformat(),
            instance=instance,
            resources={"warehouse": warehouse, IO_MANAGER: FramesInMemory(lake)},
            raise_on_error=False,
        )


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


@pytest.mark.parametrize(
    ("day", "rows"),
    [
        pytest.param(dt.date(2026, 1, 20), 1, id="past retention the heatmap stays as it is"),
        pytest.param(
            dt.datetime.now(dt.UTC).date() - dt.timedelta(days=2),
            0,
            id="within retention it follows what cameras delivered",
        ),
    ],
)
def test_a_heatmap_outlives_the_positions_it_was_made_from(
    warehouse: DuckDBWarehouse, day: dt.date, rows: int
):
    lake = stored(day)
    assert materialise(warehouse, lake, *MARTS, day=day).success
    lake[ANONYMISED_TRAJECTORIES.name] = {}
    assert materialise(warehouse, lake, *MARTS, day=day).success
    assert warehouse.read_day(HEATMAP_HOURLY, "mall", day).height == rows
    assert warehouse.read_day(GATE_COUNTS_15MIN, "mall", day)["entries"].sum() == 4


def test_published_marts_are_the_released_core_marts(warehouse: DuckDBWarehouse):
    names = [*MARTS, *(f"published_{name}" for name in MARTS)]
    assert materialise(warehouse, stored(), *names).success
    contract = release.published(GATE_COUNTS_15MIN)
    frame = warehouse.read_published_day(contract, "mall", DAY).filter(pl.col("gate") == "door")
    assert frame["entries"].drop_nulls().unique().sort().to_list() == [0, 4]
    assert frame.filter("suppressed").select("exits").to_series().to_list() == [None]
    cells = warehouse.read_published_day(release.published(HEATMAP_HOURLY), "mall", DAY)
    assert cells.is_empty()


def test_checks_pass_on_a_right_day_and_say_what_they_saw(warehouse: DuckDBWarehouse):
    result = materialise(
        warehouse, stored(), *MARTS, "published_gate_counts_15min", with_checks=True
    )
    assert result.success
    found = {
        (one.asset_key.path[-1], one.check_name): one
        for one in result.get_asset_check_evaluations()
    }
    assert len(found) == 2 * len(MARTS) + 1
    unobserved = found.pop(("gate_counts_15min", expectations.OBSERVATION))
    assert not unobserved.passed
    assert unobserved.severity == dg.AssetCheckSeverity.WARN
    assert "cam_b is missing" in (unobserved.description or "")
    assert all(one.passed for one in found.values()), found
    assert all(one.partition == DAY.isoformat() for one in found.values())
    totals = found["gate_counts_15min", expectations.TOTALS].metadata
    assert (totals["entries"].value, totals["entries_of_events"].value) == (4, 4)


def test_a_wrong_mart_blocks_what_is_made_from_it(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
):
    read = DuckDBWarehouse.read_day

    def one_too_many(self, mart, site, day):
        frame = read(self, mart, site, day)
        return frame.with_columns(pl.col("entries") + 1) if mart is GATE_COUNTS_15MIN else frame

    monkeypatch.setattr(DuckDBWarehouse, "read_day", one_too_many)
    result = materialise(
        warehouse, stored(), *MARTS, "published_gate_counts_15min", with_checks=True
    )
    made = {event.asset_key.path[-1] for event in result.get_asset_materialization_events()}
    assert "published_gate_counts_15min" not in made
    failed = [
        one for one in result.get_asset_check_evaluations() if not one.passed and one.blocking
    ]
    assert [(one.asset_key.path[-1], one.check_name) for one in failed] == [
        ("gate_counts_15min", expectations.TOTALS)
    ]


@pytest.mark.parametrize("name", MARTS)
def test_every_column_comes_with_schema_and_the_figures_with_lineage(name: str):
    spec = {spec.key: spec for spec in marts.build(PLAN)[0].specs}[PLAN.key(name)]
    schema = spec.metadata["dagster/column_schema"]
    assert [column.name for column in schema.columns] == list(MARTS[name].schema)
    lineage = spec.metadata["dagster/column_lineage"].deps_by_column
    for column in MARTS[name].columns:
        if column.counted_by:
            assert lineage[column.name]
    known = {(c.name, column.name) for c in LAKE for column in c.columns}
    named = {(dep.asset_key.path[-1], dep.column_name) for deps in lineage.values() for dep in deps}
    assert named <= known
