"""Decoding in a process of its own: the same frames, and a bad file costs itself."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.unit.vision.hostile import Deed, Hostile
from vision.exports.decode import chosen_frames
from vision.exports.decode_host import RecordingGone, decoded_frames
from vision.exports.limits import Limits
from vision.exports.places import Folder, Source
from vision.exports.reading import Readable, Reading, Stretch
from vision.exports.wire import Kind, Loss, Message
from vision.protocols import Frame

SIZE = (64, 48)
FPS = 25
SECONDS = 4
CHOSEN = 5 * SECONDS + 1
"""Frames that are chosen at five a second of a file that none follows."""
STARTED_US = 1_773_482_400_000_000
ENOUGH = Limits()
IMPATIENT = Limits(frame_s=4.0)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of noise, which no codec makes small."""
    path = tmp_path_factory.mktemp("clips") / "noise.mkv"
    rng = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"g": "5", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for _ in range(SECONDS * FPS):
            noise = rng.integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noise, format="bgr24")))
        container.mux(stream.encode())
    return path


def on_disk(path: Path) -> Source:
    return Source(Folder(path.parent), path.name)


def readings(*sources: Readable) -> list[Reading]:
    """One file after the other, without a gap."""
    found = []
    for number, source in enumerate(sources):
        begins = STARTED_US + number * SECONDS * 1_000_000
        stretch = Stretch(f"{number}.mkv", begins, begins, begins + SECONDS * 1_000_000)
        found.append(Reading(source, stretch))
    return found


def decoded(
    asked: Sequence[Reading], limits: Limits = ENOUGH, fps: float = 5
) -> tuple[list[Frame], list[tuple[str, Loss]]]:
    lost: list[tuple[str, Loss]] = []
    frames = list(decoded_frames(asked, fps, limits, lambda name, why: lost.append((name, why))))
    return frames, lost


def offsets_s(frames: Sequence[Frame]) -> list[float]:
    return [round((frame.at_us - STARTED_US) / 1e6, 2) for frame in frames]


