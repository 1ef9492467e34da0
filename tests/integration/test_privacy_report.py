"""The privacy report of really materialised days: what it says, how it alerts, what it keeps."""

import datetime as dt
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser

from assets.marts.contracts import MARTS
from assets.plan import SitePlan
from assets.privacy_record import entry
from assets.privacy_report import NAME, noted, render
from footfall_dagster.cli.privacy import command
from footfall_dagster.definitions import build_definitions
from footfall_dagster.instance import open_instance
from footfall_dagster.jobs import CAMERA_DAY, PRIVACY_DAY, SITE_DAY
from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.privacy import closed_list
from footfall_dagster.privacy.chain import Record
from footfall_dagster.privacy.closed_list import audit
from footfall_dagster.privacy.findings import Evidence, Finding
from footfall_dagster.privacy.inspection import SiteInspector, retention
from footfall_dagster.privacy.record_store import RecordStore
from footfall_dagster.resources import records, warehouse
from footfall_dagster.runs import QUIET
from footfall_dagster.sensors import missing_cameras
from footfall_dagster.settings import Settings
from tests.integration.browser import Traffic, chromium
from vision.contracts import GATE_EVENTS, LAKE
from vision.contracts_ingest import COVERAGE
from vision.exports.folder import Recordings
from vision.site.load import load_site

ARCADE = Path("examples/arcade")
DAY = dt.date(2026, 3, 14)
CAMERA = "cam_entrance"


class House:
    """An arcade whose cameras recorded nothing, on an instance of its own."""

    def __init__(self, home: Path, instance: dg.DagsterInstance) -> None:
        self.settings = Settings(site=ARCADE, home=home, recordings=home / "recordings")
        self.settings.recordings.mkdir(exist_ok=True)
        self.instance = instance
        self.plan = SitePlan(load_site(ARCADE))
        self.lake = Lake(self.settings.lake, self.plan.site)
        self.records = records(self.settings, self.plan.site)
        self.definitions = build_definitions(self.settings)
        if missing := missing_cameras(self.plan, instance):
            instance.add_dynamic_partitions(self.plan.cameras.name or "", missing)

    def run(self, job: str, partition: str) -> dg.ExecuteInProcessResult:
        return self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance, partition_key=partition, run_config=QUIET, raise_on_error=False
        )

    def camera_days(self) -> None:
        for camera in self.plan.site.camera_ids:
            key = dg.MultiPartitionKey({"date": DAY.isoformat(), "camera": camera})
            assert self.run(CAMERA_DAY, key).success

    def site_day(self) -> None:
        assert self.run(SITE_DAY, DAY.isoformat()).success

    def privacy_day(self, day: dt.date = DAY) -> dg.ExecuteInProcessResult:
        return self.run(PRIVACY_DAY, day.isoformat())

    def last(self, day: dt.date = DAY) -> Record:
        return self.records.of_day(day)[-1]

    def page(self, day: dt.date = DAY) -> str:
        return self.records.pages.page(day).read_text()

    def part(self) -> Path:
        return self.lake.folder(GATE_EVENTS.name, CameraDay(DAY, CAMERA)) / "part.parquet"


@contextmanager
def opened(home: Path) -> Iterator[House]:
    """The house in `home`, as a process sees it whose environment names it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home / "dagster"))
        patch.setenv("FOOTFALL_HOME", str(home))
        patch.setenv("FOOTFALL_SITE", str(ARCADE.resolve()))
        with open_instance(Settings(home=home)) as instance:
            yield House(home, instance)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened(tmp_path) as house:
        yield house


@pytest.fixture(scope="module")
def after_the_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with every camera-day, the marts and the report of the day."""
    home = tmp_path_factory.mktemp("home")
    with opened(home) as house:
        house.camera_days()
        house.site_day()
    return home


@pytest.fixture
def finished(after_the_day: Path, tmp_path: Path) -> Iterator[House]:
    """A copy of it."""
    shutil.copytree(after_the_day, tmp_path / "copy", symlinks=True)
    with opened(tmp_path / "copy") as house:
        yield house


def failed(record: Record) -> set[str]:
    return {one["check"] for one in record.content["checks"] if one["result"] != "passed"}


