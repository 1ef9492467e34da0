"""Video files: what a file really holds, and its frames at the analysed rate.

Belongs here: opening, probing and decoding with PyAV, and the clock of a file. Does not belong
here: when a file began (`vision.exports`), or what is seen in a frame.

Headers of recorders lie (a file of 383 frames may claim four), so everything is counted from
packets or frames, and a frame's time is its presentation timestamp, not its number.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vision.protocols import Frame

Reason = Literal["unreadable", "no_video_stream", "no_frames", "wrong_frame_size", "empty_file"]
"""Why a file is set aside: the words of column `reason` of the `camera_exports` contract."""

_FALLBACK_FPS = 25.0
_LONGEST_PAUSE_S = 6 * 3600.0
"""A forward leap of timestamps beyond this is a broken clock, not a pause in the recording."""


class UnreadableVideo(Exception):  # noqa: N818 - a finding about a file, not a fault of the program
    """A file that takes no part, and why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class VideoProbe:
    """What a file holds.

    Attributes:
        width: Of a frame, pixels.
        height: Of a frame, pixels.
        codec: FFmpeg's name of it.
        declared_fps: Rate that the container declares, rounded to 0.001; None where it has none.
        frames: Frames that can be had from the file.
        duration_s: From the first frame to the end of the last, by timestamps, seconds.
        delivered_fps: Frames per second of `duration_s`, rounded to 0.001.
    """

    width: int
    height: int
    codec: str
    declared_fps: float | None
    frames: int
    duration_s: float
    delivered_fps: float


def probe(path: Path, expected_size: tuple[int, int] | None = None) -> VideoProbe:
    """Count the frames of a file and read their timestamps.

    Packets are counted where each carries its own timestamp and none is marked corrupt; otherwise
    the whole file is decoded. At least one frame is decoded in any case.

    Args:
        path: The file.
        expected_size: Width and height that the site file gives the camera.

    Raises:
        UnreadableVideo: The file takes no part.
        OSError: The file cannot be opened at all (missing, no permission).
    """
    if path.stat().st_size == 0:
        raise UnreadableVideo("empty_file")
    with _open(path) as container:
        stream = _video_stream(container)
        rate = _declared_rate(stream)
        first = next(_decode(container, stream), None)
        if first is None:
            raise UnreadableVideo("no_frames")
        width, height, codec = first.width, first.height, stream.codec_context.name
    if expected_size is not None and (width, height) != expected_size:
        raise UnreadableVideo("wrong_frame_size")
    offsets = _packet_offsets(path)
    if offsets is None:
        offsets = np.array([offset for offset, _ in _timed_frames(path)])
    if offsets.size == 0:
        raise UnreadableVideo("no_frames")
    usual_step = float(np.median(np.diff(offsets))) if offsets.size > 1 else _step(rate)
    duration = float(offsets[-1]) + usual_step
    return VideoProbe(
        width=width,
        height=height,
        codec=codec,
        declared_fps=None if rate is None else round(rate, 3),
        frames=int(offsets.size),
        duration_s=duration,
        delivered_fps=round(offsets.size / duration, 3),
    )


def read_frames(path: Path, started_at_us: int, fps: float) -> Iterator[Frame]:
    """Yield the frames nearest to a regular grid of `fps` points a second, each at its own time.

    The grid starts at the first frame and never drifts. Where the file has fewer frames than the
    grid has points, each frame is given once. Packets that fail to decode are passed over.

    Args:
        path: The file.
        started_at_us: When its first frame was taken, microseconds since the epoch, UTC.
        fps: Analysed rate, frames per second of recorded time.

    Raises:
        UnreadableVideo: The file cannot be opened or has no video stream.
    """
    size: tuple[int, int] | None = None
    for offset, frame in _nearest_to_grid(_timed_frames(path), 1.0 / fps):
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


def _timed_frames(path: Path) -> Iterator[tuple[float, VideoFrame]]:
    """Every frame that decodes, with its seconds since the first one; strictly increasing."""
    with _open(path) as container:
        stream = _video_stream(container)
        clock = _Clock(_step(_declared_rate(stream)))
        time_base = float(stream.time_base) if stream.time_base else 0.0
        for frame in _decode(container, stream):
            stamp = None if frame.pts is None or not time_base else frame.pts * time_base
            yield clock.tick(stamp), frame


class _Clock:
    """Seconds since the first frame; where timestamps fail, the usual step is added."""

    def __init__(self, step: float) -> None:
        self._step = step
        self._origin: float | None = None
        self._last: float | None = None

    def tick(self, stamp: float | None) -> float:
        if self._last is None:
            self._origin = stamp
            self._last = 0.0
            return 0.0
        plausible = (
            stamp is not None
            and self._origin is not None
            and 0 < stamp - self._origin - self._last < _LONGEST_PAUSE_S
        )
        if plausible and stamp is not None and self._origin is not None:
            self._last = stamp - self._origin
        else:
            self._last += self._step
            # A clock that jumped goes on counting from its new origin.
            self._origin = None if stamp is None else stamp - self._last
        return self._last


def _packet_offsets(path: Path) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    """Seconds of every packet since the first, in order; None where they cannot be trusted."""
    stamps: list[int] = []
    with _open(path) as container:
        stream = _video_stream(container)
        if not stream.time_base:
            return None
        try:
            for packet in container.demux(stream):
                if packet.size == 0:
                    continue
                if packet.pts is None or packet.is_corrupt:
                    return None
                stamps.append(packet.pts)
        except av.FFmpegError:
            return None
        time_base = float(stream.time_base)
    offsets = np.sort(np.array(stamps, dtype=np.int64)) * time_base
    if offsets.size == 0:
        return None
    steps = np.diff(offsets)
    if (steps <= 0).any() or (steps > _LONGEST_PAUSE_S).any():
        return None
    result: np.ndarray[tuple[int], np.dtype[np.float64]] = offsets - offsets[0]
    return result


def _decode(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
            decoded = packet.decode()
        except StopIteration:
            return
        except av.InvalidDataError:
            continue
        except av.FFmpegError:
            return
        for frame in decoded:
            if isinstance(frame, VideoFrame):
                yield frame


def _open(path: Path) -> InputContainer:
    try:
        return av.open(path, mode="r")
    except (FileNotFoundError, PermissionError):
        raise
    except av.FFmpegError:
        raise UnreadableVideo("unreadable") from None


def _video_stream(container: InputContainer) -> VideoStream:
    if not container.streams.video:
        raise UnreadableVideo("no_video_stream")
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    return stream


def _declared_rate(stream: VideoStream) -> float | None:
    rate = stream.average_rate or stream.guessed_rate
    return float(rate) if rate and 0 < float(rate) <= 1000 else None


def _step(rate: float | None) -> float:
    return 1.0 / (rate or _FALLBACK_FPS)
