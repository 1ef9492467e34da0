"""Small videos as recorders write them, in every container and codec that we can encode."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SIZE = (64, 48)
MILLISECONDS = Fraction(1, 1000)

KINDS = {
    "mp4 with H.264": ("clip.mp4", "mp4", "libx264", {}),
    "fragmented mp4": ("clip.mp4", "mp4", "libx264", {"movflags": "frag_keyframe+empty_moov"}),
    "mkv with H.265": ("clip.mkv", "matroska", "libx265", {}),
    "avi with MJPEG": ("clip.avi", "avi", "mjpeg", {}),
    "program stream with MPEG-1": ("clip.mpg", "mpeg", "mpeg1video", {}),
    "transport stream with H.264": ("clip.ts", "mpegts", "libx264", {}),
    "mov with MPEG-4": ("clip.mov", "mov", "mpeg4", {}),
    "webm with VP8": ("clip.webm", "webm", "libvpx", {}),
    "flv with H.264": ("clip.flv", "flv", "libx264", {}),
    "asf with MPEG-4": ("clip.asf", "asf", "mpeg4", {}),
}
"""Name, FFmpeg's name of the container, encoder and options of the container, by what it is."""

_ENCODER_OPTIONS = {
    "libx264": {"g": "5", "preset": "ultrafast"},
    "libx265": {"g": "5", "preset": "ultrafast", "x265-params": "log-level=none"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8"},
}


def write(
    folder: Path,
    kind: str = "mp4 with H.264",
    stamps_ms: Sequence[int] = tuple(range(0, 1000, 40)),
    *,
    name: str = "",
    metadata: dict[str, str] | None = None,
) -> Path:
    """A video of a moving square, with frames at the given times, 25 a second declared."""
    default, container_format, encoder, options = KINDS[kind]
    path = folder / (name or default)
    with av.open(str(path), "w", format=container_format, options=options) as container:
        container.metadata.update(metadata or {})
        stream = container.add_stream(encoder, rate=25, options=_ENCODER_OPTIONS.get(encoder, {}))
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuvj420p" if encoder == "mjpeg" else "yuv420p"
        if encoder not in ("mpeg1video", "mpeg4", "mjpeg"):
            stream.codec_context.time_base = MILLISECONDS
        for number, stamp in enumerate(stamps_ms):
            image = np.full((SIZE[1], SIZE[0], 3), 90, dtype=np.uint8)
            image[10:30, number % 40 : number % 40 + 20] = 200
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = stamp, MILLISECONDS
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
