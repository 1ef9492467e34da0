"""What identifies the content of an export.

Belongs here: its hash, size and time of writing. Does not belong here: opening it
(`vision.exports.places`), what it shows (`vision.exports.probe`).
"""

import datetime as dt
import hashlib
import io
import os
from dataclasses import dataclass
from typing import BinaryIO, ClassVar, cast

from vision.exports.bounds import MOST_BYTES
from vision.exports.places import Source


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


def content(source: Source, file: BinaryIO) -> Content:
    """What identifies the bytes of a source that was opened as `file`."""
    file.seek(0)
    digest = hashlib.file_digest(cast("io.BufferedIOBase", file), "sha256").hexdigest()
    return Content(digest, min(file.seek(0, os.SEEK_END), MOST_BYTES), source.file().modified_at)
