"""What a video file really holds: frames, rates, duration, from its packets.

Belongs here: measuring a file. Does not belong here: when it began (`vision.exports.folder`), its
frames (`vision.exports.decode`).
"""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from vision.exports.container import (
    LONGEST_PAUSE_S,
    UnreadableVideo,
    declared_rate,
    decoded,
    opened,
    step_of,
    timed_frames,
    video_stream,
)
from vision.exports.places import Source

__all__ = ["UnreadableVideo", "VideoProbe", "probe"]


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


def probe(file: Path | Source, expected_size: tuple[int, int] | None = None) -> VideoProbe:
    """Count the frames of a file and read their timestamps.

    Packets are counted where each carries its own timestamp and none is marked corrupt; otherwise
    the whole file is decoded. At least one frame is decoded in any case.

    Args:
        file: Where it is.
        expected_size: Width and height that the site file gives the camera.

    Raises:
        UnreadableVideo: The file takes no part.
        OSError: The file cannot be opened at all (missing, no permission).
    """
    size = file.file().size_bytes if isinstance(file, Source) else file.stat().st_size
    if size == 0:
        raise UnreadableVideo("empty_file")
    with opened(file) as container:
        stream = video_stream(container)
        rate = declared_rate(stream)
        first = next(decoded(container, stream), None)
        if first is None:
            raise UnreadableVideo("no_frames")
        width, height, codec = first.width, first.height, stream.codec_context.name
    if expected_size is not None and (width, height) != expected_size:
        raise UnreadableVideo("wrong_frame_size")
    offsets = _packet_offsets(file)
    if offsets is None:
        offsets = np.array([offset for offset, _ in timed_frames(file)])
    if offsets.size == 0:
        raise UnreadableVideo("no_frames")
    usual_step = float(np.median(np.diff(offsets))) if offsets.size > 1 else step_of(rate)
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


def _packet_offsets(file: Path | Source) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    """Seconds of every packet since the first, in order; None where they cannot be trusted."""
    stamps: list[int] = []
    with opened(file) as container:
        stream = video_stream(container)
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
    if (steps <= 0).any() or (steps > LONGEST_PAUSE_S).any():
        return None
    result: np.ndarray[tuple[int], np.dtype[np.float64]] = offsets - offsets[0]
    return result
