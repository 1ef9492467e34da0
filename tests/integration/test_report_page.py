"""The reports of really materialised days, as a browser draws them at a desk and on a telephone."""

import datetime as dt
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import dagster as dg
import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from assets.plan import SitePlan
from assets.reports.drawing import BLUE, VERMILION
from footfall_dagster.definitions import build_definitions
from footfall_dagster.jobs import SITE_DAY, SITE_WEEK
from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.privacy import ledger
from footfall_dagster.report_store import report_stores
from footfall_dagster.sensors import missing_cameras
from footfall_dagster.settings import Settings
from tests.integration.browser import Traffic, chromium, executable
from tests.unit import small_mall
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS
from vision.contracts_ingest import COVERAGE
from vision.site.load import load_site
from vision.site.models import Site

pytestmark = pytest.mark.browser

SITE_DIRECTORY = Settings.model_fields["site"].default
WHOLE, EMPTY = dt.date(2026, 3, 14), dt.date(2026, 3, 13)
MINUTE = dt.timedelta(minutes=1)
GOES_IN = [(14.125, 7.125)] * 5 + [(14.125, 9.125)] * 9
"""From the front of the bakery into it."""
CUSTOMERS = 12
STANDS, WALKS = [(8.125, 2.125)] * 90, [(1.125 + n / 2, 6.125) for n in range(20)]
DESK, TELEPHONE = 1440, 390
MOST_TIME = "#00224e"
"""The dark end of matplotlib's cividis."""
DARK, INK_SHARE = 128, 0.002
ENOUGH_PIXELS = 20
LARGEST = 3 * 2**20
PUBLIC, WEEKLY = "the public page of the whole day", "the page of the week"
MONDAY = dt.date(2026, 3, 9)
Shown = dt.date | str
"""The owner's page of a day, `PUBLIC` or `WEEKLY`."""
DAYS = pytest.mark.parametrize(
    "day",
    [
        pytest.param(WHOLE, id="a day on which both cameras delivered"),
        pytest.param(EMPTY, id="a day on which no camera delivered"),
        pytest.param(PUBLIC, id="what of a day is for others"),
        pytest.param(WEEKLY, id="a week"),
    ],
)
WIDTHS = pytest.mark.parametrize(
    "width", [pytest.param(DESK, id="at a desk"), pytest.param(TELEPHONE, id="on a telephone")]
)


def camera_day(site: Site, day: dt.date, camera: str) -> Mapping[str, pl.DataFrame]:
    """Two hours from ten: somebody passes each gate and stays in each zone, again and again."""
    site_day = site.on(day)
    ten = dt.datetime.combine(day, dt.time(10), dt.UTC)
    seen = [ten + 5 * n * MINUTE for n in range(20)]
    gates = [gate.id for gate in site_day.gates.values() if gate.camera == camera]
    zones = [zone.id for zone in site_day.zones.values() if zone.camera == camera]
    return {
        COVERAGE.name: small_mall.coverage(site_day, (ten, ten + 120 * MINUTE)),
        GATE_EVENTS.name: small_mall.crossings(
            *((gate, at, way) for gate in gates for at in seen for way in ("in", "in", "out"))
        ),
        ZONE_VISITS.name: small_mall.stays(*((zone, at, 400) for zone in zones for at in seen)),
        ANONYMISED_TRAJECTORIES.name: small_mall.walks(
            (ten, WALKS),
            (ten, STANDS),
            *((ten + n * MINUTE, GOES_IN) for n in range(1, CUSTOMERS + 1)),
        ),
    }


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Shown, Path]:
    """Pages that the job of the site-day made, from camera-days in a real lake."""
    executable()
    settings = Settings(site=SITE_DIRECTORY, home=tmp_path_factory.mktemp("home"))
    plan = SitePlan(load_site(settings.site))
    lake = Lake(settings.lake, plan.site)
    for camera in plan.site.camera_ids:
        frames = camera_day(plan.site, WHOLE, camera)
        for contract in (COVERAGE, GATE_EVENTS, ZONE_VISITS, ANONYMISED_TRAJECTORIES):
            lake.write(contract, CameraDay(WHOLE, camera), frames[contract.name])
    store = report_stores(settings, plan.site.id)[ledger.REPORTS]
    definitions = build_definitions(settings)
    job, week = (definitions.resolve_job_def(name) for name in (SITE_DAY, SITE_WEEK))
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(plan.cameras.name or "", missing_cameras(plan, instance))
        for day in (WHOLE, EMPTY):
            job.execute_in_process(instance=instance, partition_key=day.isoformat())
        week.execute_in_process(instance=instance, partition_key=MONDAY.isoformat())
    stores = report_stores(settings, plan.site.id)
    others = {
        PUBLIC: stores[ledger.PUBLIC_REPORTS].page(WHOLE),
        WEEKLY: stores[ledger.WEEKLY_REPORTS].page(MONDAY),
    }
    return {day: store.page(day) for day in (WHOLE, EMPTY)} | others


