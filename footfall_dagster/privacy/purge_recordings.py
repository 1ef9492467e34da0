"""Deleting raw exports, on sites that let us.

Belongs here: which files of the recorders are ours to delete, and deleting them. Does not belong
here: whether a site lets us (`vision.site.retention`), what is made from them (`purge`).

What is deleted cannot be had back, so a file goes only if it is, byte for byte, what a camera-day
was made from, up to its events; and all files of a camera-day go together. A file that was never
worked through, has changed since, lies elsewhere behind a link or where we may not delete is left
alone, and said.

In a bucket nothing is deleted by us: a store that keeps versions keeps what was deleted, so only a
rule of the bucket itself can promise that it is gone.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from footfall_dagster.lake import CameraDay, Lake, NotMaterialised, Purged
from footfall_dagster.privacy import wall
from footfall_dagster.privacy.ledger import RECORDINGS, PurgeReceipt, stamp
from footfall_dagster.privacy.purge import Held, LeftAlone, nobody
from footfall_dagster.privacy.retention import is_due
from vision.contracts import GATE_EVENTS
from vision.contracts_ingest import CAMERA_EXPORTS, TIMELINE
from vision.exports.folder import Recordings
from vision.site.retention import Rule


def forget_recordings(
    lake: Lake, recordings: Recordings, now: dt.datetime, held: Held = nobody
) -> Iterator[PurgeReceipt | LeftAlone]:
    """Delete the files of every camera-day that is past the retention of recordings."""
    rule = lake.site.file.privacy.retention.recordings_rule
    if rule is None:
        return
    for camera_day in due_camera_days(lake, rule, now, held):
        try:
            outcome = _forget(lake, recordings, camera_day, rule, now)
        except OSError as error:
            outcome = _left(camera_day, f"a file cannot be read ({type(error).__name__})")
        if outcome is not None:
            yield outcome


def overdue_recordings(lake: Lake, recordings: Recordings, now: dt.datetime) -> Iterator[CameraDay]:
    """Camera-days past the retention of recordings of which a file is still there, or may be."""
    rule = lake.site.file.privacy.retention.recordings_rule
    for camera_day in due_camera_days(lake, rule, now) if rule is not None else ():
        try:
            rows = lake.read(CAMERA_EXPORTS, camera_day)
        except (NotMaterialised, wall.Refused):
            yield camera_day
            continue
        names = [name for name, _ in _of_this_day(lake, rows, camera_day)]
        if any(recordings.has(name) for name in names):
            yield camera_day


def vanished(lake: Lake, camera_day: CameraDay, names: Iterable[str]) -> int:
    """How many files that are on a camera-day's timeline are not among `names`, whyever."""
    before = lake.stored(CAMERA_EXPORTS.name, camera_day.day, camera_day.camera)
    if before is None:
        return 0
    used = before.filter(pl.col("status") == "catalogued")
    return len(set(used["file_name"]) - set(names))


def only_fewer(lake: Lake, camera_day: CameraDay, names: Iterable[str]) -> bool:
    """Whether files that are on a camera-day's timeline are gone and no other has come."""
    before = lake.stored(CAMERA_EXPORTS.name, camera_day.day, camera_day.camera)
    if before is None:
        return False
    here = set(names)
    return here <= set(before["file_name"]) and vanished(lake, camera_day, here) > 0


def due_camera_days(
    lake: Lake, rule: Rule, now: dt.datetime, held: Held = nobody
) -> Iterator[CameraDay]:
    """Camera-days whose recordings are past their retention and have no finished purge."""
    for camera_day in lake.stored_days(CAMERA_EXPORTS.name):
        catalogue = lake.folder(CAMERA_EXPORTS.name, camera_day) / wall.PART
        try:
            written = dt.datetime.fromtimestamp(catalogue.stat().st_mtime, dt.UTC)
        except FileNotFoundError:
            # Somebody has deleted it since it was listed.
            continue
        last = lake.ledger.last(RECORDINGS, str(camera_day))
        done = (
            last is not None
            and last.purged_at >= stamp(written)
            and not lake.ledger.is_begun(RECORDINGS, str(camera_day))
        )
        if (
            not done
            and is_due(lake.site, rule, camera_day.day, written, now)
            and not held(camera_day)
        ):
            yield camera_day


