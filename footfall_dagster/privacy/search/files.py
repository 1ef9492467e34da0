"""The files below a root, read without following what leads elsewhere, or the objects of a bucket.

Belongs here: walking folders, reading a file's data and not its holes. Does not belong here: what
the bytes are (`content`).
"""

import os
import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from footfall_dagster.listing import listed
from footfall_dagster.store import StorePath, bytes_of, told_of, within


class TooLarge(Exception):  # noqa: N818 - says what it is
    """A file holds more data than the limits allow to hold at once."""


class OnlyHoles(Exception):  # noqa: N818 - says what it is
    """A file says that it is large and holds nothing, which no program of ours does."""


@dataclass(frozen=True, slots=True)
class Met:
    """What a walk has come by.

    Attributes:
        path: Of an entry that is no folder, or of a folder that cannot be listed.
        is_unlisted: Whether it is such a folder.
        size: Bytes of an object, which come with the list of a bucket, and None of one whose key
            no path has; None of what lies in a folder, and may have changed until it is asked.
    """

    path: StorePath
    is_unlisted: bool = False
    size: int | None = None

    @property
    def is_regular(self) -> bool:
        """Whether it is a plain file, no link, pipe, socket or device; raises OSError."""
        if not isinstance(self.path, Path):
            return self.size is not None
        return stat.S_ISREG(self.path.lstat().st_mode)

    @property
    def is_link(self) -> bool:
        """Whether it is a link, which no bucket has."""
        return isinstance(self.path, Path) and self.path.is_symlink()

    @property
    def bytes(self) -> int:
        """Its size; raises OSError."""
        return int(told_of(self.path).st_size) if self.size is None else self.size


def walk(root: StorePath, leave_out: Collection[StorePath] = ()) -> Iterator[Met]:
    """Every entry below `root` that is no folder; links as they are, and not followed."""
    if not isinstance(root, Path):
        yield from _objects(root, leave_out)
        return
    if not root.is_dir() or root.is_symlink():
        if root.is_symlink() or root.exists():
            yield Met(root)
        return
    waiting = [root.absolute()]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except FileNotFoundError:
            continue
        except OSError:
            yield Met(folder, is_unlisted=True)
            continue
        for entry in entries:
            if Path(entry.path) in leave_out:
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            else:
                yield Met(Path(entry.path))


def _objects(root: StorePath, leave_out: Collection[StorePath]) -> Iterator[Met]:
    # By its key, as an object that no path names may seem to lie in a folder and be none of it.
    left_out = tuple(f"{one.path}/" for one in leave_out if not isinstance(one, Path))
    for entry in listed(root):
        if not entry.is_folder and not f"{entry.key}/".startswith(left_out):
            yield Met(entry.path, size=entry.size if entry.is_file else None)


def names(
    root: StorePath, met: Iterable[Met], leave_out: Collection[StorePath] = ()
) -> Iterator[bytes]:
    """The name of every file and folder below `root`, folders without files among them.

    Args:
        root: A folder, or a prefix in a bucket.
        met: What a walk of it came by: a bucket has no other names.
        leave_out: What is not looked at.
    """
    if not isinstance(root, Path):
        found = {name for one in met for name in within(one.path, root)}
        yield from (os.fsencode(name) for name in sorted(found))
        return
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(one for one in folders if Path(folder, one) not in leave_out)
        yield from (os.fsencode(one) for one in folders)
        yield from (os.fsencode(one) for one in sorted(files) if Path(folder, one) not in leave_out)


def read(path: StorePath, most: int, size: int | None = None) -> list[bytes]:
    """The data of a file, in one piece for each stretch between holes; holes are left out.

    Args:
        path: Which.
        most: Bytes that may be held at once.
        size: Bytes of an object where that is known, which saves a request.

    Raises:
        TooLarge: There is more data than `most` bytes.
        OnlyHoles: It is larger than `most` bytes and has no data.
        OSError: It cannot be read.
    """
    if not isinstance(path, Path):
        size = told_of(path).st_size if size is None else size
        if size > most:
            raise TooLarge
        return [bytes_of(path)] if size else []
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        length = os.fstat(descriptor).st_size
        stretches = list(_stretches(descriptor, length))
        if sum(stop - start for start, stop in stretches) > most:
            raise TooLarge
        if length > most and not stretches:
            raise OnlyHoles
        if length <= most:
            # A file with few holes is what its format says, holes and all.
            stretches = [(0, length)] if length else []
        pieces = []
        for start, stop in stretches:
            file.seek(start)
            pieces.append(_read_fully(file, stop - start))
        return pieces


def _stretches(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    at = 0
    while at < size:
        try:
            start = os.lseek(descriptor, at, os.SEEK_DATA)
        except OSError:
            return
        at = os.lseek(descriptor, start, os.SEEK_HOLE)
        yield start, at


def _read_fully(file: "FileIO", count: int) -> bytes:
    pieces = []
    while count > 0:
        piece = file.read(min(count, 2**24))
        if not piece:
            break
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)
