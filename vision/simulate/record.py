"""One camera's recordings: frames encoded as a recorder writes them, and their true boxes.

Belongs here: file names, timestamps, encoding, one process's work. Does not belong here: painting
(`vision.simulate.render`), the crowd.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import cv2
import numpy as np

from vision.exports.names import Naming
from vision.pinhole import Pinhole
from vision.protocols import Image
from vision.simulate.cutouts import look
from vision.simulate.geometry import Floats
from vision.simulate.plan import FloorPlan
from vision.simulate.render import Painter, Standing
from vision.simulate.truth import TAGGED, mot_lines
from vision.simulate.walk import STEP_S, Walk
from vision.site.models import Camera, SiteDay
from vision.site.privacy import OptOutTag

FILE_S = 60
"""Length of a recording, seconds; the last one of a simulation may be shorter."""

_KNOWN = 32
"""People whose cut-outs are kept."""
_CONTAINERS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".avi": "avi", ".ts": "mpegts"}
_QUALITY = {"crf": "23", "preset": "veryfast", "threads": "1"}


@dataclass(frozen=True)
class Shoot:
    """All that one process needs to film one camera; it can be pickled."""

    day: SiteDay
    camera: str
    walks: list[Walk]
    out: Path
    truth: Path
    start: dt.datetime
    seconds: int
    fps: int
    seed: int
    cast: int
    size: tuple[int, int] | None
    tag: OptOutTag | None = None
    tagged: frozenset[int] = frozenset()

    @property
    def frames(self) -> int:
        """Number of frames of all files together."""
        return self.seconds * self.fps


def file_names(day: SiteDay, camera: Camera, start: dt.datetime, seconds: int) -> list[str]:
    """Names that the camera's recorder gives to its files, below the folder of recordings.

    Raises:
        ValueError: The camera's pattern does not tell files apart, or asks for a kind of file that
            is not written here.
    """
    naming, zone = Naming.of(camera), day.site.file.time_zone
    offsets = range(0, seconds, FILE_S)
    names = [
        naming.write(
            start + dt.timedelta(seconds=offset),
            zone,
            end=start + dt.timedelta(seconds=min(offset + FILE_S, seconds)),
        )
        for offset in offsets
    ]
    shown = naming.patterns[0].text
    if len(set(names)) < len(names):
        raise ValueError(
            f"camera {camera.id}: exports {shown!r} gives several files one name; use "
            "%Y%m%d_%H%M%S in it"
        )
    if Path(names[0]).suffix not in _CONTAINERS:
        raise ValueError(
            f"camera {camera.id}: exports {shown!r} ends in no kind of file that can be "
            f"rendered; end it in one of {', '.join(_CONTAINERS)}"
        )
    return names


def film(shoot: Shoot, progress: Callable[[str, int], None] | None = None) -> None:
    """Paint and encode every file of one camera, and write its boxes in MOT format.

    Boxes of who wears a tag are in a file of their own.
    """
    cv2.setNumThreads(1)
    camera = shoot.day.cameras[shoot.camera]
    plan = FloorPlan.of(shoot.day, camera.floor)
    pinhole = Pinhole.of(camera, shoot.size)
    number = sorted(shoot.day.cameras).index(shoot.camera)
    # Drawn when they come and forgotten when others have: cut-outs take megabytes a person.
    look_of = lru_cache(_KNOWN)(lambda number: look(np.random.default_rng([shoot.cast, number])))
    painter = Painter(
        pinhole,
        plan,
        look_of,
        np.random.default_rng([shoot.seed, 1_000_003, number]),
        shoot.tag,
        shoot.tagged,
    )
    moments = _moments(shoot.walks, shoot.frames, shoot.fps)
    names = file_names(shoot.day, camera, shoot.start, shoot.seconds)
    shoot.truth.mkdir(parents=True, exist_ok=True)
    boxes_file = shoot.truth / f"{shoot.camera}_gt.txt"
    tagged_file = shoot.truth / f"{shoot.camera}_{TAGGED}_gt.txt"
    part, tagged_part = (file.with_suffix(".txt.part") for file in (boxes_file, tagged_file))
    with part.open("w", encoding="ascii") as boxes, tagged_part.open("w", encoding="ascii") as left:
        for index, name in enumerate(names):
            first = index * FILE_S * shoot.fps
            count = min(FILE_S * shoot.fps, shoot.frames - first)

            def frames(first: int = first, count: int = count) -> Iterator[Image]:
                for frame in range(first, first + count):
                    image, found = painter.paint(next(moments))
                    counted = [one for one in found if one.number not in shoot.tagged]
                    boxes.writelines(mot_lines(frame + 1, counted))
                    others = [one for one in found if one.number in shoot.tagged]
                    left.writelines(mot_lines(frame + 1, others))
                    if progress is not None and (frame + 1) % shoot.fps == 0:
                        progress(shoot.camera, shoot.fps)
                    yield image

            encode(shoot.out / name, frames(), (pinhole.width, pinhole.height), shoot.fps)
    part.replace(boxes_file)
    if shoot.tagged:
        tagged_part.replace(tagged_file)
    else:
        tagged_part.unlink()
        tagged_file.unlink(missing_ok=True)


def encode(path: Path, frames: Iterator[Image], size: tuple[int, int], fps: int) -> None:
    """Write frames as H.264; under `path` lies a whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with av.open(part, "w", format=_CONTAINERS[path.suffix]) as container:
        stream = container.add_stream("libx264", rate=fps, options=_QUALITY)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, fps)
        for index, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    part.replace(path)


def _moments(walks: list[Walk], frames: int, fps: int) -> Iterator[list[Standing]]:
    """Who stands where at each frame."""
    walked = {
        walk.person.number: np.concatenate(
            [[0.0], np.cumsum(np.linalg.norm(np.diff(walk.path, axis=0), axis=1))]
        )
        for walk in walks
    }
    coming = sorted(walks, key=lambda walk: walk.start, reverse=True)
    present: list[Walk] = []
    for frame in range(frames):
        at = frame / fps
        while coming and coming[-1].start <= at:
            present.append(coming.pop())
        present = [walk for walk in present if walk.times[-1] >= at]
        yield [_standing(walk, walked[walk.person.number], at) for walk in present]


def _standing(walk: Walk, walked: Floats, at: float) -> Standing:
    index = (at - walk.start) / STEP_S
    before = min(int(index), len(walk.path) - 2) if len(walk.path) > 1 else 0
    after = min(before + 1, len(walk.path) - 1)
    share = min(index - before, 1.0)
    step = walk.path[after] - walk.path[before]
    return Standing(
        number=walk.person.number,
        floor=walk.path[before] + share * step,
        height=walk.person.height,
        walked=float(walked[before] + share * (walked[after] - walked[before])),
        heading=step / STEP_S,
    )
