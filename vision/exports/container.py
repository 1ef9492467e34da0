"""Opening video files with PyAV, and the clock of one.

Belongs here: containers, streams, declared rates, timestamps that can be trusted. Does not belong
here: measuring a file (`vision.exports.probe`), decoding one (`vision.exports.decode`).

Headers of recorders lie (a file of 383 frames may claim four), so everything is counted from
packets or frames, and a frame's time is its presentation timestamp, not its number.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vision.exports.places import Source

Reason = Literal["unreadable", "no_video_stream", "no_frames", "wrong_frame_size", "empty_file"]
"""Why a file is set aside: the words of column `reason` of the `camera_exports` contract."""

_FALLBACK_FPS = 25.0
LONGEST_PAUSE_S = 6 * 3600.0
"""A forward leap of timestamps beyond this is a broken clock, not a pause in the recording."""


class UnreadableVideo(Exception):  # noqa: N818 - a finding about a file, not a fault of the program
    """A file that takes no part, and why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


def timed_frames(file: Path | Source) -> Iterator[tuple[float, VideoFrame]]:
    """Every frame that decodes, with its seconds since the first one; strictly increasing."""
    with opened(file) as container:
        stream = video_stream(container)
        clock = _Clock(step_of(declared_rate(stream)))
        time_base = float(stream.time_base) if stream.time_base else 0.0
        for frame in decoded(container, stream):
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
            and 0 < stamp - self._origin - self._last < LONGEST_PAUSE_S
        )
        if plausible and stamp is not None and self._origin is not None:
            self._last = stamp - self._origin
        else:
            self._last += self._step
            # A clock that jumped goes on counting from its new origin.
            self._origin = None if stamp is None else stamp - self._last
        return self._last


def decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Every frame that decodes, in order; packets that do not are passed over."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
            frames = packet.decode()
        except StopIteration:
            return
        except av.InvalidDataError:
            continue
        except av.FFmpegError:
            return
        for frame in frames:
            if isinstance(frame, VideoFrame):
                yield frame


def opened(file: Path | Source) -> InputContainer:
    """The container; raises `UnreadableVideo` where it is none, OSError where we may not read."""
    try:
        return av.open(file.open() if isinstance(file, Source) else file, mode="r")
    except (FileNotFoundError, PermissionError):
        raise
    except av.FFmpegError:
        raise UnreadableVideo("unreadable") from None


def video_stream(container: InputContainer) -> VideoStream:
    """Its first video stream, decoded with as many threads as help."""
    if not container.streams.video:
        raise UnreadableVideo("no_video_stream")
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    return stream


def declared_rate(stream: VideoStream) -> float | None:
    """Frames per second that the container declares; None where it makes no sense."""
    rate = stream.average_rate or stream.guessed_rate
    return float(rate) if rate and 0 < float(rate) <= 1000 else None


def step_of(rate: float | None) -> float:
    """Seconds from one frame to the next at a declared rate."""
    return 1.0 / (rate or _FALLBACK_FPS)
