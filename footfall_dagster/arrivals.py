"""Files that arrive: which camera-days to run for them, and which only to report.

Belongs here: what one look at the recordings leads to, and what is remembered until the next.
Does not belong here: Dagster's sensor around it (`footfall_dagster.sensors`), comparing files with
what was made (`footfall_dagster.deliveries`), days that have not ended yet: those are the
schedule's (`footfall_dagster.schedules`).

A camera-day is run when its files differ from its catalogue, have been the same for the site's
settling time on two looks, and no run of it is queued or in progress. What is remembered is only
what is being waited for: forgetting it costs the settling time once more, and nothing is run twice,
since Dagster knows runs by a key of the files found and the catalogue that they differ from.
"""

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, field, replace

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

from assets import recordings as observed
from assets.plan import SitePlan
from footfall_dagster import late_files
from footfall_dagster.deliveries import Delivery, deliveries, difference, written_at
from footfall_dagster.fair_use import Work, awaited, is_of
from footfall_dagster.jobs import CAMERA_DAY
from footfall_dagster.lake import Lake
from vision.exports.folder import Recordings
from vision.exports.sidecar import SidecarError
from vision.site.models import Site

UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]
_SWEEP_EVERY_S = 3600
"""Old days are not run, so they need not be looked at as often."""
_CLOCKS_APART = dt.timedelta(minutes=10)
"""By which a store's clock may differ from ours before a late file goes unnoticed."""
_MOST_WORDS = 10


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A camera-day whose files differ from what was made of it.

    Attributes:
        files: Their fingerprint.
        since: When they were first seen so, seconds since the epoch.
        told: Whether Dagster has been told that they differ.
        asked: Whether a run has been requested for them.
    """

    files: str
    since: int
    told: bool = False
    asked: bool = False


@dataclass(frozen=True)
class Memory:
    """What is remembered from one look to the next; small, whatever there is to look at.

    Attributes:
        waiting: By camera-day, in Dagster's spelling; only days of the late window.
        swept: When old days were looked at last, seconds since the epoch.
    """

    waiting: dict[str, _Waiting] = field(default_factory=dict)
    swept: int = 0

    def __str__(self) -> str:
        waiting = {
            key: {"files": one.files, "since": one.since, "told": one.told, "asked": one.asked}
            for key, one in sorted(self.waiting.items())
        }
        return json.dumps({"swept": self.swept, "waiting": waiting})

    @classmethod
    def of(cls, cursor: str | None) -> "Memory":
        """What `cursor` says; nothing where it is lost or somebody else's."""
        try:
            told = json.loads(cursor or "{}")
            waiting = {key: _Waiting(**one) for key, one in told.get("waiting", {}).items()}
            return cls(waiting, int(told.get("swept", 0)))
        except (ValueError, TypeError, AttributeError):
            return cls()


@dataclass(frozen=True)
class Arrivals:
    """Looks at the recordings of one site."""

    plan: SitePlan
    recordings: Recordings
    lake: Lake

    def look(
        self, instance: dg.DagsterInstance, cursor: str | None, now: dt.datetime
    ) -> dg.SensorResult:
        """What is to be run and to be told, and what to remember; reads and changes nothing else.

        Raises:
            FileNotFoundError: The folder or bucket of recordings is absent.
            vision.exports.places.Unreachable: The store does not answer.
        """
        before, look = Memory.of(cursor), _Look(self, instance, now)
        days = late_window(self.plan.site, now)
        sweeps = now.timestamp() - before.swept >= _SWEEP_EVERY_S
        wanted = None if sweeps else days
        for delivery in deliveries(self.recordings, self.plan.site, wanted, look.at_fault):
            if delivery.camera_day.day in days:
                look.at(delivery, before.waiting.get(str(delivery.camera_day)))
            elif self._is_past(delivery.camera_day.day, now):
                look.back_at(delivery)
        swept = int(now.timestamp()) if sweeps else before.swept
        return look.result(Memory(look.waiting, swept))

    def _is_past(self, day: dt.date, now: dt.datetime) -> bool:
        file = self.plan.site.file
        return self.plan.site.day_window(day)[1] + dt.timedelta(hours=file.late_hours) <= now