@pytest.fixture(scope="module")
def browser(pages: Mapping[Shown, Path]) -> Iterator[Browser]:
    # After the runs: they could not start an event loop of their own beside Playwright's.
    with chromium() as started:
        yield started


@dataclass(frozen=True)
class Opened:
    """A page that a browser has opened: `picture` is all of it, RGB."""

    page: Page
    traffic: Traffic
    picture: npt.NDArray[np.uint8]

    def charts(self, within: str = "main") -> Iterator["Chart"]:
        """The charts inside the element that a selector finds."""
        for drawing in self.page.locator(f"{within} svg").all():
            box = drawing.bounding_box()
            name = drawing.locator("title").text_content() or ""
            assert box is not None, f"{name} has no place on the page"
            top, left = round(box["y"]), round(box["x"])
            bottom, right = round(box["y"] + box["height"]), round(box["x"] + box["width"])
            yield Chart(name, self.picture[top:bottom, left:right])


@dataclass(frozen=True)
class Chart:
    """A chart as it is drawn; `pixels` are those of its place that lie on the page."""

    name: str
    pixels: npt.NDArray[np.uint8]

    def holds(self, colour: str, within: int = 45) -> bool:
        """Whether some pixels have `colour`, #rrggbb, give or take `within` per channel."""
        wanted = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])
        near = (np.abs(self.pixels.astype(int) - wanted) <= within).all(axis=2)
        return int(near.sum()) >= ENOUGH_PIXELS


@pytest.fixture(scope="module")
def opened(browser: Browser, pages: Mapping[Shown, Path]) -> Callable[[Shown, int], Opened]:
    """Open the page of a day at a width, once."""

    @functools.cache
    def opening(day: Shown, width: int) -> Opened:
        context = browser.new_context(viewport={"width": width, "height": 900})
        traffic = Traffic.of(context)
        page = context.new_page()
        page.goto(pages[day].as_uri())
        encoded = np.frombuffer(page.screenshot(full_page=True), np.uint8)
        picture = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
        assert picture is not None
        return Opened(page, traffic, picture[:, :, ::-1].astype(np.uint8))

    return opening


@DAYS
@WIDTHS
def test_every_chart_is_drawn(
    opened: Callable[[Shown, int], Opened], day: Shown, width: int
) -> None:
    shown = opened(day, width)
    figures, drawings = shown.page.locator("figure"), shown.page.locator("svg")
    assert figures.count() == drawings.count() == figures.filter(has=drawings).count() > 0
    for chart in shown.charts():
        height, across = chart.pixels.shape[:2]
        assert min(height, across) > 50, chart.name
        assert (chart.pixels < DARK).any(axis=2).mean() > INK_SHARE, chart.name


def test_there_is_a_chart_of_every_gate_zone_and_floor(
    opened: Callable[[Shown, int], Opened],
) -> None:
    site_day = load_site(SITE_DIRECTORY).on(WHOLE)
    shown = opened(WHOLE, DESK)
    sections = {
        "gates": len(site_day.gates),
        "occupancy": len(site_day.zones),
        "dwell": len(site_day.zones),
        "floor": len(site_day.site.file.floors),
        "inside": len(site_day.site.file.floors),
        "flow": 1,
        "coverage": 1,
    }
    assert {name: len(list(shown.charts(section(name)))) for name in sections} == sections


