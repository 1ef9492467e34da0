"""One program that follows people, over one clip, in a process of its own.

Belongs here: how each of them is called. Does not belong here: what it costs in all
(`bench.spent`), how good it is (`bench.tracking_clips`), tables (`bench.tracking`).

Called by `bench.tracking` with a folder that holds `job.json`; leaves `tracks.parquet` there, rows
of the `tracks` contract, and `told.json`. Time is counted here from the first result on, as
`vision.evaluate.clip.follow` does, so that loading a network is no frame's time.
"""

import json
import os
import resource
import sys
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from vision.contracts import BOX, TRACKS
from vision.protocols import Image

IMAGE_PX = 640
Row = tuple[int, int, float, float, float, float, float]
"""Track, microseconds, edges of the box, confidence."""


@dataclass(frozen=True)
class Contender:
    """A program, and how it is set.

    Attributes:
        label: Its name in the table; `{tracker}` and `{rate}` are filled in.
        engine: `ours`, or what runs the network for ultralytics.
        tracker: Of ultralytics, a file of its own; None for its default.
        sparse: Looks at no more frames than we do. The others look at every frame, as they do
            unless they are told otherwise.
        needs: Modules that have to be installed.
        install: How that is done.
        gpu: Runs the network on a CUDA device; the others are kept from seeing one.
    """

    label: str
    engine: str
    tracker: str | None = None
    sparse: bool = False
    needs: tuple[str, ...] = ("ultralytics", "lap")
    install: str = "pip install ultralytics lap"
    gpu: bool = False


CONTENDERS = {
    "ours": Contender("ours", "ours", sparse=True, needs=()),
    "ours-gpu": Contender("ours, GPU", "ours", sparse=True, needs=(), gpu=True),
    "yolo-torch-gpu": Contender(
        "`yolo track`, torch, GPU, {tracker} (its default)", "torch", gpu=True
    ),
    "yolo-torch": Contender("`yolo track`, torch, {tracker} (its default)", "torch"),
    "yolo-torch-bytetrack": Contender("`yolo track`, torch, {tracker}", "torch", "bytetrack.yaml"),
    "yolo-openvino": Contender("`yolo track`, OpenVINO, {tracker} (its default)", "openvino"),
    "yolo-openvino-bytetrack": Contender(
        "`yolo track`, OpenVINO, {tracker}", "openvino", "bytetrack.yaml"
    ),
    "yolo-openvino-sparse": Contender(
        "`yolo track`, OpenVINO, {tracker}, at our rate", "openvino", sparse=True
    ),
    "supervision": Contender(
        "supervision and trackers, torch, {tracker}",
        "supervision",
        needs=("ultralytics", "supervision", "trackers"),
        install="pip install --no-deps supervision trackers pydeprecate defusedxml",
    ),
}


@dataclass(frozen=True)
class Job:
    """What one contender is to do.

    Attributes:
        contender: Its key in `CONTENDERS`.
        video: The file.
        frames_us: When each of its frames was taken, microseconds.
        size: Width and height of its frames, pixels.
        fps: Frames a second that we look at.
        floor: From pixels to metres, 3 x 3; None where the floor is not known.
        exported: Folder of the checkpoint as ultralytics exports it to OpenVINO.
    """

    contender: str
    video: str
    frames_us: list[int]
    size: tuple[int, int]
    fps: float
    floor: list[list[float]] | None
    exported: str

    @property
    def every(self) -> int:
        """Which frames whoever looks at few of them looks at."""
        taken_fps = (len(self.frames_us) - 1) / (self.frames_us[-1] - self.frames_us[0]) * 1e6
        return max(1, round(taken_fps / self.fps)) if CONTENDERS[self.contender].sparse else 1


@dataclass(frozen=True)
class Told:
    """What a contender says of itself: frames it looked at, and what all but the first took."""

    looked_at: int
    wall_s: float
    processor_s: float
    tracker: str


