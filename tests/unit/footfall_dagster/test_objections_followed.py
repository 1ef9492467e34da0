"""Days that are made again after objections: one after another, until each has succeeded."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from footfall_dagster.objections import next_to_make
from footfall_dagster.privacy.objection_list import ObjectionList
from tests.unit.runs import add_run, end_run, start_run

MONDAY, TUESDAY = dt.date(2026, 3, 9), dt.date(2026, 3, 10)
BATCH = "2026-03-20T02:40:00Z"
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def listed(tmp_path: Path) -> ObjectionList:
    listed = ObjectionList(tmp_path, "mall")
    listed.finish((), {TUESDAY: BATCH, MONDAY: BATCH})
    return listed


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def look(
    listed: ObjectionList, instance: dg.DagsterInstance, after: dt.timedelta = dt.timedelta()
) -> dg.RunRequest | str:
    """What is asked for, or why nothing is, so long after the runs there are."""
    asked = next_to_make(listed, instance, dt.datetime.now(dt.UTC) + after)
    return asked if isinstance(asked, dg.RunRequest) else str(asked.skip_message)


def to_make(listed: ObjectionList) -> list[dt.date]:
    return [day for day, _ in listed.read().to_make]


def test_each_day_waits_for_the_one_before_and_is_done_when_its_run_succeeded(
    listed: ObjectionList, instance: dg.DagsterInstance
) -> None:
    first = look(listed, instance)
    assert isinstance(first, dg.RunRequest)
    assert first.partition_key == "2026-03-09"
    assert look(listed, instance) == first

    run = add_run(instance, "site_day", first.tags, None)
    assert look(listed, instance) == "2026-03-09 is being made again"
    start_run(instance, run)
    assert to_make(listed) == [MONDAY, TUESDAY]
    end_run(instance, run)
    second = look(listed, instance)
    assert isinstance(second, dg.RunRequest)
    assert second.partition_key == "2026-03-10"
    assert to_make(listed) == [TUESDAY]
    add_run(instance, "site_day", second.tags)
    assert look(listed, instance) == "no day is to be made again for an objection"
    assert to_make(listed) == []


@pytest.mark.parametrize("ending", ["FAILURE", "CANCELED"])
def test_a_day_whose_run_failed_is_tried_again_and_keeps_no_other_waiting(
    listed: ObjectionList, instance: dg.DagsterInstance, ending: str
) -> None:
    first = look(listed, instance)
    assert isinstance(first, dg.RunRequest)
    add_run(instance, "site_day", first.tags, ending)
    second = look(listed, instance)
    assert isinstance(second, dg.RunRequest)
    assert second.partition_key == "2026-03-10"
    add_run(instance, "site_day", second.tags)
    assert "could not be made again" in str(look(listed, instance))
    assert to_make(listed) == [MONDAY]

    again = look(listed, instance, 2 * HOUR)
    assert isinstance(again, dg.RunRequest)
    assert again.partition_key == "2026-03-09"
    assert again.run_key != first.run_key
    add_run(instance, "site_day", again.tags)
    assert "no day" in str(look(listed, instance))
    assert to_make(listed) == []


def test_a_day_that_can_be_made_no_more_keeps_no_other_waiting(
    listed: ObjectionList, instance: dg.DagsterInstance
) -> None:
    asked = next_to_make(listed, instance, dt.datetime.now(dt.UTC), TUESDAY)
    assert isinstance(asked, dg.RunRequest)
    assert asked.partition_key == "2026-03-10"
    assert to_make(listed) == [TUESDAY]


def test_marts_that_were_made_for_something_else_do_not_count(
    listed: ObjectionList, instance: dg.DagsterInstance
) -> None:
    add_run(instance, "site_day", {"dagster/partition": "2026-03-09"})
    asked = look(listed, instance)
    assert isinstance(asked, dg.RunRequest)
    assert asked.partition_key == "2026-03-09"
