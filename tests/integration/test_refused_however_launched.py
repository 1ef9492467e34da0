"""A camera-day that failed its privacy check, and what is made from it, however launched.

One camera is clean, the other tried to store a vector in its tracks and in its gate events. What
comes after must fail where it asks for that camera alone, and count it as not observed, with the
reason, where it asks for all of them.
"""

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from playwright.sync_api import Browser

from assets.marts.contracts import MARTS
from assets.marts.core import cameras_of_day
from assets.marts.inputs import RowsByCamera
from assets.marts.of_gates import GATE_COUNTS_15MIN
from assets.plan import SitePlan
from footfall_dagster.definitions import build_definitions
from footfall_dagster.instance import open_instance
from footfall_dagster.jobs import SITE_DAY
from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.privacy import closed_list_dagster
from footfall_dagster.privacy.look import Look
from footfall_dagster.privacy.wall import Refused
from footfall_dagster.resources import warehouse
from footfall_dagster.runs import QUIET
from footfall_dagster.schedules import build as build_schedules
from footfall_dagster.sensors import missing_cameras
from footfall_dagster.settings import Settings
from tests.integration.browser import chromium
from tests.integration.test_ui import SHOWS_WITHIN_MS, launch, of_asset
from tests.integration.webserver import RUNS_WITHIN_S, Server, serving
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, LAKE, TRACKS, ZONE_VISITS
from vision.contracts_ingest import COVERAGE
from vision.site.load import load_site

SITE = Settings.model_fields["site"].default
PLAN = SitePlan(load_site(SITE))
DAY = dt.date(2026, 3, 14)
NOON = dt.datetime(2026, 3, 14, 12, tzinfo=dt.UTC)
FAILED, CLEAN = "cam_entrance", "cam_shops"
GATES = {FAILED: "entrance", CLEAN: "books_door"}
PEOPLE = 12
ANONYMOUS = (ANONYMISED_TRAJECTORIES.name, GATE_EVENTS.name, ZONE_VISITS.name)


def of(camera: str) -> dg.MultiPartitionKey:
    return dg.MultiPartitionKey({"date": DAY.isoformat(), "camera": camera})


def crossings(camera: str) -> pl.DataFrame:
    rows = [(GATES[camera], NOON + dt.timedelta(seconds=n), "in", "track") for n in range(PEOPLE)]
    return pl.DataFrame(rows, schema=GATE_EVENTS.schema, orient="row")


def minutes() -> pl.DataFrame:
    start, end = PLAN.site.day_window(DAY)
    every = pl.datetime_range(start, end, "1m", closed="left", time_zone="UTC", eager=True)
    return (
        pl.DataFrame({"minute": every})
        .select("minute", recorded_s=60.0, readable_s=60.0, reason=pl.lit(None, pl.String))
        .cast(dict(COVERAGE.schema))  # type: ignore[arg-type]
    )


def lay_out(home: Path) -> None:
    """Both cameras delivered; then one tried to store what must not be stored."""
    lake = Lake(home / "lake", PLAN.site)
    for camera in (FAILED, CLEAN):
        day = CameraDay(DAY, camera)
        frames = {COVERAGE.name: minutes(), GATE_EVENTS.name: crossings(camera)}
        for contract in LAKE.values():
            lake.write(contract, day, frames.get(contract.name, contract.empty()))
    vector = pl.Series("vector", [[0.5] * 128])
    for contract in (TRACKS, GATE_EVENTS):
        leak = contract.empty().clear(1).with_columns(vector)
        with pytest.raises(Refused):
            lake.write(contract, CameraDay(DAY, FAILED), leak)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    lay_out(tmp_path)
    return tmp_path


@pytest.fixture
def settings(home: Path) -> Settings:
    (home / "recordings").mkdir()
    return Settings(site=SITE, home=home, recordings=home / "recordings", weights=home / "none.pt")


@pytest.fixture
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        made.add_dynamic_partitions(PLAN.cameras.name or "", missing_cameras(PLAN, made))
        yield made


def counted(settings: Settings) -> dict[str, tuple[int | None, str | None]]:
    """Of each gate that somebody owns here: entries of the day, and why there are none."""
    rows = warehouse(settings).read_day(MARTS[GATE_COUNTS_15MIN.name], PLAN.site.id, DAY)
    by_gate = (
        rows.filter(pl.col("gate").is_in(GATES.values()))
        .group_by("gate")
        .agg(
            pl.when(pl.col("entries").is_not_null().any()).then(pl.col("entries").sum()),
            pl.col("not_observed").first(),
        )
    )
    return {gate: (entries, why) for gate, entries, why in by_gate.iter_rows()}


