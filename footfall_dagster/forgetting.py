"""The purge as Dagster runs it: a job, its schedule, and what Dagster is told.

Belongs here: putting the purge together for a site, and events about purged partitions. Does not
belong here: deleting (`footfall_dagster.privacy.purge` and its neighbours, `housekeeping`).

A purged partition keeps its history in Dagster, so it is not missing; it gets an observation that
says what was deleted, and its check `retention` passes and says so. A materialisation would have
made everything downstream look out of date.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

from assets.marts.contracts import MARTS
from assets.plan import SitePlan
from assets.reports import day, public, week
from footfall_dagster import housekeeping, resources
from footfall_dagster.checks.retention import purged_result
from footfall_dagster.fair_use import Work, awaited, is_of, tags
from footfall_dagster.lake import PENDING, CameraDay, Lake
from footfall_dagster.locks import LockTimeoutError
from footfall_dagster.mart_tables import WarehouseError
from footfall_dagster.privacy import ledger, purge, vault
from footfall_dagster.privacy.ledger import PurgeReceipt
from footfall_dagster.privacy.noninterference import proof_folder
from footfall_dagster.privacy.objecting import Objecting
from footfall_dagster.privacy.purge_figures import due_days, forget_marts, forget_pages
from footfall_dagster.privacy.purge_recordings import due_camera_days, forget_recordings
from footfall_dagster.report_store import report_stores
from footfall_dagster.runs import QUIET, process_tags
from footfall_dagster.settings import Settings
from vision.contracts import LAKE
from vision.contracts_ingest import CAMERA_EXPORTS
from vision.site.retention import Rule

Event = dg.AssetObservation | dg.AssetCheckEvaluation

JOB = "purge"
_LONGEST_RUN = dt.timedelta(hours=12)
"""As dagster.yaml has it: a run that is older will be ended and holds nothing back."""
_IN_PROGRESS = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
_DAILY_AT_HOUR = 2
_HOURLY_FOR = dt.timedelta(hours=3)
"""Recordings that are not gone by then are tried once a day: what is left alone stays so."""


class Incomplete(Exception):  # noqa: N818 - says what it is
    """Some part of a purge failed, and the others were carried out; the message says which."""


_Part = Callable[[], Iterable[PurgeReceipt | purge.LeftAlone | int | str]]


@dataclass(frozen=True)
class Forgetting:
    """The purge of one site."""

    settings: Settings
    plan: SitePlan

    @cached_property
    def lake(self) -> Lake:
        """The lake of the site."""
        return Lake(self.settings.lake, self.plan.site)

    def is_due(self, now: dt.datetime) -> bool:
        """Whether anything is past its retention, or left over; looks at names and times only."""
        lake, site = self.lake, self.plan.site
        rule = site.file.privacy.retention.recordings_rule
        return (
            any(purge.overdue(lake, now))
            or any(lake.ledger.untold())
            or (rule is not None and self._recordings_are_newly_due(rule, now))
            or any((lake.root / PENDING).glob("*"))
            or proof_folder.is_left_over(self.settings.home)
            or (self.settings.vault.is_dir() and any(self.settings.vault.iterdir()))
            or any(
                due_days(site, store.days(), now)
                for store in report_stores(self.settings, site.id).values()
            )
            or any(Objecting(self.settings, site).seen_again())
        )

    def carry_out(self, held: purge.Held, now: dt.datetime) -> Iterator[str | Event]:
        """Delete what is past its retention; yield lines for a person, and events for Dagster.

        A purge counts as told once the next thing is asked for: whoever takes an event stores it.
        Where a part fails, be it that another program holds the warehouse, nothing else waits.

        Raises:
            Incomplete: At the end, where a part failed.
        """
        lake, receipts, failures, swept = self.lake, list[PurgeReceipt](), list[str](), 0
        with purge.only_purge(lake):
            for name, part in self._parts(held, now):
                try:
                    for one in part():
                        if isinstance(one, PurgeReceipt):
                            receipts.append(one)
                        elif isinstance(one, int):
                            swept += one
                        else:
                            yield str(one)
                except Exception as failure:  # whatever it is: the others are to be forgotten
                    failures.append(_in_words(name, failure))
            for path, receipt in list(lake.ledger.untold()):
                yield from self._events(receipt)
                lake.ledger.told(path)
        for dataset, number in _by_dataset(receipts).items():
            yield f"{dataset}: {number} partitions deleted"
        yield f"{len(receipts)} partitions deleted; {swept} leftovers of dead runs swept"
        if failures:
            raise Incomplete("; ".join(failures))

    def _parts(self, held: purge.Held, now: dt.datetime) -> Iterator[tuple[str, _Part]]:
        """What is deleted, in order: receipts, what was left alone, and numbers of leftovers."""
        lake, settings = self.lake, self.settings
        recordings = settings.exports
        # First, while the catalogue says which files were worked through.
        yield "recordings", lambda: forget_recordings(lake, recordings, now, held)
        yield "the lake", lambda: purge.forget_partitions(lake, now, held)
        objecting = Objecting(settings, self.plan.site)
        yield "what was objected to", lambda: objecting.forget_seen_again(now, held)
        yield "objections of long ago", lambda: _forgotten(objecting.forget_past(now))
        yield "marts", lambda: forget_marts(lake, resources.warehouse(settings), now)
        for dataset, store in report_stores(settings, self.plan.site.id).items():
            yield dataset, partial(forget_pages, lake, store, dataset, now)
        yield "small files of marts", self._tidied
        yield "what is pending", lambda: [purge.sweep_pending(lake)]
        yield "the vault", self._vault
        yield "a proof that was killed", lambda: [proof_folder.swept(settings.home)]
        yield "admission receipts", lambda: [purge.finish(lake)]

    def _tidied(self) -> Iterator[str]:
        resources.warehouse(self.settings).tidy()
        yield from ()

    def _vault(self) -> Iterator[int | str]:
        swept = vault.swept(self.settings.vault)
        yield swept.files
        if swept.findings:
            yield (
                f"{len(swept.findings)} files in the vault {self.settings.vault} are none of ours, "
                "so they are left alone; look at them and delete them"
            )

    def _recordings_are_newly_due(self, rule: Rule, now: dt.datetime) -> bool:
        before = set(due_camera_days(self.lake, rule, now - _HOURLY_FOR))
        return any(one not in before for one in due_camera_days(self.lake, rule, now))

    def clean_instance(self, instance: dg.DagsterInstance, now: dt.datetime) -> Iterator[str]:
        """Delete what Dagster need not keep; yield lines for a person."""
        site = self.plan.site
        gone = housekeeping.forget(instance, site.file.privacy.retention, now, site=site.id)
        yield f"Dagster: {gone.runs} runs deleted, output of {gone.outputs} deleted"
        for name in gone.in_use:
            yield (
                f"{name} is in use by another process, so deleted rows may still lie in it; the "
                "next purge tries again, or stop the webserver and the daemon and purge then"
            )

    def _events(self, receipt: PurgeReceipt) -> Iterator[Event]:
        for name in _assets_of(receipt.dataset):
            key = self.plan.key(name)
            yield dg.AssetObservation(
                asset_key=key,
                partition=receipt.partition,
                description=f"{receipt.dataset} {receipt}",
                metadata={
                    f"{receipt.dataset}_purged": True,
                    "purged_at": receipt.purged_at,
                    "rule": receipt.rule,
                    "rows_purged": receipt.rows,
                    "bytes_purged": receipt.bytes,
                },
            )
            if name == receipt.dataset:
                yield purged_result(key, receipt)


def held_by_runs(site: str, instance: dg.DagsterInstance, now: dt.datetime) -> purge.Held:
    """Whether a run of the site in progress may still need a camera-day, asked anew at each call.

    What a run has written itself is too young to be deleted; this keeps what it found there.
    """
    oldest = (now - _LONGEST_RUN).timestamp()

    def held(camera_day: CameraDay) -> bool:
        partitions = {str(camera_day), camera_day.day.isoformat()}
        return any(
            is_of(site, one.dagster_run)
            and one.dagster_run.tags.get("dagster/partition") in partitions
            # By when it began, as it may have been queued for longer than runs last.
            and (one.start_time or one.update_timestamp.timestamp()) > oldest
            for one in instance.get_run_records(RunsFilter(statuses=_IN_PROGRESS))
        )

    return held


def build(settings: Settings, plan: SitePlan) -> tuple[dg.JobDefinition, dg.ScheduleDefinition]:
    """The job that purges a site, and the schedule on which it does."""
    forgetting = Forgetting(settings, plan)

    @dg.op(name="delete_what_is_past_its_retention", out={})
    def delete(context: dg.OpExecutionContext) -> Iterator[Event]:
        now = dt.datetime.now(dt.UTC)
        incomplete = ""
        try:
            for one in forgetting.carry_out(held_by_runs(plan.site.id, context.instance, now), now):
                if isinstance(one, str):
                    context.log.info(one)
                else:
                    yield one
        except Incomplete as failure:
            incomplete = str(failure)
        for line in forgetting.clean_instance(context.instance, now):
            context.log.info(line)
        if incomplete:
            raise dg.Failure(
                description=f"not all was deleted; the rest was, and the next purge tries again. "
                f"{incomplete}",
                allow_retries=False,
            )

    @dg.job(
        name=JOB,
        tags=tags(plan.site.id, Work.UPKEEP, settings),
        description="Deletes what is past its retention, in the lake, the warehouse, the reports, "
        "Dagster's own storage and, where the site says so, the recordings.",
    )
    def job() -> None:
        delete()

    return job, _schedule(forgetting, job)


def run(
    forgetting: Forgetting, instance: dg.DagsterInstance
) -> tuple[dg.ExecuteInProcessResult, list[str]]:
    """Run the job in this process; return how it went and what it logged."""
    job, _ = build(forgetting.settings, forgetting.plan)
    result = job.execute_in_process(
        instance=instance,
        tags=process_tags(),
        run_config=QUIET,
        raise_on_error=False,
    )
    told = [
        entry.user_message
        for entry in instance.all_logs(result.run_id)
        if entry.dagster_event is None
    ]
    return result, told


def _schedule(forgetting: Forgetting, job: dg.JobDefinition) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="purge_every_hour",
        job=job,
        cron_schedule="17 * * * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every hour in which something is past its retention, and once a day.",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        now = context.scheduled_execution_time
        if now.hour == _DAILY_AT_HOUR or forgetting.is_due(now):
            return dg.RunRequest(tags=awaited(Work.UPKEEP))
        return dg.SkipReason("nothing is past its retention")

    return schedule


def _forgotten(objections: int) -> list[str]:
    return [f"{objections} objections of long ago forgotten"] if objections else []


def _in_words(part: str, failure: Exception) -> str:
    # Our own words name a remedy and no value; of others nobody knows what they quote.
    ours = isinstance(failure, WarehouseError | LockTimeoutError)
    return f"{part}: {failure if ours else type(failure).__name__}"


_TELLING: Mapping[str, tuple[str, ...]] = {
    ledger.RECORDINGS: (CAMERA_EXPORTS.name,),
    ledger.MARTS: tuple(name for mart in MARTS for name in (mart, f"published_{mart}")),
    ledger.REPORTS: (day.NAME,),
    ledger.PUBLIC_REPORTS: (public.NAME,),
    ledger.WEEKLY_REPORTS: (week.NAME,),
    # No asset's: they go with the marts that they are of, which tell of it.
    ledger.DATA_DOCS: (),
}


def _assets_of(dataset: str) -> tuple[str, ...]:
    """Assets whose partition page tells of a purge of `dataset`."""
    return _TELLING.get(dataset, (dataset,))


def _by_dataset(receipts: list[PurgeReceipt]) -> dict[str, int]:
    order = [*LAKE, *sorted(ledger.DATASETS - set(LAKE))]
    counted = {name: sum(one.dataset == name for one in receipts) for name in order}
    return {name: number for name, number in counted.items() if number}
