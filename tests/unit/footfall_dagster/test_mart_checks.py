"""Every rule of the marts catches the mistake that it is there for, and holds on right rows."""

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from assets.marts.contracts import MARTS
from assets.marts.of_gates import GATE_COUNTS_15MIN
from assets.marts.of_ways import HEATMAP_HOURLY
from assets.marts.of_zones import OCCUPANCY_15MIN, ZONE_VISITS_HOURLY
from assets.marts.schema import MartContract
from footfall_dagster.checks.mart_rules import equal_totals, rules
from footfall_dagster.checks.mart_totals import MEASURES, totals, unobserved_events
from footfall_dagster.checks.validation import Outcome, validate, validation
from footfall_dagster.warehouse import DuckDBWarehouse
from tests.unit import small_mall
from tests.unit.small_mall import DAY, NOON
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS
from vision.site.audits import Audit

MINUTE = dt.timedelta(minutes=1)
BY_EYE = tuple(
    Audit(gate="door", starts=dt.datetime(2026, 3, 11, 12, after), minutes=10, entries=9, exits=6)
    for after in (0, 10)
)
SITE_DAY = small_mall.furnished(small_mall.site()).model_copy(update={"audits": BY_EYE}).on(DAY)


def second(count: int) -> dt.datetime:
    return NOON + dt.timedelta(seconds=count)


STANDS_AT_POSTER = [(3.125, 6.125)] * 5 + [(5.125, 6.125)] * 9
TABLES = small_mall.relations(
    SITE_DAY,
    {
        "cam_a": small_mall.coverage(
            SITE_DAY, (NOON, NOON + 45 * MINUTE), (NOON + 70 * MINUTE, NOON + 80 * MINUTE)
        ),
        "cam_b": small_mall.coverage(SITE_DAY, (NOON, NOON + 50 * MINUTE)),
    },
    {
        GATE_EVENTS.name: {
            "cam_a": small_mall.crossings(
                *(("door", second(60 * count), "in") for count in range(20)),
                *(("door", second(90 * count), "out") for count in range(11)),
            ),
            "cam_b": small_mall.crossings(("back", second(70), "out")),
        },
        ZONE_VISITS.name: {
            "cam_a": small_mall.stays(
                *(("shop", second(50 * n), 3 * n + 1) for n in range(30)), ("line", second(20), 5)
            ),
            "cam_b": small_mall.stays(("aisle", second(890), 40)),
        },
        ANONYMISED_TRAJECTORIES.name: {
            "cam_a": small_mall.walks(
                (NOON, [(1.125, 1.125), (1.375, 1.125), (1.625, 1.125)]),
                (NOON, [(1.125, 1.125)] * 9),
                (second(5), [(2.125, 3.5 - 0.125 * n) for n in range(0, 20, 2)] + STANDS_AT_POSTER),
                (second(6), [(2.375, 3.625)] * 8 + [(6.125, 2.125)] * 6),
            ),
            "cam_b": small_mall.walks((NOON, [(6.125, 4.125), (6.375, 4.125)])),
        },
    },
)


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    """Rows of every mart as the SQL computes them."""
    warehouse = DuckDBWarehouse.below(tmp_path_factory.mktemp("warehouse"))
    warehouse.replace_day("mall", DAY, TABLES, tuple(MARTS.values()), lambda _line: None)
    return {name: warehouse.read_day(mart, "mall", DAY) for name, mart in MARTS.items()}


def broken(outcomes: list[Outcome]) -> list[str]:
    return [outcome.rule for outcome in outcomes if outcome.failed]


@pytest.mark.parametrize("mart", MARTS.values(), ids=lambda mart: f"{mart.name} as computed")
def test_right_rows_break_no_rule_and_the_rules_look_at_them(
    mart: MartContract, right: dict[str, pl.DataFrame]
):
    outcomes = validate(right[mart.name], rules(mart, SITE_DAY, TABLES))
    assert broken(outcomes) == []
    assert {outcome.problem for outcome in outcomes} == {None}
    unused = [outcome.rule for outcome in outcomes if not outcome.rows]
    assert unused == []


@pytest.mark.parametrize("mart", MARTS.values(), ids=lambda mart: f"{mart.name} without a row")
def test_rules_on_rows_hold_on_a_day_that_has_none(mart: MartContract):
    nothing = {name: table.clear() for name, table in TABLES.items()}
    nothing["intervals"] = TABLES["intervals"]
    assert broken(validate(mart.empty(), rules(mart, SITE_DAY, nothing))) == []


def first(column: str, value: object, where: pl.Expr | None = None):
    """A change that puts `value` into `column` of the first row (of those where `where`)."""

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        row = frame.with_row_index("n").filter(pl.lit(True) if where is None else where)["n"][0]
        return (
            frame.with_row_index("n")
            .with_columns(
                pl.when(pl.col("n") == row)
                .then(pl.lit(value))
                .otherwise(pl.col(column))
                .alias(column)
            )
            .drop("n")
        )

    return change


