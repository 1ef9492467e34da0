"""A file whose reads wait for a store is the file, and each wait is told."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from tests.unit.vision.exports import media
from vision.exports.container import timed_frames
from vision.exports.waiting import WaitingFile


@pytest.mark.parametrize(
    "kind", ["mp4 with H.264", "mkv with H.265", "transport stream with H.264"]
)
def test_a_decoder_reads_it_as_it_reads_the_file(kind: str, tmp_path: Path) -> None:
    path = media.write(tmp_path, kind)
    waits: list[str] = []

    @contextmanager
    def waiting() -> Iterator[None]:
        waits.append("asks")
        yield
        waits.append("goes on")

    file = WaitingFile(io.BytesIO(path.read_bytes()), waiting)
    found = [(at, frame.to_ndarray().tobytes()) for at, frame in timed_frames(cast(BinaryIO, file))]
    assert found == [(at, frame.to_ndarray().tobytes()) for at, frame in timed_frames(path)]
    assert waits == ["asks", "goes on"] * (len(waits) // 2)
    assert waits


def test_it_goes_on_where_the_store_failed() -> None:
    class Away(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionError

    waits: list[str] = []

    @contextmanager
    def waiting() -> Iterator[None]:
        waits.append("asks")
        try:
            yield
        finally:
            waits.append("goes on")

    with pytest.raises(ConnectionError):
        WaitingFile(Away(), waiting).read(1)
    assert waits == ["asks", "goes on"]
