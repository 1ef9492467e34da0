"""Starts of files from a CSV beside them."""

import datetime as dt

import pytest

from vision.exports.sidecar import SidecarError, starts


def test_times_with_and_without_an_offset_are_read() -> None:
    content = (
        b"\xef\xbb\xbffile,note,start\na.mp4,x,2026-07-01T10:00:00\n"
        b"b.mp4,,2026-07-01 10:00:00.5+02:00\n"
    )
    assert starts(content, "Europe/London") == {
        "a.mp4": dt.datetime(2026, 7, 1, 9, tzinfo=dt.UTC),
        "b.mp4": dt.datetime(2026, 7, 1, 8, 0, 0, 500_000, tzinfo=dt.UTC),
    }


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"name,start\n", "column file"),
        (b"", "column file and no column start"),
        (b"file,start\na.mp4,yesterday\n", "line 2"),
        (b"file,start\na.mp4\n", "line 2"),
        (b"file,start\na.mp4,2026-01-01T00:00Z\na.mp4,2026-01-02T00:00Z\n", "line 3"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"file,start\na.mp4,0001-01-01T00:00+14:00\n", "line 2"),
        (b"file,start\na.mp4,0001-01-01T00:00Z\n", "line 2"),
        (b"file,start\na.mp4,9999-12-31T23:59-14:00\n", "line 2"),
        (b'file,start\n"' + b"a" * 200_000 + b'",2026-01-01T00:00Z\n', "no CSV"),
        (b'file,"' + b"a" * 200_000, "no CSV"),
    ],
)
def test_what_cannot_be_believed_is_said_with_its_line(content: bytes, told: str) -> None:
    with pytest.raises(SidecarError, match=told):
        starts(content, "UTC")
