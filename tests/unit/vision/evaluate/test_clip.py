"""A detector that looks at nothing, over a video of a second, frame by frame."""

import numpy as np
import polars as pl
import pytest

from tests.unit.vision.exports.media import SIZE, write
from vision.contracts import TRACKS
from vision.evaluate.clip import Clip, ClipError, follow, read_homography
from vision.protocols import Boxes


class Moving:
    """Finds one person, whose left edge is the number of hundredths of a second that passed."""

    description = "moving"

    def __init__(self):
        self.seen = []

    def detect(self, frames):
        for frame in frames:
            self.seen.append(frame)
            x = frame.at_us / 10_000
            xyxy = np.array([[x, 0, x + 10, 20]], np.float32)
            yield Boxes(frame.at_us, xyxy, np.array([0.9], np.float32))


class Together:
    """Takes everybody for one person."""

    def track(self, detections, view, appearance=None):
        self.view = view
        return (
            detections.with_columns(track=pl.lit(0), joined=None)
            .select(TRACKS.schema.names())
            .cast(dict(TRACKS.schema))
        )


def test_a_clip_has_every_frame_at_its_own_time(tmp_path):
    stamps = [0, 40, 80, 200, 201, 400]
    clip = Clip.of(write(tmp_path, stamps_ms=stamps))
    assert (clip.frames_us // 1000).tolist() == stamps
    assert clip.size == SIZE
    assert clip.seconds == pytest.approx(0.4 * 6 / 5)


def test_some_frames_are_analysed_and_all_have_boxes(tmp_path):
    clip = Clip.of(write(tmp_path))
    detector, tracker, done = Moving(), Together(), []
    followed = follow(clip, detector, tracker, fps=5, on_frame=done.append)
    assert (followed.analysed, done) == (6, [1, 2, 3, 4, 5, 6])
    assert [frame.at_us // 1000 for frame in detector.seen] == [0, 200, 400, 600, 800, 960]
    assert tracker.view.analysed_fps == 5
    assert (tracker.view.width, tracker.view.height) == SIZE
    # A frame each 40 ms, and an analysed one each 200.
    assert followed.found["frame"].to_list() == list(range(1, 26))
    assert followed.found["x_min"].to_list() == pytest.approx([4.0 * n for n in range(25)])
    assert followed.wall_s >= 0


class Nobody:
    """Finds nobody."""

    description = "blind"

    def detect(self, frames):
        for frame in frames:
            yield Boxes(frame.at_us, np.empty((0, 4), np.float32), np.empty(0, np.float32))


def test_where_nobody_is_found_frames_were_analysed_all_the_same(tmp_path):
    followed = follow(Clip.of(write(tmp_path)), Nobody(), Together(), fps=5)
    assert (followed.analysed, followed.found.height) == (6, 0)


def test_masks_are_painted_over_before_anybody_looks(tmp_path):
    clip, detector = Clip.of(write(tmp_path)), Moving()
    everything = [(0, 0), (SIZE[0], 0), SIZE, (0, SIZE[1])]
    follow(clip, detector, Together(), fps=2, masks=[everything])
    assert all((frame.image == 114).all() for frame in detector.seen)


def test_what_is_no_video_is_refused(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"not a video" * 100)
    with pytest.raises(ClipError, match=r"clip\.mp4 does not decode"):
        Clip.of(path)
    with pytest.raises(ClipError, match="1 frames; give a video of two or more"):
        Clip.of(write(tmp_path, stamps_ms=[0], name="short.mp4"))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_homography_maps_the_floor_whatever_its_sign(tmp_path, sign):
    # The horizon is at y = 40; 64 x 48 pixels.
    matrix = sign * np.array([[0.1, 0, -3.2], [0, 0.02, 0], [0, 0.05, -2.0]])
    path = tmp_path / "H.txt"
    np.savetxt(path, matrix)
    x, y = read_homography(path, SIZE).to_floor(np.array([[32.0, 48.0]]))[0]
    assert (x, y) == (pytest.approx(0), pytest.approx(0.96 / 0.4))


@pytest.mark.parametrize(
    "content", ["", "1 0 0\n0 1 0\n", "1 0 0\n0 1 0\n0 0 nan\n", "1 2 3\n2 4 6\n0 0 1\n", "here"]
)
def test_what_is_no_homography_is_refused(tmp_path, content):
    path = tmp_path / "H.txt"
    path.write_text(content)
    with pytest.raises(ClipError, match="three lines of three numbers"):
        read_homography(path, SIZE)
