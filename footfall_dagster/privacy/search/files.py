"""The files below a root, read without following what leads elsewhere, or the objects of a bucket.

Belongs here: walking folders, reading a file's data and not its holes. Does not belong here: what
the bytes are (`content`).
"""

import os
import stat
from collections.abc import Collection, Iterator
from io import FileIO
from pathlib import Path

from footfall_dagster.store import StorePath, below, within


class TooLarge(Exception):  # noqa: N818 - says what it is
    """A file holds more data than the limits allow to hold at once."""


class OnlyHoles(Exception):  # noqa: N818 - says what it is
    """A file says that it is large and holds nothing, which no program of ours does."""


def walk(
    root: StorePath, leave_out: Collection[StorePath] = ()
) -> Iterator[tuple[StorePath, bool]]:
    """Every entry below `root` that is no folder, and whether its folder could be read.

    A folder that cannot be listed comes with False. Links are given as they are and not followed.
    """
    if not isinstance(root, Path):
        yield from ((path, True) for path in _objects(root, leave_out))
        return
    if not root.is_dir() or root.is_symlink():
        if root.is_symlink() or root.exists():
            yield root, True
        return
    waiting = [root.absolute()]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except FileNotFoundError:
            continue
        except OSError:
            yield folder, False
            continue
        for entry in entries:
            if Path(entry.path) in leave_out:
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            else:
                yield Path(entry.path), True


def _objects(root: StorePath, leave_out: Collection[StorePath]) -> Iterator[StorePath]:
    left_out = tuple(f"{folder}/" for folder in leave_out)
    for path in below(root):
        if not f"{path}/".startswith(left_out) and path.is_file():
            yield path


def names(root: StorePath, leave_out: Collection[StorePath] = ()) -> Iterator[bytes]:
    """The name of every file and folder below `root`, folders without files among them."""
    if not isinstance(root, Path):
        found = {name for path in _objects(root, leave_out) for name in within(path, root)}
        yield from (os.fsencode(name) for name in sorted(found))
        return
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(one for one in folders if Path(folder, one) not in leave_out)
        yield from (os.fsencode(one) for one in folders)
        yield from (os.fsencode(one) for one in sorted(files) if Path(folder, one) not in leave_out)


def is_regular(path: StorePath) -> bool:
    """Whether a path is a plain file, no link, pipe, socket or device."""
    if not isinstance(path, Path):
        return path.is_file()
    return stat.S_ISREG(path.lstat().st_mode)


def read(path: StorePath, most: int) -> list[bytes]:
    """The data of a file, in one piece for each stretch between holes; holes are left out.

    Raises:
        TooLarge: There is more data than `most` bytes.
        OnlyHoles: It is larger than `most` bytes and has no data.
        OSError: It cannot be read.
    """
    if not isinstance(path, Path):
        if path.stat().st_size > most:
            raise TooLarge
        content = path.read_bytes()
        return [content] if content else []
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        size = os.fstat(descriptor).st_size
        stretches = list(_stretches(descriptor, size))
        if sum(stop - start for start, stop in stretches) > most:
            raise TooLarge
        if size > most and not stretches:
            raise OnlyHoles
        if size <= most:
            # A file with few holes is what its format says, holes and all.
            stretches = [(0, size)] if size else []
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
