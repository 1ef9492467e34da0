"""Deleting what is past its retention from the lake, with a receipt for each partition.

Belongs here: partitions of camera-days, and what dead writers left in the lake and the vault. Does
not belong here: when something is past its retention (`retention`), recordings
(`purge_recordings`), marts and reports (`purge_figures`), Dagster's storage
(`footfall_dagster.housekeeping`).

A partition is judged and deleted under the lock that its writers and readers take, so nobody reads
half of it and nothing that was just written is taken for the old file. Its folder stays, since the
lock is on it. First the receipt is written, then the file goes: a purge killed in between is done
again by the next one, and until then the partition is there as it was.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from footfall_dagster.lake import PENDING, CameraDay, Lake
from footfall_dagster.locks import LockTimeoutError, locked
from footfall_dagster.privacy import wall
from footfall_dagster.privacy.ledger import PurgeReceipt, stamp
from footfall_dagster.privacy.partition_folder import PartitionFolder
from footfall_dagster.privacy.retention import is_due, processed_at
from footfall_dagster.store import StorePath, digest, entries, make_folder, matching, told_of
from vision.contract_terms import Contract
from vision.contracts import LAKE, ZONE_DEMOGRAPHICS_DAILY
from vision.site.retention import Rule

Held = Callable[[CameraDay], bool]
"""Whether a run in progress may still need what is stored of a camera-day."""

_EVERY = {**LAKE, ZONE_DEMOGRAPHICS_DAILY.name: ZONE_DEMOGRAPHICS_DAILY}
"""Also what the site may have stored before it switched something off: that ages as well."""
_PATIENCE_S = 10.0
_PENDING = re.compile(
    r"(?P<dataset>[a-z0-9_]+)-(?P<site>[a-z0-9_]+)-(?P<day>\d{4}-\d\d-\d\d)-(?P<camera>[a-z0-9_]+)"
    r"\.[0-9a-f]{32}\.(parquet|json)"
)


def nobody(_camera_day: CameraDay) -> bool:
    """No run is in progress."""
    return False


@dataclass(frozen=True, slots=True)
class Partition:
    """A stored partition that is past its retention."""

    contract: Contract
    camera_day: CameraDay
    rule: Rule


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """What is past its retention and was not deleted, and why."""

    dataset: str
    camera_day: CameraDay
    why: str

    def __str__(self) -> str:
        """In a line that a person can act on."""
        return f"{self.dataset} of {self.camera_day}, past their retention: {self.why}"


@contextmanager
def only_purge(lake: Lake) -> Iterator[None]:
    """Hold the lock that keeps a second purge out.

    Raises:
        LockTimeoutError: Another purge is at work.
    """
    make_folder(lake.ledger.root)
    with locked(lake.ledger.root, timeout_s=_PATIENCE_S):
        yield


def overdue(lake: Lake, now: dt.datetime, held: Held = nobody) -> Iterator[Partition]:
    """Partitions of the lake that are past their retention and that no run may need."""
    retention = lake.site.file.privacy.retention
    for contract in _EVERY.values():
        rule = retention.rule(contract.kept)
        for camera_day in lake.stored_days(contract.name):
            if _is_due(lake, contract, camera_day, rule, now) and not held(camera_day):
                yield Partition(contract, camera_day, rule)


def forget_partitions(
    lake: Lake, now: dt.datetime, held: Held = nobody
) -> Iterator[PurgeReceipt | LeftAlone]:
    """Delete every partition that is past its retention; yield the receipts.

    One that is being written or read for longer than some seconds, or cannot be deleted, is left to
    the next purge and keeps none of the others.
    """
    for partition in list(overdue(lake, now, held)):
        name, camera_day = partition.contract.name, partition.camera_day
        try:
            outcome = _forget(lake, partition, now)
        except LockTimeoutError:
            yield LeftAlone(name, camera_day, "in use by a run; the next purge tries again")
        except OSError as error:
            why = f"cannot be deleted ({type(error).__name__}); look who owns the lake's folders"
            yield LeftAlone(name, camera_day, why)
        else:
            if outcome is not None:
                yield outcome


def finish(lake: Lake) -> int:
    """Tidy up after a purge that was killed half way; return how many files were removed.

    Admission receipts go that are without their file, and the purge's own receipt of a file that is
    still there: it was not deleted, and by now somebody may need it.
    """
    removed = 0
    for noted, told in list(lake.ledger.untold()):
        contract = _EVERY.get(told.dataset)
        if contract is None:
            continue
        camera, _, day = told.partition.rpartition("|")
        folder = lake.folder(contract.name, CameraDay(dt.date.fromisoformat(day), camera))
        # Somebody may have deleted the folder by hand.
        if not folder.is_dir():
            continue
        with suppress(LockTimeoutError), locked(folder, timeout_s=_PATIENCE_S):
            part = folder / wall.PART
            if not part.exists():
                removed += _remove_receipts(folder)
            elif part.is_file() and digest(part) == told.sha256:
                lake.ledger.retract(noted)
                removed += 1
    return removed


def sweep_pending(lake: Lake) -> int:
    """Delete what dead writers left before the wall; return how many files.

    Whoever holds the lock of a partition is its only writer: nobody's is what is pending of it.
    """
    swept = 0
    for path in entries(lake.root / PENDING):
        folder = _folder_of_pending(lake, path)
        if folder is None:
            continue
        make_folder(folder)
        try:
            with locked(folder, timeout_s=_PATIENCE_S):
                path.unlink(missing_ok=True)
        except LockTimeoutError:
            continue
        swept += 1
    return swept


def is_of_nobody(lake: Lake, path: StorePath) -> bool:
    """Whether no living writer stands behind a pending file."""
    folder = _folder_of_pending(lake, path)
    if folder is None or not folder.is_dir():
        return True
    try:
        with locked(folder, timeout_s=0):
            return path.exists()
    except LockTimeoutError:
        return False


def _folder_of_pending(lake: Lake, path: StorePath) -> StorePath | None:
    """The partition for which a file is pending; None where no writer of ours named it so."""
    name = _PENDING.fullmatch(path.name)
    if name is None or name["site"] != lake.site.id or name["dataset"] not in _EVERY:
        return None
    try:
        day = dt.date.fromisoformat(name["day"])
    except ValueError:
        return None
    return lake.folder(name["dataset"], CameraDay(day, name["camera"]))


def _is_due(
    lake: Lake, contract: Contract, camera_day: CameraDay, rule: Rule, now: dt.datetime
) -> bool:
    if rule.after(processed_at(lake.site, camera_day.day)) > now:
        # So it is with nearly all that is stored, and no file need be looked at.
        return False
    part = lake.folder(contract.name, camera_day) / wall.PART
    try:
        written = dt.datetime.fromtimestamp(told_of(part).st_mtime, dt.UTC)
    except FileNotFoundError:
        return False
    return is_due(lake.site, rule, camera_day.day, written, now)


def forget_at_once(
    lake: Lake, contract: Contract, camera_day: CameraDay, rule: str, now: dt.datetime
) -> PurgeReceipt | None:
    """Delete a partition whatever its age; None where there is none.

    Args:
        lake: The lake.
        contract: Of the dataset.
        camera_day: Which partition of it.
        rule: As the receipt is to tell it.
        now: When.

    Raises:
        LockTimeoutError: It is in use.
        OSError: It cannot be deleted.
    """
    folder = lake.folder(contract.name, camera_day)
    if not (folder / wall.PART).exists():
        return None
    with locked(folder, timeout_s=_PATIENCE_S):
        return _delete(lake, contract, camera_day, rule, now)


def _forget(lake: Lake, partition: Partition, now: dt.datetime) -> PurgeReceipt | None:
    contract, camera_day = partition.contract, partition.camera_day
    with locked(lake.folder(contract.name, camera_day), timeout_s=_PATIENCE_S):
        # It may have been written anew since it was listed.
        if not _is_due(lake, contract, camera_day, partition.rule, now):
            return None
        return _delete(lake, contract, camera_day, partition.rule.name, now)


def _delete(
    lake: Lake, contract: Contract, camera_day: CameraDay, rule: str, now: dt.datetime
) -> PurgeReceipt:
    """Delete what lies there; the caller holds its lock."""
    folder = lake.folder(contract.name, camera_day)
    part = folder / wall.PART
    sha256 = digest(part)
    size = part.stat().st_size
    admitted = PartitionFolder(folder, contract, str(camera_day)).receipt_named(sha256, size)
    receipt = PurgeReceipt(
        dataset=contract.name,
        partition=str(camera_day),
        sha256=sha256,
        bytes=size,
        rows=admitted.rows if admitted else 0,
        purged_at=stamp(now),
        rule=rule,
    )
    with lake.ledger.of(receipt):
        part.unlink()
    _remove_receipts(folder)
    return receipt


def _remove_receipts(folder: StorePath) -> int:
    receipts = matching(folder, f"*{wall.RECEIPT_SUFFIX}")
    for receipt in receipts:
        receipt.unlink(missing_ok=True)
    return len(receipts)
