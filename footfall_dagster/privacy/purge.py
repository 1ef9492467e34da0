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
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from footfall_dagster.lake import PENDING, CameraDay, Lake
from footfall_dagster.locks import LockTimeoutError, locked
from footfall_dagster.privacy import wall
from footfall_dagster.privacy.ledger import PurgeReceipt, stamp
from footfall_dagster.privacy.retention import is_due
from vision.contracts import Contract, lake_of
from vision.site.retention import Rule

Held = Callable[[CameraDay], bool]
"""Whether a run in progress may still need what is stored of a camera-day."""

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


@contextmanager
def only_purge(lake: Lake) -> Iterator[None]:
    """Hold the lock that keeps a second purge out.

    Raises:
        LockTimeoutError: Another purge is at work.
    """
    lake.ledger.root.mkdir(parents=True, exist_ok=True)
    with locked(lake.ledger.root, timeout_s=_PATIENCE_S):
        yield


def overdue(lake: Lake, now: dt.datetime, held: Held = nobody) -> Iterator[Partition]:
    """Partitions of the lake that are past their retention and that no run may need."""
    retention = lake.site.file.privacy.retention
    for contract in lake_of(lake.site).values():
        rule = retention.rule(contract.kept)
        for camera_day in lake.stored_days(contract.name):
            if _is_due(lake, contract, camera_day, rule, now) and not held(camera_day):
                yield Partition(contract, camera_day, rule)


def forget_partitions(lake: Lake, now: dt.datetime, held: Held = nobody) -> Iterator[PurgeReceipt]:
    """Delete every partition that is past its retention; yield the receipts.

    A partition that is being written or read for longer than some seconds is left to the next
    purge.
    """
    for partition in list(overdue(lake, now, held)):
        try:
            receipt = _forget(lake, partition, now)
        except LockTimeoutError:
            continue
        if receipt is not None:
            yield receipt


def finish(lake: Lake) -> None:
    """Remove admission receipts that a purge killed half way left without their file."""
    for _, told in lake.ledger.untold():
        contract = lake_of(lake.site).get(told.dataset)
        if contract is None:
            continue
        camera, _, day = told.partition.rpartition("|")
        folder = lake.folder(contract.name, CameraDay(dt.date.fromisoformat(day), camera))
        # Somebody may have deleted the folder by hand.
        if not folder.is_dir():
            continue
        with suppress(LockTimeoutError), locked(folder, timeout_s=_PATIENCE_S):
            if not (folder / wall.PART).exists():
                _remove_receipts(folder)


def sweep_pending(lake: Lake) -> int:
    """Delete what dead writers left before the wall; return how many files.

    Whoever holds the lock of a partition is its only writer: nobody's is what is pending of it.
    """
    swept = 0
    for path in sorted((lake.root / PENDING).glob("*")):
        name = _PENDING.fullmatch(path.name)
        if name is None or name["site"] != lake.site.id:
            continue
        camera_day = CameraDay(dt.date.fromisoformat(name["day"]), name["camera"])
        folder = lake.folder(name["dataset"], camera_day)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with locked(folder, timeout_s=_PATIENCE_S):
                path.unlink(missing_ok=True)
        except LockTimeoutError:
            continue
        swept += 1
    return swept


def is_of_nobody(lake: Lake, path: Path) -> bool:
    """Whether no living writer stands behind a pending file."""
    name = _PENDING.fullmatch(path.name)
    if name is None or name["site"] != lake.site.id:
        return True
    camera_day = CameraDay(dt.date.fromisoformat(name["day"]), name["camera"])
    folder = lake.folder(name["dataset"], camera_day)
    if not folder.is_dir():
        return True
    try:
        with locked(folder, timeout_s=0):
            return path.exists()
    except LockTimeoutError:
        return False


def _is_due(
    lake: Lake, contract: Contract, camera_day: CameraDay, rule: Rule, now: dt.datetime
) -> bool:
    part = lake.folder(contract.name, camera_day) / wall.PART
    try:
        written = dt.datetime.fromtimestamp(part.lstat().st_mtime, dt.UTC)
    except FileNotFoundError:
        return False
    return is_due(lake.site, rule, camera_day.day, written, now)


def _forget(lake: Lake, partition: Partition, now: dt.datetime) -> PurgeReceipt | None:
    contract, camera_day = partition.contract, partition.camera_day
    folder = lake.folder(contract.name, camera_day)
    with locked(folder, timeout_s=_PATIENCE_S):
        # It may have been written anew since it was listed.
        if not _is_due(lake, contract, camera_day, partition.rule, now):
            return None
        part = folder / wall.PART
        content = part.read_bytes()
        receipt = PurgeReceipt(
            dataset=contract.name,
            partition=str(camera_day),
            sha256=hashlib.sha256(content).hexdigest(),
            bytes=len(content),
            rows=_rows(folder, content, contract, camera_day),
            purged_at=stamp(now),
            rule=partition.rule.name,
        )
        lake.ledger.add(receipt)
        part.unlink()
        _remove_receipts(folder)
    return receipt


def _rows(folder: Path, content: bytes, contract: Contract, camera_day: CameraDay) -> int:
    """Rows by the admission receipt; 0 where none matches."""
    try:
        return wall.receipt_of(folder, content, contract, str(camera_day)).rows
    except wall.Refused:
        return 0


def _remove_receipts(folder: Path) -> None:
    for receipt in folder.glob(f"*{wall.RECEIPT_SUFFIX}"):
        receipt.unlink(missing_ok=True)
