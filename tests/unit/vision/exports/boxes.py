"""Boxes of MP4 files, as ONVIF's export format has them."""

import datetime as dt
import struct
from pathlib import Path


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def long_box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4sQ", 1, kind, 16 + len(content)) + content


def cstb(*starts: dt.datetime, full: bool = False) -> bytes:
    since = [start - dt.datetime(1601, 1, 1, tzinfo=dt.UTC) for start in starts]
    entries = b"".join(
        struct.pack(">IQ", track, gone // dt.timedelta(microseconds=1) * 10)
        for track, gone in enumerate(since, 1)
    )
    return box(b"cstb", bytes(4 * full) + struct.pack(">I", len(starts)) + entries)


def meta(*inside: bytes) -> bytes:
    handler = box(b"hdlr", bytes(8) + b"null" + bytes(13))
    return box(b"meta", bytes(4) + handler + b"".join(inside))


def signed(*inside: bytes) -> bytes:
    """An item protection box, with the box of one signature in it."""
    schemes = box(b"frma", b"mp4a") + box(b"schm", bytes(12))
    return box(b"ipro", bytes(4) + b"\0\1" + box(b"sinf", schemes + b"".join(inside)))


def append(path: Path, *boxes: bytes) -> Path:
    """At the end of a file, where its offsets stay as they are."""
    with path.open("ab") as file:
        file.write(b"".join(boxes))
    return path