class _Look:
    """One look: what it has found so far."""

    def __init__(self, arrivals: Arrivals, instance: dg.DagsterInstance, now: dt.datetime) -> None:
        self._arrivals = arrivals
        self._instance = instance
        self._now = now
        # Asked before anything is compared: a run that ends in between has made what it made.
        unfinished = instance.get_runs(RunsFilter(statuses=UNFINISHED))
        site = arrivals.plan.site.id
        self._busy = {run.tags.get("dagster/partition") for run in unfinished if is_of(site, run)}
        self.waiting: dict[str, _Waiting] = {}
        self._requests: list[dg.RunRequest] = []
        self._told: list[dg.AssetObservation] = []
        self._late: dict[str, str] = {}
        self._words: list[str] = []

    def at(self, delivery: Delivery, before: _Waiting | None) -> None:
        """Look at a camera-day of the late window."""
        key = str(delivery.camera_day)
        found = difference(self._arrivals.lake, delivery)
        if found is None or not found.new:
            return
        if before is None or before.files != delivery.fingerprint:
            before = _Waiting(delivery.fingerprint, int(self._now.timestamp()))
        if self._is_settled(delivery, before.since):
            before = self._tell(delivery, before)
            if not before.asked and not found.gone and key not in self._busy:
                self._requests.append(_request(delivery, found.made))
                before = replace(before, asked=True)
            elif not before.asked:
                verb = "is" if found.gone == 1 else "are"
                why = f"{found.gone} of its files {verb} gone" if found.gone else "a run goes on"
                self._words.append(f"{key} waits: {why}")
        else:
            self._words.append(f"{key} waits: its files have not settled")
        self.waiting[key] = before

    def back_at(self, delivery: Delivery) -> None:
        """Look at a camera-day that is older than the late window: it is told of and not run."""
        written = written_at(self._arrivals.lake, delivery.camera_day)
        newest = delivery.newest(self._now)
        if written is None or newest is None or newest < written - _CLOCKS_APART:
            return
        if not self._has_aged(delivery):
            return
        found = difference(self._arrivals.lake, delivery)
        plan, key = self._arrivals.plan, str(delivery.camera_day)
        if found is None or not found.new:
            return
        if observed.is_told_late(self._instance, plan, key, delivery.exports):
            return
        self._late[key] = delivery.fingerprint

    def at_fault(self, camera: str, fault: SidecarError) -> None:
        """Say why a camera is passed over."""
        self._words.append(f"{camera} waits for its sidecar: {fault}")

    def result(self, memory: Memory) -> dg.SensorResult:
        """What Dagster is to do."""
        requests = list(self._requests)
        if self._late:
            requests.append(
                dg.RunRequest(
                    run_key=_key("late", *(f"{key} {files}" for key, files in self._late.items())),
                    job_name=late_files.JOB,
                    run_config=late_files.config(list(self._late)),
                    tags=awaited(Work.UPKEEP),
                )
            )
        said = "; ".join(self._words[:_MOST_WORDS]) or "every file is known"
        return dg.SensorResult(
            run_requests=requests,
            asset_events=self._told,
            cursor=str(memory),
            skip_reason=None if requests else dg.SkipReason(said),
        )

    def _tell(self, delivery: Delivery, waiting: _Waiting) -> _Waiting:
        """Let Dagster show that the camera-day is out of date."""
        if not waiting.told:
            plan, key = self._arrivals.plan, str(delivery.camera_day)
            self._told.append(observed.observation(plan, key, delivery.exports))
        return replace(waiting, told=True)

    def _is_settled(self, delivery: Delivery, since: int) -> bool:
        """Whether the files are the same as at a look some time ago, and none is younger."""
        return self._now.timestamp() - since >= self._settle_s and self._has_aged(delivery)

    def _has_aged(self, delivery: Delivery) -> bool:
        newest = delivery.newest(self._now)
        return newest is None or (self._now - newest).total_seconds() >= self._settle_s

    @property
    def _settle_s(self) -> int:
        return self._arrivals.plan.site.file.settle_seconds


def late_window(site: Site, now: dt.datetime) -> list[dt.date]:
    """Trading days whose files are run when they come late, the oldest first.

    Days that have ended and whose recorders have had the time that the site gives them; what comes
    before that is the schedule's.
    """
    settling = dt.timedelta(minutes=site.file.settling_minutes)
    late = dt.timedelta(hours=site.file.late_hours)
    today = now.astimezone(site.zone_info).date()
    days = (today - dt.timedelta(days=back) for back in range(late.days + 3))
    ends = ((day, site.day_window(day)[1]) for day in days if site.file.trades_on(day))
    return sorted(day for day, end in ends if end + settling <= now < end + late)


def _request(delivery: Delivery, made: str | None) -> dg.RunRequest:
    """A run of a camera-day; one for the same files beside the same catalogue."""
    one = delivery.camera_day
    return dg.RunRequest(
        run_key=_key(str(one), delivery.fingerprint, str(made)),
        job_name=CAMERA_DAY,
        partition_key=dg.MultiPartitionKey({"date": one.day.isoformat(), "camera": one.camera}),
        tags=awaited(Work.VISION),
    )


def _key(name: str, *of: str) -> str:
    """A key by which Dagster knows a run that it was asked for before."""
    digest = hashlib.sha256("\n".join(of).encode()).digest()
    return f"{name}:{int.from_bytes(digest[:7])}"
