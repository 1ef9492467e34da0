"""What Dagster's own storage forgets, and when.

Belongs here: deleting old runs, what runs logged and printed, and making sure that nothing of it
stays in SQLite's free pages and write-ahead logs. Does not belong here: retention of data
(`footfall_dagster.privacy.purge`), the numbers (`vision.site.retention`).

A run that made something is the record of what was made from what, however it ended, so its events
stay for as long as the marts do: without them Dagster would show as missing what is there or was
purged, and the seals of privacy reports that failed would be forgotten. Runs that failed or were
cancelled and made nothing go sooner, and so does what any run logged or printed.

SQLite files are shrunk in place, under SQLite's own locks, and not swapped: a webserver that has
the old file open would go on writing to it. With `secure_delete`, VACUUM and a truncated
write-ahead log nothing of a deleted row is left (tests/integration/test_forgetting.py looks for
it byte by byte). A file that another process keeps locked is said and left to the next time.
"""

import datetime as dt
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

from footfall_dagster.fair_use import is_of
from footfall_dagster.privacy.sqlite_pages import NotSqlite, unused
from vision.site.retention import Retention

_BATCH = 500
_ENDED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was deleted from Dagster's storage.

    Attributes:
        runs: Runs, with all their events.
        outputs: Runs whose log lines and printed output were deleted.
        in_use: Database files that another process held, so that deleted rows may still lie in
            them; names below DAGSTER_HOME.
    """

    runs: int
    outputs: int
    in_use: tuple[str, ...]


def forget(
    instance: dg.DagsterInstance,
    retention: Retention,
    now: dt.datetime,
    *,
    site: str | None = None,
) -> Forgotten:
    """Delete runs and output that are past their retention, and scrub the files they were in.

    Runs of another site than `site` are left to its own purge. What runs logged is not told apart
    by site, and goes by whichever of the sites that share an instance keeps it shortest.
    """
    home = Path(instance.root_directory)
    failed_before = retention.rule("failed_runs_days").before(now)
    unsuccessful = _runs(instance, site, _ENDED[1:], failed_before)
    past = _runs(instance, site, _ENDED, retention.rule("marts_years").before(now))
    gone = {*past, *(run_id for run_id in unsuccessful if not _made_anything(instance, run_id))}
    for run_id in gone:
        _forget_last_words(instance, run_id)
        instance.delete_run(run_id)
        _remove_database(_database(home, run_id))
    old = retention.rule("run_output_days").before(now)
    outputs = _forget_output(instance, home, old)
    outputs += _forget_in_postgres(instance, old, has_deleted=bool(gone))
    in_use = tuple(
        path.relative_to(home).as_posix() for path in _databases(home) if not scrub(path)
    )
    return Forgotten(len(gone), outputs, in_use)


def scrub(path: Path, patience_s: float = 10.0) -> bool:
    """Rewrite a SQLite file without what was deleted from it; False where another one holds it.

    Leaves alone what has no free pages and nothing in the gaps between rows.
    """
    wal = path.with_name(f"{path.name}-wal")
    if not _has_remains(path) and not (wal.exists() and wal.stat().st_size):
        return True
    try:
        with closing(sqlite3.connect(path, timeout=patience_s, isolation_level=None)) as connection:
            connection.execute("PRAGMA secure_delete = ON")
            # A file on disk would be one more place in which rows lie.
            connection.execute("PRAGMA temp_store = MEMORY")
            # What is in the log of an old transaction first, lest it be copied behind our back.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            connection.execute("VACUUM")
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError:
        return False
    return not busy


def _has_remains(path: Path) -> bool:
    try:
        return next(unused(path), None) is not None
    except (NotSqlite, OSError):
        return False


def _databases(home: Path) -> Iterator[Path]:
    """Dagster's databases that outlive a run."""
    for path in sorted(home.glob("**/*.db")):
        if path.parent.name != "runs" or path.name == "index.db":
            yield path


def _runs(
    instance: dg.DagsterInstance,
    site: str | None,
    statuses: list[DagsterRunStatus],
    before: dt.datetime,
) -> Iterator[str]:
    wanted = RunsFilter(statuses=statuses, created_before=before)
    cursor = None
    while runs := instance.get_runs(wanted, cursor=cursor, limit=_BATCH):
        yield from (run.run_id for run in runs if site is None or is_of(site, run))
        cursor = runs[-1].run_id


def _made_anything(instance: dg.DagsterInstance, run_id: str) -> bool:
    made = dg.DagsterEventType.ASSET_MATERIALIZATION
    return bool(instance.get_records_for_run(run_id, of_type=made, limit=1).records)


def _forget_last_words(instance: dg.DagsterInstance, run_id: str) -> None:
    """Remove copies of a run's events that Dagster keeps when it deletes the run.

    Each asset's last event, and the results of its checks, are kept a second time.
    """
    from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, AssetKeyTable

    # Every SQL storage of Dagster's has it; the base class does not declare it.
    storage: Any = instance.event_log_storage
    with storage.index_connection() as connection:
        connection.execute(
            AssetKeyTable.update()
            .where(AssetKeyTable.c.last_run_id == run_id)
            .values(last_materialization=None)
        )
        connection.execute(
            AssetCheckExecutionsTable.delete().where(AssetCheckExecutionsTable.c.run_id == run_id)
        )


def _forget_output(instance: dg.DagsterInstance, home: Path, before: dt.datetime) -> int:
    """Delete what runs logged and printed before a moment; return how many runs' it was.

    The time stamp of a run's database says when it last logged; looking at one renews it, so that
    each is opened once in a while and not every time.
    """
    outputs = 0
    for path in sorted((home / "history" / "runs").glob("?*.db")):
        if path.name == "index.db" or path.stat().st_mtime >= before.timestamp():
            continue
        if not instance.has_run(path.stem):
            _remove_database(path)
            continue
        instance.compute_log_manager.delete_logs(prefix=[path.stem])
        _delete_log_lines(path)
        os.utime(path)
        outputs += 1
    for folder in sorted((home / "storage").glob("*")):
        # Output of other log managers, and of runs that are no more.
        if folder.is_dir() and folder.stat().st_mtime < before.timestamp():
            shutil.rmtree(folder)
    return outputs


def _forget_in_postgres(
    instance: dg.DagsterInstance, before: dt.datetime, *, has_deleted: bool
) -> int:
    """Delete what runs logged, where Dagster's storage is in PostgreSQL; return how many runs'."""
    if find_spec("dagster_postgres") is None:
        return 0
    from footfall_dagster.privacy import event_log_postgres

    storage = instance.event_log_storage
    if not event_log_postgres.is_in_postgres(storage):
        return 0
    outputs = event_log_postgres.forget_lines(storage, before)
    if outputs or has_deleted:
        event_log_postgres.rewrite(storage)
    return outputs


def _delete_log_lines(path: Path) -> None:
    """Delete the log lines of a run, which are its events of no type, and their traces."""
    with closing(sqlite3.connect(path, timeout=10)) as connection, connection:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("DELETE FROM event_logs WHERE dagster_event_type IS NULL")
    scrub(path)


def _database(home: Path, run_id: str) -> Path:
    return home / "history" / "runs" / f"{run_id}.db"


def _remove_database(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
