"""Dagster's UI on the product's own `footfall ui`, as a person sees it in a browser."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dagster as dg
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect

from assets.plan import ANONYMOUS, FOOTFALL, INGEST, TRACKING, SitePlan
from footfall_dagster.definitions import build_definitions
from footfall_dagster.jobs import CAMERA_DAY
from footfall_dagster.settings import Settings
from tests.integration.browser import Traffic, chromium
from vision.contracts import CAMERA_EXPORTS, COVERAGE
from vision.site.load import load_site

pytestmark = pytest.mark.browser

HOST = "127.0.0.1"
DAY = "2026-03-14"
PLAN = SitePlan(load_site(Settings.model_fields["site"].default))
STARTS_WITHIN_S, RUNS_WITHIN_S, SHOWS_WITHIN_MS = 120, 180, 60_000
expect.set_options(timeout=SHOWS_WITHIN_MS)
GROUPS = [INGEST, TRACKING, ANONYMOUS, FOOTFALL]
ENTIRE_GRAPH: ViewportSize = {"width": 3600, "height": 2400}

BOXES_AT_REST = """names => {
    const boxes = {};
    for (const node of document.querySelectorAll("foreignObject")) {
        const labels = [...node.querySelectorAll("*")].filter(one => !one.children.length);
        const label = labels.map(one => one.textContent).find(text => names.includes(text));
        const { left, top, right, bottom } = node.getBoundingClientRect();
        if (label) boxes[label] = { left, top, right, bottom };
    }
    const [before, now] = [window.boxesBefore, JSON.stringify(boxes)];
    window.boxesBefore = now;
    return Object.keys(boxes).length === names.length && now === before ? boxes : null;
}"""


@dataclass(frozen=True)
class Server:
    """A running webserver and daemon."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def ask(self, query: str) -> Any:
        """Data that Dagster's GraphQL answers."""
        asked = urllib.request.Request(
            f"{self.url}/graphql",
            json.dumps({"query": query}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=60) as answer:
            said = json.load(answer)
        assert "errors" not in said, said["errors"]
        return said["data"]

    def cameras(self) -> list[str]:
        """Camera partitions that the code location has; none before it is loaded."""
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            key = json.dumps(PLAN.key(CAMERA_EXPORTS.name).path)
            asset = self.ask(
                f"{{assetNodeOrError(assetKey: {{path: {key}}}) "
                "{... on AssetNode {partitionKeysByDimension {name partitionKeys}}}}"
            )["assetNodeOrError"]
            dimensions = {
                one["name"]: one["partitionKeys"]
                for one in asset.get("partitionKeysByDimension", ())
            }
            return list(dimensions.get("camera", ()))
        return []

    def run_of(self, partition: str) -> dict[str, Any] | None:
        """Status and failures of the last run of a partition."""
        tag = json.dumps({"key": "dagster/partition", "value": partition})
        tag = tag.replace('"key"', "key").replace('"value"', "value")
        found = self.ask(
            f"{{runsOrError(filter: {{tags: [{tag}]}}, limit: 1) {{... on Runs {{results {{status "
            "eventConnection {events "
            "{... on ExecutionStepFailureEvent {stepKey error {message}}}}}}}}"
        )["runsOrError"]["results"]
        return found[0] if found else None

    def wait_for(self, what: str, is_so: Callable[[], bool], timeout_s: float) -> None:
        """Return as soon as `is_so`; fail with the end of the server's log if it never is."""
        ends = time.monotonic() + timeout_s
        while not is_so():
            assert self.process.poll() is None, f"the server has ended\n{self._last_words()}"
            assert time.monotonic() < ends, f"not {what} in {timeout_s} s\n{self._last_words()}"
            time.sleep(0.3)

    def wait_for_run(self, partition: str) -> None:
        """Return when the last run of `partition` has succeeded."""
        ended: dict[str, Any] = {}

        def has_ended() -> bool:
            run = self.run_of(partition)
            if run and run["status"] in {"SUCCESS", "FAILURE", "CANCELED"}:
                ended.update(run)
            return bool(ended)

        self.wait_for(f"through with {partition}", has_ended, RUNS_WITHIN_S)
        failures = [event for event in ended["eventConnection"]["events"] if event]
        assert ended["status"] == "SUCCESS", failures

    def _last_words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`footfall ui` on the example site, with nothing recorded: its camera-days are quick."""
    home = tmp_path_factory.mktemp("home")
    (home / "recordings").mkdir()
    inherited = {name: is_ for name, is_ in os.environ.items() if not name.startswith("FOOTFALL_")}
    port = _free_port()
    log = home / "ui.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("footfall"), "ui", "--port", str(port)],
            env=inherited
            | {
                "FOOTFALL_HOME": str(home),
                "FOOTFALL_RECORDINGS": str(home / "recordings"),
                "DAGSTER_HOME": str(home / "dagster"),
            },
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    started = Server(f"http://{HOST}:{port}", process, log)
    try:
        started.wait_for(
            "every camera of the site file a partition",
            lambda: sorted(started.cameras()) == sorted(PLAN.site.camera_ids),
            STARTS_WITHIN_S,
        )
        yield started
    finally:
        # As Ctrl-C does; what has not ended by then is killed.
        os.killpg(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        return int(taken.getsockname()[1])


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


def launch(page: Page, camera: str, day: str) -> None:
    """Press Materialize, choose one camera-day in the dialog, press Launch."""
    page.get_by_role("button", name="Materialize").first.click()
    dialog = page.get_by_role("dialog").first
    dialog.get_by_text("Select a partition or create one").first.click()
    page.locator("label").filter(has_text=camera).last.click()
    page.keyboard.press("Escape")
    date = dialog.get_by_placeholder("ex: 2026")
    date.fill(day)
    date.press("Enter")
    expect(dialog.get_by_text("1 partition", exact=True)).to_be_visible()
    dialog.get_by_role("button", name="Launch").click()
    dialog.wait_for(state="hidden")


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
    launch(page, "cam_entrance", DAY)
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