def evaluations(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {one.check_name: one.passed for one in result.get_asset_check_evaluations()}


def test_a_clean_day_passes_and_says_what_it_looked_at(finished: House) -> None:
    result = finished.privacy_day()
    record = finished.last()
    assert failed(record) == set(), finished.page()
    assert result.success
    assert evaluations(result) == {
        "nothing_found": True,
        "every_check_passed": True,
        "notice_in_force": True,
    }
    checks = record.content["checks"]
    scopes = [(one["check"], one["scope"]) for one in checks]
    for camera in finished.plan.site.camera_ids:
        for contract in LAKE.values():
            assert ("contract", f"{contract.name} of {camera}") in scopes
            assert (("wall", f"{contract.name} of {camera}") in scopes) is not contract.personal
    by_name = {one["check"]: one for one in checks}
    coverage = next(one for one in checks if one["scope"] == f"{COVERAGE.name} of {CAMERA}")
    assert (coverage["files"], coverage["rows"]) == (1, 1440)
    assert coverage["bytes"] == len(
        (finished.lake.folder(COVERAGE.name, CameraDay(DAY, CAMERA)) / "part.parquet").read_bytes()
    )
    assert by_name["search"]["files"] > 10
    assert by_name["closed_list"]["files"] > 10


def test_the_page_and_the_record_pass_the_checks_of_the_next_day(finished: House) -> None:
    """The report is itself right of the wall; so is what Dagster stored of it."""
    for _ in range(2):
        assert finished.privacy_day().success, finished.page()
    assert failed(finished.last()) == set()


def test_dagster_shows_page_number_and_hash(house: House) -> None:
    result = house.privacy_day()
    (event,) = result.asset_materializations_for_node(f"{house.plan.site.id}__{NAME}")
    shown = {name: value.value for name, value in event.metadata.items()}
    assert shown["page"] == str(house.records.pages.page(DAY))
    assert (shown["record"], shown["head"]) == (1, house.last().seal)
    assert noted(house.instance, house.plan) == [(1, house.last().seal)]


def test_a_leak_fails_the_privacy_run_and_leaves_the_figures(finished: House) -> None:
    content = finished.part().read_bytes()
    finished.part().write_bytes(content + b"\xff\xd8\xff\xe0" + os.urandom(900))
    finished.site_day()
    result = finished.privacy_day()
    assert not result.success
    assert evaluations(result)["every_check_passed"] is False
    assert {"contract", "closed_list"} <= failed(finished.last())
    assert (
        not warehouse(finished.settings)
        .read_day(MARTS["gate_counts_15min"], finished.plan.site.id, DAY)
        .is_empty()
    )
    page = finished.page()
    assert "did not pass" in page
    assert f"lake/{GATE_EVENTS.name}/date={DAY}/camera={CAMERA}" in page


def test_a_search_that_could_not_read_is_no_pass(house: House) -> None:
    (house.settings.home / "reports").mkdir()
    (house.settings.home / "reports" / "bundle.zip").write_bytes(b"PK\x03\x04" + bytes(60))
    result = house.privacy_day()
    assert evaluations(result) == {
        "nothing_found": False,
        "every_check_passed": False,
        "notice_in_force": True,
    }
    found = house.records.search_of(DAY)
    assert found is not None
    assert found["result"] != "passed"


def test_a_report_without_a_search_says_that_it_has_none(house: House) -> None:
    result = house.definitions.resolve_job_def(PRIVACY_DAY).execute_in_process(
        asset_selection=[house.plan.key(NAME)],
        instance=house.instance,
        partition_key=DAY.isoformat(),
        run_config=QUIET,
        raise_on_error=False,
    )
    assert not result.success
    search = next(one for one in house.last().content["checks"] if one["check"] == "search")
    assert search["result"] == "not carried out"
    assert "not carried out" in house.page()


def test_a_check_that_breaks_is_told_of_and_hides_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_arguments: object) -> Evidence:
        raise ValueError("words that quote a leak")

    monkeypatch.setattr(closed_list, "audit", breaks)
    assert not house.privacy_day().success
    by_name = {one["check"]: one for one in house.last().content["checks"]}
    assert by_name["closed_list"]["result"] == "unread"
    assert by_name["closed_list"]["unread"][0]["kind"] == "failed with ValueError"
    assert by_name["chain"]["result"] == "passed"
    assert "words that quote a leak" not in house.page()


def test_days_that_come_late_and_again_are_added_at_the_end(house: House) -> None:
    earlier = DAY - dt.timedelta(days=4)
    for day in (DAY, earlier, DAY):
        house.privacy_day(day)
    assert [one.number for one in house.records.of_day(DAY)] == [1, 3]
    assert [one.number for one in house.records.of_day(earlier)] == [2]
    verdict = house.records.chain.verify(noted(house.instance, house.plan))
    assert (verdict.records, verdict.breaks) == (3, ())
    assert "Earlier records of this day" in house.page(DAY)
    assert "Earlier records of this day" not in house.page(earlier)