SEEN, UNSEEN = pl.col("observed_minutes") > 0, pl.col("observed_minutes") == 0
NIGHT = dt.datetime(2026, 3, 12, 4, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("mart", "change", "rule"),
    [
        pytest.param(
            GATE_COUNTS_15MIN,
            lambda frame: frame.drop("exits"),
            "the columns of the contract, in order",
            id="a column that is not there",
        ),
        pytest.param(
            GATE_COUNTS_15MIN,
            lambda frame: frame.select(*reversed(frame.columns)),
            "the columns of the contract, in order",
            id="columns in another order",
        ),
        pytest.param(
            GATE_COUNTS_15MIN,
            lambda frame: pl.concat([frame, frame.head(1)]),
            "one row for each trading_day, site, gate, interval_start",
            id="a gate's interval twice",
        ),
        pytest.param(
            OCCUPANCY_15MIN,
            lambda frame: frame.head(-1),
            "a row for every place and span of the day",
            id="an interval that is missing",
        ),
        pytest.param(
            ZONE_VISITS_HOURLY, first("site", None), "site is there", id="a row of no site"
        ),
        pytest.param(
            GATE_COUNTS_15MIN,
            first("entries", -1, SEEN),
            "entries from 0 to 100000",
            id="a negative count",
        ),
        pytest.param(
            GATE_COUNTS_15MIN,
            first("observed_share", 1.01),
            "observed_share from 0 to 1",
            id="more than the whole interval observed",
        ),
        pytest.param(
            GATE_COUNTS_15MIN,
            first("interval_start", NIGHT),
            "interval_start within the trading day",
            id="an interval of the next day",
        ),
        pytest.param(
            GATE_COUNTS_15MIN,
            first("gate", "window"),
            "gate is one that the site file declares",
            id="a gate nobody declared",
        ),
        pytest.param(
            ZONE_VISITS_HOURLY,
            first("zone", "roof"),
            "zone is one that the site file declares",
            id="a zone nobody declared",
        ),
        pytest.param(
            ZONE_VISITS_HOURLY,
            first("camera", "Cam A"),
            "camera is a name as site files write it",
            id="a camera's name as no site file has it",
        ),
        pytest.param(
            GATE_COUNTS_15MIN,
            first("entries", 0, UNSEEN),
            "entries is NULL where nothing was observed",
            id="a zero where nothing was observed",
        ),
        pytest.param(
            GATE_COUNTS_15MIN,
            first("exits", None, SEEN),
            "exits is a number where something was observed",
            id="a NULL where something was observed",
        ),
        pytest.param(
            ZONE_VISITS_HOURLY,
            first("dwell_median_s", 5.0, UNSEEN),
            "dwell_median_s is NULL where nothing was observed",
            id="a dwell where nothing was observed",
        ),
        pytest.param(
            ZONE_VISITS_HOURLY,
            first("cut_visits", 1_000, SEEN),
            "cut_visits never above visits",
            id="more cut visits than visits",
        ),
        pytest.param(
            ZONE_VISITS_HOURLY,
            first("dwell_median_s", 5_000.0, pl.col("visits") > 0),
            "dwell_median_s never above dwell_p90_s",
            id="a median above the ninth decile",
        ),
        pytest.param(
            ZONE_VISITS_HOURLY,
            first("dwell_p90_s", 90_000.0, pl.col("visits") > 0),
            "dwell_p90_s never above person_seconds",
            id="a decile longer than all visits together",
        ),
        pytest.param(
            ZONE_VISITS_HOURLY,
            first("dwell_median_s", None, pl.col("visits") > 0),
            "a dwell wherever there were visits",
            id="visits without a dwell",
        ),
        pytest.param(
            ZONE_VISITS_HOURLY,
            first("visits", 0, pl.col("visits") > 0),
            "no dwell without visits",
            id="a dwell of nobody",
        ),
        pytest.param(
            OCCUPANCY_15MIN,
            first("occupancy_peak", 1_000, SEEN),
            "occupancy_peak never above stays",
            id="a peak above all stays",
        ),
        pytest.param(
            OCCUPANCY_15MIN,
            first("occupancy_mean", 900.0, pl.col("observed_share") == 1),
            "occupancy_mean never above occupancy_peak",
            id="a mean above the peak",
        ),
        pytest.param(
            HEATMAP_HOURLY,
            first("visits", 1_000),
            "visits never above person_seconds",
            id="more visits than seconds in a cell",
        ),
        pytest.param(
            HEATMAP_HOURLY,
            first("observed_minutes", 0.0),
            "no presence without coverage",
            id="presence where nothing was observed",
        ),
    ],
)
def test_a_planted_mistake_breaks_its_rule(mart: MartContract, change, rule: str, right):
    wrong = change(right[mart.name])
    assert rule in broken(validate(wrong, rules(mart, SITE_DAY, TABLES)))


