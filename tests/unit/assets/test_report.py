"""The report page: self-contained, harmless, honest about what was not observed."""

import datetime as dt
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import dagster as dg
import polars as pl
import polars.selectors as cs
import pytest

from assets.camera_day import IO_MANAGER
from assets.marts.contracts import MARTS
from assets.plan import SitePlan
from assets.reports import day as report
from assets.reports.cameras import CameraFigures, cameras, span
from assets.reports.day_page import coverage_charts
from assets.reports.drawing import Band, Span
from assets.reports.figures import gates, zones
from assets.reports.told import UNOBSERVED, Told, with_suppressed
from footfall_dagster.privacy.pages import page_trouble
from footfall_dagster.report_store import FolderReportStore
from footfall_dagster.warehouse import DuckDBWarehouse
from tests.unit import small_mall
from tests.unit.small_mall import DAY, NOON
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS
from vision.site.models import SiteDay

MINUTE = dt.timedelta(minutes=1)
SVG = "{http://www.w3.org/2000/svg}"


def day_of(
    site_day: SiteDay, folder: Path, *, minutes: float = 60
) -> tuple[dict[str, pl.DataFrame], dict[str, pl.DataFrame]]:
    """Marts and coverage of a day on which `cam_a` saw `minutes` from noon; `cam_b` is late."""
    noon = dt.datetime.combine(site_day.day, NOON.timetz())
    coverage = {"cam_a": small_mall.coverage(site_day, (noon, noon + minutes * MINUTE))}
    tables = small_mall.relations(
        site_day,
        coverage,
        {
            GATE_EVENTS.name: {
                "cam_a": small_mall.crossings(
                    *[("door", noon, "in")] * 1234, *[("door", noon, "out")] * 7
                )
            },
            ZONE_VISITS.name: {
                "cam_a": small_mall.stays(("shop", noon, 90), ("shop", noon, 30), ("shop", noon, 2))
            },
            ANONYMISED_TRAJECTORIES.name: {
                "cam_a": small_mall.walks((noon, [(1.125 + 0.5 * n, 4.125) for n in range(9)]))
            },
        },
    )
    warehouse = DuckDBWarehouse.below(folder)
    warehouse.replace_day("mall", site_day.day, tables, tuple(MARTS.values()), lambda _line: None)
    marts = {name: warehouse.read_day(mart, "mall", site_day.day) for name, mart in MARTS.items()}
    return marts, coverage


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    site_day = small_mall.site_day(name="Mall & <Sons>")
    return report.render(site_day, *day_of(site_day, tmp_path_factory.mktemp("warehouse")))


