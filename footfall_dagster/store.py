"""Where what is kept lies: in a folder, or below a prefix of an S3-compatible bucket.

Belongs here: the type of such a place, and what the two do differently: placing a file whole,
renaming, what is kept beside a file. Does not belong here: who may write
(`footfall_dagster.locks`), kinds and sizes of many files (`footfall_dagster.listing`), which files
hold what.

A bucket takes an object whole or not at all, and shows it at once to whoever reads next; so does a
folder with a file that was written aside and renamed. A bucket has no folders, links or pipes.
"""

import hashlib
import os
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from upath import UPath
from upath.implementations.cloud import S3Path
from upath.registry import register_implementation

StorePath: TypeAlias = Path | UPath
"""A path in a folder, or in a bucket."""

_TRIES = 10
"""Of a request that a store did not answer, or refused for now; some of them wait for seconds."""
_CONNECT_S, _READ_S = 5, 60
_PIECE_BYTES = 2**24


class _InBucket(S3Path):
    """An object in a bucket.

    What deletes several objects in one request passes over those that may not be deleted, and the
    package's own `unlink` goes that way: then a purge would tell of what is still there.
    """

    __slots__ = ()

    def unlink(self, missing_ok: bool = False) -> None:
        """Delete it; raises `PermissionError` where that is not allowed."""
        if self.exists():
            self.fs.rm_file(self.path)
        elif not missing_ok:
            raise FileNotFoundError(str(self))


register_implementation("s3", _InBucket, clobber=True)


def at(where: Path | str, endpoint: str | None = None) -> StorePath:
    """The place that a setting names: a folder, or `s3://bucket/prefix`.

    Args:
        where: The setting.
        endpoint: Of a store that is not Amazon's; None leaves it to AWS_ENDPOINT_URL.
    """
    if isinstance(where, Path) or "://" not in where:
        return Path(where)
    client: Mapping[str, Any] = {"endpoint_url": endpoint} if endpoint else {}
    return UPath(
        where,
        # What another process has placed is to be seen at once.
        use_listings_cache=False,
        client_kwargs=client,
        config_kwargs={
            "retries": {"mode": "standard", "max_attempts": _TRIES},
            "connect_timeout": _CONNECT_S,
            "read_timeout": _READ_S,
        },
    )


def place(path: StorePath, content: bytes) -> None:
    """Store a file in place of the one before, whole or not at all, and there after a power cut.

    The caller is the only writer in the folder, which is made where it is not there: what a writer
    left that was killed is removed.
    """
    if not isinstance(path, Path):
        path.fs.pipe_file(path.path, content)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    for leftover in path.parent.glob(".*.tmp"):
        leftover.unlink()
    aside = path.parent / f".{uuid.uuid4().hex}.tmp"
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    sync_folder(path.parent)


def place_text(path: StorePath, text: str) -> None:
    """Store a text as `place` does."""
    place(path, text.encode())


def matching(folder: StorePath, pattern: str) -> list[StorePath]:
    """What lies below a folder and matches a pattern, sorted; nothing where no folder is."""
    found: Iterable[StorePath] = folder.glob(pattern)
    return sorted(found, key=str)


def below(folder: StorePath) -> list[StorePath]:
    """All that lies below a folder, however deep, sorted; nothing where no folder is."""
    if not isinstance(folder, Path):
        # A store may list what stands for an empty folder: only objects hold anything.
        found = (names_of(folder, one) for one in sorted(folder.fs.find(folder.path)))
        return [folder.joinpath(*names) for names in found if names]
    return sorted(folder.rglob("*")) if folder.is_dir() else []


def entries(folder: StorePath) -> list[StorePath]:
    """What lies in a folder itself, sorted; nothing where no folder is."""
    if not isinstance(folder, Path):
        first = {
            names[0] for one in folder.fs.find(folder.path) if (names := names_of(folder, one))
        }
        return [folder / name for name in sorted(first)]
    return sorted(folder.iterdir()) if folder.is_dir() else []


def bytes_of(path: StorePath) -> bytes:
    """What a file holds; of an object in one request, where opening it takes two."""
    if isinstance(path, Path):
        return path.read_bytes()
    # Else its size is asked first, to fetch pieces of it side by side.
    found: bytes = path.fs.cat_file(path.path, max_concurrency=1)
    return found


def names_of(folder: UPath, key: str) -> list[str]:
    """The names that lead from a folder to the object of a key."""
    return [name for name in key.removeprefix(folder.path).split("/") if name]


def within(path: StorePath, root: StorePath) -> tuple[str, ...]:
    """The names that lead from `root` to what lies below it."""
    return tuple(path.parts[len(root.parts) :])


def make_folder(folder: StorePath) -> None:
    """Make a folder where it is not there; a bucket needs none, and is never made here."""
    if isinstance(folder, Path):
        folder.mkdir(parents=True, exist_ok=True)


def rename(path: StorePath, name: str) -> None:
    """Give a file another name in its folder; in a bucket both are there for a moment."""
    if isinstance(path, Path):
        path.replace(path.with_name(name))
    else:
        path.with_name(name).write_bytes(path.read_bytes())
        path.unlink()


def sync_folder(folder: StorePath) -> None:
    """Wait until the names in `folder` are on the disk: syncing a file does not see to its name."""
    if isinstance(folder, Path):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def words(path: StorePath) -> dict[str, Any]:
    """What another process makes the path from, as JSON has it."""
    options = {} if isinstance(path, Path) else {"options": dict(path.storage_options)}
    return {"path": str(path), **options}


def of_words(told: Mapping[str, Any]) -> StorePath:
    """The path that has these `words`."""
    return UPath(told["path"], **told["options"]) if "options" in told else Path(told["path"])


def digest(path: StorePath) -> str:
    """SHA-256 of a file, which may be larger than memory."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            found.update(piece)
    return found.hexdigest()


def told_of(path: StorePath) -> Any:
    """Size and times of a file as they are, and of a link its own; raises OSError."""
    return path.lstat() if isinstance(path, Path) else path.stat()


def attributes(path: StorePath, key: str = "") -> bytes:
    """What is kept beside a file under names that anybody may give.

    Args:
        path: Which.
        key: Of the object, where it is not the path's.
    """
    given = _of_file(path) if isinstance(path, Path) else _of_object(path, key or path.path)
    return b"\n".join(name + b"\n" + value for name, value in given.items())


def _of_file(path: Path) -> dict[bytes, bytes]:
    try:
        names = os.listxattr(path, follow_symlinks=False)
        return {
            os.fsencode(name): os.getxattr(path, name, follow_symlinks=False)
            for name in names
            if name.startswith("user.")
        }
    except OSError:
        return {}  # The file system has none.


def _of_object(path: UPath, key: str) -> dict[bytes, bytes]:
    """User metadata and tags of an object."""
    try:
        given = path.fs.metadata(key) | path.fs.get_tags(key)
    except FileNotFoundError:
        return {}
    return {str(name).encode(): str(value).encode() for name, value in given.items()}