@pytest.mark.parametrize(
    "mart", [*map(MARTS.__getitem__, MEASURES)], ids=lambda mart: f"{mart.name} as computed"
)
def test_totals_equal_the_events(mart: MartContract, right: dict[str, pl.DataFrame]):
    summary = totals(mart, right[mart.name], TABLES)
    assert summary.height
    assert broken(validate(summary, equal_totals(MEASURES[mart.name]))) == []


def test_totals_are_what_one_counts_by_hand(right: dict[str, pl.DataFrame]):
    summary = totals(GATE_COUNTS_15MIN, right[GATE_COUNTS_15MIN.name], TABLES)
    assert summary.rows() == [
        ("back", 0, 1, 0, 1),
        ("door", 20, 11, 20, 11),
        ("door_c", 0, 0, 0, 0),
    ]


@pytest.mark.parametrize(
    ("mart", "measure"),
    [
        pytest.param(mart, measure, id=f"one {measure} too many in {mart.name}")
        for mart in map(MARTS.__getitem__, MEASURES)
        for measure in MEASURES[mart.name]
    ],
)
def test_a_total_that_is_off_by_one_is_caught(mart: MartContract, measure: str, right):
    rows = right[mart.name]
    seen = rows[measure].is_not_null().arg_max()
    more = pl.when(pl.int_range(pl.len()) == seen).then(1).otherwise(0)
    summary = totals(mart, rows.with_columns(pl.col(measure) + more), TABLES)
    assert broken(validate(summary, equal_totals(MEASURES[mart.name]))) == [
        f"{measure} of the day equal what the events say"
    ]


def test_events_of_a_place_that_the_mart_forgot_are_caught(right: dict[str, pl.DataFrame]):
    rows = right[GATE_COUNTS_15MIN.name].filter(pl.col("gate") != "back")
    summary = totals(GATE_COUNTS_15MIN, rows, TABLES)
    assert broken(validate(summary, equal_totals(("exits",))))


def test_events_outside_coverage_are_counted_and_not_expected_in_the_mart(tmp_path: Path):
    late = {
        "cam_a": small_mall.crossings(
            ("door", NOON, "in"), ("door", NOON + 300 * MINUTE, "in"), ("door", NOON, "out")
        )
    }
    tables = small_mall.relations(
        SITE_DAY,
        {"cam_a": small_mall.coverage(SITE_DAY, (NOON, NOON + MINUTE))},
        {GATE_EVENTS.name: late},
    )
    warehouse = DuckDBWarehouse.below(tmp_path)
    warehouse.replace_day("mall", DAY, tables, [GATE_COUNTS_15MIN], lambda _line: None)
    summary = totals(GATE_COUNTS_15MIN, warehouse.read_day(GATE_COUNTS_15MIN, "mall", DAY), tables)
    assert summary.filter(pl.col("gate") == "door").rows() == [("door", 1, 1, 1, 1)]
    assert unobserved_events(tables).rows()[0] == (GATE_EVENTS.name, 3, 1)


def test_what_comes_of_a_suite_holds_no_value_of_a_row_and_counts_what_fails(
    right: dict[str, pl.DataFrame],
):
    wrong = first("gate", "zz_secret_zz")(right[GATE_COUNTS_15MIN.name])
    found = validation("of gates", wrong, rules(GATE_COUNTS_15MIN, SITE_DAY, TABLES))
    assert "zz_secret_zz" not in repr(found)
    assert not found.passed
    failed = {outcome.rule: outcome.failed for outcome in found.outcomes if outcome.failed}
    assert failed == {"gate is one that the site file declares": 1}


@pytest.mark.parametrize("mart", MARTS.values(), ids=lambda mart: f"{mart.name} in its suite")
def test_great_expectations_knows_what_the_contract_says_of_a_column(
    mart: MartContract, right: dict[str, pl.DataFrame]
):
    found = validation(mart.name, right[mart.name], rules(mart, SITE_DAY, TABLES))
    notes = {column.name: column.description for column in mart.columns}
    columns = 0
    for expected in found.expectations:
        if (column := expected.kwargs.get("column")) and expected.notes:
            assert notes[column] in expected.notes
            columns += 1
    assert columns >= len(mart.columns)


def test_checking_writes_no_file_and_reports_to_nobody(tmp_path: Path):
    script = (
        "import socket\n"
        "def refuse(*_a, **_k): raise SystemExit('a connection was tried')\n"
        "socket.socket.connect = refuse\n"
        "import polars as pl\n"
        "from footfall_dagster.checks.validation import validate\n"
        "from footfall_dagster.checks.mart_rules import Rule\n"
        "rule = Rule('there', 'ExpectColumnValuesToNotBeNull', {'column': 'a'})\n"
        "print(validate(pl.DataFrame({'a': [1, None]}), [rule]))\n"
    )
    root = Path(__file__).parents[3]
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(root)}
    environment.pop("GX_ANALYTICS_ENABLED", None)
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "rows=2, failed=1" in done.stdout
    # Nothing but caches that libraries keep of themselves.
    assert [path.name for path in tmp_path.iterdir() if path.name not in {".cache"}] == []
