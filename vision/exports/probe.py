"""What a video file really holds: frames, rates, unbroken stretches, from its packets.

Belongs here: measuring a file, and what its container says of its start. Does not belong here: when
it really began (`vision.exports.clocks`), its frames (`vision.exports.decode`), keeping harm from
whoever asks (`vision.exports.pool`).
"""

import datetime as dt
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vision.exports import onvif
from vision.exports.bounds import (
    CLOCKS_SHOW,
    LONGEST_S,
    MOST_FRAMES,
    MOST_SIDE_PX,
    PAUSE_STEPS,
    PAUSE_US,
)
from vision.exports.container import (
    LONGEST_LEAD_S,
    LONGEST_PAUSE_S,
    SHORTEST_STEP_S,
    Media,
    UnreadableVideo,
    declared_rate,
    opened,
    step_of,
    time_base_of,
    timed_frames,
    video_stream,
)

__all__ = ["UnreadableVideo", "VideoProbe", "probe"]

_MOST_STRETCHES = 50_000
_AHEAD = dt.timedelta(days=1)

_Seconds = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VideoProbe:
    """What a file holds.

    Attributes:
        width: Of a frame, pixels.
        height: Of a frame, pixels.
        codec: FFmpeg's name of it.
        declared_fps: Rate that the container declares, rounded to 0.001; None where it has none.
        frames: Frames that can be had from the file.
        delivered_fps: Frames per second of `recorded_s`, rounded to 0.001.
        stretches: Times of which there are frames without a pause, as (from, until) in seconds
            since the recording began, in order. A pause is a step of more than 2 s and of more
            than five usual steps.
        container_at: Creation time that the container gives, UTC, to the millisecond; None where it
            gives none, or one at which no camera can have stood.
        onvif_at: Start in an ONVIF export's `cstb` box, likewise.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid", "allow_inf_nan": False}

    width: int
    height: int
    codec: str
    declared_fps: float | None
    frames: int
    delivered_fps: float
    stretches: tuple[tuple[float, float], ...]
    container_at: dt.datetime | None
    onvif_at: dt.datetime | None

    @property
    def duration_s(self) -> float:
        """From the beginning of the recording to the end of its last frame, seconds."""
        return self.stretches[-1][1]

    @property
    def recorded_s(self) -> float:
        """Seconds of which there are frames."""
        return sum(until - begin for begin, until in self.stretches)

    @property
    def paused_s(self) -> float:
        """Seconds within the file of which there are none."""
        return self.duration_s - self.recorded_s

    @property
    def is_possible(self) -> bool:
        """Whether `probe` can have found this: `camera_exports` refuses all else, and the day."""
        edges = [edge for stretch in self.stretches for edge in stretch]
        rates = (0.0 if self.declared_fps is None else self.declared_fps, self.delivered_fps)
        return (
            0 < min(self.width, self.height) <= max(self.width, self.height) <= MOST_SIDE_PX
            and 0 < self.frames <= MOST_FRAMES
            and all(0 <= rate <= 1000 and rate == round(rate, 3) for rate in rates)
            and 0 < len(self.stretches) <= _MOST_STRETCHES
            and edges == sorted(edges)
            and 0 <= edges[0] < edges[-1] <= LONGEST_S
            and all(
                at is None or (at.tzinfo is not None and _plausible(at) == at)
                for at in (self.container_at, self.onvif_at)
            )
        )


def probe(media: Media) -> VideoProbe:
    """Measure a file in one pass over its packets.

    Packets are counted where each carries its own timestamp and none is marked corrupt; otherwise
    the whole file is decoded. At least one frame is decoded in any case.

    Args:
        media: The file.

    Raises:
        UnreadableVideo: The file takes no part.
        OSError: The file cannot be opened at all (missing, no permission).
        MemoryError: Reading it takes more memory than this process may have.
    """
    if isinstance(media, Path) and media.stat().st_size == 0:
        raise UnreadableVideo("empty_file")
    with opened(media) as container:
        stream = video_stream(container)
        # Frame threads would ask for several packets before the one frame that is wanted.
        stream.thread_type = "NONE"
        rate = declared_rate(stream)
        codec = stream.codec_context.name
        created_at = _created_at(container, stream)
        first, offsets, origin_s = _packets(container, stream)
        if first is None:
            raise UnreadableVideo("no_frames")
        width, height = first.width, first.height
    if offsets is None:
        offsets = np.frombuffer(array("d", (offset for offset, _ in timed_frames(media))))
    if offsets.size == 0:
        raise UnreadableVideo("no_frames")
    stretches = _stretches(offsets, step_of(rate))
    recorded = sum(until - begin for begin, until in stretches)
    if (
        stretches[-1][1] > LONGEST_S
        or len(stretches) > _MOST_STRETCHES
        or max(width, height) > MOST_SIDE_PX
    ):
        raise UnreadableVideo("unreadable")
    return VideoProbe(
        width=width,
        height=height,
        codec=codec,
        declared_fps=None if rate is None else round(rate, 3),
        frames=int(offsets.size),
        delivered_fps=min(1000.0, round(offsets.size / recorded, 3)),
        stretches=stretches,
        container_at=created_at,
        onvif_at=_onvif_at(media, origin_s),
    )


def _packets(
    container: InputContainer, stream: VideoStream
) -> tuple[VideoFrame | None, _Seconds | None, float]:
    """The first frame, the seconds of each from it on, and those of the timeline before them all.

    Seconds of frames are None where timestamps are not to be trusted.
    """
    first: VideoFrame | None = None
    time_base = time_base_of(container, stream)
    stamps, trusted = array("q"), bool(time_base)
    for packet in _demuxed(container, stream):
        if first is None:
            first = _first_frame(packet)
        if packet.size:
            if packet.pts is None or packet.is_corrupt:
                trusted = False
            else:
                stamps.append(packet.pts)
        if first is not None and not trusted:
            break
    if first is None or first.pts is None or not trusted:
        return first, None, 0.0
    return first, _offsets(stamps, first.pts, time_base), min(stamps, default=0) * time_base


def _demuxed(container: InputContainer, stream: VideoStream) -> "Iterator[Packet[VideoStream]]":
    try:
        yield from container.demux(stream)
    except MemoryError:
        raise
    except (av.FFmpegError, IndexError):
        return


def _first_frame(packet: "Packet[VideoStream]") -> VideoFrame | None:
    try:
        return next(iter(packet.decode()), None)
    except MemoryError:
        raise
    except av.FFmpegError:
        return None


def _offsets(stamps: "array[int]", first: int, time_base: float) -> _Seconds | None:
    """Seconds since the earliest packet, of those from the first frame on, in order."""
    if not stamps:
        return None
    ordered = np.sort(np.frombuffer(stamps, dtype=np.int64)).astype(np.float64)
    offsets: _Seconds = (ordered - ordered[0]) * time_base
    lead = (first - ordered[0]) * time_base
    steps = np.diff(offsets)
    if not 0 <= lead < LONGEST_LEAD_S or (steps < SHORTEST_STEP_S).any():
        return None
    if (steps > LONGEST_PAUSE_S).any() or offsets[-1] > LONGEST_S:
        return None
    # What comes before the first key frame cannot be had; half a step is far more than rounding.
    from_first: _Seconds = offsets[offsets > lead - SHORTEST_STEP_S / 2]
    return from_first


def _stretches(offsets: _Seconds, step: float) -> tuple[tuple[float, float], ...]:
    steps = np.diff(offsets)
    usual = float(np.median(steps)) if steps.size else step
    last = np.flatnonzero(steps > max(PAUSE_US / 1e6, PAUSE_STEPS * usual))
    begins = offsets[np.concatenate([[0], last + 1])]
    ends = offsets[np.concatenate([last, [offsets.size - 1]])] + usual
    return tuple(
        (round(float(begin), 6), round(float(end), 6))
        for begin, end in zip(begins, ends, strict=True)
    )


def _created_at(container: InputContainer, stream: VideoStream) -> dt.datetime | None:
    for metadata in (container.metadata, stream.metadata):
        try:
            at = dt.datetime.fromisoformat(metadata.get("creation_time", ""))
        except ValueError:
            continue
        if at.tzinfo is not None and (plausible := _plausible(at)) is not None:
            return plausible
    return None


def _onvif_at(media: Media, origin_s: float) -> dt.datetime | None:
    if not 0 <= origin_s < LONGEST_S:
        return None
    if isinstance(media, Path):
        with media.open("rb") as file:
            found = onvif.starts(file)
    else:
        found = onvif.starts(media)
    # The box says when the timeline was at zero, and what was exported may begin later.
    late = dt.timedelta(seconds=origin_s)
    begun = (_plausible(start) for start in found)
    return next((_plausible(at + late) for at in begun if at is not None), None)


def _plausible(at: dt.datetime) -> dt.datetime | None:
    """`at` in UTC, to the millisecond, if a camera can have stood then."""
    try:
        at = at.astimezone(dt.UTC)
    except OverflowError:
        return None
    if not CLOCKS_SHOW[0] <= at < dt.datetime.now(dt.UTC) + _AHEAD:
        return None
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