class Clock:
    """Time since it was made: on the wall, and of processors."""

    def __init__(self) -> None:
        self._began = time.monotonic(), _processor_s()

    def told(self, looked_at: int, tracker: str) -> Told:
        wall_s, processor_s = time.monotonic(), _processor_s()
        return Told(looked_at, wall_s - self._began[0], processor_s - self._began[1], tracker)


def _processor_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def ours(job: Job) -> tuple[pl.DataFrame, Told]:
    """Detector and tracker of a run, on the frames that a run would look at."""
    from footfall_dagster.resources import detector, tracker
    from footfall_dagster.settings import Settings
    from vision.calibration import Homography
    from vision.evaluate.clip import Clip, follow

    kept: list[pl.DataFrame] = []

    class Kept:
        """The tracker, whose tracks are wanted as they were made."""

        def track(self, *asked: Any) -> pl.DataFrame:
            kept.append(tracker().track(*asked))
            return kept[-1]

    floor = None if job.floor is None else Homography(np.array(job.floor), np.empty(0))
    clip = Clip(Path(job.video), np.array(job.frames_us), job.size)
    followed = follow(clip, detector(Settings()), Kept(), fps=job.fps, homography=floor)
    told = Told(followed.analysed, followed.wall_s, followed.processor_s, "")
    return kept[-1], told


def yolo_track(job: Job) -> tuple[pl.DataFrame, Told]:
    """`yolo track`, called frame by frame, as its own command does with a video."""
    asked = CONTENDERS[job.contender]
    given: dict[str, Any] = {} if asked.tracker is None else {"tracker": asked.tracker}
    given["device"] = "cuda" if asked.gpu else "cpu"
    model = _model(job)

    def followed(image: Image, _number: int) -> Iterator[tuple[int, Any, float]]:
        boxes = model.track(image, persist=True, **given, **_SETTINGS)[0].boxes
        if boxes.id is not None:
            ids, edges = boxes.id.int().tolist(), boxes.xyxy.tolist()
            yield from zip(ids, edges, boxes.conf.tolist(), strict=True)

    rows, clock, looked_at = _over(job, followed)
    used = Path(model.predictor.args.tracker).stem
    return _tracks(rows), clock.told(looked_at, used)


def supervision(job: Job) -> tuple[pl.DataFrame, Told]:
    """Boxes by ultralytics, joined by roboflow's ByteTrack as it comes."""
    from supervision import Detections
    from trackers import ByteTrackTracker

    model = _model(job)
    tracker = ByteTrackTracker(frame_rate=_taken_fps(job))

    def followed(image: Image, _number: int) -> Iterator[tuple[int, Any, float]]:
        # The confidence that `yolo track` asks for, since ByteTrack lives on weak boxes.
        found = model.predict(image, conf=0.1, device="cpu", **_SETTINGS)[0]
        tracked = tracker.update(Detections.from_ultralytics(found))
        for number, edges, score in zip(
            tracked.tracker_id, tracked.xyxy, tracked.confidence, strict=True
        ):
            # What is not yet believed to be a track has no number.
            if number >= 0:
                yield int(number), edges.tolist(), float(score)

    rows, clock, looked_at = _over(job, followed)
    return _tracks(rows), clock.told(looked_at, type(tracker).__name__)


_SETTINGS: dict[str, Any] = {
    "classes": [0],
    "imgsz": IMAGE_PX,
    "nms": False,
    "verbose": False,
}
"""People only, at the size of the network; an end-to-end model leaves no duplicates."""

Follow = Callable[[Image, int], Iterator[tuple[int, Any, float]]]


def _over(job: Job, followed: Follow) -> tuple[list[Row], Clock, int]:
    rows: list[Row] = []
    clock: Clock | None = None
    looked_at = 0
    for number, image in _frames(job):
        if number % job.every == 0:
            for track, edges, score in followed(image, number):
                rows.append((track, job.frames_us[number], *edges, score))
            clock = clock or Clock()
            looked_at += 1
    assert clock is not None
    return rows, clock, looked_at


