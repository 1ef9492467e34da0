"""Every mart of a simulated fortnight equals its computation in plain Python, row by row.

Counts are equal, durations too (they are sums and quantiles of whole seconds), rates to one part in
a billion or to the step to which the contract rounds them, and NULL stands where it should and
nowhere else (`tests.oracle.compare`).
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from assets.marts.contracts import MARTS
from assets.marts.inputs import gates
from assets.marts.release import published
from assets.marts.schema import MartColumn, MartContract
from assets.release.cells import Cells
from assets.release.day import decide
from assets.release.linked import linked
from assets.release.policy import CHANGES
from footfall_dagster.warehouse import DuckDBWarehouse
from tests import arcade_fortnight
from tests.arcade_fortnight import DAYS, EMPTY, LATE, MISSING, NOBODY_ON
from tests.oracle.compare import differences
from tests.oracle.day import Row
from tests.oracle.marts import Marts, marts_of
from tests.oracle.stored import materialise, stored_day
from vision.site.models import Site

pytestmark = pytest.mark.long
PEOPLE = 72
"""On a weekday: as few as still wait in line, give up, and come in groups."""
LOOKS_BACK = dt.timedelta(days=27)
"""As far as any mart does of which the fortnight has figures."""

NEVER_SO = {
    "gate_counts_15min.approximate_crossings": "all gates were there when the days were processed",
    "footfall_daily.entries_estimate": "the site asks for none",
    "footfall_daily.entries_low": "the site asks for none",
    "footfall_daily.entries_high": "the site asks for none",
    "shop_pairs_daily.visitors_of_both": "people in the simulation have one errand",
    "shop_affinity_weekly.visitors_of_both": "people in the simulation have one errand",
    "shop_affinity_weekly.support": "people in the simulation have one errand",
    "shop_affinity_weekly.lift": "people in the simulation have one errand",
    "zone_flow_hourly.travel_median_s": "the zones between which people go touch each other",
    "staff_excluded_daily.staff_by_length": "nobody stays in view for two hours",
    "space_value_daily.change_year": "there are two weeks",
}
"""Measures of which the fortnight has no number but 0; tests/unit/assets/test_oracle.py has."""
NEVER_NULL = {"shop_affinity_weekly": "each week has a day that was observed"}


@dataclass(frozen=True)
class Made:
    """What differed before the late camera-day came and after, and what was expected."""

    before: dict[str, list[str]]
    after: dict[str, list[str]]
    expected: dict[dt.date, Marts]
    expected_before: dict[dt.date, Marts]
    site: Site
    exact: dict[dt.date, dict[str, pl.DataFrame]]

    def rows(self, mart: str) -> list[Row]:
        """Of each day, and of those that the late camera-day changes also as they were before."""
        return [
            row
            for expected in (self.expected_before, self.expected)
            for day in DAYS
            if expected is self.expected or expected[day] is not self.expected[day]
            for row in expected[day][mart]
        ]

    def values(self, mart: str, column: str) -> list:
        return [row[column] for row in self.rows(mart)]


def found(warehouse: DuckDBWarehouse, expected: dict[dt.date, Marts]) -> dict[str, list[str]]:
    """What differs, by mart."""
    site = arcade_fortnight.site().id
    return {
        name: [
            difference
            for day, marts in expected.items()
            for difference in differences(mart, warehouse.read_day(mart, site, day), marts[name])
        ]
        for name, mart in MARTS.items()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder: Path = tmp_path_factory.mktemp("fortnight")
    fortnight = arcade_fortnight.build(folder / "lake", people=PEOPLE)
    warehouse = DuckDBWarehouse.below(folder / "warehouse")
    materialise(fortnight.lake, warehouse, DAYS)
    expected: dict[dt.date, Marts] = {}
    for day in DAYS:
        expected[day] = marts_of(stored_day(fortnight.lake, day), expected)
    before = found(warehouse, expected)
    expected_before = dict(expected)
    fortnight.store_late()
    again = [day for day in DAYS if LATE[0] <= day <= LATE[0] + LOOKS_BACK]
    materialise(fortnight.lake, warehouse, again)
    for day in again:
        expected[day] = marts_of(stored_day(fortnight.lake, day), expected)
    exact = {
        day: warehouse.read_days(list(MARTS.values()), fortnight.site.id, [day]) for day in DAYS
    }
    after = found(warehouse, expected)
    return Made(before, after, expected, expected_before, fortnight.site, exact)


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_equals_its_computation_in_plain_python(made: Made, mart: str):
    assert made.before[mart] == []


@pytest.mark.parametrize("mart", MARTS)
def test_it_does_once_the_late_camera_day_is_in(made: Made, mart: str):
    assert made.after[mart] == []


MEASURES = [
    pytest.param(mart, column, id=f"{mart.name}.{column.name}")
    for mart in MARTS.values()
    for column in mart.columns
    if column.counted_by
]


@pytest.mark.parametrize(("mart", "column"), MEASURES)
def test_what_is_compared_is_something(made: Made, mart: MartContract, column: MartColumn):
    """Each measure is a number other than 0 somewhere, and NULL somewhere, where it may be."""
    values = made.values(mart.name, column.name)
    assert any(values) != (f"{mart.name}.{column.name}" in NEVER_SO)
    assert (None in values) == (column.nullable and mart.name not in NEVER_NULL)


def test_the_late_camera_day_changed_the_figures_of_its_day(made: Made):
    day, camera = LATE
    for mart, column in (
        ("footfall_daily", "entries"),
        ("display_engagement_hourly", "exposed"),
        ("space_value_daily", "change_week"),
    ):
        before, after = (
            [row[column] for row in expected[day][mart] if row["camera"] == camera]
            for expected in (made.expected_before, made.expected)
        )
        assert not any(before)
        assert any(after)


def test_cameras_are_in_every_state_that_the_fortnight_has(made: Made):
    states = {
        (row["trading_day"], row["camera"]): row["state"] for row in made.rows("data_quality_daily")
    }
    assert (states[MISSING], states[EMPTY], states[LATE]) == ("missing", "no_exports", "observed")
    assert "missing" in [
        row["state"] for row in made.expected_before[LATE[0]]["data_quality_daily"]
    ]
    assert [row["entries"] for row in made.expected[NOBODY_ON]["footfall_daily"]] == [0]


def test_people_do_what_marts_are_for(made: Made):
    assert any(made.values("staff_excluded_daily", "staff_by_zone"))
    assert any(row["groups"] for row in made.rows("groups_hourly") if row["size"] >= 3)
    rates = made.values("queue_15min", "abandonment_rate")
    assert any(rate is not None and 0 < rate < 1 for rate in rates)
    assert max(made.values("queue_15min", "length_peak"), key=lambda peak: peak or 0) > 2
    assert max(made.values("paths_daily", "zones")) > 3
    assert {1, 7} <= set(made.values("shop_affinity_weekly", "observed_days"))
    second_week = [row for row in made.rows("space_value_daily") if row["trading_day"] >= DAYS[7]]
    assert any(row["change_week"] for row in second_week)
    assert any(drift for drift in made.values("floor_occupancy_15min", "drift"))


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_what_the_release_takes_for_sums_are_sums(made: Made, day: dt.date):
    links = linked(Cells.of(made.exact[day]), gates(made.site.on(day)))
    assert links.matrix.shape[0] > 0
    assert links.broken == 0


@pytest.mark.parametrize("day", DAYS[:3], ids=str)
def test_no_figure_of_few_people_can_be_worked_out_of_the_release(made: Made, day: dt.date):
    earlier = {name: published(MARTS[name]).empty() for name in CHANGES}
    decision = decide(made.site.on(day), made.exact[day], earlier)
    assert decision.open_before > 0
    assert decision.open_after == 0
