"""Where what is kept lies: in a folder, or below a prefix of an S3-compatible bucket.

Belongs here: the type of such a place, and what the two do differently: placing a file whole,
listing, renaming, what is kept beside a file. Does not belong here: who may write
(`footfall_dagster.locks`), which files hold what.

A bucket takes an object whole or not at all, and shows it at once to whoever reads next; so does a
folder with a file that was written aside and renamed. A bucket has no folders, links or pipes.
"""

import hashlib
import os
import stat
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
_FOLDERS_OWN = "(the folder's own)"
"""Shows an object whose key is that of a folder and a slash, and which holds something."""


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
        found = (_names(folder, one) for one in sorted(folder.fs.find(folder.path)))
        return [folder.joinpath(*names) for names in found if names]
    return sorted(folder.rglob("*")) if folder.is_dir() else []


def entries(folder: StorePath) -> list[StorePath]:
    """What lies in a folder itself, sorted; nothing where no folder is."""
    if not isinstance(folder, Path):
        first = {names[0] for one in folder.fs.find(folder.path) if (names := _names(folder, one))}
        return [folder / name for name in sorted(first)]
    return sorted(folder.iterdir()) if folder.is_dir() else []


@dataclass(frozen=True, slots=True)
class Entry:
    """What lies in a folder.

    Attributes:
        path: Where.
        is_file: Whether it is a file or an object, and no link, pipe or folder, and no object whose
            key no path has, as it ends in a slash or has two in a row.
        is_folder: Whether it is a folder, and no link to one.
        size: Bytes; of a link its own.
    """

    path: StorePath
    is_file: bool
    is_folder: bool
    size: int

    @property
    def is_there(self) -> bool:
        """Whether it is there still, as far as that can be asked."""
        if not isinstance(self.path, Path) and not self.is_file:
            # A folder of a bucket is where its objects are; under another key there may be one.
            return self.path.is_dir() if self.is_folder else True
        try:
            told_of(self.path)
        except FileNotFoundError:
            return False
        return True


def listed(folder: StorePath, *, deep: bool = True) -> list[Entry]:
    """What lies below a folder, or in it itself, sorted; nothing where no folder is.

    One request to a bucket, where asking each object what it is takes two for each. Of folders that
    a bucket is said to have, only those are sure to hold something that have objects here.
    """
    if isinstance(folder, Path):
        if not folder.is_dir():
            return []
        paths = sorted(folder.rglob("*") if deep else folder.iterdir())
        return [entry for path in paths if (entry := _entry(path))]
    try:
        found = (
            folder.fs.find(folder.path, detail=True).values()
            if deep
            else folder.fs.ls(folder.path, detail=True, refresh=True)
        )
    except FileNotFoundError:
        return []
    objects = (_object(folder, one) for one in sorted(found, key=lambda one: str(one["name"])))
    return [entry for entry in objects if entry]


def _object(folder: UPath, told: Mapping[str, Any]) -> Entry | None:
    """What a bucket lists; None of an empty object that stands for the folder itself."""
    names, size = _names(folder, told["name"]), int(told["size"] or 0)
    if told["type"] != "file":
        return Entry(folder.joinpath(*names), False, True, size) if names else None
    if not names:
        return Entry(folder / _FOLDERS_OWN, False, False, size) if size else None
    path = folder.joinpath(*names)
    return Entry(path, path.path == told["name"], False, size)


def _entry(path: Path) -> Entry | None:
    try:
        told = path.lstat()
    except FileNotFoundError:
        return None  # Whoever writes there has removed it meanwhile.
    return Entry(path, stat.S_ISREG(told.st_mode), stat.S_ISDIR(told.st_mode), told.st_size)


class Tree:
    """What lies below a folder, listed once: a request to a bucket for a thousand objects.

    It tells of the moment in which it was made, so whoever finds something amiss looks again.
    """

    def __init__(self, root: StorePath) -> None:
        """List what lies below `root`."""
        self.root = root
        self._inside: dict[tuple[str, ...], dict[str, Entry]] = {}
        for entry in listed(root):
            *above, name = within(entry.path, root)
            # A bucket has no folders: they are what the names of its objects begin with.
            for depth, folder in enumerate(above):
                path = root.joinpath(*above[: depth + 1])
                held = self._inside.setdefault(tuple(above[:depth]), {})
                held.setdefault(folder, Entry(path, False, True, 0))
            self._inside.setdefault(tuple(above), {})[name] = entry

    def entries(self, folder: StorePath) -> list[Entry]:
        """What lies in a folder itself, sorted."""
        found = self._inside.get(within(folder, self.root), {})
        return [found[name] for name in sorted(found)]

    def below(self, folder: StorePath) -> list[Entry]:
        """All that lies below a folder, sorted, what it holds behind each folder."""
        found = []
        for entry in self.entries(folder):
            found.append(entry)
            if entry.is_folder:
                found += self.below(entry.path)
        return found


def bytes_of(path: StorePath) -> bytes:
    """What a file holds; of an object in one request, where opening it takes two."""
    if isinstance(path, Path):
        return path.read_bytes()
    # Else its size is asked first, to fetch pieces of it side by side.
    found: bytes = path.fs.cat_file(path.path, max_concurrency=1)
    return found


def _names(folder: UPath, key: str) -> list[str]:
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


def attributes(path: StorePath) -> bytes:
    """What is kept beside a file under names that anybody may give."""
    given = _of_object(path) if not isinstance(path, Path) else _of_file(path)
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


def _of_object(path: UPath) -> dict[bytes, bytes]:
    """User metadata and tags of an object."""
    try:
        given = path.fs.metadata(path.path) | path.fs.get_tags(path.path)
    except FileNotFoundError:
        return {}
    return {str(name).encode(): str(value).encode() for name, value in given.items()}
