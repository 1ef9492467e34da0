"""The start that an export in ONVIF's file format carries."""

import datetime as dt
import io
import struct
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.vision.exports import media
from tests.unit.vision.exports.boxes import append, box, cstb, long_box, meta, signed
from vision.exports.onvif import starts
from vision.exports.probe import probe

AT = dt.datetime(2026, 3, 14, 9, 26, 53, 589_793, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(seconds=2)
TO_THE_MILLISECOND = AT.replace(microsecond=589_000)
FTYP = box(b"ftyp", b"mp42" + bytes(4) + b"mp42onvf")


@pytest.mark.parametrize(
    "boxes",
    [
        pytest.param(meta(cstb(AT)), id="in a meta box"),
        pytest.param(meta(cstb(AT, full=True)), id="written as a full box"),
        pytest.param(meta(cstb(AT, LATER)), id="the first track counts"),
        pytest.param(box(b"moov", meta(cstb(AT))), id="in the movie's meta box"),
        pytest.param(meta(signed(cstb(AT))), id="in a signature"),
        pytest.param(
            meta(cstb(LATER), signed(cstb(AT))), id="a signature corrects what was there before"
        ),
        pytest.param(long_box(b"free", bytes(99)) + meta(cstb(AT)), id="behind a box of 64 bits"),
    ],
)
def test_the_start_of_an_export_is_found(tmp_path: Path, boxes: bytes) -> None:
    found = probe(append(media.write(tmp_path), boxes))
    assert found.onvif_at == TO_THE_MILLISECOND
    assert found.frames == 25


@pytest.mark.parametrize(
    "boxes",
    [
        pytest.param(b"", id="no box"),
        pytest.param(meta(cstb()), id="no track"),
        pytest.param(meta(cstb(dt.datetime(1601, 1, 2, tzinfo=dt.UTC))), id="1601"),
        pytest.param(meta(cstb(dt.datetime(1970, 1, 1, tzinfo=dt.UTC))), id="1970"),
        pytest.param(meta(cstb(dt.datetime(2126, 1, 1, tzinfo=dt.UTC))), id="the future"),
        pytest.param(meta(box(b"cstb", b"\xff" * 40)), id="more tracks than it has bytes"),
        pytest.param(struct.pack(">I4s", 2**31, b"meta") + meta(cstb(AT)), id="a box too large"),
        pytest.param(struct.pack(">I4s", 3, b"free") + meta(cstb(AT)), id="a box too small"),
    ],
)
def test_what_is_no_start_is_passed_over(tmp_path: Path, boxes: bytes) -> None:
    assert probe(append(media.write(tmp_path), boxes)).onvif_at is None


def test_a_timeline_that_began_before_the_export_is_counted_from_its_zero(tmp_path: Path) -> None:
    path = append(media.write(tmp_path, "fragmented mp4"), meta(cstb(AT)))
    with av.open(path) as container:
        ticks = 5 / container.streams.video[0].time_base
    path.write_bytes(delayed(path.read_bytes(), int(ticks)))
    found = probe(path)
    assert found.stretches == ((0.0, 1.0),)
    assert found.onvif_at == TO_THE_MILLISECOND + dt.timedelta(seconds=5)


def delayed(content: bytes, ticks: int) -> bytes:
    """A fragmented MP4 file whose every fragment says that it is decoded so much later."""
    fragments = bytearray(content)
    at = fragments.find(b"tfdt")
    while at > 0:
        form = ">Q" if fragments[at + 4] else ">I"
        (time,) = struct.unpack_from(form, fragments, at + 8)
        struct.pack_into(form, fragments, at + 8, time + ticks)
        at = fragments.find(b"tfdt", at + 4)
    return bytes(fragments)


class _Counted(io.BytesIO):
    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        return super().read(size)


def test_a_file_of_boxes_without_end_is_left_soon() -> None:
    nested = b""
    for _ in range(40):
        nested = box(b"moov", nested)
    for content in (box(b"free", b"") * 100_000, meta(nested), meta(*[cstb(AT)] * 50_000)):
        file = _Counted(FTYP + content)
        starts(file)
        assert file.reads < 5000


@given(st.binary(max_size=300))
def test_no_bytes_whatever_are_too_much(content: bytes) -> None:
    starts(io.BytesIO(content))
    starts(io.BytesIO(FTYP + content))


_CONTENT = st.recursive(
    st.binary(max_size=40) | st.just(cstb(AT)),
    lambda inside: st.builds(
        lambda size, kind, parts: struct.pack(">I4s", size, kind) + b"".join(parts),
        st.integers(0, 2**32 - 1) | st.integers(0, 120),
        st.sampled_from([b"moov", b"meta", b"ipro", b"sinf", b"cstb", b"free", b"trak"]),
        st.lists(inside, max_size=4),
    ),
    max_leaves=20,
)


@given(_CONTENT)
def test_no_boxes_whatever_are_too_much(content: bytes) -> None:
    for at in starts(io.BytesIO(FTYP + content)):
        assert at.tzinfo is dt.UTC