def _forget(
    lake: Lake, recordings: Recordings, camera_day: CameraDay, rule: Rule, now: dt.datetime
) -> PurgeReceipt | LeftAlone | None:
    try:
        rows = lake.read(CAMERA_EXPORTS, camera_day)
    except (NotMaterialised, wall.Refused):
        return _left(camera_day, "their catalogue cannot be read; run the camera-day again")
    if not _worked_through(lake, camera_day):
        return _left(camera_day, "the camera-day was not worked through; run it again")
    there = [
        (name, digest)
        for name, digest in _of_this_day(lake, rows, camera_day)
        if recordings.has(name)
    ]
    if not there:
        return None
    root = Path(recordings.root)
    present = [(root / name, digest) for name, digest in there]
    why = _bucket_keeps(recordings, rule) or _why_not(present, root.resolve())
    if why is not None:
        return _left(camera_day, why)
    receipt = PurgeReceipt(
        dataset=RECORDINGS,
        partition=str(camera_day),
        sha256=hashlib.sha256("\n".join(digest for _, digest in present).encode()).hexdigest(),
        bytes=sum(path.stat().st_size for path, _ in present),
        rows=len(present),
        purged_at=stamp(now),
        rule=rule.name,
    )
    # A purge that is killed between two files finds the others by the catalogue: the search for
    # them ends when Dagster has been told.
    try:
        with lake.ledger.of(receipt):
            for path, _ in present:
                path.unlink()
    except OSError as error:
        return _left(
            camera_day,
            f"a file cannot be deleted ({type(error).__name__}); let us write the folder of "
            "recordings, or take `recordings` out of privacy.retention and see to them yourself",
        )
    return receipt


def _bucket_keeps(recordings: Recordings, rule: Rule) -> str | None:
    """What to do instead where the recordings are in a bucket, or None."""
    if isinstance(recordings.root, Path):
        return None
    return (
        "they lie in a bucket, which may keep versions; give it a lifecycle rule that expires "
        f"objects and their versions after {rule}"
    )


def _why_not(present: Iterable[tuple[Path, str]], root: Path) -> str | None:
    """Why a file below `root` is not ours to delete, or None where all are."""
    for path, digest in present:
        if path.is_symlink() or not path.resolve().is_relative_to(root):
            return "a file lies behind a link; delete it where it lies"
        if _sha256(path) != digest:
            return "a file has changed since; run the camera-day again"
    return None


def _left(camera_day: CameraDay, why: str) -> LeftAlone:
    return LeftAlone(RECORDINGS, camera_day, why)


def _worked_through(lake: Lake, camera_day: CameraDay) -> bool:
    """Whether the events of a camera-day were made from its timeline as it is now."""
    try:
        _, timeline = lake.read_with_receipt(TIMELINE, camera_day)
        return lake.read_with_receipt(GATE_EVENTS, camera_day)[1].source == timeline.sha256
    except Purged:
        return True
    except (NotMaterialised, wall.Refused):
        return False


def _of_this_day(
    lake: Lake, rows: pl.DataFrame, camera_day: CameraDay
) -> Iterator[tuple[str, str]]:
    """Files that only this day needs: one that reaches into the next day is the next day's.

    But where that one was made without it, nobody else will ever delete it.
    """
    ends = lake.site.day_window(camera_day.day)[1]
    last_day = camera_day.day == lake.site.file.closes
    tomorrow = camera_day.day + dt.timedelta(days=1)
    after = None if last_day else lake.stored(CAMERA_EXPORTS.name, tomorrow, camera_day.camera)
    of_tomorrow = None if after is None else set(after["file_name"])
    columns = ("file_name", "sha256", "ended_at", "reason")
    for name, digest, ended_at, reason in rows.select(columns).iter_rows():
        # Under an unsupported name a file was never opened, and what is stored is not its name.
        if reason == "unsupported_name":
            continue
        reaches = not last_day and ended_at is not None and ended_at > ends
        if not reaches or (of_tomorrow is not None and name not in of_tomorrow):
            yield name, digest


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
