"""Where the runs of a proof write, and what becomes of it.

Belongs here: the folder, the lock on it, and sweeping it after a proof that was killed. Does not
belong here: the runs (`run`), the proof (`footfall_dagster.privacy.prove`).

A run of a proof makes detections and tracks as any other does, and deletes them when it ends. A
proof that is killed cannot; the operating system frees its lock, and the next purge sweeps the
folder, whatever retention says: nobody will ever read it.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from footfall_dagster.locks import LockTimeoutError, locked

_PATIENCE_S = 2.0


def folder(home: Path) -> Path:
    """The folder in which every run of a proof has its home."""
    return home / "proof"


@contextmanager
def only_proof(home: Path) -> Iterator[Path]:
    """Hold the lock that keeps a second proof and the purge out; remove the folder at the end.

    Raises:
        LockTimeoutError: Another proof of the same home is going on.
    """
    home.mkdir(parents=True, exist_ok=True)
    with locked(_lock(home), timeout_s=_PATIENCE_S):
        try:
            yield folder(home)
        finally:
            empty(folder(home))


def empty(path: Path) -> None:
    """Delete a folder and all below it, if it is there."""
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def is_left_over(home: Path) -> bool:
    """Whether a proof that is no more left something behind."""
    if not folder(home).exists():
        return False
    try:
        with locked(_lock(home), timeout_s=0):
            return folder(home).exists()
    except LockTimeoutError:
        return False


def swept(home: Path) -> int:
    """Delete what a killed proof left; return how many files."""
    if not folder(home).exists():
        return 0
    try:
        with locked(_lock(home), timeout_s=0):
            files = sum(path.is_file() for path in folder(home).rglob("*"))
            empty(folder(home))
            return files
    except LockTimeoutError:
        return 0


def _lock(home: Path) -> Path:
    return home / "proof.lock"
