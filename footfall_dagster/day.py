"""One trading day of a site, materialised from the command line as Dagster would.

Belongs here: running the jobs of a day in this process, saying how far they are, and leaving out
what an earlier run already made from the same inputs. Does not belong here: printing
(`footfall_dagster.cli`).
"""

import datetime as dt
import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path

import dagster as dg
from dagster import DagsterRun, DagsterRunStatus, RunsFilter

from assets.marts.inputs import AUDIT_DAYS
from assets.marts.of_gates import GATE_AUDITS, GATE_COUNTS_15MIN
from assets.plan import SitePlan
from footfall_dagster.definitions import build_definitions
from footfall_dagster.fair_use import is_of
from footfall_dagster.following import weeks_outdated_by
from footfall_dagster.io_manager import camera_day
from footfall_dagster.jobs import CAMERA_DAY, PRIVACY_DAY, SITE_DAY, SITE_WEEK
from footfall_dagster.lake import Lake, NotMaterialised, Purged
from footfall_dagster.mart_tables import WarehouseError
from footfall_dagster.notice import SiteNotice
from footfall_dagster.privacy.purge_recordings import only_fewer
from footfall_dagster.privacy.wall import Refused
from footfall_dagster.resources import records, report_store, warehouse
from footfall_dagster.runs import fail_dead_runs, process_tags
from footfall_dagster.sensors import missing_cameras
from footfall_dagster.settings import Settings
from footfall_dagster.weights import at_hand
from vision.contracts import lake_of
from vision.exports.folder import Export, Recordings, fingerprint
from vision.exports.sidecar import SidecarError
from vision.site.models import SiteDay

Say = Callable[[str], None]
_INPUTS_TAG = "footfall/inputs"
_Found = dict[str, list[Export] | None]
"""Files by camera; None where a sidecar cannot be believed, of which the camera's own run fails."""


class DayFailed(Exception):  # noqa: N818 - says what it is
    """A run of the day failed; the message says which step and why."""


@dataclass(frozen=True, slots=True)
class DayRuns:
    """The runs that made a day: run ids by job and partition, and which are from before."""

    run_ids: Mapping[str, str]
    from_before: frozenset[str]


def materialise_day(
    settings: Settings, instance: dg.DagsterInstance, day: dt.date, say: Say
) -> DayRuns:
    """Materialise every camera-day of `day`, then its marts and report, then its privacy report.

    A camera-day that fails is reported by `say` and does not stop the others; the day fails at
    its end. So it does where a privacy check failed, after all figures are there. A partition whose
    last run succeeded on the same recordings, site file, weights and code is left out.

    Raises:
        DayFailed: A run failed, or `day` is no trading day of the site or has not ended yet, or
            the public notice is not what is configured.
    """
    notice = SiteNotice.of(settings.site)
    plan = SitePlan(notice.site, notice)
    _refuse_other_days(plan, day)
    # Before any run begins, and also where every partition stands from before.
    if trouble := notice.trouble():
        raise DayFailed(trouble)
    if missing := missing_cameras(plan, instance):
        instance.add_dynamic_partitions(plan.cameras.name or "", missing)
    fail_dead_runs(instance)
    definitions = build_definitions(settings, loggers={"progress": progress_logger(say)})
    runner = _Runner(plan.site.id, definitions, instance, say)
    lake = Lake(settings.lake, plan.site)
    found = _found(settings.exports, plan.site.on(day))
    inputs = _inputs(settings, plan, found)
    for camera, exports in sorted(found.items()):
        key = dg.MultiPartitionKey({"date": day.isoformat(), "camera": camera})
        names = None if exports is None else [export.name for export in exports]
        fewer = names is not None and only_fewer(lake, camera_day(key), names)
        if fewer and runner.stands(CAMERA_DAY, key):
            continue
        runner.run(CAMERA_DAY, key, inputs[camera], partial(_is_whole, lake, key))
    of_cameras = (inputs[camera] for camera in sorted(inputs))
    everything = _digest([*of_cameras, *_counted_by_eye(settings, plan, day)])
    site_day_is_there = partial(_site_day_is_there, settings, plan, day)
    runner.run(
        SITE_DAY,
        day.isoformat(),
        everything,
        lambda: runner.nothing_is_new() and site_day_is_there(),
    )
    told_of = records(settings, plan.site)
    runner.run(
        PRIVACY_DAY,
        day.isoformat(),
        everything,
        lambda: runner.nothing_is_new() and bool(told_of.of_day(day)),
    )
    if runner.failures:
        raise DayFailed("\n".join(runner.failures))
    return DayRuns(runner.run_ids, frozenset(runner.from_before))