def parent_of(process: int | str) -> int | None:
    """The parent of a process that has not ended; None of one that has."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    state, parent = stat.rpartition(")")[2].split()[:2]
    return None if state == "Z" else int(parent)


def children() -> set[int]:
    """Processes of this one, but those that have ended."""
    everyone = (path.name for path in Path("/proc").glob("[0-9]*"))
    return {int(one) for one in everyone if parent_of(one) == os.getpid()}


@pytest.fixture
def no_process_is_left() -> Iterator[None]:
    before = children()
    yield
    assert children() <= before


pytestmark = pytest.mark.usefixtures("no_process_is_left")


def test_frames_are_those_that_this_process_would_decode_pixel_for_pixel(clip: Path) -> None:
    asked = readings(on_disk(clip), on_disk(clip))
    here = list(chosen_frames(asked, 6, lambda _message: None))
    frames, lost = decoded(asked, fps=6)
    assert lost == []
    assert [(frame.at_us, frame.image.tobytes()) for frame in frames] == [
        (at_us, pixels.tobytes()) for _, at_us, pixels in here
    ]
    assert frames[0].image.shape == (SIZE[1], SIZE[0], 3)


def test_only_frames_of_the_stretch_are_given(clip: Path) -> None:
    begins, ends = STARTED_US + 1_000_000, STARTED_US + 2_000_000
    frames, _ = decoded([Reading(on_disk(clip), Stretch("a.mkv", STARTED_US, begins, ends))])
    assert offsets_s(frames) == [1.0, 1.2, 1.4, 1.6, 1.8, 1.96]


@pytest.mark.parametrize(
    ("deed", "why"),
    [
        ("crash", "decoder_crashed"),
        ("abort", "decoder_crashed"),
        ("hang", "took_too_long"),
        ("hang in C", "took_too_long"),
        ("ask in circles", "took_too_long"),
        ("explode", "took_too_much_memory"),
        ("lie", "decoder_crashed"),
    ],
)
def test_a_file_that_ends_its_decoder_costs_the_rest_of_itself(
    clip: Path, deed: Deed, why: Loss
) -> None:
    asked = readings(on_disk(clip), Hostile(clip, deed), on_disk(clip))
    frames, lost = decoded(asked, IMPATIENT)
    assert lost == [("1.mkv", why)]
    found = offsets_s(frames)
    first, bad, last = (
        [at for at in found if number * SECONDS <= at < (number + 1) * SECONDS]
        for number in range(3)
    )
    assert len(first) == CHOSEN - 1  # The next file begins with the nearest to the last point.
    assert 0 < len(bad) < CHOSEN - 1
    assert len(last) == CHOSEN
    assert found == sorted(found)


def test_a_file_that_crashed_is_not_tried_again_behind_the_place(clip: Path) -> None:
    hour = STARTED_US + 3_600_000_000
    bad = Hostile(clip, "crash")
    asked = [
        Reading(bad, Stretch("bad.mkv", STARTED_US, STARTED_US, STARTED_US + 3_500_000)),
        Reading(bad, Stretch("bad.mkv", STARTED_US, STARTED_US + 3_600_000, hour)),
        Reading(on_disk(clip), Stretch("good.mkv", hour, hour, hour + 1_000_000)),
    ]
    frames, lost = decoded(asked)
    assert lost == [("bad.mkv", "decoder_crashed")]
    assert len([frame for frame in frames if frame.at_us >= hour]) == 6


def test_a_frame_that_explodes_in_memory_costs_its_file(tmp_path: Path, clip: Path) -> None:
    bomb = tmp_path / "bomb.mkv"
    with av.open(str(bomb), "w") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 12_000, 12_000, "yuvj420p"
        stream.codec_context.time_base = Fraction(1, 1)
        frame = av.VideoFrame(12_000, 12_000, "yuvj420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    frames, lost = decoded(readings(on_disk(bomb), on_disk(clip)), Limits(memory_bytes=900_000_000))
    assert lost == [("0.mkv", "took_too_much_memory")]
    assert len(frames) == CHOSEN


def test_what_is_no_video_is_given_up_without_a_new_process(tmp_path: Path, clip: Path) -> None:
    words = tmp_path / "words.mkv"
    words.write_bytes(b"these are words\n" * 400)
    frames, lost = decoded(readings(on_disk(words), on_disk(clip)))
    assert lost == [("0.mkv", "unreadable")]
    assert len(frames) == CHOSEN


@pytest.mark.parametrize("where", ["on a disk", "elsewhere"])
def test_a_file_that_cannot_be_opened_is_an_error_that_names_it(
    where: str, tmp_path: Path, clip: Path
) -> None:
    absent = tmp_path / "absent.mkv"
    source: Readable = on_disk(absent) if where == "on a disk" else Hostile(absent, "vanish")
    with pytest.raises(RecordingGone, match=r"1\.mkv .* cannot be opened"):
        decoded(readings(on_disk(clip), source))


@pytest.fixture
def stalled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Ends the stall of whatever waits for a disk."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    monkeypatch.setenv("STALLED_BY", str(pipe))

    def end() -> None:
        waiting = os.open(pipe, os.O_RDWR)
        pipe.unlink()
        time.sleep(0.5)
        os.close(waiting)

    yield end
    if pipe.exists():
        end()


@pytest.mark.skipif(sys.platform != "linux", reason="who waits for a disk is in Linux's /proc")
@pytest.mark.parametrize(
    ("deed", "frame_s"),
    [
        pytest.param("stall", 3, id="longer than a frame may take"),
        pytest.param("stall and think", 6, id="nearly as long"),
    ],
)
def test_a_disk_that_stalls_costs_no_frame(
    clip: Path, stalled: Callable[[], None], deed: Deed, frame_s: float
) -> None:
    ending = threading.Timer(8, stalled)
    ending.start()
    frames, lost = decoded(readings(Hostile(clip, deed)), Limits(frame_s=frame_s))
    ending.join()
    assert lost == []
    assert len(frames) == CHOSEN


@pytest.mark.skipif(sys.platform != "linux", reason="who waits for a disk is in Linux's /proc")
@pytest.mark.usefixtures("stalled")
def test_a_disk_that_never_answers_is_an_error_and_no_gap_in_the_day(clip: Path) -> None:
    with pytest.raises(RecordingGone, match=r"no frame of 0\.mkv in 3 s"):
        decoded(readings(Hostile(clip, "stall")), Limits(frame_s=3, store_s=3))


@pytest.mark.skipif(sys.platform != "linux", reason="who waits for a disk is in Linux's /proc")
@pytest.mark.usefixtures("stalled")
def test_a_file_that_reads_a_slow_disk_without_end_is_no_disk_that_stalls(clip: Path) -> None:
    frames, lost = decoded(
        readings(Hostile(clip, "stall and read"), on_disk(clip)), Limits(frame_s=4, store_s=20)
    )
    assert lost == [("0.mkv", "took_too_long")]
    assert len(frames) >= CHOSEN


def test_frames_before_the_stretch_are_a_sign_of_life_however_often_the_store_is_asked(
    clip: Path,
) -> None:
    last = Stretch("a.mkv", STARTED_US, STARTED_US + 3_800_000, STARTED_US + 4_000_000)
    frames, lost = decoded([Reading(Hostile(clip, "ask often", 0.1), last)], Limits(frame_s=2))
    assert lost == []
    assert offsets_s(frames) == [3.8, 3.96]


def test_a_store_that_is_asked_for_ever_is_an_error(clip: Path) -> None:
    with pytest.raises(RecordingGone, match=r"no frame of 0\.mkv in 3 s"):
        decoded(readings(Hostile(clip, "ask for ever")), Limits(frame_s=1.5, store_s=3))


def test_whoever_takes_their_time_is_not_taken_for_a_hanging_decoder(clip: Path) -> None:
    lost: list[str] = []
    asked = readings(on_disk(clip))
    impatient = Limits(frame_s=1.5)
    for number, _ in enumerate(
        decoded_frames(asked, 5, impatient, lambda name, _why: lost.append(name))
    ):
        if number == 1:
            time.sleep(2)
    assert lost == []
    assert number == CHOSEN - 1


def test_a_process_that_the_kernel_does_not_let_die_is_left_to_it(
    clip: Path, held_by_the_kernel: list[float | None]
) -> None:
    _, lost = decoded(readings(Hostile(clip, "hang")), IMPATIENT)
    assert lost == [("0.mkv", "took_too_long")]
    assert held_by_the_kernel
    assert None not in held_by_the_kernel


def test_a_day_that_is_left_early_leaves_no_process(clip: Path) -> None:
    frames = decoded_frames(readings(on_disk(clip)), 25, ENOUGH, lambda _name, _why: None)
    next(frames)
    assert children()
    frames.close()  # type: ignore[attr-defined]


def test_pixels_lie_in_no_file(clip: Path) -> None:
    before = children()
    frames = decoded_frames(readings(on_disk(clip)), 25, ENOUGH, lambda _name, _why: None)
    next(frames)
    (worker,) = children() - before
    held = {str(one.readlink()) for one in Path(f"/proc/{worker}/fd").iterdir()}
    assert {one for one in held if not one.startswith("socket:")} <= {"/dev/null", str(clip)}
    frames.close()  # type: ignore[attr-defined]


WATCHED = """
import sys
from pathlib import Path
from tests.unit.vision.hostile import Hostile
from tests.unit.vision.test_decode_process import ENOUGH, children, decoded_frames, readings

