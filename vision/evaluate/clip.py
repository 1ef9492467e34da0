"""The product's detector and tracker over one video file, as if it were a camera-day.

Belongs here: the times of a file's frames, following people through it, and what that costs. Does
not belong here: truth and scoring, or which detector and tracker (the root of the project chooses).

Frames are decoded in the process that decodes exports, and those are analysed that the product
would choose. Nothing is written.
"""

import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vision.calibration import Homography
from vision.detected import detections
from vision.evaluate.mot import found_at
from vision.exports.folder import Recordings
from vision.exports.reading import Stretch
from vision.protocols import Boxes, Detector, Frame, Tracker, View
from vision.site.models import PixelPoint

_EVERY_FRAME_FPS = 2000.0
"""Finer than the times of frames can be."""
_END_US = 2**62

OnFrame = Callable[[int], None]
"""Called with the number of frames done."""


class ClipError(ValueError):
    """A video, or the mapping of its floor, that nothing can be measured on; says what to do."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A video file.

    Attributes:
        path: Where it lies.
        frames_us: (n,) when each frame was taken, microseconds from an arbitrary instant.
        size: Width and height of its frames, pixels.
    """

    path: Path
    frames_us: NDArray[np.int64]
    size: tuple[int, int]

    @classmethod
    def of(cls, path: Path, on_frame: OnFrame = lambda _: None) -> "Clip":
        """Decode the file once to see its frames, since headers lie.

        Raises:
            ClipError: It does not decode to its end, or has fewer than two frames.
            OSError: It cannot be opened.
        """
        times: list[int] = []
        size = (0, 0)
        for frame in _frames(path, _EVERY_FRAME_FPS):
            times.append(frame.at_us)
            size = (frame.image.shape[1], frame.image.shape[0])
            on_frame(len(times))
        if len(times) < 2:
            raise ClipError(f"{path.name}: {len(times)} frames; give a video of two or more")
        return cls(path, np.array(times, np.int64), size)

    @property
    def seconds(self) -> float:
        """How long it is, the last frame taken to last as long as the others."""
        shown = int(self.frames_us[-1] - self.frames_us[0])
        return shown / 1e6 * len(self.frames_us) / (len(self.frames_us) - 1)


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of following people through a clip.

    Attributes:
        found: Rows of `vision.evaluate.mot.FOUND`.
        analysed: Number of frames that the detector looked at.
        wall_s: Time that it took, from the first result on: loading a network is no frame's time.
        processor_s: The same of all processors together, with the process that decodes.
    """

    found: pl.DataFrame
    analysed: int
    wall_s: float
    processor_s: float


def follow(
    clip: Clip,
    detector: Detector,
    tracker: Tracker,
    *,
    fps: float,
    homography: Homography | None = None,
    masks: Sequence[Sequence[PixelPoint]] = (),
    on_frame: OnFrame = lambda _: None,
) -> Followed:
    """Detect and track people as the product does, and bring their tracks to every frame.

    Args:
        clip: The video.
        detector: Finds people.
        tracker: Joins what it finds.
        fps: Analysed frames per second of recorded time.
        homography: From pixels to metres; None where the floor is not known.
        masks: Polygons of the frame that are not looked at, pixels.
        on_frame: Told how many analysed frames are done.
    """
    from vision.masking import blanked

    view = View(*clip.size, analysed_fps=fps, homography=homography)
    found: list[Boxes] = []
    spent = _Spent()
    for boxes in detector.detect(blanked(_frames(clip.path, fps), masks)):
        if not found:
            spent = _Spent()
        found.append(boxes)
        on_frame(len(found))
    tracks = tracker.track(detections(found), view)
    wall_s, processor_s = spent.seconds()
    return Followed(found_at(tracks, clip.frames_us), len(found), wall_s, processor_s)


def read_homography(path: Path, size: tuple[int, int]) -> Homography:
    """A mapping from pixels to metres on the floor: three lines of three numbers.

    Args:
        path: The file.
        size: Width and height of the frames, pixels; the middle of the lowest row is taken to show
            the floor.

    Raises:
        ClipError: It holds something else.
        OSError: The file cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").replace(",", " ").splitlines()
        matrix = np.array([line.split() for line in lines if line.strip()], np.float64)
    except ValueError:
        matrix = np.empty(0)
    if matrix.shape != (3, 3) or not np.isfinite(matrix).all() or np.linalg.matrix_rank(matrix) < 3:
        raise ClipError(
            f"{path.name}: no homography; write three lines of three numbers, the "
            "matrix that takes pixels to metres on the floor"
        )
    # A homography has no sign of its own; ours is positive before the camera.
    nearest = matrix[2] @ (size[0] / 2, size[1], 1)
    return Homography(matrix * np.sign(nearest or 1), np.empty(0))


def _frames(path: Path, fps: float) -> Iterator[Frame]:
    """Frames nearest to a grid of `fps` a second, as `vision.exports` gives those of a file."""
    path = path.resolve()
    lost: list[str] = []
    whole = Stretch(path.name, started_at_us=0, begins_us=0, ends_us=_END_US)
    count = 0
    recordings = Recordings(path.parent)
    for frame in recordings.frames([whole], fps, lambda _name, why: lost.append(why)):
        count += 1
        yield frame
    if lost:
        raise ClipError(
            f"{path.name} does not decode beyond frame {count} ({lost[0]}); give a video that "
            "decodes to its end"
        )


class _Spent:
    """Time since it was made: on the wall, and of processors."""

    def __init__(self) -> None:
        self._began = time.monotonic(), _processor_s()

    def seconds(self) -> tuple[float, float]:
        return time.monotonic() - self._began[0], _processor_s() - self._began[1]


def _processor_s() -> float:
    """Of this process and of those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
