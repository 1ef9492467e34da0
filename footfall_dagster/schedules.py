"""When jobs run by themselves: camera-days after a trading day, then marts, then privacy report.

Belongs here: schedules. Does not belong here: what runs (`footfall_dagster.jobs`), reactions to
files that arrive (`footfall_dagster.sensors`).
"""

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import dagster as dg

from assets.plan import SitePlan
from footfall_dagster.fair_use import Work, awaited
from footfall_dagster.jobs import CAMERA_DAY, PRIVACY_DAY, SITE_DAY, SITE_WEEK
from vision.site.models import SiteFile

_MONDAY = dt.date(2024, 1, 1)
_AFTER_MARTS_MINUTES = 60
"""Marts of a day take minutes; where they take longer, the next day's search sees them."""


def build(plan: SitePlan) -> list[dg.ScheduleDefinition]:
    """One schedule per job; all run unless they are switched off in the UI."""
    return [_camera_days(plan), _site_days(plan), _privacy_days(plan), _site_weeks(plan)]


def _camera_days(plan: SitePlan) -> dg.ScheduleDefinition:
    minutes = plan.site.file.settling_minutes

    @dg.schedule(
        name="camera_days_after_trading",
        job_name=CAMERA_DAY,
        cron_schedule=_cron(plan.site.file, minutes),
        execution_timezone=plan.site.file.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Every camera of the trading day that ended {minutes} minutes ago.",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        day = ended_day(plan.site.file, context.scheduled_execution_time, minutes)
        if not plan.site.file.trades_on(day):
            yield dg.SkipReason(f"{day} is outside the days on which the site file has it open")
            return
        for camera in sorted(plan.site.on(day).cameras):
            key = dg.MultiPartitionKey({"date": day.isoformat(), "camera": camera})
            yield dg.RunRequest(run_key=key, partition_key=key, tags=awaited(Work.VISION))

    return schedule


def _site_days(plan: SitePlan) -> dg.ScheduleDefinition:
    minutes = plan.site.file.marts_minutes
    return _once_a_day(
        plan,
        "site_day_after_cameras",
        SITE_DAY,
        minutes,
        f"Marts and report of the trading day that ended {minutes} minutes ago.",
    )


def _privacy_days(plan: SitePlan) -> dg.ScheduleDefinition:
    minutes = plan.site.file.marts_minutes + _AFTER_MARTS_MINUTES
    return _once_a_day(
        plan,
        "privacy_day_after_marts",
        PRIVACY_DAY,
        minutes,
        f"Search and privacy report of the trading day that ended {minutes} minutes ago, whether "
        "or not its marts could be made.",
    )


def _site_weeks(plan: SitePlan) -> dg.ScheduleDefinition:
    minutes = plan.site.file.marts_minutes + _AFTER_MARTS_MINUTES

    @dg.schedule(
        name="site_week_after_marts",
        job_name=SITE_WEEK,
        cron_schedule=_cron(plan.site.file, minutes, weekday=_MONDAY),
        execution_timezone=plan.site.file.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Report of the trading week that ended {minutes} minutes ago.",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        sunday = ended_day(plan.site.file, context.scheduled_execution_time, minutes)
        days = [sunday - dt.timedelta(days=number) for number in range(7)]
        if not any(plan.site.file.trades_on(day) for day in days):
            return dg.SkipReason(f"the site file has the site open on no day up to {sunday}")
        monday = min(days).isoformat()
        return dg.RunRequest(run_key=monday, partition_key=monday, tags=awaited(Work.MARTS))

    return schedule


def _once_a_day(
    plan: SitePlan, name: str, job: str, minutes: int, description: str
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=name,
        job_name=job,
        cron_schedule=_cron(plan.site.file, minutes),
        execution_timezone=plan.site.file.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=description,
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        day = ended_day(plan.site.file, context.scheduled_execution_time, minutes)
        if not plan.site.file.trades_on(day):
            return dg.SkipReason(f"{day} is outside the days on which the site file has it open")
        key = day.isoformat()
        return dg.RunRequest(run_key=key, partition_key=key, tags=awaited(Work.MARTS))

    return schedule


def _cron(file: SiteFile, minutes: int, weekday: dt.date | None = None) -> str:
    """Every day, or in every week on one, so many minutes after a trading day has ended."""
    start = dt.datetime.combine(weekday or dt.date.min, file.trading_day_start)
    at = start + dt.timedelta(minutes=minutes)
    return f"{at.minute} {at.hour} * * {'*' if weekday is None else at.isoweekday() % 7}"


def ended_day(file: SiteFile, fires_at: dt.datetime, minutes: int) -> dt.date:
    """The trading day whose end lies `minutes` before `fires_at`, by the clock on the wall.

    Wall time makes this hold on days of 23 and 25 hours, since the schedule fires by it as well.
    """
    start = dt.timedelta(
        hours=file.trading_day_start.hour, minutes=file.trading_day_start.minute + minutes
    )
    local = fires_at.astimezone(ZoneInfo(file.time_zone))
    return (local.replace(tzinfo=None) - start).date() - dt.timedelta(days=1)
