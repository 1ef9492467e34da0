"""Dagster's UI on the product's own `footfall ui`, as a person sees it in a browser."""

import contextlib
import datetime as dt
from collections.abc import Iterator
from urllib.parse import quote

import dagster as dg
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    ViewportSize,
    expect,
)
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from assets.plan import ANONYMOUS, FOOTFALL, INGEST, TRACKING
from footfall_dagster.definitions import build_definitions
from footfall_dagster.jobs import CAMERA_DAY
from footfall_dagster.settings import Settings
from tests.integration.browser import Traffic, chromium
from tests.integration.webserver import HOST, PLAN, Server, serving
from vision.contracts_ingest import CAMERA_EXPORTS, COVERAGE

pytestmark = pytest.mark.browser

DAY = "2026-03-14"
DAY_BEFORE = dt.date(2026, 3, 13)
SHOWS_WITHIN_MS = 60_000
TYPED_AGAIN_MS = 5_000
expect.set_options(timeout=SHOWS_WITHIN_MS)
GROUPS = [INGEST, TRACKING, ANONYMOUS, FOOTFALL]
ENTIRE_GRAPH: ViewportSize = {"width": 4000, "height": 9000}

# Dagster writes a long name with an ellipsis in the middle.
BOXES_AT_REST = """names => {
    const boxes = {};
    const named = text => names.find(name => {
        const [head, tail] = text.split("…");
        return tail === undefined ? text === name : name.startsWith(head) && name.endsWith(tail);
    });
    for (const node of document.querySelectorAll("foreignObject")) {
        const labels = [...node.querySelectorAll("*")].filter(one => !one.children.length);
        const label = labels.map(one => named(one.textContent)).find(name => name);
        const { left, top, right, bottom } = node.getBoundingClientRect();
        if (label) boxes[label] = { left, top, right, bottom };
    }
    const [before, now] = [window.boxesBefore, JSON.stringify(boxes)];
    window.boxesBefore = now;
    return Object.keys(boxes).length === names.length && now === before ? boxes : null;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("home")) as started:
        yield started


@pytest.fixture(scope="module")
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    opened = browser.new_context(base_url=server.url, viewport={"width": 1600, "height": 1000})
    opened.set_default_timeout(SHOWS_WITHIN_MS)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def traffic(context: BrowserContext) -> Traffic:
    return Traffic.of(context)


@pytest.fixture
def page(context: BrowserContext, traffic: Traffic) -> Iterator[Page]:
    opened = context.new_page()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def specs() -> list[dg.AssetSpec]:
    definitions = build_definitions(Settings(site=Settings.model_fields["site"].default))
    return list(definitions.resolve_all_asset_specs())


def name_of(key: dg.AssetKey) -> str:
    return key.path[-1]


def encloses(outer: dict[str, float], inner: dict[str, float]) -> bool:
    low = all(outer[side] <= inner[side] for side in ("left", "top"))
    return low and all(inner[side] <= outer[side] for side in ("right", "bottom"))


def of_asset(name: str, view: str) -> str:
    return f"/assets/{'/'.join(PLAN.key(name).path)}?view={view}"


def launch(page: Page, camera: str, day: str, together_with: str = "") -> None:
    """Press Materialize, choose one camera-day in the dialog, press Launch."""
    page.get_by_role("button", name="Materialize").first.click()
    if together_with:
        expect(page.get_by_role("dialog").get_by_text(together_with)).to_be_visible()
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_role("button", name="Confirm")).to_be_hidden()
    dialog = page.get_by_role("dialog").first
    dialog.get_by_text("Select a partition or create one").first.click()
    page.locator("label").filter(has_text=camera).last.click()
    page.keyboard.press("Escape")
    choose_day(dialog, day)
    dialog.get_by_role("button", name="Launch").click()
    dialog.wait_for(state="hidden")


def choose_day(dialog: Locator, day: str) -> None:
    """Type a day into the dialog, again where the dialog emptied the field while it was drawn.

    The dialog asks the server for partitions as it opens and draws its fields anew when they
    come, which on a busy machine is after somebody has typed.
    """
    date = dialog.get_by_placeholder("ex: 2026")
    chosen = dialog.get_by_text("1 partition", exact=True)
    for _ in range(SHOWS_WITHIN_MS // TYPED_AGAIN_MS):
        date.fill(day)
        date.press("Enter")
        with contextlib.suppress(PlaywrightTimeoutError):
            chosen.wait_for(timeout=TYPED_AGAIN_MS)
            break
    expect(chosen).to_be_visible()


def drawn(page: Page, names: list[str]) -> dict[str, dict[str, float]]:
    """Boxes of the nodes labelled `names`, once all are drawn and the view has come to rest."""
    return dict(page.wait_for_function(BOXES_AT_REST, arg=names, polling=200).json_value())


def icon_of(page: Page, check: str) -> Locator:
    """The icon that says how the last execution of `check` ended."""
    named, icon = page.get_by_title(check, exact=True), page.get_by_role("img")
    # The innermost box around both.
    return page.locator("div").filter(has=named).filter(has=icon).last.get_by_role("img")


def test_the_graph_shows_the_groups_in_the_order_of_the_flow(page: Page) -> None:
    page.goto("/asset-groups")
    boxes = drawn(page, GROUPS)
    assert sorted(boxes, key=lambda name: boxes[name]["left"]) == GROUPS
    expect(page.locator("foreignObject")).to_have_count(len(GROUPS))


def test_the_expanded_graph_shows_every_asset_in_its_group_right_of_what_it_is_made_from(
    page: Page, specs: list[dg.AssetSpec]
) -> None:
    # Dagster draws only what is in view.
    page.set_viewport_size(ENTIRE_GRAPH)
    page.goto("/asset-groups")
    drawn(page, GROUPS)
    page.keyboard.press("Alt+KeyE")  # the UI's own "Expand all groups"
    boxes = drawn(page, [*GROUPS, *(name_of(spec.key) for spec in specs)])
    strayed = [
        name_of(spec.key)
        for spec in specs
        if not encloses(boxes[spec.group_name or ""], boxes[name_of(spec.key)])
    ]
    backwards = [
        f"{name_of(dep.asset_key)} -> {name_of(spec.key)}"
        for spec in specs
        for dep in spec.deps
        if boxes[name_of(dep.asset_key)]["right"] > boxes[name_of(spec.key)]["left"]
    ]
    assert (strayed, backwards) == ([], [])


def test_a_partition_is_materialised_by_the_launch_button(server: Server, page: Page) -> None:
    partition = f"cam_entrance|{DAY}"
    page.goto(of_asset(CAMERA_EXPORTS.name, "partitions"))
    launch(page, "cam_entrance", DAY, together_with="timeline")
    server.wait_for_run(partition)
    page.goto(of_asset(CAMERA_EXPORTS.name, f"partitions&partition={quote(partition)}"))
    expect(page.get_by_text(partition, exact=True).first).to_be_visible()
    expect(page.get_by_text("Materialized", exact=True)).to_be_visible()


def test_a_camera_day_without_exports_shows_checks_that_hold_and_one_that_warns(
    server: Server, page: Page
) -> None:
    partition = f"cam_shops|{DAY}"
    page.goto(f"/locations/footfall/jobs/{CAMERA_DAY}")
    launch(page, "cam_shops", DAY)
    server.wait_for_run(partition)
    page.goto(of_asset(COVERAGE.name, "checks"))
    for check, icon in (
        ("contract", "check_circle"),
        ("wall", "check_circle"),
        ("observed", "warning_outline"),
    ):
        expect(icon_of(page, check)).to_have_attribute("aria-label", icon)
    page.get_by_title("observed", exact=True).click()
    expect(page.get_by_text("This is a non-blocking asset check.")).to_be_visible()
    expect(page.get_by_text("counts are NULL, not zero")).to_be_visible()
    expect(page.get_by_text(partition).first).to_be_visible()


@pytest.fixture(scope="module")
def half_uploaded(server: Server) -> str:
    """A camera-day of three files, none of which is a video, as its job made it."""
    folder = server.log.parent / "recordings" / "cam_shops"
    folder.mkdir()
    for hour in (10, 11, 15):
        (folder / f"cam_shops_{DAY_BEFORE:%Y%m%d}_{hour}0000.mp4").write_bytes(b"half an upload")
    return f"cam_shops|{DAY_BEFORE}"


def test_the_files_of_a_camera_day_are_seen_as_a_table_with_their_clocks(
    server: Server, half_uploaded: str, page: Page
) -> None:
    page.goto(f"/locations/footfall/jobs/{CAMERA_DAY}")
    launch(page, "cam_shops", f"{DAY_BEFORE}")
    server.wait_for_run(half_uploaded)
    page.goto(of_asset(CAMERA_EXPORTS.name, f"partitions&partition={quote(half_uploaded)}"))
    for column in ("from", "files", "status", "clock"):
        expect(page.get_by_role("columnheader", name=column, exact=True)).to_be_visible()
    row = page.get_by_role("row").filter(has_text="quarantined").last
    for cell in ("10:00:00", "3", "quarantined", "unreadable", "name"):
        expect(row.get_by_role("cell", name=cell, exact=True)).to_be_visible()


def test_the_coverage_of_a_camera_day_is_seen_as_a_picture(half_uploaded: str, page: Page) -> None:
    page.goto(of_asset(COVERAGE.name, f"partitions&partition={quote(half_uploaded)}"))
    page.get_by_text("[Show Markdown]").first.click()
    picture = page.get_by_role("dialog").get_by_alt_text("Coverage by minute, local time")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth > 500")
    width = picture.evaluate("image => image.getBoundingClientRect().width")
    assert width > 500, "the picture is shown too small to be read"


def test_the_ui_asks_nothing_of_any_other_host(page: Page, traffic: Traffic) -> None:
    for path, shown in (
        ("/asset-groups", INGEST),
        (of_asset(COVERAGE.name, "overview"), "readable_s"),
        ("/runs", "Launched by"),
    ):
        page.goto(path)
        expect(page.get_by_text(shown).first).to_be_visible()
    assert any("/graphql" in url for url in traffic.requests)
    assert traffic.outside(HOST) == []
