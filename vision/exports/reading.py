"""What a decoder is asked for: which part of which file, and how the file is opened.

Belongs here: the small types that travel to the process that decodes. Does not belong here: which
files there are (`vision.exports.folder`), or decoding (`vision.exports.decode`). That process
starts for every camera-day, so nothing heavy is imported here.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from vision.exports.waiting import Waiting


class Readable(Protocol):
    """A file that can be opened in another process, to which it travels as a pickle."""

    @property
    def path(self) -> Path | None:
        """Where it lies, if on a disk."""
        ...

    def reading(self, waiting: Waiting = nullcontext) -> AbstractContextManager[BinaryIO]:
        """Its bytes; raises OSError where they are not to be had.

        Args:
            waiting: Entered while they are asked of a store.
        """
        ...


@dataclass(frozen=True, slots=True)
class Stretch:
    """An unbroken part of a camera-day that is taken from one file.

    Attributes:
        file_name: Path of the file below the root of the recordings.
        started_at_us: When its first frame was taken, microseconds since the epoch, UTC.
        begins_us: Frames before this are another stretch's.
        ends_us: So are frames from this on.
    """

    file_name: str
    started_at_us: int
    begins_us: int
    ends_us: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A stretch, and where its file is opened."""

    source: Readable
    stretch: Stretch
