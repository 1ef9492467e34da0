"""Reads that wait for a store, and who is told of them: that a store is slow is no file's fault.

Belongs here: the file that tells when its bytes are asked for. Does not belong here: which store
(`vision.exports.places`), how long anybody waits (`vision.exports.limits`).
"""

import io
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import BinaryIO

Waiting = Callable[[], AbstractContextManager[object]]
"""Makes what is entered while bytes are asked of a store, which may take any time."""


class WaitingFile(io.RawIOBase):
    """A file of which each read may have to wait; it is not closed with this one."""

    def __init__(self, file: BinaryIO, waiting: Waiting) -> None:
        """Read `file`, and enter `waiting` for each read."""
        super().__init__()
        self._file, self._waiting = file, waiting

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """So many bytes, or all that are left."""
        with self._waiting():
            return self._file.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to an offset; nothing is asked of the store for that."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The offset."""
        return self._file.tell()