def make_again(settings: Settings, instance: dg.DagsterInstance, day: dt.date, say: Say) -> None:
    """Make marts and report of a day again from what is stored, and reports of weeks that show it.

    Raises:
        DayFailed: A run failed.
    """
    plan = SitePlan(SiteNotice.of(settings.site).site)
    definitions = build_definitions(settings, loggers={"progress": progress_logger(say)})
    runner = _Runner(plan.site.id, definitions, instance, say)
    runner.run(SITE_DAY, day.isoformat(), "", lambda: False)
    for monday, _ in weeks_outdated_by(instance, plan, day):
        runner.run(SITE_WEEK, monday.isoformat(), "", lambda: False)
    if runner.failures:
        raise DayFailed("\n".join(runner.failures))


def _refuse_other_days(plan: SitePlan, day: dt.date) -> None:
    file = plan.site.file
    if not file.trades_on(day):
        until = f" to {file.closes}" if file.closes else ""
        raise DayFailed(
            f"{day} is no trading day of {plan.site.id}, which site.yaml has open from "
            f"{file.opens}{until}"
        )
    if day < plan.first_day:
        raise DayFailed(
            f"{day} stands as it was made: site.yaml has the last {file.recomputed_days} days made "
            f"again (recomputed_days), which is from {plan.first_day} on; raise it for an earlier "
            "day. Its figures can be queried and exported as ever"
        )
    ends = plan.site.day_window(day)[1]
    if ends > dt.datetime.now(dt.UTC):
        raise DayFailed(
            f"trading day {day} ends at {ends.astimezone(plan.site.zone_info):%Y-%m-%d %H:%M}; a "
            "day is materialised whole, so run it after that"
        )


class _Runner:
    def __init__(
        self, site: str, definitions: dg.Definitions, instance: dg.DagsterInstance, say: Say
    ) -> None:
        self._site = site
        self._definitions = definitions
        self._instance = instance
        self._say = say
        self.run_ids: dict[str, str] = {}
        self.from_before: set[str] = set()
        self.failures: list[str] = []

    def nothing_is_new(self) -> bool:
        return self.from_before == set(self.run_ids)

    def stands(self, job: str, partition: str) -> bool:
        """Whether an earlier run made the partition, whose recordings are gone since."""
        made = self._runs(job, partition, statuses=[DagsterRunStatus.SUCCESS])
        if made:
            name = f"{job} {partition}"
            self.run_ids[name] = made[0].run_id
            self.from_before.add(name)
            self._say(f"{name}: its recordings are gone; what was made from them stands as it is")
        return bool(made)

    def run(self, job: str, partition: str, inputs: str, is_there: Callable[[], bool]) -> None:
        before = self._succeeded(job, partition, inputs)
        name = f"{job} {partition}"
        if before is not None and is_there():
            self.run_ids[name] = before
            self.from_before.add(name)
            self._say(f"{name}: already made from these inputs")
            return
        self._say(name)
        result = self._definitions.resolve_job_def(job).execute_in_process(
            instance=self._instance,
            partition_key=partition,
            tags={_INPUTS_TAG: inputs, **process_tags()},
            run_config={"loggers": {"progress": {}}},
            raise_on_error=False,
        )
        self.run_ids[name] = result.run_id
        if not result.success:
            self.failures.extend(why_failed(partition, result))

    def _succeeded(self, job: str, partition: str, inputs: str) -> str | None:
        """The partition's last run, if it succeeded on the same inputs."""
        last = self._runs(job, partition)
        if not last or last[0].status is not DagsterRunStatus.SUCCESS:
            return None
        return last[0].run_id if last[0].tags.get(_INPUTS_TAG) == inputs else None

    def _runs(
        self, job: str, partition: str, statuses: Sequence[DagsterRunStatus] = ()
    ) -> list[DagsterRun]:
        """Runs of a partition of the site, the latest first."""
        wanted = RunsFilter(
            job_name=job, tags={"dagster/partition": partition}, statuses=list(statuses)
        )
        return [run for run in self._instance.get_runs(wanted) if is_of(self._site, run)]


