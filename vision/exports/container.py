"""Opening video files with PyAV, and the clock of one.

Belongs here: containers, streams, declared rates, timestamps that can be trusted. Does not belong
here: measuring a file (`vision.exports.probe`), decoding one (`vision.exports.decode`).

Headers of recorders lie (a file of 383 frames may claim four), so everything is counted from
packets or frames, and a frame's time is its presentation timestamp, not its number.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vision.exports.reasons import Reason

Media = Path | BinaryIO
"""A video file: a path, or a seekable binary file from wherever it is stored."""

_BARE = ("mpegvideo", "m4v", "h263", "h264", "hevc", "mjpeg", "mpjpeg", "av1", "obu", "vc1")
"""Streams without a container: FFmpeg makes their timestamps up, and not always well."""
FORMATS = (
    *("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "mpeg", "mpegts", "asf", "flv", "ogg"),
    *("mxf", "nut", "ivf", "dv", "dhav", "hxvs", "mxg", *_BARE),
)
"""FFmpeg's names of what recorders write. It goes by content, and among the other two hundred are
play lists: a file that is named .mp4 and lists others would have those opened in its place."""
_OPTIONS = {"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "file"}

_FALLBACK_FPS = 25.0
LONGEST_PAUSE_S = 6 * 3600.0
"""A forward leap of timestamps beyond this is a broken clock, not a pause in the recording."""
LONGEST_LEAD_S = 60.0
"""Nor do recorders leave key frames out for longer than this."""
SHORTEST_STEP_S = 0.00099
"""Frames that follow each other more closely carry no times that a camera could have given."""


class UnreadableVideo(Exception):  # noqa: N818 - a finding about a file, not a fault of the program
    """A file that takes no part, and why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


def timed_frames(media: Media) -> Iterator[tuple[float, VideoFrame]]:
    """Every frame that decodes, with its seconds since the recording began; strictly increasing.

    A recording begins with its earliest packet. A file that was cut between two key frames has its
    first frame later.
    """
    with opened(media) as container:
        stream = video_stream(container)
        clock = _Clock(step_of(declared_rate(stream)))
        time_base = time_base_of(container, stream)

        def seconds(pts: int | None) -> float | None:
            return None if pts is None or not time_base else pts * time_base

        for frame in decoded(container, stream, lambda packet: clock.expect(seconds(packet.pts))):
            yield clock.tick(seconds(frame.pts)), frame


class _Clock:
    """Seconds since the recording began; where timestamps fail, the usual step is added."""

    def __init__(self, step: float) -> None:
        self._step = step
        self._earliest: float | None = None
        self._origin: float | None = None
        self._last: float | None = None

    def expect(self, stamp: float | None) -> None:
        """A packet was read; those before the first frame say when the recording began."""
        if self._last is None and stamp is not None:
            self._earliest = stamp if self._earliest is None else min(stamp, self._earliest)

    def tick(self, stamp: float | None) -> float:
        """The time of the next frame."""
        if self._last is None:
            self._last = 0.0
            if stamp is not None and self._earliest is not None:
                late = stamp - self._earliest
                self._last = late if 0 < late < LONGEST_LEAD_S else 0.0
            self._origin = None if stamp is None else stamp - self._last
            return self._last
        plausible = (
            stamp is not None
            and self._origin is not None
            and SHORTEST_STEP_S < stamp - self._origin - self._last < LONGEST_PAUSE_S
        )
        if plausible and stamp is not None and self._origin is not None:
            self._last = stamp - self._origin
        else:
            self._last += self._step
            # A clock that jumped goes on counting from its new origin.
            self._origin = None if stamp is None else stamp - self._last
        return self._last


def decoded(
    container: InputContainer,
    stream: VideoStream,
    on_packet: Callable[["Packet[VideoStream]"], None] = lambda _packet: None,
) -> Iterator[VideoFrame]:
    """Every frame that decodes, in order; packets that do not are passed over.

    Args:
        container: An open file.
        stream: One of its streams.
        on_packet: Called with each packet before its frames are had.

    Raises:
        MemoryError: The decoder asks for more than this process may have.
    """
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
            on_packet(packet)
            frames = packet.decode()
        except StopIteration:
            return
        except MemoryError:
            raise
        except av.InvalidDataError:
            continue
        except (av.FFmpegError, IndexError):
            # PyAV's own list of streams is shorter where a broken one appeared on the way.
            return
        for frame in frames:
            if isinstance(frame, VideoFrame):
                yield frame


def opened(media: Media) -> InputContainer:
    """The container; a file object is read from its beginning, and is not closed with it.

    Raises:
        UnreadableVideo: It is none that a recorder writes.
        OSError: We may not read it, or it is gone.
        MemoryError: It asks for more than this process may have.
    """
    try:
        if not isinstance(media, Path):
            media.seek(0)
        # Recorders write metadata in the code page of wherever they were sold.
        return av.open(media, mode="r", container_options=_OPTIONS, metadata_errors="replace")
    except (FileNotFoundError, PermissionError, MemoryError):
        raise
    except av.FFmpegError:
        raise UnreadableVideo("unreadable") from None


def video_stream(container: InputContainer) -> VideoStream:
    """Its first video stream, decoded with as many threads as help.

    Raises:
        UnreadableVideo: It has none, or FFmpeg knows no decoder for it.
    """
    if not container.streams.video:
        raise UnreadableVideo("no_video_stream")
    stream = container.streams.video[0]
    if getattr(stream, "codec_context", None) is None:
        raise UnreadableVideo("unreadable")
    stream.thread_type = "AUTO"
    return stream


def declared_rate(stream: VideoStream) -> float | None:
    """Frames per second that the container declares; None where it makes no sense."""
    rate = stream.average_rate or stream.guessed_rate
    return float(rate) if rate and 0 < float(rate) <= 1000 else None


def time_base_of(container: InputContainer, stream: VideoStream) -> float:
    """Seconds of one tick of its timestamps; 0 where the file has none of its own."""
    if stream.time_base is None or container.format.name in _BARE:
        return 0.0
    return float(stream.time_base)


def step_of(rate: float | None) -> float:
    """Seconds from one frame to the next at a declared rate."""
    return 1.0 / (rate or _FALLBACK_FPS)
