"""Objections as Dagster carries them out: the job, its schedule, the sensor that follows.

Belongs here: when the job runs, what Dagster is told, which runs follow. Does not belong here:
carrying a batch out (`footfall_dagster.privacy.objecting`), options and words of the command line
(`footfall_dagster.cli.objections`).
"""

import datetime as dt
from dataclasses import dataclass

import dagster as dg
from dagster import RunsFilter

from assets.plan import SitePlan
from footfall_dagster.arrivals import UNFINISHED
from footfall_dagster.fair_use import Work, awaited, tags
from footfall_dagster.forgetting import held_by_runs
from footfall_dagster.jobs import SITE_DAY
from footfall_dagster.locks import LockTimeoutError
from footfall_dagster.mart_tables import WarehouseError
from footfall_dagster.privacy.objecting import InUse, Objecting
from footfall_dagster.privacy.objection_list import ObjectionList, ObjectionsUnreadable
from footfall_dagster.privacy.wall import Refused
from footfall_dagster.runs import QUIET, process_tags
from footfall_dagster.settings import Settings

JOB = "objections"
_MADE_FOR = "footfall/made_for_objections"
"""Tag of runs that make a day again: the day, and a word for the batch."""
_TRY_AGAIN = dt.timedelta(hours=1)
"""After a run that failed, and whose retries failed too; other days go on meanwhile."""
_AT_NIGHT = range(2, 6)
"""Hours by the site's clock; several, as one is skipped in spring and a try may fail."""
_CANNOT = (InUse, ObjectionsUnreadable, Refused, WarehouseError, LockTimeoutError)
"""Why a batch waits for the next try; each says what to do."""


@dataclass(frozen=True, slots=True)
class Objected:
    """What the code location has for objections."""

    job: dg.JobDefinition
    schedule: dg.ScheduleDefinition
    days_to_make: dg.SensorDefinition


def build(settings: Settings, plan: SitePlan) -> Objected:
    """The job that carries objections of a site out, its schedule, and the sensor that follows."""
    objecting = Objecting(settings, plan.site)

    @dg.op(name="take_back_what_was_seen")
    def take_back(context: dg.OpExecutionContext) -> None:
        now = dt.datetime.now(dt.UTC)
        try:
            for line in objecting.carry_out(now, held_by_runs(plan.site.id, context.instance, now)):
                context.log.info(line)
        except _CANNOT as why:
            # Those that wait are not lost, and a batch that was begun is obeyed from then on.
            raise dg.Failure(description=str(why), allow_retries=False) from None

    @dg.job(
        name=JOB,
        tags=tags(plan.site.id, Work.UPKEEP, settings),
        description="Carries out the objections that wait: takes what was seen at their places out "
        "of the lake and the exact marts, and withdraws their days from what is published.",
    )
    def job() -> None:
        take_back()

    return Objected(job, _schedule(objecting, job), _days_to_make(objecting, plan.first_day))


def run(
    settings: Settings, plan: SitePlan, instance: dg.DagsterInstance
) -> tuple[dg.ExecuteInProcessResult, list[str]]:
    """Run the job in this process; return how it went and what it logged."""
    result = build(settings, plan).job.execute_in_process(
        instance=instance,
        tags=process_tags(),
        run_config=QUIET,
        raise_on_error=False,
    )
    logged = instance.all_logs(result.run_id)
    return result, [one.user_message for one in logged if one.dagster_event is None]


def _schedule(objecting: Objecting, job: dg.JobDefinition) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="objections_every_night",
        job=job,
        cron_schedule="40 * * * *",
        execution_timezone=objecting.site.file.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every night on which a batch of objections is due, and every hour in which "
        "one was begun and not finished.",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        now = context.scheduled_execution_time
        # At night, so that nobody is remembered who stood at the desk an hour before.
        is_night = now.astimezone(objecting.site.zone_info).hour in _AT_NIGHT
        if objecting.lake.objection_list.read().begun or (is_night and objecting.is_due(now)):
            return dg.RunRequest(tags=awaited(Work.UPKEEP))
        return dg.SkipReason("no batch of objections is due")

    return schedule


def _days_to_make(objecting: Objecting, first_day: dt.date) -> dg.SensorDefinition:
    @dg.sensor(
        name="site_day_after_objections",
        job_name=SITE_DAY,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Makes marts and report again of days from which objections took something, "
        "one after another, the earliest first.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        listed, now = objecting.lake.objection_list, dt.datetime.now(dt.UTC)
        return next_to_make(listed, context.instance, now, first_day)

    return sensor


def next_to_make(
    listed: ObjectionList,
    instance: dg.DagsterInstance,
    now: dt.datetime,
    first_day: dt.date = dt.date.min,
) -> dg.RunRequest | dg.SkipReason:
    """The run that makes the earliest day again which is not made yet, unless one is under way.

    A day is made once such a run has succeeded. One of which a run failed is tried again after an
    hour, and does not keep the others waiting. One that has become older than `first_day`
    meanwhile cannot be made any more: what was taken from its marts stays away.
    """
    waits = False
    for day, batch in listed.read().to_make:
        if day < first_day:
            listed.made(day, batch)
            continue
        made_for = f"{day} {batch}"
        runs = instance.get_run_records(RunsFilter(tags={_MADE_FOR: made_for}))
        if any(one.dagster_run.status in UNFINISHED for one in runs):
            return dg.SkipReason(f"{day} is being made again")
        if any(one.dagster_run.is_success for one in runs):
            listed.made(day, batch)
        elif runs and now < runs[0].update_timestamp + _TRY_AGAIN:
            waits = True
        else:
            # The run that failed is in the key, as Dagster launches no key twice.
            after = f" after {runs[0].dagster_run.run_id}" if runs else ""
            return dg.RunRequest(
                run_key=f"{made_for}{after}",
                partition_key=day.isoformat(),
                tags={_MADE_FOR: made_for, **awaited(Work.MARTS)},
            )
    return dg.SkipReason(
        "days could not be made again; the next try is an hour after the last"
        if waits
        else "no day is to be made again for an objection"
    )
