"""Frames of a video file at the analysed rate.

Belongs here: choosing frames and turning them into pixels, in memory. Does not belong here: when a
file began (`vision.exports.folder`), or what is seen in a frame.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame

from vision.exports.container import timed_frames
from vision.exports.places import Source
from vision.protocols import Frame


def read_frames(file: Path | Source, started_at_us: int, fps: float) -> Iterator[Frame]:
    """Yield the frames nearest to a regular grid of `fps` points a second, each at its own time.

    The grid starts at the first frame and never drifts. Where the file has fewer frames than the
    grid has points, each frame is given once. Packets that fail to decode are passed over.

    Args:
        file: Where it is.
        started_at_us: When its first frame was taken, microseconds since the epoch, UTC.
        fps: Analysed rate, frames per second of recorded time.

    Raises:
        UnreadableVideo: The file cannot be opened or has no video stream.
    """
    size: tuple[int, int] | None = None
    for offset, frame in _nearest_to_grid(timed_frames(file), 1.0 / fps):
        size = size or (frame.width, frame.height)
        # A recorder that changes resolution in mid-file leaves boxes on another scale.
        if (frame.width, frame.height) == size:
            at_us = started_at_us + round(offset * 1e6)
            yield Frame(at_us, np.ascontiguousarray(frame.to_ndarray(format="bgr24")))


def _nearest_to_grid(
    frames: Iterator[tuple[float, VideoFrame]], step: float
) -> Iterator[tuple[float, VideoFrame]]:
    # Half a step on either side of a grid point belongs to it; frames arrive in order of time.
    best: tuple[float, VideoFrame] | None = None
    cell = -1
    for offset, frame in frames:
        here = round(offset / step)
        if best is not None and here != cell:
            yield best
            best = None
        if best is None or abs(offset - here * step) < abs(best[0] - here * step):
            best = (offset, frame)
        cell = here
    if best is not None:
        yield best