def test_a_dropped_record_fails_the_next_report(house: House) -> None:
    house.privacy_day()
    house.privacy_day()
    sorted(house.records.chain.folder.iterdir())[-1].unlink()
    assert not house.privacy_day().success
    assert "chain" in failed(house.last())


def test_the_command_prints_a_head_and_fails_where_the_chain_breaks(house: House) -> None:
    house.privacy_day()
    first = house.last()
    house.privacy_day()
    runner = CliRunner()
    told = runner.invoke(command, ["verify", "--head", first.seal])
    assert told.exit_code == 0, told.output
    assert f"head {house.last().seal}" in told.output
    assert "3 hashes noted elsewhere are all in it" in told.output
    path = house.records.chain.folder / f"000001-{DAY}.json"
    content = json.loads(path.read_text())
    content["checks"] = content["checks"][:1]
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    told = runner.invoke(command, ["verify"])
    assert told.exit_code == 1
    assert "BROKEN at record 1: has another content than was noted elsewhere" in told.output
    assert "BROKEN at record 2: does not fit the one before" in told.output


def test_a_hash_that_is_none_is_refused_by_the_command(house: House) -> None:
    told = CliRunner().invoke(command, ["verify", "--head", "abc"])
    assert told.exit_code == 2
    assert "24 to 64 hexadecimal digits" in told.output


@pytest.mark.parametrize(
    ("folder", "found"),
    [
        pytest.param("lake/gate_events", True, id="a dataset right of the wall"),
        pytest.param("lake/crops", True, id="the lake, under a name that nobody knows"),
        pytest.param("faces", True, id="the home, under a name that nobody knows"),
        pytest.param("reports", True, id="the reports"),
        pytest.param("privacy/records", True, id="the records"),
        pytest.param("vault", True, id="the vault"),
        pytest.param("dagster/storage", True, id="DAGSTER_HOME"),
        pytest.param("lake/tracks", False, id="tracks"),
        pytest.param("lake/_pending", False, id="what is pending"),
        pytest.param("recordings", False, id="recordings"),
        pytest.param("models", False, id="models"),
    ],
)
def test_the_search_goes_everywhere_but_left_of_the_wall(
    tmp_path: Path, folder: str, found: bool
) -> None:
    settings = Settings(home=tmp_path, recordings=tmp_path / "recordings")
    (tmp_path / folder).mkdir(parents=True)
    np.save(tmp_path / folder / "v.npy", np.random.default_rng(1).normal(size=(40, 256)))
    evidence = SiteInspector(settings, load_site(ARCADE)).search(tmp_path / "dagster")
    assert bool(evidence.findings) is found
    assert evidence.unread == ()


