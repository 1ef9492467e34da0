"""Looking for what was deleted: nothing of it may be left anywhere.

Belongs here: the proof that a purge did what its receipts say. Does not belong here: deleting, or
the search for pictures and vectors that nobody deleted (`footfall_dagster.privacy.search`).

A receipt holds the hash of a file and no content, so a copy is found by its hash under any name.
A canary, which only a test can know, is found in any file in the forms of `needles`, also in rows
that are compressed on disk. Free pages of SQLite and leftovers beside DuckDB are findings whatever
is in them.
"""

import base64
import contextlib
import datetime as dt
import re
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from footfall_dagster.lake import PENDING, Lake
from footfall_dagster.listing import Entry, listed
from footfall_dagster.locks import LockTimeoutError, locked
from footfall_dagster.privacy import purge, rows_of
from footfall_dagster.privacy.findings import Evidence, Finding
from footfall_dagster.privacy.ledger import MARTS, RECORDINGS
from footfall_dagster.privacy.look import UNREAD, Look
from footfall_dagster.privacy.noninterference import proof_folder
from footfall_dagster.privacy.sqlite_pages import NotSqlite, unused
from footfall_dagster.store import StorePath, digest, entries, matching, told_of, within

CHECK = "rescan"
_SCOPE = "nothing is left of what was deleted by age: copies, free pages, write-ahead logs, rows"
_CHUNK = 2**22
_BESIDE_DUCKDB = re.compile(r"(?P<file>[^/]+\.duckdb)\.(?:wal|tmp|building-)")
_UNREADABLE = (OSError, pl.exceptions.PolarsError, sqlite3.Error, duckdb.Error)


def needles(canary: bytes) -> frozenset[bytes]:
    """The forms in which a canary may lie in a file: as it is, as text, as figures.

    Of base64 only what does not depend on where in a longer text it stands.
    """
    forms = {canary, canary.hex().encode(), canary.hex().upper().encode()}
    forms |= {base64.b64encode(canary[start:])[:-4] for start in range(3)}
    try:
        text = canary.decode()
    except UnicodeDecodeError:
        pass
    else:
        forms |= {text.encode("utf-16-le"), text.encode("utf-16-be")}
    if len(canary) % 4 == 0:
        floats = np.frombuffer(canary, dtype=np.float32)
        if np.isfinite(floats).all():
            forms.add(floats.astype(np.float64).tobytes())
    return frozenset(forms)


def rescan(
    lake: Lake,
    roots: Mapping[str, StorePath],
    now: dt.datetime,
    held: purge.Held = purge.nobody,
    canaries: Iterable[bytes] = (),
) -> Evidence:
    """Look below `roots` for what was deleted; see the module.

    Args:
        lake: Whose ledger says what was deleted.
        roots: Folders, or prefixes of a bucket, by the name under which findings show them.
        now: What is past its retention now must be gone.
        held: What a run in progress holds back.
        canaries: Bytes that stood in what was deleted.
    """
    look = Look()
    _overdue(look, lake, now, held)
    hashes = _hashes_of_deleted(lake)
    forms = [form for canary in canaries for form in needles(canary)]
    seen: set[StorePath] = set()
    for name, root in roots.items():
        if isinstance(root, Path) and proof_folder.is_left_over(root):
            file = f"{name}/{proof_folder.folder(root).name}"
            look.findings.append(Finding(file, "the folder", "leftover of a proof", 1.0))
        for entry in _listed(look, name, root):
            path = entry.path
            same = path.resolve() if isinstance(path, Path) else path
            if entry.is_file and same not in seen:
                seen.add(same)
                look.add(_file(entry, "/".join([name, *within(path, root)]), hashes, forms))
    return look.evidence(CHECK, _SCOPE)


def _listed(look: Look, name: str, root: StorePath) -> list[Entry]:
    """What lies below a root; what of it cannot be told or named is noted as unread."""
    try:
        found = listed(root)
    except OSError as error:
        look.unread.append(Finding(name, "the folder", type(error).__name__, 1.0))
        return []
    for entry in found:
        if entry.is_nameless or entry.is_unlisted:
            shown = "/".join([name, *within(entry.path, root)])
            what = "the folder" if entry.is_unlisted else "the file, which no path names"
            look.unread.append(Finding(shown, what, UNREAD, 1.0))
    return found