@WIDTHS
@pytest.mark.parametrize(
    ("name", "colour"),
    [
        pytest.param("gates", BLUE, id="entries"),
        pytest.param("gates", VERMILION, id="exits"),
        pytest.param("occupancy", BLUE, id="mean occupancy"),
        pytest.param("occupancy", VERMILION, id="peak occupancy"),
        pytest.param("dwell", BLUE, id="dwell"),
        pytest.param("floor", VERMILION, id="gates on the floor"),
        pytest.param("coverage", BLUE, id="what was observed"),
    ],
)
def test_what_was_counted_is_to_be_seen(
    opened: Callable[[Shown, int], Opened], width: int, name: str, colour: str
) -> None:
    charts = list(opened(WHOLE, width).charts(section(name)))
    assert [chart.name for chart in charts if not chart.holds(colour)] == []


def test_where_people_stood_longest_is_dark(opened: Callable[[Shown, int], Opened]) -> None:
    def dark_in_the_west(day: dt.date) -> bool:
        (chart,) = opened(day, DESK).charts(section("floor"))
        # The key of the colours is in the other half.
        west = chart.pixels[:, : chart.pixels.shape[1] // 2]
        # Ink is almost as dark.
        return Chart(chart.name, west).holds(MOST_TIME, within=15)

    assert [dark_in_the_west(day) for day in (WHOLE, EMPTY)] == [True, False]


def test_nothing_is_drawn_as_counted_where_nothing_was_observed(
    opened: Callable[[Shown, int], Opened],
) -> None:
    shown = opened(EMPTY, DESK)
    charts = [
        chart
        for name in ("gates", "occupancy", "dwell", "coverage")
        for chart in shown.charts(section(name))
    ]
    assert charts
    assert [chart.name for chart in charts if chart.holds(BLUE) or chart.holds(VERMILION)] == []


@DAYS
@WIDTHS
def test_the_page_complains_of_nothing_and_asks_for_nothing(
    opened: Callable[[Shown, int], Opened],
    pages: Mapping[Shown, Path],
    day: Shown,
    width: int,
) -> None:
    traffic = opened(day, width).traffic
    assert traffic.errors == []
    assert traffic.requests == [pages[day].as_uri()]


@DAYS
@WIDTHS
def test_the_page_needs_no_scrolling_sideways(
    opened: Callable[[Shown, int], Opened], day: Shown, width: int
) -> None:
    assert opened(day, width).page.evaluate("document.documentElement.scrollWidth") <= width


@DAYS
@WIDTHS
def test_nothing_serious_keeps_anybody_from_reading_it(
    opened: Callable[[Shown, int], Opened], day: Shown, width: int
) -> None:
    violations = Axe().run(opened(day, width).page).response["violations"]
    assert [
        (one["id"], one["impact"], [node["target"] for node in one["nodes"]][:3])
        for one in violations
        if one["impact"] in {"serious", "critical"}
    ] == []


@DAYS
def test_it_is_small_enough_to_send(pages: Mapping[Shown, Path], day: Shown) -> None:
    assert pages[day].stat().st_size < LARGEST


@DAYS
@WIDTHS
def test_every_definition_is_a_hover_a_key_and_a_tap_away(
    opened: Callable[[Shown, int], Opened], day: Shown, width: int
) -> None:
    page = opened(day, width).page
    links = page.locator("main a.def")
    assert links.count() > 10
    for link in links.all():
        told = link.locator("xpath=following-sibling::*[1]")
        assert not told.is_visible()
        link.focus()
        assert told.is_visible(), link.text_content()
        box = told.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert page.locator(link.get_attribute("href") or "").count() == 1
        assert page.locator(f"#{link.get_attribute('aria-describedby')}").count() == 1
    page.evaluate("document.activeElement.blur()")
    links.first.hover()
    assert links.first.locator("xpath=following-sibling::*[1]").is_visible()
    page.mouse.move(0, 0)


def section(name: str) -> str:
    """Selector of a section of the page."""
    return f"section[aria-labelledby={name}]"
