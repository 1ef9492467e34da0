"""The files below a root, read without following what leads elsewhere.

Belongs here: walking folders, reading a file's data and not its holes. Does not belong here: what
the bytes are (`content`).
"""

import os
import stat
from collections.abc import Collection, Iterator
from io import FileIO
from pathlib import Path


class TooLarge(Exception):  # noqa: N818 - says what it is
    """A file holds more data than the limits allow to hold at once."""


class OnlyHoles(Exception):  # noqa: N818 - says what it is
    """A file says that it is large and holds nothing, which no program of ours does."""


def walk(root: Path, leave_out: Collection[Path] = ()) -> Iterator[tuple[Path, bool]]:
    """Every entry below `root` that is no folder, and whether its folder could be read.

    A folder that cannot be listed comes with False. Links are given as they are and not followed.
    """
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


def names(root: Path, leave_out: Collection[Path] = ()) -> Iterator[bytes]:
    """The name of every file and folder below `root`, folders without files among them."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(one for one in folders if Path(folder, one) not in leave_out)
        yield from (os.fsencode(one) for one in folders)
        yield from (os.fsencode(one) for one in sorted(files) if Path(folder, one) not in leave_out)


def attributes(path: Path) -> bytes:
    """What a file system keeps beside a file under names that anybody may give."""
    try:
        given = os.listxattr(path, follow_symlinks=False)
        return b"\n".join(
            os.fsencode(name) + b"\n" + os.getxattr(path, name, follow_symlinks=False)
            for name in given
            if name.startswith("user.")
        )
    except OSError:
        return b""  # The file system has none.


def is_regular(path: Path) -> bool:
    """Whether a path is a plain file, no link, pipe, socket or device."""
    return stat.S_ISREG(path.lstat().st_mode)


def read(path: Path, most: int) -> list[bytes]:
    """The data of a file, in one piece for each stretch between holes; holes are left out.

    Raises:
        TooLarge: There is more data than `most` bytes.
        OnlyHoles: It is larger than `most` bytes and has no data.
        OSError: It cannot be read.
    """
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
