"""The folder that files go to: which may be one, and how files get into it.

Belongs here: refusing a folder, writing aside, renaming into place. Does not belong here: what is
in the files.
"""

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from footfall_dagster.locks import LockTimeoutError, locked
from footfall_dagster.published_files import ExportError
from footfall_dagster.room import no_room
from footfall_dagster.settings import Settings

_ASIDE = ".footfall-export-"
_LOCK = "lock"


def refuse_watched(out: Path, settings: Settings) -> None:
    """Raise `ExportError` where `out` lies in a folder in which every file has to be one of ours.

    The audit would call the files strangers, and what is in the folder of recordings is taken for
    a recording.
    """
    watched = {"FOOTFALL_HOME": settings.home, "FOOTFALL_RECORDINGS": settings.recordings}
    if dagster_home := os.environ.get("DAGSTER_HOME"):
        watched["DAGSTER_HOME"] = Path(dagster_home)
    for variable, folder in watched.items():
        if isinstance(folder, Path) and _lies_in(out, folder):
            raise ExportError(
                f"{out} lies in {folder} ({variable}), where the privacy report calls every file "
                "a stranger that was not made by a run: choose a folder outside"
            )


@contextmanager
def written_aside(out: Path, names: Collection[str]) -> Iterator[Path]:
    """A folder for files that are renamed into `out` once all of them are whole.

    Where anything fails nothing is renamed. What a killed process left is removed by the next.

    Args:
        out: Made where missing; what else is in it stays.
        names: Of the files. They replace those of the same name.

    Raises:
        ExportError: The folder or the files cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        _refuse_folders(out, names)
        _remove_leftovers(out)
        aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=out))
        try:
            # The kernel frees the lock when its holder dies, however it dies.
            with locked(aside / _LOCK, timeout_s=0):
                yield aside
                _place(aside, out, names)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as failed:
        raise ExportError(_in_words(failed, out)) from failed


def _lies_in(out: Path, folder: Path) -> bool:
    inside, root = out.resolve(), folder.resolve()
    if inside.is_relative_to(root):
        return True
    # One folder can have several names: a bind mount, capitals on some file systems.
    with suppress(OSError):
        there = [place for place in (inside, *inside.parents) if place.exists()]
        return root.exists() and any(place.samefile(root) for place in there)
    return False


def _refuse_folders(out: Path, names: Collection[str]) -> None:
    for name in names:
        if (out / name).is_dir():
            raise ExportError(f"{out / name} is a folder, and a file of that name is to be written")


def _remove_leftovers(out: Path) -> None:
    for aside in out.glob(f"{_ASIDE}*"):
        if aside.is_dir() and not aside.is_symlink():
            # Another process may be writing into the same folder.
            with suppress(LockTimeoutError), locked(aside / _LOCK, timeout_s=0):
                shutil.rmtree(aside)


def _place(aside: Path, out: Path, names: Collection[str]) -> None:
    for name in names:
        with (aside / name).open("rb") as file:
            os.fsync(file.fileno())
    for name in names:
        (aside / name).replace(out / name)


def _in_words(failed: OSError, out: Path) -> str:
    reason = os.strerror(failed.errno) if failed.errno else str(failed)
    remedy = (
        "make room, or choose fewer days, marts or formats"
        if no_room(failed)
        else "name a folder that exists, or can be made, and is yours"
    )
    return f"cannot write into {out} ({reason}): {remedy}"
