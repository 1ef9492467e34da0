import datetime as dt
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from vision.exports.decode import chosen_frames
from vision.exports.places import Folder, Source
from vision.exports.probe import UnreadableVideo, probe
from vision.exports.reading import Reading, Stretch
from vision.protocols import Frame

STARTED_US = int(dt.datetime(2026, 3, 14, 10, tzinfo=dt.UTC).timestamp() * 1e6)
SIZE = (64, 48)


def write(path: Path, stamps_ms: list[int], size: tuple[int, int] = SIZE) -> Path:
    """A video whose frame i is grey of brightness 2 i, at the given presentation times."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"g": "5", "crf": "1"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
        for number, stamp in enumerate(stamps_ms):
            grey = np.full((size[1], size[0], 3), 2 * number, dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="bgr24")
            frame.pts, frame.time_base = stamp, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def read(path: Path, fps: float) -> list[Frame]:
    whole = Stretch(path.name, STARTED_US, STARTED_US, STARTED_US + 3_600_000_000)
    found = chosen_frames(
        [Reading(Source(Folder(path.parent), path.name), whole)], fps, lambda _message: None
    )
    return [Frame(at_us, pixels) for _, at_us, pixels in found]


def offsets_s(path: Path, fps: float) -> list[float]:
    return [(frame.at_us - STARTED_US) / 1e6 for frame in read(path, fps)]


@pytest.fixture
def steady(tmp_path: Path) -> Path:
    return write(tmp_path / "steady.mp4", [40 * i for i in range(100)])


def test_a_probe_counts_frames_and_measures_their_timestamps(steady: Path) -> None:
    found = probe(steady)
    assert (found.width, found.height, found.codec, found.frames) == (*SIZE, "h264", 100)
    assert found.duration_s == pytest.approx(4.0)
    assert found.delivered_fps == 25.0


def test_a_pause_in_the_recording_is_no_part_of_the_delivered_rate(tmp_path: Path) -> None:
    stamps = [40 * i for i in range(50)] + [6000 + 40 * i for i in range(50)]
    found = probe(write(tmp_path / "pause.mp4", stamps))
    assert found.duration_s == pytest.approx(8.0)
    assert found.stretches == ((0.0, 2.0), (6.0, 8.0))
    assert found.paused_s == pytest.approx(4.0)
    assert found.delivered_fps == 25.0


@pytest.mark.footage
def test_a_header_that_claims_four_frames_is_not_believed(footage: Path) -> None:
    found = probe(footage / "caviar" / "EnterExitCrossingPaths1front.mpg")
    assert found.frames == 383
    assert found.duration_s == pytest.approx(15.32)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "empty_file", id="an empty file"),
        pytest.param(b"these are words\n" * 400, "unreadable", id="text"),
        pytest.param(None, "unreadable", id="the first half of a file whose index is at its end"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    steady: Path, tmp_path: Path, content: bytes | None, reason: str
) -> None:
    broken = tmp_path / "broken.mp4"
    whole = steady.read_bytes()
    broken.write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(UnreadableVideo) as raised:
        probe(broken)
    assert raised.value.reason == reason


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
    with pytest.raises(UnreadableVideo, match="no_video_stream"):
        probe(path)


@pytest.mark.parametrize("fps", [2, 5, 6, 12.5])
def test_frames_stay_on_a_regular_grid(steady: Path, fps: float) -> None:
    found = offsets_s(steady, fps)
    grid = np.arange(len(found)) / fps
    # The nearest of 25 frames a second is at most 20 ms away; the recording's end may cut the last.
    assert np.abs(np.array(found) - grid)[:-1].max() <= 0.0201
    assert len(found) == pytest.approx(4 * fps, abs=1)


def test_every_frame_keeps_its_own_timestamp(tmp_path: Path) -> None:
    stamps = [0, 30, 100, 115, 180, 300, 310, 420, 500, 1500, 1530]
    found = offsets_s(write(tmp_path / "uneven.mp4", stamps), 1000)
    assert found == [stamp / 1000 for stamp in stamps]


def test_frames_come_once_in_order_and_show_what_was_recorded(steady: Path) -> None:
    frames = read(steady, 5)
    assert all(a.at_us < b.at_us for a, b in pairwise(frames))
    brightness = [float(frame.image.mean()) for frame in frames]
    expected = [2 * (frame.at_us - STARTED_US) / 40_000 for frame in frames]
    assert np.abs(np.array(brightness) - expected).max() < 4
    assert frames[0].image.shape == (SIZE[1], SIZE[0], 3)


def test_a_broken_stretch_in_mid_file_is_passed_over(steady: Path, tmp_path: Path) -> None:
    with av.open(str(steady)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        spans = [(packet.pos, packet.size, packet.pts) for packet in packets]
    content = bytearray(steady.read_bytes())
    for position, size, _ in spans[40:45]:
        content[position : position + size] = bytes(size)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(content)
    found = offsets_s(broken, 25)
    assert 80 <= len(found) < 100
    assert found[0] == 0.0
    assert found[-1] == pytest.approx(3.96)
