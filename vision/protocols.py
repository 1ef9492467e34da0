"""What the stages ask of a detector, a tracker and who watches a camera, and what passes between.

Belongs here: protocols and the small types in their signatures. Does not belong here: any
implementation; the root of the project chooses those.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vision.calibration import Homography
from vision.exports.reasons import SceneReason
from vision.site.models import PixelPoint

LookAt = Literal["all", "changed_frames", "changed_windows"]
"""What a detector looks at on a CPU: every frame, frames that differ from what was seen last, or of
those only the parts that do."""

Image = NDArray[np.uint8]
"""A frame: (height, width, 3), BGR. Lives in memory only."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded frame; `at_us` is microseconds since the epoch, UTC."""

    at_us: int
    image: Image


@dataclass(frozen=True, slots=True)
class Boxes:
    """People found in one frame.

    Attributes:
        at_us: When the frame was taken, microseconds since the epoch, UTC.
        xyxy: (n, 4) float32 pixels of the full-resolution frame: x_min, y_min, x_max, y_max.
        confidence: (n,) float32 in 0..1.
        appearance: (n, d) float32 vectors of what people look like, where a site switches that on.
            Lives in memory only, and no longer than tracking.
    """

    at_us: int
    xyxy: NDArray[np.float32]
    confidence: NDArray[np.float32]
    appearance: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """A stretch in which frames do not show what their camera's entry in the site file says.

    Half-open, microseconds since the epoch, UTC; what lasts until the last frame has no end and is
    given a far one.
    """

    begins_us: int
    ends_us: int
    reason: SceneReason


@dataclass(frozen=True, slots=True)
class View:
    """What a tracker may know of a camera: its frame, its analysed rate, where its floor lies.

    Attributes:
        width: Of a frame, pixels.
        height: Of a frame, pixels.
        analysed_fps: Analysed frames per second of recorded time.
        homography: From pixels to metres on the floor; None where the camera is not calibrated.
    """

    width: int
    height: int
    analysed_fps: float
    homography: Homography | None = None


class Detector(Protocol):
    """Finds people in frames."""

    @property
    def description(self) -> str:
        """Name of the weights and the engine, for metadata; no path."""
        ...

    def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        """Yield the people of each frame, in order; keeps no frame."""
        ...


class Tracker(Protocol):
    """Turns the detections of a camera-day into tracks."""

    def track(
        self,
        detections: pl.DataFrame,
        view: View,
        appearance: NDArray[np.float32] | None = None,
    ) -> pl.DataFrame:
        """Take rows of the `detections` contract, return rows of the `tracks` contract.

        Args:
            detections: Every box of the camera-day.
            view: The camera's frame and rate.
            appearance: (n, d) one vector for each row of `detections`, where a site switches
                appearance on; must leave no trace in what is returned but the tracks themselves.
        """
        ...


class Watch(Protocol):
    """Watches the frames of one camera-day for a camera that is moved, covered or in the dark."""

    def watch(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The same frames, in order of time, each looked at as it passes; keeps no frame."""
        ...

    def marked(self) -> list[Marked]:
        """What is to be marked of the frames that have passed."""
        ...


NewWatch = Callable[[Sequence[Sequence[PixelPoint]]], Watch]
"""Begins a camera-day, whose frames have these polygons painted over."""
