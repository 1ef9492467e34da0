"""How the process that decodes talks to the one that it serves.

Belongs here: the form of its messages. Does not belong here: either process
(`vision.exports.decode_worker`, `vision.exports.decode_host`).

Strangers' bytes have passed through the one that talks, so nothing that it says is unpickled or
taken at its word: a header of fixed length, then as many bytes of pixels as its sizes say.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, get_args

from vision.exports.bounds import MOST_SIDE_PX

Loss = Literal["unreadable", "decoder_crashed", "took_too_long", "took_too_much_memory"]
"""Why a file, or the rest of it, is given up."""
LOSSES: tuple[Loss, ...] = get_args(Loss)

LENGTH = struct.Struct("<Q")
"""Bytes of the pickled task that the worker is sent before it says anything."""

_HEADER = struct.Struct("<BIqII")
HEADER_BYTES = _HEADER.size


class Kind(IntEnum):
    """What a message says."""

    READY = 1
    """The worker has its task and submits to its limits."""
    BEGAN = 2
    """A file is about to be opened."""
    ALIVE = 3
    """Frames are decoded, though none was chosen for a while."""
    FRAME = 4
    """A chosen frame; its pixels follow."""
    LOST = 5
    """The file is given up, and the next one follows."""
    ABSENT = 6
    """The file cannot be opened at all; the worker ends."""
    END = 7
    """Every reading was worked through."""
    WAITS = 8
    """Bytes are asked of a store, which may take any time."""
    GOES_ON = 9
    """The store has answered, or failed."""


OF_THE_STORE = (Kind.WAITS, Kind.GOES_ON)
"""What is said of a store, and is no sign that a file gets on."""


@dataclass(frozen=True, slots=True)
class Message:
    """A header.

    Attributes:
        kind: What it says.
        reading: Number of the reading in the task.
        value: Of a frame, when it was taken, microseconds since the epoch; of a loss, which of
            `LOSSES`.
        height: Of a frame, pixels; its rows follow, BGR, three bytes a pixel.
        width: Of a frame, pixels.
    """

    kind: Kind
    reading: int = 0
    value: int = 0
    height: int = 0
    width: int = 0

    def packed(self) -> bytes:
        """Its bytes."""
        return _HEADER.pack(self.kind, self.reading, self.value, self.height, self.width)

    @classmethod
    def unpacked(cls, header: bytes) -> "Message":
        """The message of a header.

        Raises:
            ValueError: No worker of ours says such a thing.
        """
        number, reading, value, height, width = _HEADER.unpack(header)
        kind = Kind(number)
        if kind is Kind.FRAME and not 0 < min(height, width) <= max(height, width) <= MOST_SIDE_PX:
            raise ValueError("a frame of no size, or beyond all sizes")
        return cls(kind, reading, value, height, width)
