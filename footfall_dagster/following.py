"""Site-days and weeks that are to be made again, because a camera-day or a day of theirs was.

Belongs here: whether the marts of a day are older than its camera-days, and the report of a week
than its marts. Does not belong here: the sensors that ask (`footfall_dagster.sensors`).

The first marts of a day and the first report of a week are the schedule's. After that, whenever the
last run of a day's cameras has ended, marts that began before one of them ended know nothing of it.
Runs are compared, not events, so it does not matter which of several cameras ends last, or that the
last one fails.
"""

import datetime as dt
from collections.abc import Mapping

import dagster as dg
from dagster import DagsterRun, DagsterRunStatus, RunRecord, RunsFilter

from assets.plan import SitePlan
from footfall_dagster.arrivals import UNFINISHED
from footfall_dagster.fair_use import is_of
from footfall_dagster.jobs import CAMERA_DAY, SITE_DAY, SITE_WEEK
from footfall_dagster.runs import PID_TAG

_DATE = "dagster/partition/date"
_DAY = "dagster/partition"
_BACKFILL = "dagster/backfill"
_STANDING = frozenset({*UNFINISHED, DagsterRunStatus.SUCCESS})


def day_of(run: DagsterRun) -> dt.date | None:
    """The trading day of a run of camera-days."""
    day = run.tags.get(_DATE)
    return dt.date.fromisoformat(day) if day else None


def outdated_by(
    instance: dg.DagsterInstance, plan: SitePlan, day: dt.date, now: dt.datetime
) -> DagsterRun | None:
    """The run of a camera-day that the marts of `day` are to be made again for, or None.

    Not while another camera of the day is being worked through, which makes one run of many. Not
    for runs of `footfall run`, or of a backfill: who started those sees to the marts as well.
    """
    marts = dt.timedelta(minutes=plan.site.file.marts_minutes)
    if now < plan.site.day_window(day)[1] + marts:
        return None
    cameras = _runs(instance, plan, CAMERA_DAY, {_DATE: day.isoformat()})
    if any(record.dagster_run.status in UNFINISHED for record in cameras):
        return None
    made = [record for record in cameras if _is_ours_to_follow(record.dagster_run)]
    last = max(made, key=_ended, default=None)
    if last is None:
        return None
    marts_of_day = _runs(instance, plan, SITE_DAY, {_DAY: day.isoformat()})
    return None if any(_knows(one, last) for one in marts_of_day) else last.dagster_run


def weeks_outdated_by(
    instance: dg.DagsterInstance, plan: SitePlan, day: dt.date
) -> list[tuple[dt.date, DagsterRun]]:
    """Mondays of the weeks whose report is older than marts that it shows, and whose run made them.

    A report shows its own week and the one before, so a day is in two. Not while marts of some day
    that it shows are being made, whoever asked for them.
    """
    monday = day - dt.timedelta(days=day.weekday())
    found = []
    for week in (monday, monday + dt.timedelta(days=7)):
        reports = _runs(instance, plan, SITE_WEEK, {_DAY: week.isoformat()})
        shown = [(week + dt.timedelta(days=number)).isoformat() for number in range(-7, 7)]
        marts = _runs(instance, plan, SITE_DAY, {_DAY: shown})
        if not reports or any(one.dagster_run.status in UNFINISHED for one in marts):
            continue
        # One that failed may have failed after its marts.
        last = max(marts, key=_ended, default=None)
        stand = [one for one in reports if one.dagster_run.status in _STANDING]
        if last is not None and not any(_knows(report, last) for report in stand):
            found.append((week, last.dagster_run))
    return found


def _knows(record: RunRecord, earlier: RunRecord) -> bool:
    """Whether a run loads, or loaded, what the other left."""
    waits = record.start_time is None and record.dagster_run.status in UNFINISHED
    return waits or (record.start_time or 0) >= _ended(earlier)


def _is_ours_to_follow(run: DagsterRun) -> bool:
    return run.status is DagsterRunStatus.SUCCESS and not {PID_TAG, _BACKFILL} & set(run.tags)


def _ended(record: RunRecord) -> float:
    return record.end_time or record.update_timestamp.timestamp()


def _runs(
    instance: dg.DagsterInstance,
    plan: SitePlan,
    job: str,
    tags: Mapping[str, str | list[str]],
) -> list[RunRecord]:
    """Runs of a job of the site whose tags have these values, or one of them."""
    found = instance.get_run_records(RunsFilter(job_name=job, tags=dict(tags)))
    return [one for one in found if is_of(plan.site.id, one.dagster_run)]
