"""A day that is not like its weekday is found, noise and a first month are not."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.marts.of_gates import GATE_COUNTS_15MIN
from assets.marts.of_zones import ZONE_VISITS_HOURLY
from footfall_dagster.checks import mart_drift
from footfall_dagster.checks.validation import Validation, validation
from footfall_dagster.warehouse import DuckDBWarehouse
from tests.unit import small_mall
from tests.unit.small_mall import DAY
from vision.contracts import GATE_EVENTS, ZONE_VISITS
from vision.site.models import Gate, Site

SITE = small_mall.site()
SITE_DAY = SITE.on(DAY)
WEEK = dt.timedelta(weeks=1)
YESTERDAY = DAY - dt.timedelta(days=1)
WEEKDAYS = [DAY - number * WEEK for number in range(9)]
DAYS_BEFORE = [YESTERDAY - number * WEEK for number in range(9)]
Entries = Mapping[dt.date, float]


def rows(
    door: Entries, back: Entries | None = None, observed: Entries | None = None
) -> pl.DataFrame:
    """Rows of gate_counts_15min: entries by day and gate in one quarter, as many exits."""
    return pl.DataFrame(
        [
            (day, gate, in_trading_hours, count, count, (observed or {}).get(day, 1.0))
            for gate, counts in (("door", door), ("back", back or {}))
            for day, entries in counts.items()
            # At night others come, who are not compared.
            for in_trading_hours, count in ((True, entries), (False, 7_000))
        ],
        orient="row",
        schema={
            "trading_day": pl.Date(),
            "gate": pl.String(),
            "in_trading_hours": pl.Boolean(),
            "entries": pl.Float64(),
            "exits": pl.Float64(),
            "observed_share": pl.Float64(),
        },
    )


def scored(frame: pl.DataFrame, site: Site = SITE) -> dict[str, dict[str, float | None]]:
    summary = mart_drift.summary(GATE_COUNTS_15MIN, frame, site.on(DAY))
    return {row.pop("place"): row for row in summary.iter_rows(named=True)}


def judged(summary: pl.DataFrame) -> Validation:
    return validation("drift", summary, mart_drift.rules(GATE_COUNTS_15MIN))


def far(frame: pl.DataFrame) -> bool:
    """As the rules have it; a test holds that Great Expectations sees the same."""
    summary = mart_drift.summary(GATE_COUNTS_15MIN, frame, SITE_DAY)
    return any(
        (summary[column].abs() > limit).any()
        for kind, limit in (("score", mart_drift.FAR), ("twice", mart_drift.FAR_TWICE))
        for column in (f"entries_{kind}", f"exits_{kind}")
    )


def test_it_asks_for_this_weekday_and_the_one_before_eight_weeks_back():
    assert mart_drift.days(DAY) == sorted(WEEKDAYS + DAYS_BEFORE)


def test_a_score_is_what_one_works_out_by_hand():
    earlier = dict(zip(WEEKDAYS[1:], (300, 340, 360, 400, 440, 480, 460, 380), strict=True))
    # The median is 390; distances from it are 90, 50, 30, 10, 50, 90, 70, 10: 50 in the middle.
    assert scored(rows({DAY: 640} | earlier))["door"] == {
        "weeks": 8,
        "weeks_before": 0,
        "entries_score": pytest.approx(0.6745 * 250 / 50),
        "exits_score": pytest.approx(0.6745 * 250 / 50),
        "entries_twice": None,
        "exits_twice": None,
    }


@given(
    level=st.integers(500, 5_000),
    seed=st.integers(0, 10_000),
    weeks=st.integers(4, 8),
    factor=st.sampled_from((0.0, 0.25, 2.5)),
)
@settings(max_examples=60, deadline=None)
def test_a_constant_shift_of_one_place_is_found_and_only_there(
    level: int, seed: int, weeks: int, factor: float
):
    rng = np.random.default_rng(seed)
    days = WEEKDAYS[: weeks + 1]
    door, back = (dict(zip(days, rng.poisson(level, weeks + 1), strict=True)) for _ in range(2))
    # Both gates as they usually are, then one of them shifted from this day on.
    door[DAY] = back[DAY] = level
    door[DAY] *= factor
    found = scored(rows(door, back))
    assert abs(found["door"]["entries_score"] or 0) > mart_drift.FAR
    assert abs(found["back"]["entries_score"] or 0) < mart_drift.FAR


@pytest.mark.parametrize(
    ("level", "varies_by", "most_percent"),
    [
        pytest.param(2, 0.0, 2.5, id="two people a day"),
        pytest.param(300, 0.0, 1.0, id="three hundred people a day"),
        pytest.param(3_000, 0.0, 1.0, id="three thousand people a day"),
        pytest.param(3_000, 0.05, 2.0, id="three thousand, and a twentieth besides"),
        pytest.param(300, 0.1, 6.0, id="three hundred, and a tenth besides"),
    ],
)
@pytest.mark.parametrize("weeks", [4, 8])
def test_noise_is_rarely_taken_for_drift(
    level: int, varies_by: float, most_percent: float, weeks: int
):
    rng = np.random.default_rng(20_260_311)
    flagged = 0
    for _ in range(500):
        days = WEEKDAYS[: weeks + 1] + DAYS_BEFORE[: weeks + 1]
        mean = level * np.exp(rng.normal(0, varies_by, len(days)))
        flagged += far(rows(dict(zip(days, rng.poisson(mean), strict=True))))
    assert flagged / 5 <= most_percent


def test_a_week_has_seasons():
    saturdays = dict.fromkeys(WEEKDAYS, 900) | dict.fromkeys(DAYS_BEFORE, 300)
    assert not far(rows(saturdays))
    assert far(rows(saturdays | {DAY: 300}))


def test_two_days_off_the_same_way_are_drift_where_one_would_not_be():
    level = dict.fromkeys(WEEKDAYS + DAYS_BEFORE, 100)
    assert not far(rows(level | {DAY: 66}))
    assert far(rows(level | {DAY: 66, YESTERDAY: 66}))
    assert not far(rows(level | {DAY: 66, YESTERDAY: 134}))


@pytest.mark.parametrize(
    ("frame", "weeks"),
    [
        pytest.param(rows(dict.fromkeys(WEEKDAYS[:4], 100)), 3, id="three earlier weeks"),
        pytest.param(
            rows(dict.fromkeys(WEEKDAYS, 100) | {DAY: 20}, observed={DAY: 0.89}),
            0,
            id="too little of the day observed",
        ),
        pytest.param(
            rows(dict.fromkeys(WEEKDAYS, 100) | {DAY: 20}, observed=dict.fromkeys(WEEKDAYS[4:], 0)),
            3,
            id="too little of earlier weeks observed",
        ),
    ],
)
def test_without_enough_history_it_says_so_and_passes(frame: pl.DataFrame, weeks: int):
    summary = mart_drift.summary(GATE_COUNTS_15MIN, frame, SITE_DAY)
    assert dict(summary.select("place", "weeks").iter_rows())["door"] == weeks
    found = judged(summary)
    assert found.passed
    assert [(one.rows, one.problem) for one in found.outcomes] == [(0, None)] * 4
    told = mart_drift.told(GATE_COUNTS_15MIN, summary, DAY)
    assert told.startswith("1 of 1 gates: not enough history, which is 4 earlier Wednesdays")


def test_a_mart_without_rows_of_the_day_has_nothing_to_compare():
    summary = mart_drift.summary(
        GATE_COUNTS_15MIN, rows(dict.fromkeys(WEEKDAYS[1:], 100)), SITE_DAY
    )
    assert summary.is_empty()
    assert judged(summary).passed
    assert mart_drift.told(GATE_COUNTS_15MIN, summary, DAY) == "0 of 0 gates: there is none"


def test_what_was_missed_of_a_day_is_no_drift():
    steady = dict.fromkeys(WEEKDAYS, 4_000)
    assert not far(rows(steady | {DAY: 3_680}, observed={DAY: 0.92}))


def test_a_gate_that_was_drawn_anew_has_no_history():
    door = SITE.file.gates[0]
    moved = Gate(
        **door.model_dump(exclude={"valid_from", "line"}), valid_from=DAY, line=((0, 2), (0, 6))
    )
    site = SITE.model_copy(
        update={"file": SITE.file.model_copy(update={"gates": (*SITE.file.gates, moved)})}
    )
    frame = rows(dict.fromkeys(WEEKDAYS, 100), dict.fromkeys(WEEKDAYS, 100))
    found = scored(frame, site)
    assert (found["door"]["weeks"], found["back"]["weeks"]) == (0, 8)


def test_great_expectations_counts_the_places_and_a_person_reads_which():
    frame = rows(
        dict.fromkeys(WEEKDAYS + DAYS_BEFORE, 100) | {DAY: 20, YESTERDAY: 30},
        dict.fromkeys(WEEKDAYS, 100),
    )
    summary = mart_drift.summary(GATE_COUNTS_15MIN, frame, SITE_DAY)
    found = judged(summary)
    assert [(one.rows, one.failed) for one in found.outcomes] == [(2, 1), (1, 1)] * 2
    assert mart_drift.told(GATE_COUNTS_15MIN, summary, DAY) == (
        "entries of door far below 8 earlier Wednesdays (7.2 deviations), and so the day before; "
        "exits of door far below 8 earlier Wednesdays (7.2 deviations), and so the day before"
    )
    alike = mart_drift.summary(
        GATE_COUNTS_15MIN, rows(dict.fromkeys(WEEKDAYS, 9), {DAY: 9}), SITE_DAY
    )
    told = mart_drift.told(GATE_COUNTS_15MIN, alike, DAY)
    assert told.startswith("1 of 2 gates as on earlier Wednesdays; 1 of 2 gates: not enough")


def test_it_reads_what_the_warehouse_holds(tmp_path: Path):
    warehouse = DuckDBWarehouse.below(tmp_path)
    marts = [GATE_COUNTS_15MIN, ZONE_VISITS_HOURLY]
    for day in WEEKDAYS[:6]:
        site_day = SITE.on(day)
        assert site_day.trading_hours
        noon = dt.datetime.combine(day, dt.time(12), dt.UTC)
        people = 40 if day == DAY else 5
        tables = small_mall.relations(
            site_day,
            {"cam_a": small_mall.coverage(site_day, site_day.trading_hours)},
            {
                GATE_EVENTS.name: {"cam_a": small_mall.crossings(*[("door", noon, "in")] * people)},
                ZONE_VISITS.name: {"cam_a": small_mall.stays(*[("shop", noon, 60)] * people)},
            },
        )
        warehouse.replace_day("mall", day, tables, marts, lambda _line: None)
    days = mart_drift.days(DAY)
    for mart, places in ((GATE_COUNTS_15MIN, ["door"]), (ZONE_VISITS_HOURLY, ["shop"])):
        read = warehouse.read_days([mart], "mall", days)[mart.name]
        assert sorted(read["trading_day"].unique()) == sorted(WEEKDAYS[:6])
        summary = mart_drift.summary(mart, read, SITE_DAY)
        assert summary.filter(pl.col("weeks") == 5)["place"].to_list() == places
        found = validation("drift", summary, mart_drift.rules(mart))
        assert sum(outcome.failed for outcome in found.outcomes) == 1
    assert warehouse.read_days([GATE_COUNTS_15MIN], "mall", [])[GATE_COUNTS_15MIN.name].is_empty()
