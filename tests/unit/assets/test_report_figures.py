"""Sums, rates and comparisons of the reports: nothing that is not known is taken for zero."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from assets.marts.contracts import MARTS
from assets.marts.of_gates import FOOTFALL_DAILY, GATE_COUNTS_15MIN
from assets.marts.of_shops import SHOPFRONT_CAPTURE_HOURLY
from assets.marts.of_ways import DISPLAY_ENGAGEMENT_HOURLY, GROUPS_HOURLY, ZONE_FLOW_HOURLY
from assets.marts.of_zones import QUEUE_15MIN, ZONE_DWELL_DISTRIBUTION
from assets.marts.schema import MartContract
from assets.reports import figures, ways
from assets.reports.before import Before
from assets.reports.charts import gate_chart
from assets.reports.drawing import Span
from assets.reports.page import figure
from assets.reports.sankey import MOST_ZONES, Flow, drawn, sankey_chart
from assets.reports.told import NOBODY, UNOBSERVED, Told, most, ratio, total, with_suppressed

DAY = dt.date(2026, 3, 11)
TEN = dt.datetime(2026, 3, 11, 10, tzinfo=dt.UTC)
HOUR, QUARTER = dt.timedelta(hours=1), dt.timedelta(minutes=15)


def rows_of(mart: MartContract, *given: Mapping[str, Any]) -> pl.DataFrame:
    """Rows of a mart; what is not given is NULL, or what a whole hour of one camera would say."""
    usual: dict[str, Any] = {
        "trading_day": DAY,
        "site": "mall",
        "camera": "cam_a",
        "floor": "ground",
        "in_trading_hours": True,
        "observed_minutes": 60.0,
        "observed_share": 1.0,
        "definition_version": 1,
        "suppressed": False,
    }
    schema = {**mart.schema, "suppressed": pl.Boolean()}
    told = [{name: (usual | dict(one)).get(name) for name in schema} for one in given]
    return pl.DataFrame(told, schema=schema)


def hours(mart: MartContract, *given: Mapping[str, Any], **place: Any) -> pl.DataFrame:
    """Rows of one hour after the other, from ten."""
    return rows_of(
        mart, *({"hour_start": TEN + n * HOUR, **place, **one} for n, one in enumerate(given))
    )


GAP = {"observed_minutes": 0.0, "observed_share": 0.0}
FEW = {"suppressed": True}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param([{"entries": 2}, {"entries": 3}], Told(5, "whole"), id="every hour told"),
        pytest.param([{"entries": 0}, {"entries": 0}], Told(0, "whole"), id="nobody came"),
        pytest.param([{"entries": 2}, GAP], Told(2, "at_least"), id="an hour not observed"),
        pytest.param(
            [{"entries": 2}, {**GAP, "in_trading_hours": False}],
            Told(2, "whole"),
            id="an hour not observed in which the site is closed",
        ),
        pytest.param([{"entries": 2}, FEW], Told(2, "at_least"), id="an hour suppressed"),
        pytest.param([GAP, GAP], UNOBSERVED, id="nothing observed"),
        pytest.param([FEW, GAP], Told(None, "suppressed"), id="nothing that may be told"),
        pytest.param([{"entries": 0}, FEW], Told(None, "suppressed"), id="0 and more is no bound"),
    ],
)
def test_a_sum_says_how_far_it_holds(given: list[dict[str, Any]], told: Told):
    assert total(hours(SHOPFRONT_CAPTURE_HOURLY, *given), "entries") == told
    if told.value:
        assert most(hours(SHOPFRONT_CAPTURE_HOURLY, *given), "entries").state == told.state


def test_rates_are_of_summed_counts_and_not_means_of_rates():
    rows = hours(
        SHOPFRONT_CAPTURE_HOURLY,
        {"traffic": 10, "passers_by": 0, "entries": 1, "capture_rate": 1.0},
        {"traffic": 200, "passers_by": 99, "entries": 0, "capture_rate": 0.0},
        zone="front",
        shop="shop",
    )
    (front,) = ways.capture(rows)
    assert front["capture_rate"] == Told(0.01, "whole")
    assert front["exposure_rate"].value == pytest.approx(100 / 210)
    assert front.known == (2, 2)


def test_a_rate_leaves_out_hours_of_which_one_part_is_not_known():
    rows = hours(
        SHOPFRONT_CAPTURE_HOURLY,
        {"traffic": 50, "passers_by": 30, "entries": 10},
        {"traffic": 50, "passers_by": None, "entries": 40, **FEW},
        GAP,
        zone="front",
        shop="shop",
    )
    (front,) = ways.capture(rows)
    assert front["capture_rate"] == Told(0.25, "whole")
    assert (front["entries"], front.known) == (Told(50, "at_least"), (2, 3))
    assert front.observed_share == pytest.approx(2 / 3)


def test_where_nobody_came_there_is_no_rate():
    rows = hours(
        DISPLAY_ENGAGEMENT_HOURLY,
        {"exposed": 0, "engaged": 0, "attention_seconds": 0},
        zone="poster",
    )
    (poster,) = ways.engagement(rows)
    assert poster["engagement_rate"] == poster["attention_each"] == NOBODY
    assert figure(poster["engagement_rate"]) == "–"
    assert ratio(rows.clear(), "engaged", ("exposed",)) == UNOBSERVED


def test_a_queue_that_does_not_say_what_people_wait_for_has_no_outcome():
    rows = rows_of(
        QUEUE_15MIN,
        *(
            {
                "zone": "line",
                "interval_start": TEN + n * QUARTER,
                "observed_minutes": minutes,
                "length_mean": mean,
                "length_peak": 4,
                "waits": 2,
                "wait_p90_s": wait,
            }
            for n, (minutes, mean, wait) in enumerate([(15.0, 1.0, 90.0), (5.0, 3.0, 30.0)])
        ),
    )
    (line,) = ways.queues(rows)
    assert line.row["abandonment_rate"] == line.row["served"] == NOBODY
    assert line.row["length_mean"] == Told(1.5, "whole"), "by the time that was observed"
    assert (line.row["wait_p90_s"], line.slowest_at) == (Told(90, "whole"), TEN)


def test_groups_are_averaged_over_hours_of_which_every_size_is_known():
    def sizes(hour: int, *groups: int | None) -> list[dict[str, Any]]:
        return [
            {
                "hour_start": TEN + hour * HOUR,
                "size": size,
                "groups": number,
                "people": None if number is None else size * number,
                "suppressed": number is None,
            }
            for size, number in enumerate(groups, 1)
        ]

    rows = rows_of(GROUPS_HOURLY, *sizes(0, 10, 20, 0, 0, 0), *sizes(1, 90, None, 0, 0, 0))
    (camera,) = ways.groups(rows)
    assert camera["people_each"].value == pytest.approx(50 / 30)
    assert camera["in_company"] == Told(0.8, "whole")
    assert (camera["of_1"], camera["of_2"]) == (Told(100, "whole"), Told(20, "at_least"))
    (hidden,) = ways.groups(rows_of(GROUPS_HOURLY, *sizes(1, 90, None, 0, 0, 0)))
    assert hidden["people_each"].state == "suppressed"


def test_flows_are_added_up_over_hours():
    rows = hours(
        ZONE_FLOW_HOURLY, {"trajectories": 3}, {"trajectories": 4}, from_zone="a", to_zone="b"
    )
    assert ways.flows(rows) == [("cam_a", [Flow("a", "b", 7)])]


def test_many_flows_are_drawn_between_the_busiest_zones_only():
    flows = [Flow(f"z{n}", f"z{n + 1}", 100 - n) for n in range(40)]
    shown = drawn(flows)
    assert len({flow.start for flow in shown}) <= MOST_ZONES
    assert flows[0] in shown
    drawing = sankey_chart("flow", flows, "Ways", "Many.")
    assert drawing.count("<text") <= 2 * MOST_ZONES + 2


def daily(**changes: Any) -> dict[str, Any]:
    return {"gate": "door", "entries": 10, "exits": 9, "entries_observed": 10, **changes}


def counts(day: dt.date = DAY, version: int = 1, **changes: Any) -> dict[str, Any]:
    local = dt.datetime.combine(day, dt.time(10))
    return {
        "trading_day": day,
        "gate": "door",
        "interval_start": local.replace(tzinfo=dt.UTC),
        "local_start": local,
        "entries": 10,
        "exits": 9,
        "definition_version": version,
        **changes,
    }


def compared(then: Mapping[str, Any], then_daily: Mapping[str, Any]) -> Before:
    now = {GATE_COUNTS_15MIN.name: rows_of(GATE_COUNTS_15MIN, counts())}
    week_before = DAY - dt.timedelta(days=7)
    earlier = {
        GATE_COUNTS_15MIN.name: rows_of(GATE_COUNTS_15MIN, counts(week_before, **then)),
        FOOTFALL_DAILY.name: rows_of(FOOTFALL_DAILY, daily(**then_daily)),
    }
    return Before.of(DAY, now, earlier)


def test_a_day_is_held_against_the_same_time_a_week_before():
    before = compared({"entries": 8}, {"entries": 8, "entries_observed": 8})
    then = before.of_gate("door")
    assert then is not None
    assert then.select("interval_start", "entries").rows() == [(TEN, 8)]
    assert before.change("door", Told(10, "whole")) == pytest.approx(0.25)
    assert before.change("door", Told(10, "at_least")) is None


@pytest.mark.parametrize(
    ("then", "why_not"),
    [
        pytest.param({"entries": None, "exits": None, **GAP}, "nothing of it", id="not observed"),
        pytest.param({"version": 2}, "defined otherwise", id="another definition"),
    ],
)
def test_a_day_is_not_held_against_what_cannot_be_compared(then: dict[str, Any], why_not: str):
    before = compared(then, {})
    assert why_not in str(before.why_not)
    assert before.of_gate("door") is None
    assert before.change("door", Told(10, "whole")) is None


def test_a_day_without_a_week_before_says_so():
    now = {GATE_COUNTS_15MIN.name: rows_of(GATE_COUNTS_15MIN, counts())}
    assert Before.of(DAY, now, {}).why_not == "there are no figures of it"


def test_the_same_time_is_by_the_clock_where_clocks_change():
    day, london = dt.date(2026, 3, 29), ZoneInfo("Europe/London")
    local = dt.datetime.combine(day, dt.time(10))
    at = local.replace(tzinfo=london).astimezone(dt.UTC)
    now = {
        GATE_COUNTS_15MIN.name: rows_of(GATE_COUNTS_15MIN, counts(day, interval_start=at)),
    }
    then = rows_of(GATE_COUNTS_15MIN, counts(day - dt.timedelta(days=7), entries=8))
    own = Before.of(day, now, {GATE_COUNTS_15MIN.name: then}).of_gate("door")
    assert own is not None
    assert own.select("interval_start", "entries").rows() == [(at, 8)]


def test_an_entrance_whose_day_has_a_gap_tells_what_was_seen_at_least():
    marts = {name: with_suppressed(mart.empty()) for name, mart in MARTS.items()}
    marts[GATE_COUNTS_15MIN.name] = rows_of(GATE_COUNTS_15MIN, counts())
    marts[FOOTFALL_DAILY.name] = rows_of(
        FOOTFALL_DAILY, daily(entries=None, exits=None, exits_observed=None)
    )
    (door,) = figures.gates(marts)
    assert (door.entries, door.exits) == (Told(10, "at_least"), UNOBSERVED)
    assert figures.entrances([door]) == Told(10, "at_least")


def test_dwell_of_different_definitions_is_kept_apart():
    def of(version: int, day: int, *visits: int) -> list[dict[str, Any]]:
        return [
            {
                "trading_day": DAY + dt.timedelta(days=day),
                "zone": "shop",
                "dwell_from_s": start,
                "dwell_until_s": until,
                "visits_observed": number,
                "visits_of_zone": sum(visits),
                "definition_version": version,
            }
            for (start, until), number in zip([(0, 10), (10, None)], visits, strict=True)
        ]

    marts = {
        ZONE_DWELL_DISTRIBUTION.name: rows_of(
            ZONE_DWELL_DISTRIBUTION, *of(1, 0, 1, 2), *of(1, 1, 3, 4), *of(2, 2, 5, 6)
        )
    }
    first, second = figures.dwell(marts)
    assert (first.version, first.visits.value) == (1, 10)
    assert [one.value for one in first.classes] == [4, 6]
    assert (second.version, second.visits.value) == (2, 11)


def patterns(*given: Mapping[str, Any]) -> list[int]:
    rows = rows_of(
        GATE_COUNTS_15MIN,
        *(
            {"interval_start": TEN + n * QUARTER, "entries": 1, "exits": 1, **one}
            for n, one in enumerate(given)
        ),
    )
    drawing = gate_chart(
        "gate", rows, Span(TEN, TEN + 4 * HOUR, ZoneInfo("UTC")), "Gate", "Crossings."
    )
    return [drawing.count("<pattern"), drawing.count("url(#gate-h")]


def test_gaps_are_hatched_once_for_each_run_and_unlike_what_may_not_be_told():
    nothing = {**GAP, "entries": None, "exits": None}
    few = {"entries": None, **FEW}
    assert patterns({}, {}) == [0, 0]
    assert patterns({}, nothing, nothing, {}) == [1, 1]
    assert patterns(nothing, {}, nothing) == [1, 2]
    assert patterns({}, few, nothing, {}) == [2, 2]


def test_names_of_zones_are_text_in_a_drawing():
    name = "</title><script>alert(1)</script>$x^2$ &"
    drawing = sankey_chart("flow", [Flow(name, "b", 1), Flow("b", name, 2)], name, name)
    assert "<script" not in drawing
    ElementTree.fromstring(drawing)
