"""Trials of what a camera-day needs to see: weights, a processor for them, decoders.

Belongs here: whether a real network computes a real picture, and a real film is decoded. Does not
belong here: how well people are found (`footfall evaluate`).
"""

import io
import os
import time
from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np

from footfall_dagster.doctor.trial import Found, broken, doubtful, well
from footfall_dagster.settings import Settings
from footfall_dagster.weights import WeightsMissing, at_hand

_FILMS = (("h264", "H.264"), ("hevc", "H.265"), ("mjpeg", "Motion JPEG"))
_SIZE, _FRAMES = (128, 96), 8
_CORES_WANTED = 2


def weights(settings: Settings) -> Found:
    """Whether the detector's weights are there."""
    try:
        path = at_hand(settings)
    except WeightsMissing as missing:
        return broken(str(missing), "")
    return well(f"{path}, {path.stat().st_size / 2**20:.0f} MiB")


def processors() -> Found:
    """What computes here."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    gpus = _gpus()
    what = f"{cores} cores, {', '.join(gpus) if gpus else 'no GPU'}"
    if not gpus and (cores or 1) < _CORES_WANTED:
        return doubtful(what, "two cores let decoding and detecting go on at the same time")
    return well(what)


def _gpus() -> Sequence[str]:
    """GPUs that the detector can use, by name: those of CUDA, and no other is ever asked."""
    import torch

    return [torch.cuda.get_device_name(one) for one in range(torch.cuda.device_count())]


def detector(settings: Settings) -> Found:
    """Whether the detector computes a picture, which nobody is in."""
    from footfall_dagster.resources import detector as made_by
    from vision.protocols import Frame

    try:
        at_hand(settings)
    except WeightsMissing:
        return broken("there are no weights", "see above")
    made, began = made_by(settings), time.monotonic()
    picture = np.full((360, 640, 3), 114, dtype=np.uint8)
    frames = [Frame(at_us=200_000 * number, image=picture) for number in range(_FRAMES)]
    computed = sum(1 for _ in made.detect(frames))
    if computed != _FRAMES:
        return broken(f"{computed} of {_FRAMES} pictures were computed", "report this")
    seconds = time.monotonic() - began
    return well(f"{made.description}; {_FRAMES} pictures in {seconds:.1f} s with its start")


def decoders() -> Found:
    """Whether films of the kinds that recorders write can be decoded, by decoding some."""
    if find_spec("av") is None:
        return broken("PyAV is not installed", "pip install 'footfall-dagster'")
    failed = [name for codec, name in _FILMS if not _is_decoded(codec)]
    if failed:
        return broken(
            f"{' and '.join(failed)} cannot be decoded",
            "install PyAV from PyPI, whose FFmpeg has the decoders, and not a distribution's",
        )
    return well(", ".join(name for _, name in _FILMS))


def _is_decoded(codec: str) -> bool:
    import av

    film = io.BytesIO()
    try:
        with av.open(film, "w", format="matroska") as container:
            # Else x265 says on standard error what it thinks of so small a picture.
            quiet = {"x265-params": "log-level=none"} if codec == "hevc" else {}
            stream = container.add_stream(codec, rate=25, options=quiet)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height = _SIZE
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            for number in range(_FRAMES):
                picture = np.full((_SIZE[1], _SIZE[0], 3), 20 * number, dtype=np.uint8)
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        film.seek(0)
        with av.open(film, "r") as read:
            return sum(1 for _ in read.decode(video=0)) == _FRAMES
    except (av.FFmpegError, ValueError):
        return False
