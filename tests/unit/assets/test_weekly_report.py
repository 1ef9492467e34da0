"""The page of a week: days side by side, and nothing added up that is not of one kind."""

import datetime as dt
import html
import re
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from assets.marts.contracts import MARTS
from assets.marts.of_gates import FOOTFALL_DAILY
from assets.marts.of_shops import SHOPFRONT_CAPTURE_HOURLY
from assets.plan import SitePlan
from assets.reports import week
from assets.reports.told import Told
from assets.reports.week_figures import (
    CHANGED,
    MISSING,
    WEEKLY,
    dates_from,
    days_of,
    entrances,
    with_gaps,
)
from footfall_dagster.privacy.pages import page_trouble
from footfall_dagster.report_store import report_stores
from footfall_dagster.settings import Settings
from footfall_dagster.warehouse import DuckDBWarehouse
from tests.unit import small_mall
from tests.unit.small_mall import NOON
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS

MONDAY = dt.date(2026, 3, 9)
WEDNESDAY, FRIDAY, SUNDAY = (MONDAY + dt.timedelta(days=n) for n in (2, 4, 6))
SITE = small_mall.furnished(small_mall.site())
CAMERAS = ("cam_a", "cam_b", "cam_c")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> DuckDBWarehouse:
    """Monday to Saturday, on each of which one more came in; on Sundays the mall is closed."""
    warehouse = DuckDBWarehouse.below(tmp_path_factory.mktemp("warehouse"))
    for number in range(6):
        day = MONDAY + dt.timedelta(days=number)
        at = dt.datetime.combine(day, NOON.timetz())
        seen = small_mall.coverage(SITE.on(day), SITE.on(day).trading_hours or (at, at))
        events = {
            GATE_EVENTS.name: {
                "cam_a": small_mall.crossings(*[("door", at, "in")] * (10 + number)),
                "cam_b": small_mall.crossings(("back", at, "in")),
                "cam_c": small_mall.crossings(),
            },
            ZONE_VISITS.name: {
                camera: small_mall.stays(*([("shop", at, 90)] * 3 if camera == "cam_a" else []))
                for camera in CAMERAS
            },
            ANONYMISED_TRAJECTORIES.name: {
                camera: small_mall.walks((at, [(2.125, 3.375)] * 5)) for camera in CAMERAS
            },
        }
        tables = small_mall.relations(SITE.on(day), dict.fromkeys(CAMERAS, seen), events)
        warehouse.replace_day("mall", day, tables, tuple(MARTS.values()), lambda _line: None)
    return warehouse


@pytest.fixture
def marts(stored: DuckDBWarehouse) -> dict[str, pl.DataFrame]:
    return stored.read_days(list(WEEKLY.values()), "mall", dates_from(MONDAY))