def test_dagsters_home_is_searched_where_it_lies_elsewhere(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    np.save(elsewhere / "v.npy", np.random.default_rng(1).normal(size=(40, 256)))
    inspector = SiteInspector(Settings(home=tmp_path / "home"), load_site(ARCADE))
    findings = inspector.search(elsewhere).findings
    assert {one.file.split("/")[0] for one in findings} == {"dagster"}


def test_a_home_within_the_recordings_is_searched_all_the_same(tmp_path: Path) -> None:
    home = tmp_path / "exports" / "footfall"
    home.mkdir(parents=True)
    np.save(home / "v.npy", np.random.default_rng(1).normal(size=(40, 256)))
    settings = Settings(home=home, recordings=tmp_path / "exports")
    assert SiteInspector(settings, load_site(ARCADE)).search(home / "dagster").findings


def test_what_is_past_its_retention_is_found_a_day_after_the_purge_should_have_come(
    finished: House,
) -> None:
    """Files that are written late are kept for their retention from then on, here a day."""
    now = dt.datetime.now(dt.UTC)
    look = partial(retention, finished.lake, Recordings(finished.settings.recordings))
    assert look(now).passed
    assert look(now + dt.timedelta(hours=47)).passed
    late = look(now + dt.timedelta(hours=49))
    overdue = {one.file.split("/")[1] for one in late.findings}
    assert {"detections", "tracks"} <= overdue
    assert "gate_events" not in overdue
    assert late.files == 16


def test_the_last_proof_stands_in_the_report(house: House) -> None:
    for day, at in ((2, 10), (3, 9)):
        proof = replace(CLEAN, check="non_interference", scope=f"day {day}")
        when = dt.datetime(2026, 3, 20, at, tzinfo=dt.UTC)
        house.records.keep_proof(dt.date(2026, 3, day), entry(proof, when))
    house.privacy_day()
    told = [one["scope"] for one in house.last().content["checks"] if one["check"] == proof.check]
    assert told == ["day 2"]
    assert audit(house.settings, house.plan.site, None).passed


@pytest.mark.parametrize(
    "place",
    [
        "records/site=arcade/000002-2026-03-14.json",
        "records/site=arcade/note.txt",
        "records/site=other/000001-2026-03-14.json",
        "searches/site=arcade/2026-03-15.json",
        "proofs/site=arcade/2026-03-15.json",
        "pages/site=arcade/2026-03-15.html",
        "crop.bin",
        "crops/site=arcade/1.json",
    ],
)
def test_what_is_none_of_the_reports_files_is_found_among_them(tmp_path: Path, place: str) -> None:
    settings, site = Settings(home=tmp_path), load_site(ARCADE)
    store, now = records(settings, site), dt.datetime.now(dt.UTC)
    checked = entry(CLEAN, now)
    store.keep_search(DAY, checked)
    told = {"written_at": now, "version": "0.1.0", "checks": [checked]}
    record = store.append(DAY, told)
    store.write_page(DAY, render(site.on(DAY), record, [record]))
    assert audit(settings, site, None).passed
    stranger = settings.privacy / place
    stranger.parent.mkdir(parents=True, exist_ok=True)
    stranger.write_bytes(b'{"embedding": [0.25]}')
    (found,) = audit(settings, site, None).findings
    assert found.file.startswith(("privacy/", "pages/"))


CLEAN = Evidence("search", "everything right of the wall", 143, 48_211_003, 0, 4.2)
SEEN = Finding("lake/gate_events/date=2026-03-14", "column 4, rows 1-512", "vector", 0.93)
MISSED = Finding("warehouse/core.duckdb", "the whole file", "could not be read", 1.0)
MANY = tuple(Evidence("contract", f"dataset_{n} of cam_a", 1, 9_000, 1440, 0.01) for n in range(40))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages of a record that passed and of one that did not, as the store keeps them."""
    site_day = load_site(ARCADE).on(DAY)
    written = {}
    for name, evidence in (
        ("clean", [CLEAN, *MANY]),
        ("leaking", [replace(CLEAN, findings=(SEEN,) * 3, unread=(MISSED,)), *MANY]),
    ):
        store = RecordStore(tmp_path_factory.mktemp(name), "arcade")
        now = dt.datetime(2026, 3, 15, 7, tzinfo=dt.UTC)
        told = {
            "written_at": now,
            "version": "0.1.0",
            "checks": [entry(one, now) for one in evidence],
        }
        for _ in range(2):
            record = store.append(DAY, told)
        page = render(site_day, record, store.of_day(DAY))
        written[name] = Path(store.write_page(DAY, page))
    return written


@pytest.fixture(scope="module")
def browser(pages: dict[str, Path]) -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.mark.browser
@pytest.mark.parametrize("name", ["clean", "leaking"])
@pytest.mark.parametrize(
    "width", [pytest.param(1440, id="at a desk"), pytest.param(390, id="on a telephone")]
)
def test_the_page_is_read_without_scripts_requests_or_scrolling_sideways(
    browser: Browser, pages: dict[str, Path], name: str, width: int
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=False
    )
    traffic = Traffic.of(context)
    page = context.new_page()
    page.goto(pages[name].as_uri())
    assert page.locator("main > section").count() >= 4
    for section in page.locator("main > section, h1, footer").all():
        box = section.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
    verdict = page.get_by_role("heading", level=2).first.text_content()
    assert (
        verdict
        == {
            "clean": "All 41 checks passed",
            "leaking": "1 of 41 checks did not pass",
        }[name]
    )
    assert traffic.errors == []
    assert traffic.requests == [pages[name].as_uri()]
    context.close()


@pytest.mark.browser
def test_a_screen_reader_is_told_every_part_by_name(
    browser: Browser, pages: dict[str, Path]
) -> None:
    page = browser.new_page()
    page.goto(pages["leaking"].as_uri())
    for name in ("1 of 41 checks did not pass", "What did not pass", "Every check"):
        assert page.get_by_role("region", name=name, exact=True).count() == 1, name
    page.locator("summary").click()
    table = page.get_by_role("table", name="Checks of contract")
    assert table.get_by_role("columnheader").all_text_contents()[:2] == [
        "What it looked at",
        "Result",
    ]
    assert table.get_by_role("rowheader").count() == 40
    levels = page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(one => +one.tagName[1])")
    assert all(below <= above + 1 for above, below in pairwise(levels))
    page.close()


def test_findings_are_told_by_file_place_kind_and_confidence(pages: dict[str, Path]) -> None:
    page = pages["leaking"].read_text()
    for told in (SEEN.file, SEEN.place, SEEN.kind, "93 %", MISSED.file):
        assert told in page