def _overdue(look: Look, lake: Lake, now: dt.datetime, held: purge.Held) -> None:
    for one in purge.overdue(lake, now, held):
        file = f"lake/{one.contract.name} of {one.camera_day}"
        look.findings.append(Finding(file, "the file", "past its retention", 1.0))
    for number, path in enumerate(entries(lake.root / PENDING), 1):
        if purge.is_of_nobody(lake, path):
            file = f"lake/{PENDING}/*"
            look.findings.append(Finding(file, f"file {number}", "leftover", 1.0))


def _hashes_of_deleted(lake: Lake) -> dict[int, set[str]]:
    """Hashes of deleted files by size; those that were stored again since are left out."""
    several = {MARTS, RECORDINGS}
    receipts = [one for one in lake.ledger.receipts() if one.dataset not in several]
    stored_again = {
        admitted.name.partition(".")[0]
        for dataset in {receipt.dataset for receipt in receipts}
        for admitted in matching(lake.root, f"{dataset}/site={lake.site.id}/*/*/*.receipt.json")
    }
    deleted: dict[int, set[str]] = {}
    for receipt in receipts:
        if receipt.sha256 not in stored_again:
            deleted.setdefault(receipt.bytes, set()).add(receipt.sha256)
    return deleted


def _file(entry: Entry, shown: str, deleted: Mapping[int, set[str]], forms: list[bytes]) -> Look:
    """What one file came to; nothing where it is gone by now, and so was not left behind."""
    look = Look()
    try:
        _contents(look, entry, shown, deleted, forms)
    except _UNREADABLE as error:
        look.unread.append(Finding(shown, "the file", type(error).__name__, 1.0))
    amiss = look.findings or look.unread
    return Look() if amiss and not entry.is_there else look


def _contents(
    look: Look, entry: Entry, shown: str, deleted: Mapping[int, set[str]], forms: list[bytes]
) -> None:
    path, size = entry.path, entry.size
    look.files += 1
    look.bytes += size
    if size in deleted and digest(path) in deleted[size]:
        look.findings.append(Finding(shown, "the file", "a copy of a deleted file", 1.0))
    if isinstance(path, Path):
        _database(look, path, shown)
    if not forms:
        return
    if _holds(path, forms):
        look.findings.append(Finding(shown, "raw bytes", "canary", 1.0))
    for place, content, rows in rows_of.file(path):
        look.rows += rows
        if any(form in content for form in forms):
            look.findings.append(Finding(shown, place, "canary", 1.0))


def _database(look: Look, path: Path, shown: str) -> None:
    """Look at what a database leaves in its file and beside it."""
    if (beside := _BESIDE_DUCKDB.search(shown)) and not _is_being_written(path, beside["file"]):
        # The warehouse is rebuilt and swapped in: whatever else has such a name was left behind.
        look.findings.append(Finding(shown, "the file", "leftover beside DuckDB", 1.0))
    if path.name.endswith(".db-wal") and told_of(path).st_size:
        # Until it is written back the database holds its rows as they were: nobody sees from here
        # which of them were deleted.
        why = "a log in use by another process; let it end, then purge again"
        look.unread.append(Finding(shown, "the log", why, 1.0))
    if path.suffix == ".db":
        with contextlib.suppress(NotSqlite):
            # Gaps between rows hold remains of rows that are still there, too; free pages do not.
            look.findings += [
                Finding(shown, place, "remains", 0.9)
                for place, _ in unused(path)
                if place.startswith("free page")
            ]


def _is_being_written(path: Path, file: str) -> bool:
    """Whether a living writer of the DuckDB file `file` holds the lock beside it."""
    locks = [folder / f"{file}.lock" for folder in list(path.parents)[:2]]
    try:
        for lock in locks:
            if lock.is_file():
                with locked(lock, timeout_s=0):
                    pass
    except LockTimeoutError:
        return True
    return False


def _holds(path: StorePath, forms: list[bytes]) -> bool:
    longest = max(map(len, forms))
    kept = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            window = kept + chunk
            if any(form in window for form in forms):
                return True
            kept = window[-longest:]
    return False