def words(page: str) -> str:
    bare = re.sub(r"<style>.*?</style>|<span class=\"tip\".*?</span>", "", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", bare)))


def without(marts: dict[str, pl.DataFrame], day: dt.date) -> dict[str, pl.DataFrame]:
    return {name: rows.filter(pl.col("trading_day") != day) for name, rows in marts.items()}


def by_entrance(marts: dict[str, pl.DataFrame], before: dict[str, pl.DataFrame]):
    days = days_of(SITE, MONDAY, marts)
    days_before = days_of(SITE, MONDAY - dt.timedelta(days=7), before)
    footfall = FOOTFALL_DAILY.name
    told = entrances(days, marts[footfall], days_before, before[footfall])
    return {one.name: one for one in told}


def nothing() -> dict[str, pl.DataFrame]:
    return {name: mart.empty() for name, mart in WEEKLY.items()}


def test_a_whole_week_is_added_up_though_the_site_is_closed_on_sunday(
    marts: dict[str, pl.DataFrame],
):
    told = by_entrance(marts, nothing())
    assert told["door"].week == Told(75, "whole")
    assert told["all entrances"].week == Told(81, "whole")
    assert [day.state for day in days_of(SITE, MONDAY, marts)] == ["told"] * 6 + ["closed"]


def test_weeks_are_compared_where_both_are_whole(marts: dict[str, pl.DataFrame]):
    earlier = {
        name: rows.with_columns(pl.col("trading_day") - dt.timedelta(days=7))
        for name, rows in marts.items()
    }
    assert by_entrance(marts, earlier)["door"].change == 0
    assert by_entrance(without(marts, FRIDAY), earlier)["door"].change is None
    assert (
        by_entrance(marts, without(earlier, FRIDAY - dt.timedelta(days=7)))["door"].change is None
    )


def test_a_missing_day_is_said_and_makes_sums_lower_bounds(marts: dict[str, pl.DataFrame]):
    lacking = without(marts, WEDNESDAY)
    door = by_entrance(lacking, nothing())["door"]
    assert (door.week, door.days[2]) == (Told(63, "at_least"), MISSING)
    filled = with_gaps(lacking, days_of(SITE, MONDAY, lacking))
    capture = filled[SHOPFRONT_CAPTURE_HOURLY.name]
    assert capture.filter(pl.col("trading_day") == WEDNESDAY)["traffic"].to_list() == [None] * 2
    text = words(week.render(SITE, MONDAY, lacking))
    assert "No figures of Wednesday, 11 March 2026" in text
    assert "≥\N{NARROW NO-BREAK SPACE}63" in text or "≥ 63" in text


def test_two_definitions_are_told_apart_and_not_added_up(marts: dict[str, pl.DataFrame]):
    version = pl.when(pl.col("trading_day") >= FRIDAY).then(2).otherwise(1).cast(pl.Int32)
    changed = {name: rows.with_columns(definition_version=version) for name, rows in marts.items()}
    assert by_entrance(changed, nothing())["door"].week == CHANGED
    page = week.render(SITE, MONDAY, changed)
    text = words(page)
    assert "The definition of footfall_daily changed: version 1 on Mon 9" in text
    assert "version 2 on Fri 13, Sat 14" in text
    assert "not added up" in text
    zones = page[page.index('id="zones"') : page.index('id="capture"')]
    # Of each zone a row for each version, in both tables.
    assert len(re.findall(r"<th scope=\"row\">shop</th>", zones)) == 4
    assert page_trouble(page) is None


def test_a_week_without_anything_has_a_page():
    text = words(week.render(SITE, MONDAY, nothing()))
    assert "There are no figures of entrances in this week" in text
    assert "Monday, 9 March 2026, Tuesday, 10 March 2026" in text
    assert not re.search(r"\b0\b(?! and| people)", text[: text.index("What each figure means")])


def test_names_are_text(marts: dict[str, pl.DataFrame]):
    name = "<script>alert(1)</script>"
    gate = pl.col("gate").replace("door", name)
    marts[FOOTFALL_DAILY.name] = marts[FOOTFALL_DAILY.name].with_columns(gate)
    page = week.render(SITE, MONDAY, marts)
    assert "<script" not in page
    assert name in words(page)


def test_weeks_are_trading_weeks():
    site = small_mall.site(time_zone="America/New_York", trading_day_start=dt.time(5))
    weeks = SitePlan(site).weeks
    window = weeks.time_window_for_partition_key("2026-03-09")
    assert (window.start, window.end) == (
        site.day_window(MONDAY)[0],
        site.day_window(SUNDAY)[1],
    )
    # The mall opened on a Thursday.
    assert weeks.get_first_partition_key() == "2025-12-29"


def test_the_asset_reads_the_week_and_stores_by_its_monday(stored: DuckDBWarehouse, tmp_path: Path):
    plan, settings = SitePlan(SITE), Settings(home=tmp_path)
    result = dg.materialize(
        week.build(plan),
        partition_key=MONDAY.isoformat(),
        instance=dg.DagsterInstance.ephemeral(),
        resources={
            "warehouse": stored,
            "weekly_report_store": report_stores(settings, "mall")["weekly_reports"],
        },
    )
    (event,) = result.get_asset_materialization_events()
    shown = Path(str(event.materialization.metadata["page"].value))
    assert shown == settings.weekly_reports / "site=mall" / f"{MONDAY}.html"
    assert event.materialization.metadata["days_missing"].value == 0