ONLY_THE_CLEAN_ONE = {GATES[FAILED]: (None, "privacy_failed"), GATES[CLEAN]: (PEOPLE, None)}


def run_site_day(settings: Settings, instance: dg.DagsterInstance, partition: str) -> None:
    job = build_definitions(settings).resolve_job_def(SITE_DAY)
    assert job.execute_in_process(
        instance=instance, partition_key=partition, run_config=QUIET
    ).success


def environment(home: Path) -> dict[str, str]:
    return {
        "FOOTFALL_HOME": str(home),
        "FOOTFALL_SITE": str(SITE),
        "FOOTFALL_RECORDINGS": str(home / "recordings"),
        "DAGSTER_HOME": str(home / "dagster"),
    }


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A program of this environment on the home, as a person types it."""
    program = Path(sys.executable).with_name(arguments[0])
    return subprocess.run(
        [program, *arguments[1:]],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment(home),
    )


def test_by_a_plain_read_through_the_io_manager(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    definitions = build_definitions(settings)
    for name in (TRACKS.name, GATE_EVENTS.name):
        with pytest.raises(dg.Failure, match="last write"):
            definitions.load_asset_value(
                PLAN.key(name), instance=instance, partition_key=of(FAILED)
            )
    read: pl.DataFrame = definitions.load_asset_value(  # type: ignore[assignment]
        PLAN.key(GATE_EVENTS.name), instance=instance, partition_key=of(CLEAN)
    )
    assert read.equals(crossings(CLEAN))


def test_by_dagsters_command_line(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(settings.home).items():
        monkeypatch.setenv(name, value)
    with open_instance(settings) as instance:
        instance.add_dynamic_partitions(PLAN.cameras.name or "", missing_cameras(PLAN, instance))
    module = ("-m", "footfall_dagster.code_location")
    anonymous = " or ".join(f'key:"{PLAN.site.id}/{name}"' for name in ANONYMOUS)
    materialize = ("dagster", "asset", "materialize", *module, "--select")
    failed = command(settings.home, *materialize, anonymous, "--partition", str(of(FAILED)))
    assert failed.returncode != 0
    assert "last write" in failed.stdout + failed.stderr
    mart = f'key:"{PLAN.site.id}/{GATE_COUNTS_15MIN.name}"'
    made = command(settings.home, *materialize, mart, "--partition", DAY.isoformat())
    assert made.returncode == 0, made.stderr[-3000:]
    assert counted(settings) == ONLY_THE_CLEAN_ONE


@pytest.mark.long
def test_by_footfall_run_which_makes_the_camera_day_again(settings: Settings) -> None:
    # A clean run of the camera-day takes a refusal back, but not what lies beside its partition.
    beside = Lake(settings.lake, PLAN.site).folder(GATE_EVENTS.name, CameraDay(DAY, FAILED))
    (beside / "0001.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    done = command(settings.home, "footfall", "run", str(SITE), "--day", DAY.isoformat())
    assert done.returncode == 1, done.stdout[-3000:]
    # With nothing recorded, the other camera would have seen less: what was made of it stands.
    assert counted(settings) == ONLY_THE_CLEAN_ONE


def test_by_a_schedule(settings: Settings, instance: dg.DagsterInstance) -> None:
    (schedule,) = (one for one in build_schedules(PLAN) if one.job_name == SITE_DAY)
    after = PLAN.site.day_window(DAY)[1] + dt.timedelta(minutes=PLAN.site.file.marts_minutes)
    context = dg.build_schedule_context(
        instance=instance,
        scheduled_execution_time=after,
        repository_def=build_definitions(settings).get_repository_def(),
    )
    (request,) = schedule.evaluate_tick(context).run_requests or ()
    assert request.partition_key == DAY.isoformat()
    run_site_day(settings, instance, request.partition_key)
    assert counted(settings) == ONLY_THE_CLEAN_ONE


def test_by_a_sensor(settings: Settings, instance: dg.DagsterInstance) -> None:
    @dg.sensor(job_name=SITE_DAY)
    def somebodys_own() -> dg.RunRequest:
        return dg.RunRequest(partition_key=DAY.isoformat())

    context = dg.build_sensor_context(
        instance=instance, repository_def=build_definitions(settings).get_repository_def()
    )
    (request,) = somebodys_own.evaluate_tick(context).run_requests or ()
    run_site_day(settings, instance, request.partition_key or "")
    assert counted(settings) == ONLY_THE_CLEAN_ONE


def test_by_an_automation_condition(settings: Settings, instance: dg.DagsterInstance) -> None:
    arrived: dict[str, int] = {}

    @dg.asset(
        key=PLAN.key("somebodys_own"),
        partitions_def=PLAN.days,
        ins={
            GATE_EVENTS.name: dg.AssetIn(
                PLAN.key(GATE_EVENTS.name), partition_mapping=cameras_of_day()
            )
        },
        automation_condition=dg.AutomationCondition.missing(),
    )
    def somebodys_own(gate_events: RowsByCamera) -> dg.MaterializeResult[None]:
        arrived.update({camera: rows.height for camera, rows in gate_events.items()})
        return dg.MaterializeResult()

    built = build_definitions(settings)
    definitions = dg.Definitions(
        assets=[*(built.assets or ()), somebodys_own],
        resources=built.resources,
        executor=dg.in_process_executor,
    )
    for camera in (FAILED, CLEAN):
        instance.report_runless_asset_event(
            dg.AssetMaterialization(PLAN.key(GATE_EVENTS.name), partition=of(camera))
        )
    asked = dg.evaluate_automation_conditions(
        definitions,
        instance,
        asset_selection=dg.AssetSelection.assets(somebodys_own),
        evaluation_time=PLAN.site.day_window(DAY)[1] + dt.timedelta(hours=1),
    )
    assert DAY.isoformat() in asked.get_requested_partitions(somebodys_own.key)
    assert (
        definitions.resolve_implicit_global_asset_job_def()
        .execute_in_process(
            instance=instance,
            asset_selection=[somebodys_own.key],
            partition_key=DAY.isoformat(),
            run_config=QUIET,
        )
        .success
    )
    assert arrived == {CLEAN: PEOPLE}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    served = tmp_path_factory.mktemp("served")
    lay_out(served)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(served).items():
            patch.setenv(name, value)
        with open_instance(Settings(site=SITE, home=served)) as instance:
            # Else the UI asks whether one is sure.
            instance.report_runless_asset_event(
                dg.AssetMaterialization(PLAN.key(TRACKS.name), partition=of(FAILED))
            )
    with serving(served) as started:
        yield started


def ended(server: Server, partition: str) -> dict[str, Any]:
    """The last run of a partition, when it has ended."""
    found: dict[str, Any] = {}

    def has_ended() -> bool:
        run = server.run_of(partition)
        if run and run["status"] in {"SUCCESS", "FAILURE", "CANCELED"}:
            found.update(run)
        return bool(found)

    server.wait_for(f"through with {partition}", has_ended, RUNS_WITHIN_S)
    return found


@pytest.mark.browser
def test_by_the_launch_button_of_the_ui(browser: Browser, server: Server) -> None:
    page = browser.new_page(base_url=server.url, viewport={"width": 1600, "height": 1000})
    page.set_default_timeout(SHOWS_WITHIN_MS)
    page.goto(of_asset(GATE_EVENTS.name, "partitions"))
    launch(page, FAILED, DAY.isoformat())
    run = ended(server, str(of(FAILED)))
    page.close()
    assert run["status"] == "FAILURE"
    assert "last write" in json.dumps(run)


@pytest.mark.browser
def test_by_a_backfill(server: Server) -> None:
    path = json.dumps(PLAN.key(GATE_COUNTS_15MIN.name).path)
    answered = server.ask(
        "mutation {launchPartitionBackfill(backfillParams: {"
        f'assetSelection: [{{path: {path}}}], partitionNames: ["{DAY}"]'
        "}) {__typename}}"
    )["launchPartitionBackfill"]
    assert answered["__typename"] == "LaunchBackfillSuccess"
    assert ended(server, DAY.isoformat())["status"] == "SUCCESS"
    assert counted(Settings(site=SITE, home=server.log.parent)) == ONLY_THE_CLEAN_ONE


@pytest.mark.browser
def test_all_that_these_runs_left_in_dagsters_storage_is_on_the_closed_list(
    server: Server,
) -> None:
    look = Look()
    closed_list_dagster.instance(look, server.log.parent / "dagster")
    assert look.files > 3
    assert (look.findings, look.unread) == ([], [])
