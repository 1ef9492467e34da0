"""Dagster's storage in PostgreSQL, as deploy/dagster.yaml has it: gated, and forgetting."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml

from footfall_dagster import housekeeping
from footfall_dagster.doctor import services
from footfall_dagster.instance import open_instance
from footfall_dagster.runs import QUIET
from footfall_dagster.settings import Settings
from tests.cluster.postgres import Postgres
from tests.integration.test_dagster_storage_gate import (
    LEAKS,
    NEEDLES,
    RESOURCES,
    assert_refused,
    in_metadata,
)
from tests.unit.small_mall import site

REPOSITORY = Path(__file__).resolve().parent.parent.parent
_STORAGES = {"event_log_storage", "run_storage", "schedule_storage"}
_OWN = {"concurrency", "run_coordinator", "run_retries", *_STORAGES}
MARKER = "somebody was seen at the fountain"


@pytest.fixture
def home(tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text((REPOSITORY / "deploy" / "dagster.yaml").read_text())
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", postgres.address)
    # Sites come and go: what Dagster stores hangs on none of them.
    monkeypatch.delenv("FOOTFALL_CATALOG")
    return tmp_path


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with open_instance(Settings(home=home)) as opened:
        yield opened


def stored(postgres: Postgres) -> str:
    """Every row of every table, as text."""
    asked = (f'SELECT t::text FROM "{table}" AS t' for table in postgres.tables())
    return "\n".join(row for question in asked for (row,) in postgres.ask(question))


def pages(postgres: Postgres) -> bytes:
    """What lies in the files of all tables, whether or not it is of a row."""
    postgres.ask("CHECKPOINT")
    return b"".join(
        path.read_bytes() for path in (postgres.folder / "base").rglob("*") if path.is_file()
    )


def materialised(
    instance: dg.DagsterInstance, assets: list[dg.AssetsDefinition]
) -> dg.ExecuteInProcessResult:
    """How a run of the assets ended; a page of log lines would hide the tables of the faults."""
    return dg.materialize(
        assets, instance=instance, resources=RESOURCES, run_config=QUIET, raise_on_error=False
    )


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak[-1].node_def.name)
def test_nothing_of_a_leak_is_stored_and_the_run_ends_as_it_would(
    leak: list[dg.AssetsDefinition], home: Path, instance: dg.DagsterInstance, postgres: Postgres
) -> None:
    result = materialised(instance, leak)
    assert result.success == ("exception" not in leak[0].key.path[-1])
    told = stored(postgres)
    assert result.run_id in told
    assert [needle for needle in NEEDLES if needle in told] == []
    assert not list(home.rglob("*.db"))


def test_what_may_stand_is_there_and_the_rest_is_refused(instance: dg.DagsterInstance) -> None:
    materialised(instance, [in_metadata])
    event = instance.get_latest_materialization_event(in_metadata.key)
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["rows"].value == 12
    assert_refused(instance)


def test_what_runs_logged_is_forgotten_to_the_last_page(
    instance: dg.DagsterInstance, postgres: Postgres
) -> None:
    @dg.asset
    def talks(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        context.log.info(MARKER)
        return dg.MaterializeResult(metadata={"rows": 7})

    materialised(instance, [talks])
    assert MARKER in stored(postgres)
    assert MARKER.encode() in pages(postgres)
    retention, now = site().file.privacy.retention, dt.datetime.now(dt.UTC)
    assert housekeeping.forget(instance, retention, now).outputs == 0
    assert MARKER in stored(postgres)
    forgotten = housekeeping.forget(instance, retention, now + dt.timedelta(days=60))
    assert forgotten.outputs > 0
    assert forgotten.in_use == ()
    assert MARKER not in stored(postgres)
    assert MARKER.encode() not in pages(postgres)
    event = instance.get_latest_materialization_event(talks.key)
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["rows"].value == 7


def test_runs_that_made_nothing_are_forgotten(
    instance: dg.DagsterInstance, postgres: Postgres
) -> None:
    @dg.asset
    def fails() -> None:
        raise ValueError(MARKER)

    run_id = materialised(instance, [fails]).run_id
    assert MARKER in stored(postgres)
    retention, now = site().file.privacy.retention, dt.datetime.now(dt.UTC)
    housekeeping.forget(instance, retention, now + dt.timedelta(days=400))
    assert not instance.has_run(run_id)
    assert MARKER not in stored(postgres)
    assert MARKER.encode() not in pages(postgres)


def test_all_but_storages_numbers_of_runs_and_retries_is_as_on_one_machine() -> None:
    ours, theirs = (
        yaml.safe_load((REPOSITORY / path).read_text())
        for path in ("deploy/dagster.yaml", "dagster.yaml")
    )
    assert {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)} == (
        _OWN
    )
    # The queue is the same, and waits for what may be away.
    del ours["run_coordinator"]["config"]
    assert ours["run_coordinator"] == theirs["run_coordinator"]


def test_the_doctor_opens_it(home: Path, instance: dg.DagsterInstance) -> None:
    del instance
    found = services.dagster(Settings(home=home))
    assert found.verdict == "well"
    assert "runs" in found.what


@pytest.mark.parametrize("address", ["", "postgresql://footfall@127.0.0.1:1/dagster"])
def test_the_doctor_says_where_the_address_comes_from(
    address: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", address)
    found = services.dagster(Settings(home=home))
    assert found.verdict == "broken"
    assert "DAGSTER_POSTGRES_URL" in found.remedy
    assert "footfall@" not in found.what + found.remedy
