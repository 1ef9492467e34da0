"""Detectors that keep what a detector found, and that say it again over other pixels.

Belongs here: recording and replaying boxes, scores and times in memory, inventing appearance
vectors beside them, and the same for stretches in which the camera was moved, covered or in the
dark. Does not belong here: what the pixels are (`disguise`).

The detector is the boundary of the proof, and so is who watches the camera: what they say may be
known to all that follows, and nothing else of a frame may.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import dagster as dg
import numpy as np
from numpy.typing import NDArray

from vision.protocols import Boxes, Detector, Frame, Image, Marked, NewWatch, Watch
from vision.site.models import PixelPoint

_DIMENSIONS = 128


@dataclass(frozen=True, slots=True)
class Seen:
    """What a detector said of one frame.

    Attributes:
        at_us: When the frame was taken, microseconds since the epoch, UTC.
        xyxy: (n, 4) float32 pixels: x_min, y_min, x_max, y_max.
        confidence: (n,) float32 in 0..1.
        pixels: A checksum of the frame, so that a replay can tell whether it was given another.
    """

    at_us: int
    xyxy: NDArray[np.float32]
    confidence: NDArray[np.float32]
    pixels: int


@dataclass
class Recorded:
    """What was said of the frames of one camera-day; lives in memory only.

    Attributes:
        description: Of the detector.
        seen: What the detector said of each.
        marked: What was said of the camera.
    """

    description: str = ""
    seen: list[Seen] = field(default_factory=list)
    marked: list[Marked] = field(default_factory=list)

    @property
    def boxes(self) -> int:
        """Boxes in all frames together."""
        return sum(len(frame.confidence) for frame in self.seen)


class RecordingDetector:
    """Passes on what `detector` finds and keeps it in `recorded`.

    Args:
        detector: The one whose boxes everything that follows may know.
        vectors: Seed of the appearance vectors that are invented beside each box.
    """

    def __init__(self, detector: Detector, vectors: int) -> None:
        self._detector = detector
        self._vectors = vectors
        self.recorded = Recorded()

    @property
    def description(self) -> str:
        """That of the detector."""
        return self._detector.description

    def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        """See `vision.protocols.Detector`."""
        sums: dict[int, int] = {}
        # A step that is tried again begins anew.
        self.recorded = Recorded()

        def noted() -> Iterator[Frame]:
            for frame in frames:
                sums[frame.at_us] = _checksum(frame.image)
                yield frame

        for found in self._detector.detect(noted()):
            kept = Seen(
                found.at_us, found.xyxy.copy(), found.confidence.copy(), sums.pop(found.at_us)
            )
            self.recorded.seen.append(kept)
            yield _with_vectors(kept, self._vectors)
        if self.recorded.seen:
            self.recorded.description = self._detector.description


class ReplayingDetector:
    """Says of each frame what was said of the frame of the same time, whatever it shows.

    Args:
        recorded: What was said.
        vectors: Seed of the appearance vectors.

    Attributes:
        recorded: The same.
        changed: Frames whose pixels were others than when the boxes were recorded.
    """

    def __init__(self, recorded: Recorded, vectors: int) -> None:
        self.recorded = recorded
        self._vectors = vectors
        self.changed = 0

    @property
    def description(self) -> str:
        """That of the detector that was recorded."""
        return self.recorded.description

    def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        """See `vision.protocols.Detector`.

        Raises:
            dagster.Failure: The frames come at other times than those that were recorded.
        """
        self.changed = 0
        remaining = iter(self.recorded.seen)
        for frame in frames:
            seen = next(remaining, None)
            if seen is None or seen.at_us != frame.at_us:
                raise _other_times()
            self.changed += seen.pixels != _checksum(frame.image)
            yield _with_vectors(seen, self._vectors)
        if next(remaining, None) is not None:
            raise _other_times()


@dataclass(frozen=True, slots=True)
class Boundary:
    """Either of the two under one name, which Dagster notes."""

    inner: RecordingDetector | ReplayingDetector

    @property
    def description(self) -> str:
        """That of the detector within."""
        return self.inner.description

    def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        """See `vision.protocols.Detector`."""
        return self.inner.detect(frames)


class RecordingWatch:
    """Passes on what `watch` marks, and keeps it in what `detector` has recorded."""

    def __init__(self, watch: Watch, detector: RecordingDetector) -> None:
        self._watch, self._detector = watch, detector

    def watch(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """See `vision.protocols.Watch`."""
        return self._watch.watch(frames)

    def marked(self) -> list[Marked]:
        """See `vision.protocols.Watch`."""
        self._detector.recorded.marked = self._watch.marked()
        return self._detector.recorded.marked


class ReplayingWatch:
    """Marks what was marked, whatever frames show."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded

    def watch(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """See `vision.protocols.Watch`."""
        yield from frames

    def marked(self) -> list[Marked]:
        """See `vision.protocols.Watch`."""
        return self._recorded.marked


@dataclass(frozen=True, slots=True)
class WatchBoundary:
    """Begins either of the two, under one name.

    Attributes:
        new_watch: Who watches while the detector's answers are recorded.
        detector: Records or replays.
    """

    new_watch: NewWatch
    detector: RecordingDetector | ReplayingDetector

    def __call__(self, masks: Sequence[Sequence[PixelPoint]]) -> Watch:
        """See `vision.protocols.NewWatch`."""
        if isinstance(self.detector, ReplayingDetector):
            return ReplayingWatch(self.detector.recorded)
        return RecordingWatch(self.new_watch(masks), self.detector)


def _other_times() -> dg.Failure:
    return dg.Failure(
        description="the detector was given frames of other times than in the first run, so "
        "something between the files and the detector is not the same from run to run",
        allow_retries=False,
    )


def _with_vectors(seen: Seen, seed: int) -> Boxes:
    rng = np.random.default_rng([seed, seen.at_us])
    vectors = rng.standard_normal((len(seen.confidence), _DIMENSIONS), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Boxes(seen.at_us, seen.xyxy.copy(), seen.confidence.copy(), vectors)


def _checksum(image: Image) -> int:
    return zlib.crc32(np.ascontiguousarray(image).data)