def why_failed(partition: str, result: dg.ExecuteInProcessResult) -> Iterable[str]:
    """What each step that failed says of it, one line a step."""
    failed = result.get_failed_step_keys()
    for event in result.all_events:
        if event.is_step_failure and event.step_key in failed:
            error = event.step_failure_data.user_failure_data
            cause = event.step_failure_data.error
            told = (error.description if error else None) or (
                (cause.cause or cause).message.strip() if cause else "no word of why"
            )
            yield f"{partition}, {event.step_key}: {told}"


def _is_whole(lake: Lake, key: str) -> bool:
    """Whether all of a camera-day is stored, but for what was deleted by age."""
    for contract in lake_of(lake.site).values():
        try:
            lake.read(contract, camera_day(key))
        except Purged:
            continue
        except (Refused, NotMaterialised):
            return False
    return True


def _site_day_is_there(settings: Settings, plan: SitePlan, day: dt.date) -> bool:
    stored = warehouse(settings)
    return (
        report_store(settings, plan.site).page(day).is_file()
        and stored.released.is_there
        and not stored.read_day(GATE_COUNTS_15MIN, plan.site.id, day).is_empty()
    )


def _inputs(settings: Settings, plan: SitePlan, found: _Found) -> dict[str, str]:
    """For each camera a digest of all that its camera-day is made from."""
    shared = [_code(), plan.site.as_recorded.model_dump_json()]
    if any(found.values()):
        shared.append(_stat(at_hand(settings)))
        if plan.site.file.privacy.age_gender is not None:
            models = (settings.face_model, settings.age_gender_model)
            shared += [_stat(model) for model in models if model is not None and model.is_file()]
    return {
        camera: _digest([*shared, "" if exports is None else fingerprint(exports)])
        for camera, exports in found.items()
    }


def _counted_by_eye(settings: Settings, plan: SitePlan, day: dt.date) -> list[str]:
    """What the marts of a day know of counts by eye: its own, and those stored of days before."""
    before = [day - dt.timedelta(days=back) for back in range(1, AUDIT_DAYS)]
    own = [one.model_dump_json() for one in plan.site.on(day).audits]
    try:
        stored = warehouse(settings).read_days([GATE_AUDITS], plan.site.id, before)
    except WarehouseError:
        # The run that makes the marts says so, and what to do.
        return own
    return [*own, *map(str, stored[GATE_AUDITS.name].iter_rows())]


def _found(recordings: Recordings, site_day: SiteDay) -> _Found:
    found: _Found = {}
    for name, camera in site_day.cameras.items():
        try:
            found[name] = recordings.find(site_day, camera)
        except SidecarError:
            found[name] = None
    return found


def _code() -> str:
    """A digest of all that computes: what another version would compute is not there yet."""
    digest = hashlib.sha256()
    for package in ("vision", "assets", "sql", "footfall_dagster"):
        root = Path(str(files(package)))
        for path in sorted(root.rglob("*")):
            if path.suffix in {".py", ".sql", ".j2"}:
                digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _stat(path: Path) -> str:
    stat = path.stat()
    return f"{path.name} {stat.st_size} {stat.st_mtime_ns}"


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def progress_logger(say: Say) -> dg.LoggerDefinition:
    """A Dagster logger that hands what a person wants to know of a run to `say`."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            meta = getattr(record, "dagster_meta", {})
            event = meta.get("dagster_event")
            step = (meta.get("step_key") or "").split("__")[-1]
            if event is None and record.levelno >= logging.INFO:
                say(f"    {meta.get('orig_message', record.getMessage())}")
            elif event is not None and event.is_step_success:
                say(f"  {step} {event.step_success_data.duration_ms / 1000:.1f} s")
            elif event is not None and event.is_step_failure:
                say(f"  {step} failed")

    @dg.logger(config_schema={})
    def progress(_context: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.Logger("footfall", logging.DEBUG)
        logger.addHandler(Handler())
        return logger

    return progress
