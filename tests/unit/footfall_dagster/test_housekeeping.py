"""Which runs Dagster forgets, and which it must not."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from footfall_dagster.housekeeping import forget
from footfall_dagster.instance import open_instance
from footfall_dagster.settings import Settings
from vision.site.retention import Retention

RETENTION = Retention(failed_runs_days=90, marts_years=2)
NOTES = dg.AssetKey("notes")


@dg.op
def makes(context: dg.OpExecutionContext) -> None:
    context.log_event(dg.AssetMaterialization(NOTES, partition="one"))


@dg.op
def fails() -> None:
    raise ValueError


@dg.job
def failing() -> None:
    fails()


@dg.job
def making_and_failing() -> None:
    makes()
    fails()


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    with open_instance(Settings(home=tmp_path)) as opened:
        yield opened


def in_days(days: int) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(days=days)


def test_a_failed_run_that_made_something_goes_with_what_it_made(
    instance: dg.DagsterInstance,
) -> None:
    for job in (failing, making_and_failing):
        job.execute_in_process(instance=instance, raise_on_error=False)
    assert forget(instance, RETENTION, in_days(89)).runs == 0
    assert forget(instance, RETENTION, in_days(91)).runs == 1
    assert [run.job_name for run in instance.get_runs()] == ["making_and_failing"]
    # Else the partition would be missing in Dagster while it lies in the lake.
    assert instance.event_log_storage.get_materialized_partitions(NOTES) == {"one"}
    assert forget(instance, RETENTION, in_days(91)).runs == 0
    assert forget(instance, RETENTION, in_days(732)).runs == 1
    assert instance.event_log_storage.get_materialized_partitions(NOTES) == set()
