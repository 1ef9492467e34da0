"""What a video holds is measured from its packets, whatever its header says."""

import datetime as dt
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.vision.exports import media
from vision.exports.container import UnreadableVideo, timed_frames
from vision.exports.probe import _stretches, probe

BURSTS = [*range(0, 1000, 40), *range(6000, 7000, 40), *range(60_000, 61_000, 40)]
UNEVEN = list(accumulate([0, *[40, 80, 40, 120, 40, 200, 40, 600] * 6]))


@pytest.mark.parametrize("kind", media.KINDS)
def test_every_container_and_codec_is_measured_alike(tmp_path: Path, kind: str) -> None:
    found = probe(media.write(tmp_path, kind))
    assert (found.width, found.height, found.frames) == (*media.SIZE, 25)
    assert found.duration_s == pytest.approx(1.0, abs=0.002)
    assert found.delivered_fps == pytest.approx(25.0, abs=0.05)
    assert found.paused_s == 0


@pytest.mark.parametrize("kind", media.KINDS)
def test_a_file_object_is_measured_as_a_path_is(tmp_path: Path, kind: str) -> None:
    path = media.write(tmp_path, kind)
    with path.open("rb") as file:
        assert probe(file) == probe(path)


@pytest.mark.parametrize("kind", ["mp4 with H.264", "mkv with H.265", "webm with VP8"])
def test_stretches_are_parted_by_pauses(tmp_path: Path, kind: str) -> None:
    found = probe(media.write(tmp_path, kind, BURSTS))
    expected = [(0.0, 1.0), (6.0, 7.0), (60.0, 61.0)]
    assert np.array(found.stretches) == pytest.approx(np.array(expected), abs=0.002)
    assert found.paused_s == pytest.approx(58.0, abs=0.01)
    assert found.delivered_fps == pytest.approx(25.0, abs=0.05)
    assert found.frames == 75


@pytest.mark.parametrize("kind", ["mp4 with H.264", "mkv with H.265", "webm with VP8"])
def test_a_variable_rate_is_no_pause(tmp_path: Path, kind: str) -> None:
    found = probe(media.write(tmp_path, kind, UNEVEN))
    assert len(found.stretches) == 1
    assert found.frames == len(UNEVEN)
    assert found.duration_s == pytest.approx(UNEVEN[-1] / 1000, abs=0.1)


def test_a_time_lapse_has_no_pauses_between_its_frames(tmp_path: Path) -> None:
    found = probe(media.write(tmp_path, stamps_ms=range(0, 100_000, 4000)))
    assert found.stretches == ((0.0, 100.0),)
    assert found.delivered_fps == 0.25


@pytest.mark.parametrize("kind", media.KINDS)
def test_frames_are_decoded_at_the_times_that_were_measured(tmp_path: Path, kind: str) -> None:
    path = media.write(tmp_path, kind)
    found = probe(path)
    times = [seconds for seconds, _ in timed_frames(path)]
    assert len(times) == found.frames
    assert all(any(a <= at < b for a, b in found.stretches) for at in times)


def test_a_file_that_was_cut_between_key_frames_begins_where_it_was_cut(tmp_path: Path) -> None:
    whole = media.write(tmp_path, "transport stream with H.264", range(0, 2000, 40))
    packets = whole.read_bytes()
    spans = [at for at in range(0, len(packets), 188) if packets[at + 1 : at + 3] == b"\x41\x00"]
    cut = tmp_path / "cut.ts"
    # The tables, and then everything from the third frame on; a key frame is each fifth.
    cut.write_bytes(packets[: spans[0]] + packets[spans[2] :])
    found = probe(cut)
    times = [seconds for seconds, _ in timed_frames(cut)]
    assert found.frames == len(times) == 45
    assert [found.stretches[0][0], times[0]] == pytest.approx([0.12, 0.12])
    assert found.duration_s == pytest.approx(1.92)


@pytest.mark.parametrize(
    ("given_time", "expected"),
    [
        ("2026-03-14T09:26:53.589793Z", dt.datetime(2026, 3, 14, 9, 26, 53, 589_000, dt.UTC)),
        ("2026-03-14T09:26:53+02:00", dt.datetime(2026, 3, 14, 7, 26, 53, 0, dt.UTC)),
        ("1904-01-01T00:00:00Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("2126-01-01T00:00:00Z", None),
        ("yesterday", None),
    ],
)
def test_a_creation_time_is_taken_unless_no_camera_can_have_stood_then(
    tmp_path: Path, given_time: str, expected: dt.datetime | None
) -> None:
    metadata = {"creation_time": given_time}
    found = probe(media.write(tmp_path, "mkv with H.265", metadata=metadata))
    assert found.container_at == expected


@pytest.mark.parametrize(
    "list_of_files",
    ["ffconcat version 1.0\nfile other.mp4\n", "#EXTM3U\n#EXTINF:1,\nother.mp4\n#EXT-X-ENDLIST\n"],
    ids=["a list to concatenate", "a play list"],
)
def test_a_list_that_is_named_like_a_video_has_no_other_file_opened(
    tmp_path: Path, list_of_files: str
) -> None:
    media.write(tmp_path, name="other.mp4")
    listing = tmp_path / "clip.mp4"
    listing.write_text(list_of_files)
    with pytest.raises(UnreadableVideo, match="unreadable"):
        probe(listing)


def test_metadata_in_any_code_page_is_no_obstacle(tmp_path: Path) -> None:
    path = media.write(tmp_path, "mkv with H.265", metadata={"title": "KameraXXX"})
    path.write_bytes(path.read_bytes().replace(b"KameraXXX", b"K\xe4mera\xff\xfe\xfd"))
    assert probe(path).frames == 25


@given(st.lists(st.floats(0.001, 5000), min_size=1, max_size=60))
def test_stretches_and_pauses_make_up_the_whole(steps: list[float]) -> None:
    offsets = np.array(list(accumulate([0.0, *steps])))
    found = _stretches(offsets, 0.04)
    assert all(begin < until for begin, until in found)
    assert all(a[1] <= b[0] for a, b in pairwise(found))
    assert all(any(a <= at < b for a, b in found) for at in np.round(offsets, 6))