def _frames(job: Job) -> Iterator[tuple[int, Image]]:
    """Every frame, decoded in this process."""
    import av

    number = -1
    with av.open(job.video) as container:
        container.streams.video[0].thread_type = "AUTO"
        for number, frame in enumerate(container.decode(video=0)):
            if number < len(job.frames_us):
                yield number, frame.to_ndarray(format="bgr24")
    if number + 1 != len(job.frames_us):
        raise ValueError(
            f"{Path(job.video).name}: {number + 1} frames, and {len(job.frames_us)} of them for us"
        )


def _taken_fps(job: Job) -> float:
    return (len(job.frames_us) - 1) / (job.frames_us[-1] - job.frames_us[0]) * 1e6


def _tracks(rows: list[Row]) -> pl.DataFrame:
    columns = ["track", "frame_at", *BOX, "confidence"]
    at = pl.from_epoch("frame_at", time_unit="us").dt.replace_time_zone("UTC")
    made = pl.DataFrame(rows, columns, orient="row") if rows else TRACKS.empty()
    return made.with_columns(at, joined=None).cast(TRACKS.schema) if rows else made


def _model(job: Job) -> Any:
    _do_without_torchvision()
    from ultralytics import YOLO

    openvino = CONTENDERS[job.contender].engine == "openvino"
    return YOLO(job.exported if openvino else os.environ["FOOTFALL_WEIGHTS"], task="detect")


def _do_without_torchvision() -> None:
    """Where torch is a build for the processor alone and torchvision is not, importing it fails.

    ultralytics imports it before the first frame, for one function. That function then stands in
    for all of it, in numpy, and costs less than a thousandth of a frame.
    """
    try:
        import torchvision  # noqa: F401
    except (ImportError, RuntimeError):
        stand_in: Any = types.ModuleType("torchvision")
        stand_in.ops = types.SimpleNamespace(nms=_nms)
        sys.modules["torchvision"] = stand_in


def _nms(boxes: Any, scores: Any, most_shared: float) -> Any:
    """Which boxes stay, best first: those that share no more than so much with a better one."""
    import torch

    from vision.boxes import overlap

    edges, order = boxes.numpy().astype(np.float64), np.argsort(-scores.numpy())
    kept: list[int] = []
    while order.size:
        kept.append(int(order[0]))
        shared = overlap(edges[order[:1]], edges[order[1:]])[0]
        order = order[1:][shared <= most_shared]
    return torch.as_tensor(kept, dtype=torch.int64)


def export(folder: Path) -> None:
    """The checkpoint as `yolo export format=openvino` makes it, of a copy: it is put beside it.

    `dynamic` lets it take frames of their own shape, as torch does. Without, each would be padded
    to a square.
    """
    import shutil

    folder.mkdir(parents=True, exist_ok=True)
    copy = Path(shutil.copyfile(os.environ["FOOTFALL_WEIGHTS"], folder / "model.pt"))
    _do_without_torchvision()
    from ultralytics import YOLO

    YOLO(copy).export(format="openvino", imgsz=IMAGE_PX, dynamic=True, nms=False, device="cpu")


_WAYS = {"ours": ours, "torch": yolo_track, "openvino": yolo_track, "supervision": supervision}


def main(folder: Path) -> None:
    job = Job(**json.loads((folder / "job.json").read_text()))
    tracks, told = _WAYS[CONTENDERS[job.contender].engine](job)
    tracks.write_parquet(folder / "tracks.parquet")
    (folder / "told.json").write_text(json.dumps(asdict(told)))


if __name__ == "__main__":
    if sys.argv[1] == "--export":
        export(Path(sys.argv[2]))
    else:
        main(Path(sys.argv[1]))