class Elements(HTMLParser):
    """Names, attributes and text of everything on a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def drawings(page: str) -> list[str]:
    return re.findall(r"<svg\b.*?</svg>", page, flags=re.DOTALL)


def test_it_runs_nothing_and_asks_nobody(page: str):
    elements = Elements(page)
    forbidden = {"script", "iframe", "object", "embed", "form", "base", "foreignobject", "audio"}
    assert not forbidden & {tag for tag, _ in elements.found}
    for tag, attributes in elements.found:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in {"href", "src", "srcset", "action", "data", "xlink:href"}:
                assert (value or "").startswith(("#", "data:")), (tag, value)
    outside = re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)
    assert not re.search(r"https?:|//\w+\.\w|@import|url\((?!#)", outside)


def test_its_policy_allows_nothing_but_its_own_styles(page: str):
    policies = [
        attributes["content"]
        for tag, attributes in Elements(page).found
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]


def test_every_chart_is_well_formed_named_and_has_ids_of_its_own(page: str):
    found = drawings(page)
    # Two gates, occupancy of two zones, dwell of one, a floor, the cameras.
    assert len(found) == 7
    seen: set[str] = set()
    for drawing in found:
        root = ElementTree.fromstring(drawing)
        assert root.get("role") == "img"
        ids = {element.get("id") for element in root.iter() if element.get("id")}
        for reference in (root.get("aria-labelledby") or "").split():
            assert reference in ids
        assert root.findtext(f"{SVG}title")
        assert root.findtext(f"{SVG}desc")
        assert root.get("viewBox")
        assert not ids & seen
        seen |= {str(name) for name in ids}
        used = set(re.findall(r"url\(#([^)]+)\)", drawing)) | set(
            re.findall(r'href="#([^"]+)', drawing)
        )
        assert used <= ids
        assert not list(root.iter(f"{SVG}image"))


def test_the_same_rows_give_the_same_bytes(page: str, tmp_path: Path):
    site_day = small_mall.site_day(name="Mall & <Sons>")
    assert report.render(site_day, *day_of(site_day, tmp_path)) == page


def test_counts_come_first_and_gaps_are_no_zeros(page: str):
    text = re.sub(r"\s+", " ", Elements(page).text)
    assert "1 234 in" in text.replace("\N{NARROW NO-BREAK SPACE}", " ")
    back = text[text.index("back") :]
    assert back.startswith("back not observed")
    assert text.index("The day in numbers") < text.index("Entries and exits")
    assert "cam_b: not delivered" in text
    assert "exact figures from the restricted core marts" in text


def test_unobserved_intervals_are_hatched(page: str, tmp_path: Path):
    site_day = small_mall.site_day()
    whole, coverage = day_of(site_day, tmp_path)
    marts = {
        name: rows.with_columns(observed_share=pl.lit(1.0)).with_columns(cs.numeric().fill_null(0))
        for name, rows in whole.items()
    }
    hatched = [drawing for drawing in drawings(page) if "<pattern" in drawing]
    assert len(hatched) == 6, "every chart over time of a day with a gap"
    seen = drawings(report.render(site_day, marts, coverage))
    assert sum("<pattern" in drawing for drawing in seen) == 1, "only the cameras' timeline"


HOSTILE = "</title><script>alert(1)</script>$x^2$ \"'&"


def test_names_are_text_wherever_they_are_put(tmp_path: Path):
    site_day = small_mall.site_day(name=HOSTILE)
    marts, coverage = day_of(site_day, tmp_path)
    hostile = {
        "gate_counts_15min": pl.col("gate").replace("door", HOSTILE),
        "zone_visits_hourly": pl.col("zone").replace("shop", HOSTILE),
        "occupancy_15min": pl.col("zone").replace("shop", HOSTILE),
    }
    marts |= {name: marts[name].with_columns(change) for name, change in hostile.items()}
    page = report.render(site_day, marts, coverage)
    assert "<script" not in page
    for drawing in drawings(page):
        ElementTree.fromstring(drawing)
    assert HOSTILE in Elements(page).text


@pytest.mark.parametrize(
    "day",
    [
        pytest.param(dt.date(2026, 3, 15), id="a closed day"),
        pytest.param(dt.date(2026, 3, 28), id="the day that loses an hour"),
        pytest.param(dt.date(2026, 10, 24), id="the day that gains an hour"),
    ],
)
def test_odd_days_have_a_page(day: dt.date, tmp_path: Path):
    site_day = small_mall.site_day(day)
    page = report.render(site_day, *day_of(site_day, tmp_path))
    assert ("closed all day" in page) == (site_day.trading_hours is None)


def test_a_day_without_any_camera_has_a_page_of_blanks(tmp_path: Path):
    site_day = small_mall.site_day()
    tables = small_mall.relations(site_day, {}, {})
    warehouse = DuckDBWarehouse.below(tmp_path)
    warehouse.replace_day("mall", DAY, tables, tuple(MARTS.values()), lambda _line: None)
    marts = {name: warehouse.read_day(mart, "mall", DAY) for name, mart in MARTS.items()}
    text = Elements(report.render(site_day, marts, {})).text
    assert text.count("not delivered") >= 2
    assert not re.search(r"\b0\s+in\b", text)


def test_a_few_recorded_minutes_fill_the_charts_and_a_whole_day_shows_trading_hours(
    tmp_path: Path,
):
    site_day = small_mall.site_day()
    few, few_coverage = day_of(site_day, tmp_path, minutes=2)
    shown = span(site_day, cameras(site_day, few, few_coverage))
    assert shown.end - shown.start <= 3 * 60 * MINUTE
    assert shown.start <= NOON < NOON + 2 * MINUTE <= shown.end
    long, long_coverage = day_of(site_day, tmp_path, minutes=300)
    shown = span(site_day, cameras(site_day, long, long_coverage))
    assert (shown.start, shown.end) == site_day.trading_hours


def test_figures_of_gates_and_zones(tmp_path: Path):
    site_day = small_mall.site_day()
    exact, coverage = day_of(site_day, tmp_path)
    marts = {name: with_suppressed(rows) for name, rows in exact.items()}
    door, back = gates(marts)
    assert (door.gate, door.entries, door.exits, door.busiest) == (
        "door",
        Told(1234, "at_least"),
        Told(7, "at_least"),
        NOON,
    )
    assert door.observed_share == pytest.approx(1 / 9)
    assert (back.entries, back.exits) == (UNOBSERVED, UNOBSERVED)
    assert (back.busiest, back.observed_share) == (None, 0)
    aisle, shop = zones(marts)
    told = (shop.visits, shop.bounces, shop.mean_dwell_s, shop.peak)
    assert [one.value for one in told] == [2, 1, 60, 3]
    assert (aisle.visits, aisle.mean_dwell_s, aisle.peak) == (UNOBSERVED,) * 3
    seen, late = cameras(site_day, marts, coverage)
    assert (seen.state, seen.observed_minutes) == ("observed", 60)
    assert [(band.start, band.minutes) for band in seen.bands] == [(NOON, 60)]
    assert (late.state, late.bands) == ("missing", ())


def test_a_camera_that_was_moved_is_told_with_the_hour(tmp_path: Path):
    site_day = small_mall.site_day()
    marts, coverage = day_of(site_day, tmp_path)
    late = pl.col("minute") >= NOON + 20 * MINUTE
    moved = late & (pl.col("readable_s") > 0)
    coverage["cam_a"] = coverage["cam_a"].with_columns(
        readable_s=pl.when(moved).then(0.0).otherwise("readable_s"),
        reason=pl.when(moved).then(pl.lit("camera_moved")).otherwise("reason"),
    )
    seen, absent = cameras(site_day, marts, coverage)
    assert seen.spoiled == ("moved from 12:20 on: 40 min not counted",)
    assert [(band.minutes, band.kind) for band in seen.bands] == [
        (20, "observed"),
        (40, "set aside"),
    ]
    assert absent.spoiled == ()


def test_coverage_whose_events_are_kept_back_is_said_to_be_withheld(tmp_path: Path):
    site_day = small_mall.site_day()
    coverage = {"cam_a": small_mall.coverage(site_day, (NOON, NOON + MINUTE))}
    warehouse = DuckDBWarehouse.below(tmp_path)
    tables = small_mall.relations(site_day, coverage, {})
    warehouse.replace_day("mall", DAY, tables, tuple(MARTS.values()), lambda _line: None)
    marts = {name: warehouse.read_day(mart, "mall", DAY) for name, mart in MARTS.items()}
    assert [one.state for one in cameras(site_day, marts, coverage)] == ["withheld", "missing"]


class CoverageInMemory(dg.IOManager):
    def __init__(self, coverage: dict[str, pl.DataFrame]) -> None:
        self.coverage = coverage

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        raise AssertionError("nothing but the report is made here")

    def load_input(self, context: dg.InputContext) -> dict[str, pl.DataFrame]:
        return self.coverage


def test_the_asset_stores_the_page_and_says_where(tmp_path: Path):
    plan = SitePlan(small_mall.site())
    _, coverage = day_of(plan.site.on(DAY), tmp_path / "warehouse")
    lake = dg.AssetSpec(
        plan.key("coverage"),
        partitions_def=plan.camera_days,
        metadata={"dagster/io_manager_key": IO_MANAGER},
    )
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(plan.cameras.name, list(plan.site.camera_ids))
        result = dg.materialize(
            [lake, *report.build(plan)],
            partition_key=DAY.isoformat(),
            instance=instance,
            resources={
                "warehouse": DuckDBWarehouse.below(tmp_path / "warehouse"),
                "report_store": FolderReportStore(tmp_path / "reports", "mall"),
                IO_MANAGER: CoverageInMemory(coverage),
            },
            selection=[plan.key("footfall_report")],
        )
    (event,) = result.get_asset_materialization_events()
    shown = Path(str(event.materialization.metadata["page"].value))
    assert shown == tmp_path / "reports" / "site=mall" / f"{DAY}.html"
    assert "Small Mall" in shown.read_text(encoding="utf-8")


def test_a_page_is_replaced_whole_and_leftovers_go(tmp_path: Path):
    store = FolderReportStore(tmp_path, "mall")
    store.write(DAY, "first")
    leftover = store.page(DAY).with_name(f".{DAY}.html.killed")
    leftover.write_text("half", encoding="utf-8")
    assert store.write(DAY, "second") == str(store.page(DAY))
    page, receipt = sorted(store.page(DAY).parent.iterdir())
    assert (page, store.is_receipt(receipt)) == (store.page(DAY), True)
    assert store.written(page)
    assert store.page(DAY).read_text(encoding="utf-8") == "second"


@pytest.mark.parametrize("number", [0, 1, 20, 200])
def test_what_cameras_observed_passes_the_gate_of_pages_however_many_they_are(number: int):
    start = dt.datetime(2026, 3, 14, 10, tzinfo=dt.UTC)
    told = [
        CameraFigures(f"cam_{n:03}", "ground", "observed", 30.0, 600.0, 0.05, (seen,))
        for n in range(number)
        for seen in [Band(start, 30.0, "observed")]
    ]
    shown = Span(start, start + 600 * MINUTE, ZoneInfo("Europe/London"))
    drawn = list(coverage_charts(told, shown))
    assert [page_trouble(chart) for chart in drawn] == [None] * max(1, -(-number // 30))
    labels = [
        text.text for chart in drawn for text in ElementTree.fromstring(chart).iter(f"{SVG}text")
    ]
    assert [label for label in labels if label in {one.camera for one in told}] == [
        one.camera for one in told
    ]