frames = decoded_frames(readings(Hostile(Path(sys.argv[1]), sys.argv[2])), 25, ENOUGH, print)
next(frames)
print(*children(), flush=True)
list(frames)
"""


@pytest.mark.parametrize("deed", ["hang", "hang in C"])
def test_the_process_ends_when_the_one_that_it_serves_is_killed(clip: Path, deed: Deed) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WATCHED, str(clip), deed], stdout=subprocess.PIPE, text=True
    ) as host:
        assert host.stdout is not None
        (worker,) = host.stdout.readline().split()
        host.send_signal(signal.SIGKILL)
    while parent_of(worker) is not None:
        time.sleep(0.1)


def test_a_process_that_does_not_start_is_an_error_and_no_bad_file(
    clip: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    here_only = types.ModuleType("here_only")
    monkeypatch.setitem(sys.modules, "here_only", here_only)
    exec("class Nowhere:\n    pass", here_only.__dict__)
    source = here_only.Nowhere()
    assert pickle.dumps(source)
    with pytest.raises(RuntimeError, match="does not start"):
        decoded(readings(source))
    assert "here_only" in capfd.readouterr().err


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(bytes(21), id="a kind that is none"),
        pytest.param(Message(Kind.FRAME, 0, 0, 100_000, 2).packed(), id="a frame beyond sizes"),
        pytest.param(Message(Kind.FRAME, 0, 0, 0, 2).packed(), id="a frame of no size"),
    ],
)
def test_a_header_that_no_worker_writes_is_refused(header: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Message.unpacked(header)
