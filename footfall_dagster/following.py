"""Site-days that are to be made again, because a camera-day of theirs was.

Belongs here: whether the marts of a day are older than its camera-days. Does not belong here: the
sensors that ask (`footfall_dagster.sensors`).

The first marts of a day are the schedule's. After that, whenever the last run of a day's cameras
has ended, marts that began before one of them ended know nothing of it. Runs are compared, not
events, so it does not matter which of several cameras ends last, or that the last one fails.
"""

import datetime as dt

import dagster as dg
from dagster import DagsterRun, DagsterRunStatus, RunRecord, RunsFilter

from assets.plan import SitePlan
from footfall_dagster.arrivals import UNFINISHED
from footfall_dagster.jobs import CAMERA_DAY, SITE_DAY
from footfall_dagster.runs import PID_TAG

_DATE = "dagster/partition/date"
_DAY = "dagster/partition"
_BACKFILL = "dagster/backfill"


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
    cameras = _runs(instance, CAMERA_DAY, {_DATE: day.isoformat()})
    if any(record.dagster_run.status in UNFINISHED for record in cameras):
        return None
    made = [record for record in cameras if _is_ours_to_follow(record.dagster_run)]
    last = max(made, key=_ended, default=None)
    if last is None:
        return None
    for record in _runs(instance, SITE_DAY, {_DAY: day.isoformat()}):
        waits = record.start_time is None and record.dagster_run.status in UNFINISHED
        if waits or (record.start_time or 0) >= _ended(last):
            return None
    return last.dagster_run


def _is_ours_to_follow(run: DagsterRun) -> bool:
    return run.status is DagsterRunStatus.SUCCESS and not {PID_TAG, _BACKFILL} & set(run.tags)


def _ended(record: RunRecord) -> float:
    return record.end_time or record.update_timestamp.timestamp()


def _runs(instance: dg.DagsterInstance, job: str, tags: dict[str, str]) -> list[RunRecord]:
    return list(instance.get_run_records(RunsFilter(job_name=job, tags=tags)))
