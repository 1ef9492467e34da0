"""Where the bytes of an export are, in words that can be handed to another process.

Belongs here: opening a file on a disk or in a bucket, and what identifies its content. Does not
belong here: finding files (`vision.exports.folder`), what is in one (`vision.exports.probe`).
"""

import datetime as dt
import hashlib
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar, cast

from vision.exports.container import Media

_KEPT_IN_MEMORY = 64 * 2**20
_PIECE = 2**18


class StorageFailed(OSError):  # noqa: N818 - says what happened, as its siblings do
    """A bucket did not answer; which says nothing about the file."""


@dataclass(frozen=True, slots=True)
class Content:
    """What identifies the bytes of a file.

    Attributes:
        sha256: Their hash, 64 hexadecimal digits.
        size_bytes: How many there are.
        modified_at: When the file was last written, UTC, whole seconds.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    sha256: str
    size_bytes: int
    modified_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Source:
    """A file on a disk, or on a file system of fsspec.

    Attributes:
        path: The path of the file there.
        filesystem: What `to_json` of the file system gives; None for a disk.
    """

    path: str
    filesystem: str | None = None

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The file, to be read in any order; nothing of it is ever copied to a disk.

        Raises:
            FileNotFoundError, PermissionError: It is gone, or not ours to read.
            OSError: It is no regular file, or the disk is broken.
            StorageFailed: The bucket did not answer.
        """
        if self.filesystem is None:
            with _regular_file(self.path) as file:
                yield file
            return
        from fsspec.spec import AbstractFileSystem

        try:
            with AbstractFileSystem.from_json(self.filesystem).open(self.path, "rb") as remote:
                # Read once rather than twice where memory allows: for the hash, then the packets.
                small = remote.size is not None and remote.size <= _KEPT_IN_MEMORY
                yield io.BytesIO(remote.read()) if small else cast("BinaryIO", remote)
        except (FileNotFoundError, PermissionError, MemoryError):
            raise
        except (OSError, RuntimeError) as failure:
            raise StorageFailed(type(failure).__name__) from None

    def media(self, file: BinaryIO) -> Media:
        """What a decoder should be given: disks it reads faster by itself."""
        return Path(self.path) if self.filesystem is None else file

    def content(self, file: BinaryIO) -> Content:
        """What identifies the bytes of the opened file."""
        file.seek(0)
        digest = hashlib.sha256()
        while piece := file.read(_PIECE):
            digest.update(piece)
        return Content(digest.hexdigest(), file.tell(), self._modified_at(file))

    def _modified_at(self, file: BinaryIO) -> dt.datetime:
        if self.filesystem is None:
            return dt.datetime.fromtimestamp(int(os.fstat(file.fileno()).st_mtime), dt.UTC)
        from fsspec.spec import AbstractFileSystem

        at: dt.datetime = AbstractFileSystem.from_json(self.filesystem).modified(self.path)
        return at.astimezone(dt.UTC).replace(microsecond=0)


def _regular_file(path: str) -> BinaryIO:
    # A pipe that is named like a video would be waited for without end.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path} is no regular file; move it out of the folder of recordings")
    return os.fdopen(descriptor, "rb")
