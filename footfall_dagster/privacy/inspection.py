"""Carrying the checks of the privacy wall out: which there are, and where each looks.

Belongs here: the list of checks that a privacy report collects, and what the search looks at. Does
not belong here: any check, what a record says of it (`assets.privacy_record`).
"""

import datetime as dt
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from footfall_dagster.lake import PENDING, CameraDay, Lake, NotMaterialised, Purged
from footfall_dagster.listing import listed
from footfall_dagster.privacy.findings import Evidence, Finding
from footfall_dagster.privacy.noninterference import proof_folder
from footfall_dagster.privacy.objecting import Objecting
from footfall_dagster.privacy.objections_obeyed import obeyed
from footfall_dagster.privacy.purge import Partition, overdue
from footfall_dagster.privacy.purge_recordings import overdue_recordings
from footfall_dagster.privacy.record_store import RecordStore
from footfall_dagster.privacy.retention import due_at
from footfall_dagster.privacy.wall import PART, Refused
from footfall_dagster.settings import Settings
from footfall_dagster.store import StorePath
from vision.contract_check import violations
from vision.contract_terms import Contract
from vision.contracts import lake_of
from vision.exports.folder import Recordings
from vision.site.models import Site

_SEARCHED = (
    "all below the home, the store and DAGSTER_HOME but recordings, models, what lies left of the "
    "wall"
)
_GRACE = dt.timedelta(days=1)
"""For the purge, which leaves a partition alone while a run may need it."""


@dataclass(frozen=True)
class SiteInspector:
    """Carries out the checks of one site; see `assets.inspection.Inspector`."""

    settings: Settings
    site: Site

    def search(self, instance: Path) -> Evidence:
        """Look through all that lies right of the wall, knowing no contract.

        That is all below the home and the folder of the Dagster instance, whether anybody knows it
        or not, but what lies left of the wall (recordings, detections, tracks, what is pending) and
        the models, which are numbers and hold nobody.
        """
        return carried_out("search", _SEARCHED, partial(self._search, instance))

    def _search(self, instance: Path) -> Evidence:
        from footfall_dagster.privacy.search import search

        self._records.chain.tidy()
        lake, recordings = self.settings.lake, self.settings.recordings
        roots = searched(self.settings, instance)
        personal = [one.name for one in lake_of(self.site).values() if one.personal]
        left_out = [*(lake / name for name in (*personal, PENDING)), self.settings.models]
        # While a proof goes on, it has detections and tracks of its own; what it leaves is looked
        # at.
        if not proof_folder.is_left_over(self.settings.home):
            left_out.append(proof_folder.folder(self.settings.home))
        # Where a root lies within the recordings, leaving them out would leave out the root.
        if isinstance(recordings, Path) and not any(
            root.resolve().is_relative_to(recordings.resolve())
            for root in roots.values()
            if isinstance(root, Path)
        ):
            left_out.append(recordings)
        found = search(
            {name: root for name, root in roots.items() if root.is_dir()}, leave_out=left_out
        )
        return replace(found, scope=_SEARCHED)

    def checks(
        self, day: dt.date, instance: Path, noted: Sequence[tuple[int, str]]
    ) -> Iterator[Evidence]:
        """Every check but the search, one after the other."""
        lake = Lake(self.settings.lake, self.site)
        for camera in sorted(self.site.on(day).cameras):
            for contract in lake_of(self.site).values():
                camera_day = CameraDay(day, camera)
                scope = f"{contract.name} of {camera}"
                yield carried_out("contract", scope, partial(stored, lake, contract, camera_day))
                if not contract.personal:
                    yield carried_out("wall", scope, partial(walled, lake, contract, camera_day))
        yield carried_out(
            "closed_list", "everything right of the wall", partial(self._audit, instance)
        )
        recordings = self.settings.exports
        yield carried_out(
            "retention", "every partition", partial(retention, lake, recordings, _now())
        )
        yield carried_out(
            "objections",
            "what was objected to",
            partial(obeyed, Objecting(self.settings, self.site), _now()),
        )
        yield carried_out("chain", "every record", partial(chain, self._records, noted))

    def _audit(self, instance: Path) -> Evidence:
        from footfall_dagster.privacy.closed_list import audit

        return audit(self.settings, self.site, instance)

    @property
    def _records(self) -> RecordStore:
        return RecordStore(self.settings.privacy, self.site.id)


def searched(settings: Settings, instance: Path) -> dict[str, StorePath]:
    """Where anything of a site may lie, by the names under which findings tell of it."""
    roots: dict[str, StorePath] = {"home": settings.home}
    if not instance.resolve().is_relative_to(settings.home.resolve()):
        roots["dagster"] = instance
    if settings.is_apart:
        roots["store"] = settings.kept
    return roots


