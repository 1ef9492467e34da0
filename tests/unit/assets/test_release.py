"""The release policy: nothing that stands for a few people passes."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.marts.contracts import MARTS
from assets.marts.of_gates import GATE_COUNTS_15MIN
from assets.marts.of_ways import HEATMAP_HOURLY
from assets.marts.of_zones import OCCUPANCY_15MIN, SPACE_VALUE_DAILY, ZONE_VISITS_HOURLY
from assets.marts.release import published, release
from assets.marts.schema import MartContract


def row(mart: MartContract, **figures: object) -> pl.DataFrame:
    """One row of `mart` in which everything that is not given is filler."""
    filler = {
        pl.Date(): dt.date(2026, 3, 11),
        pl.String(): "x",
        pl.Boolean(): True,
        pl.Int32(): 0,
        pl.Float64(): 0.0,
    }
    values = {
        column.name: filler.get(column.dtype, dt.datetime(2026, 3, 11, 12))
        for column in mart.columns
    }
    return pl.DataFrame({name: [value] for name, value in (values | figures).items()}).cast(
        {name: kind for name, kind in mart.schema.items() if kind != mart.schema.get("hour_start")}
    )


@pytest.mark.parametrize(
    ("count", "expected", "suppressed"),
    [
        pytest.param(None, None, False, id="not observed stays not observed"),
        pytest.param(0, 0, False, id="nobody may be told"),
        pytest.param(1, None, True, id="one person is blanked"),
        pytest.param(9, None, True, id="nine are blanked"),
        pytest.param(10, 10, False, id="ten may be told"),
    ],
)
def test_a_gate_count_is_told_from_k_on(count: int | None, expected: int | None, suppressed: bool):
    released = release(GATE_COUNTS_15MIN, row(GATE_COUNTS_15MIN, entries=count, exits=50), 10)
    assert released["entries"].to_list() == [expected]
    assert released["exits"].to_list() == [50]
    assert released["suppressed"].to_list() == [suppressed]


def test_figures_that_stand_for_few_visits_go_with_them():
    exact = row(
        ZONE_VISITS_HOURLY,
        visits=3,
        cut_visits=0,
        bounces=40,
        dwell_median_s=12.5,
        dwell_p90_s=30.0,
        person_seconds=50,
    )
    released = release(ZONE_VISITS_HOURLY, exact, 10)
    blank = ("visits", "cut_visits", "bounces", "dwell_median_s", "dwell_p90_s", "person_seconds")
    assert released.select(blank).rows() == [(None,) * len(blank)]


def test_few_cut_visits_do_not_take_many_visits_with_them():
    exact = row(ZONE_VISITS_HOURLY, visits=30, cut_visits=2, bounces=12, person_seconds=900)
    released = release(ZONE_VISITS_HOURLY, exact, 10)
    assert released.select("visits", "cut_visits", "bounces").rows() == [(30, None, 12)]
    assert released["suppressed"].to_list() == [True]


@pytest.mark.parametrize(
    ("now", "before", "change"),
    [(40, 50, -0.2), (40, 5, None), (4, 50, None)],
    ids=["both days of enough", "few the week before", "few today"],
)
def test_a_change_is_told_where_both_days_are_of_enough_people(now, before, change):
    figures = {"visits": now, "visits_week_before": before, "change_week": now / before - 1}
    exact = row(SPACE_VALUE_DAILY, **figures)
    told = release(SPACE_VALUE_DAILY, exact, 10)["change_week"].item()
    assert told == (None if change is None else pytest.approx(change))


def test_a_share_of_few_is_not_told_either():
    exact = row(SPACE_VALUE_DAILY, visits=0, visits_of_kind=4, share=0.0)
    released = release(SPACE_VALUE_DAILY, exact, 10)
    assert released.select("visits", "visits_of_kind", "share").rows() == [(0, None, None)]


def test_occupancy_is_judged_by_the_people_behind_it_and_not_by_its_size():
    exact = row(OCCUPANCY_15MIN, stays=40, occupancy_peak=2, occupancy_mean=0.3, person_seconds=270)
    released = release(OCCUPANCY_15MIN, exact, 10)
    assert released.select("stays", "occupancy_peak", "occupancy_mean").rows() == [(40, 2, 0.3)]


def test_cells_with_few_visits_are_left_out():
    exact = pl.concat(
        [
            row(HEATMAP_HOURLY, visits=count, person_seconds=100, x_m=0.25 * count)
            for count in (9, 10)
        ]
    )
    released = release(HEATMAP_HOURLY, exact, 10)
    assert released["visits"].to_list() == [10]
    assert released["suppressed"].to_list() == [False]


@given(
    st.lists(st.tuples(*[st.none() | st.integers(0, 30)] * 3), min_size=1, max_size=20),
    st.integers(2, 20),
)
def test_no_small_number_of_people_is_ever_released(figures, k: int):
    names = ("entries", "exits", "approximate_crossings")
    exact = pl.concat(
        [row(GATE_COUNTS_15MIN, **dict(zip(names, values, strict=True))) for values in figures]
    )
    released = release(GATE_COUNTS_15MIN, exact, k)
    assert released.height == len(figures)
    for name in names:
        told = released[name].drop_nulls()
        assert ((told == 0) | (told >= k)).all()


@pytest.mark.parametrize("mart", MARTS.values(), ids=lambda mart: mart.name)
def test_rows_of_the_release_are_as_its_contract_says(mart: MartContract):
    released = release(mart, mart.empty(), 10)
    assert released.schema == published(mart).schema
    judged = {column.name for column in mart.columns if column.counted_by}
    counters = {name for column in mart.columns for name in column.counted_by}
    assert counters <= judged
    assert judged, "a mart of which nothing counts people needs no release policy"
