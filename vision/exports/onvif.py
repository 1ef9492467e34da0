"""What an export in ONVIF's file format says of its start.

Belongs here: finding and reading the `cstb` box of an MP4 file. Does not belong here: whether its
clock is believed (`vision.exports.clocks`), any other box.

ONVIF Export File Format Specification 21.06, 5.3: `cstb` (CorrectStartTimeBox) lies in a `meta` box
or, written when the file is signed, in a `sinf` box of its `ipro`. It is a count and, for each
track, its number (32 bits) and the UTC start of its timeline (64 bits, in 100 ns since 1601).
"""

import datetime as dt
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

_EPOCH = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
_HEADERS: dict[bytes, int] = {
    # What stands before the first box inside: nothing, version and flags, and a count besides.
    **dict.fromkeys((b"moov", b"trak", b"udta", b"sinf"), 0),
    b"meta": 4,
    b"ipro": 6,
}
_ENTRY = struct.Struct(">IQ")
_MOST_ENTRIES = 64
_MOST_BOXES = 2000
_DEEPEST = 6


def starts(file: BinaryIO) -> list[dt.datetime]:
    """When the timeline of the file began, UTC, to the microsecond; what to believe first, first.

    A later signature corrects what was written before, and the first track is the one that counts.
    A file of any other kind has none. Reads a few bytes of each box, of so many boxes and no more,
    whatever sizes they claim.

    Raises:
        OSError: The file cannot be read.
    """
    file.seek(4)
    if file.read(4) != b"ftyp":
        return []
    file.seek(0, 2)
    boxes = sorted(_Walk(file).boxes(0, file.tell()), key=lambda box: box[0])
    return [at for _, begin, end in boxes[::-1] for at in _entries(file, begin, end)]


@dataclass
class _Walk:
    file: BinaryIO
    left: int = field(default=_MOST_BOXES)

    def boxes(
        self, begin: int, end: int, depth: int = 0, signed: bool = False
    ) -> Iterator[tuple[bool, int, int]]:
        """Content of every `cstb` between two places, and whether it lies in a signature."""
        while begin + 8 <= end and self.left:
            self.left -= 1
            kind, content, after = self._header(begin, end)
            if after <= begin:
                return
            if kind == b"cstb":
                yield signed, content, after
            elif kind in _HEADERS and depth < _DEEPEST:
                inside = content + _HEADERS[kind]
                yield from self.boxes(inside, after, depth + 1, signed or kind == b"sinf")
            begin = after

    def _header(self, begin: int, end: int) -> tuple[bytes, int, int]:
        """Kind, where its content begins, where it ends; no further than `end`."""
        self.file.seek(begin)
        head = self.file.read(16)
        size, kind = struct.unpack_from(">I4s", head) if len(head) >= 8 else (0, b"")
        content = begin + 8
        if size == 1 and len(head) == 16:
            size = struct.unpack_from(">Q", head, 8)[0]
            content = begin + 16
        elif size == 0:
            size = end - begin
        after = begin + size
        # A box that is smaller than its header, or larger than its container, ends the walk.
        return (kind, content, after) if content <= after <= end else (b"", 0, 0)


def _entries(file: BinaryIO, begin: int, end: int) -> Iterator[dt.datetime]:
    file.seek(begin)
    content = file.read(min(end - begin, 8 + _MOST_ENTRIES * _ENTRY.size))
    # Some write it as a full box, with four bytes of version and flags before the count.
    for offset in (0, 4):
        count = int.from_bytes(content[offset : offset + 4], "big")
        entries = content[offset + 4 :]
        if 0 < count <= _MOST_ENTRIES and len(entries) == count * _ENTRY.size:
            for _track, since in _ENTRY.iter_unpack(entries):
                try:
                    yield _EPOCH + dt.timedelta(microseconds=since // 10)
                except OverflowError:
                    continue
            return
