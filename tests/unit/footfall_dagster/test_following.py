"""When the marts of a day are made again: after the last of its late cameras, and once."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster import DagsterRun

from assets.plan import SitePlan
from footfall_dagster.fair_use import SITE_TAG
from footfall_dagster.following import day_of, outdated_by, weeks_outdated_by
from footfall_dagster.runs import process_tags
from tests.unit.runs import add_run, end_run, start_run
from tests.unit.small_mall import DAY, site

PLAN = SitePlan(site())
AFTER_MARTS = PLAN.site.day_window(DAY)[1] + dt.timedelta(hours=5)


class Runs:
    """Runs of one trading day, one after the other."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance

    def camera(self, camera: str, ending: str | None = "SUCCESS", **tags: str) -> DagsterRun:
        return self._run(
            "camera_day",
            {"dagster/partition": f"{camera}|{DAY}", "dagster/partition/date": f"{DAY}", **tags},
            ending,
        )

    def marts(self, ending: str | None = "SUCCESS", day: dt.date = DAY) -> DagsterRun:
        return self._run("site_day", {"dagster/partition": f"{day}"}, ending)

    def report(self, monday: dt.date, ending: str | None = "SUCCESS") -> DagsterRun:
        return self._run("site_week", {"dagster/partition": f"{monday}"}, ending)

    def outdated_weeks(self, day: dt.date = DAY) -> list[dt.date]:
        return [monday for monday, _ in weeks_outdated_by(self.instance, PLAN, day)]

    def end(self, run: DagsterRun, ending: str = "SUCCESS") -> None:
        start_run(self.instance, run)
        end_run(self.instance, run, ending)

    def outdated_by(self, now: dt.datetime = AFTER_MARTS) -> str | None:
        run = outdated_by(self.instance, PLAN, DAY, now)
        return run and run.tags["dagster/partition"].partition("|")[0]

    def _run(self, job: str, tags: dict[str, str], ending: str | None) -> DagsterRun:
        return add_run(self.instance, job, tags, ending)


@pytest.fixture
def runs() -> Iterator[Runs]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Runs(instance)


def test_marts_that_began_after_their_cameras_stand(runs: Runs) -> None:
    runs.camera("cam_a")
    runs.camera("cam_b")
    runs.marts()
    assert runs.outdated_by() is None


def test_marts_are_made_again_after_a_late_camera(runs: Runs) -> None:
    runs.camera("cam_a")
    runs.marts()
    runs.camera("cam_a")
    assert runs.outdated_by() == "cam_a"
    runs.marts()
    assert runs.outdated_by() is None


def test_they_wait_for_the_last_of_several_cameras(runs: Runs) -> None:
    runs.marts()
    runs.camera("cam_a")
    last = runs.camera("cam_b", ending=None)
    assert runs.outdated_by() is None
    runs.end(last)
    assert runs.outdated_by() == "cam_b"


def test_they_do_not_wait_for_ever_for_a_camera_that_fails(runs: Runs) -> None:
    runs.marts()
    runs.camera("cam_a")
    last = runs.camera("cam_b", ending=None)
    runs.end(last, "FAILURE")
    assert runs.outdated_by() == "cam_a"


def test_marts_that_are_queued_will_load_what_is_there(runs: Runs) -> None:
    runs.camera("cam_a")
    runs.marts(ending=None)
    assert runs.outdated_by() is None


def test_marts_that_failed_are_not_asked_for_again(runs: Runs) -> None:
    runs.camera("cam_a")
    runs.marts("FAILURE")
    assert runs.outdated_by() is None


def test_the_first_marts_of_a_day_are_the_schedules(runs: Runs) -> None:
    runs.camera("cam_a")
    assert runs.outdated_by(AFTER_MARTS - dt.timedelta(hours=2)) is None
    assert runs.outdated_by() == "cam_a"


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param(process_tags(), id="of `footfall run`"),
        pytest.param({"dagster/backfill": "abcdefgh"}, id="of a backfill"),
    ],
)
def test_runs_are_left_to_whoever_started_them(runs: Runs, tags: dict[str, str]) -> None:
    runs.marts()
    runs.camera("cam_a", **tags)
    assert runs.outdated_by() is None


def test_runs_of_another_site_on_the_same_day_are_its_own(runs: Runs) -> None:
    theirs = {SITE_TAG: "other"}
    runs.marts()
    runs.camera("cam_a", **theirs)
    assert runs.outdated_by() is None
    runs.camera("cam_a", ending=None, **theirs)
    runs.camera("cam_a", **{SITE_TAG: "mall"})
    assert runs.outdated_by() == "cam_a"


def test_the_day_of_a_run_of_camera_days_is_told_by_its_partition() -> None:
    tags = {"dagster/partition": f"cam_a|{DAY}", "dagster/partition/date": f"{DAY}"}
    assert day_of(DagsterRun(job_name="camera_day", tags=tags)) == DAY
    assert day_of(DagsterRun(job_name="camera_day")) is None


MONDAY = DAY - dt.timedelta(days=DAY.weekday())
WEEK = dt.timedelta(days=7)


def test_the_first_report_of_a_week_is_the_schedules(runs: Runs) -> None:
    runs.marts()
    assert runs.outdated_weeks() == []


def test_reports_are_made_again_after_marts_of_one_of_their_days(runs: Runs) -> None:
    """A report shows the week before as well."""
    runs.marts()
    for monday in (MONDAY - WEEK, MONDAY, MONDAY + WEEK):
        runs.report(monday)
    assert runs.outdated_weeks() == []
    runs.marts()
    assert runs.outdated_weeks() == [MONDAY, MONDAY + WEEK]
    runs.report(MONDAY + WEEK)
    assert runs.outdated_weeks() == [MONDAY]
    runs.report(MONDAY, ending=None)
    assert runs.outdated_weeks() == []


def test_reports_wait_for_the_last_of_several_days(runs: Runs) -> None:
    runs.report(MONDAY)
    runs.marts(day=MONDAY)
    last = runs.marts(day=MONDAY + dt.timedelta(days=1), ending=None)
    assert runs.outdated_weeks(MONDAY) == []
    runs.end(last, "FAILURE")
    ((monday, run),) = weeks_outdated_by(runs.instance, PLAN, MONDAY)
    assert (monday, run.run_id) == (MONDAY, last.run_id)


@pytest.mark.parametrize("ending", ["SUCCESS", "FAILURE", "CANCELED"])
def test_marts_may_have_been_made_by_a_run_that_failed_after_them(runs: Runs, ending: str) -> None:
    runs.marts()
    runs.report(MONDAY)
    runs.marts(ending)
    assert runs.outdated_weeks() == [MONDAY]


def test_a_report_that_failed_shows_nothing_new(runs: Runs) -> None:
    runs.report(MONDAY)
    runs.marts()
    runs.report(MONDAY, "FAILURE")
    assert runs.outdated_weeks() == [MONDAY]