def carried_out(check: str, scope: str, look: Callable[[], Evidence]) -> Evidence:
    """Evidence of a check, also where it broke: the others are still to be told of."""
    began = time.monotonic()
    try:
        return look()
    except Exception as failure:
        last = traceback.extract_tb(failure.__traceback__)[-1]
        why = f"failed with {type(failure).__name__}"
        # Of the exception's own words nobody knows what they quote.
        where = f"{Path(last.filename).stem}, line {last.lineno}"
        broken = Finding("the check itself", where, why, 1.0)
        return Evidence(check, scope, 0, 0, 0, time.monotonic() - began, unread=(broken,))


def stored(lake: Lake, contract: Contract, camera_day: CameraDay) -> Evidence:
    """Hold the rows of a partition against its contract."""
    began = time.monotonic()
    scope = f"{contract.name} of {camera_day.camera}"
    file = _shown(contract, camera_day)
    found: list[Finding] = []
    files = size = rows = 0
    try:
        frame, receipt = lake.read_with_receipt(contract, camera_day)
        files, size, rows = 1, receipt.bytes, receipt.rows
        found = [
            Finding(file, f"column {broken.column}" if broken.column else "columns", "rule", 1.0)
            for broken in violations(frame, contract, lake.bounds(camera_day))
        ]
    except Purged:
        scope += ", which was deleted by age"
    except NotMaterialised:
        scope += ", which is not there"
    except Refused:
        # The wall's own words are for whoever reads the partition; here it counts that it refuses.
        found = [Finding(file, "the partition", "refused by the wall", 1.0)]
    spent = time.monotonic() - began
    return Evidence("contract", scope, files, size, rows, spent, findings=tuple(found))


def walled(lake: Lake, contract: Contract, camera_day: CameraDay) -> Evidence:
    """Look what lies in the folder of a partition besides what was admitted."""
    began = time.monotonic()
    folder = lake.folder(contract.name, camera_day)
    beside = lake.strangers(contract, camera_day) if folder.is_dir() else []
    present = [entry for entry in listed(folder) if entry.is_file]
    return Evidence(
        check="wall",
        scope=f"{contract.name} of {camera_day.camera}",
        files=len(present),
        bytes=sum(entry.size for entry in present),
        rows=0,
        seconds=time.monotonic() - began,
        findings=tuple(
            Finding(_shown(contract, camera_day), f"beside it: {one}", "stranger", 1.0)
            for one in beside
        ),
    )


def retention(lake: Lake, recordings: Recordings, now: dt.datetime) -> Evidence:
    """Look for what is past its retention and still there, a day after it should have gone."""
    began = time.monotonic()
    late = [
        (_shown(one.contract, one.camera_day), "the partition")
        for one in overdue(lake, now)
        if _is_late(lake, one, now)
    ]
    late += [
        (f"recordings/date={one.day}/camera={one.camera}", "what was recorded")
        for one in overdue_recordings(lake, recordings, now - _GRACE)
    ]
    return Evidence(
        check="retention",
        scope=f"the age of every partition{_and_recordings(lake.site)}, beside "
        f"{lake.ledger.number} receipts of deletions",
        files=sum(len(lake.stored_days(name)) for name in lake_of(lake.site)),
        bytes=0,
        rows=0,
        seconds=time.monotonic() - began,
        findings=tuple(Finding(file, what, "past its retention", 1.0) for file, what in late),
    )


def _and_recordings(site: Site) -> str:
    ours = site.file.privacy.retention.recordings_rule is not None
    return " and of the recordings" if ours else ""


def _is_late(lake: Lake, partition: Partition, now: dt.datetime) -> bool:
    """Whether a purge had its time; a file from the future has none."""
    part = lake.folder(partition.contract.name, partition.camera_day) / PART
    written = dt.datetime.fromtimestamp(part.stat().st_mtime, dt.UTC)
    due = due_at(lake.site, partition.rule, partition.camera_day.day, written)
    return written > now or due + _GRACE <= now


def _shown(contract: Contract, camera_day: CameraDay) -> str:
    return f"lake/{contract.name}/date={camera_day.day}/camera={camera_day.camera}"


def chain(records: RecordStore, noted: Sequence[tuple[int, str]]) -> Evidence:
    """Look through the records that are there, held against what Dagster noted of them."""
    began = time.monotonic()
    verdict = records.chain.verify(noted)
    return Evidence(
        check="chain",
        scope="every earlier record against the one after it, the last against Dagster's event log",
        files=verdict.records,
        bytes=verdict.bytes,
        rows=0,
        seconds=time.monotonic() - began,
        findings=tuple(
            Finding(f"privacy/records/{one.number:06}", one.why, "broken chain", 1.0)
            for one in verdict.breaks
        ),
    )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
