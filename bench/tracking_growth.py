"""How what tracking takes grows with hours of video and with people in a frame, in figures.

Belongs here: the days and crowds that are invented, running over them, drawings. Does not belong
here: the comparison with others (`bench.tracking`), which asks for this.

Two things are measured. Detector and tracker of a run over one clip again and again, as files of
one day that follow each other. And the tracker alone over invented boxes: people who walk through
a wide picture on straight lines, each as tall as the place asks. A tenth of their boxes is missed,
and whoever is hidden behind somebody.

Called by itself as a process that is measured: `watch` or `track`, and a folder.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from bench.spent import spent_by
from vision.boxes import covered_share
from vision.contracts import BOX, DETECTIONS
from vision.detected import detections
from vision.evaluate.clip import Clip
from vision.exports.folder import Recordings
from vision.exports.reading import Stretch
from vision.protocols import Boxes, Frame, View

FPS = 6.0
SIZE = (1920, 1080)
PEOPLE_OF_A_DAY = 5
"""In view at any moment of the hours that only the tracker sees."""
CROWD_S = 20
"""How long a crowd of so many is in view."""
_CROSSES_IN_S = (8.0, 25.0)
_MISSED, _HIDDEN = 0.1, 0.6
"""Share of boxes, and covered share of a box from which on it is not found."""
_SHAKES_PX = 1.5
_BEGIN_US = 1_773_478_800_000_000


@dataclass(frozen=True)
class Grown:
    """What one size took.

    Attributes:
        size: Hours, or people in a frame.
        video_s: Seconds of video.
        processor_s: Of all processors; of the tracker alone where only it is measured.
        megabytes: The most that was held at one moment, interpreter and libraries included.
    """

    size: float
    video_s: float
    processor_s: float
    megabytes: float

    @property
    def processor_s_per_s(self) -> float:
        return self.processor_s / self.video_s


def watched(
    clip: Clip, fps: float, times: Sequence[int], environment: Mapping[str, str]
) -> Iterator[Grown]:
    """Detector and tracker over a clip, so many times in a row."""
    for count in times:
        with tempfile.TemporaryDirectory() as folder:
            job = {"video": str(clip.path), "seconds": clip.seconds, "fps": fps, "times": count}
            job["size"] = list(clip.size)
            (Path(folder) / "job.json").write_text(json.dumps(job))
            spent = spent_by(_command("watch", folder), environment)
        seconds = clip.seconds * count
        yield Grown(seconds / 3600, seconds, spent.processor_s, spent.megabytes)


def tracked(
    sizes: Sequence[tuple[float, int, float]], environment: Mapping[str, str]
) -> Iterator[Grown]:
    """The tracker over invented boxes.

    Args:
        sizes: Of each run what it is shown as, people in a frame, and seconds.
        environment: Of the processes.
    """
    for size, crowd, seconds in sizes:
        with tempfile.TemporaryDirectory() as folder:
            boxes(crowd, seconds).write_parquet(Path(folder) / "detections.parquet")
            spent = spent_by(_command("track", folder), environment)
            processor_s = json.loads((Path(folder) / "told.json").read_text())["processor_s"]
        yield Grown(size, seconds, processor_s, spent.megabytes)


def _command(what: str, folder: str) -> list[str]:
    return [sys.executable, "-m", "bench.tracking_growth", what, folder]


def boxes(crowd: int, seconds: float) -> pl.DataFrame:
    """Rows of the `detections` contract: so many people in view all the time."""
    dice = np.random.default_rng(1)
    parts = [_one_after_the_other(dice, round(seconds * FPS)) for _ in range(crowd)]
    frame, edges = (np.concatenate(one) for one in zip(*parts, strict=True))
    kept = (dice.random(len(frame)) >= _MISSED) & (_covered(frame, edges) < _HIDDEN)
    frame, edges = frame[kept], edges[kept]
    columns = {
        "frame_at": _BEGIN_US + np.round(frame / FPS * 1e6).astype(np.int64),
        **{name: edges[:, index] for index, name in enumerate(BOX)},
        "confidence": dice.uniform(0.3, 0.95, len(frame)),
    }
    at = pl.from_epoch("frame_at", time_unit="us").dt.replace_time_zone("UTC")
    return pl.DataFrame(columns).with_columns(at).cast(DETECTIONS.schema).sort("frame_at", *BOX)


def _one_after_the_other(dice: np.random.Generator, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Frames and boxes of one person in view at any moment; the next comes when one has gone."""
    width, height = SIZE
    lasts = dice.uniform(*_CROSSES_IN_S, int(frames / FPS / _CROSSES_IN_S[0]) + 2)
    ends = np.cumsum(lasts) - dice.uniform(0, lasts[0])
    at_s = np.arange(frames) / FPS
    person = np.searchsorted(ends, at_s, side="right")
    share = 1 - (ends[person] - at_s) / lasts[person]
    came, went = dice.uniform(0.35, 0.95, (2, len(lasts)))
    leftwards = dice.random(len(lasts)) < 0.5
    x = width * np.where(leftwards[person], 1 - share, share)
    foot = height * (came[person] + share * (went - came)[person])
    tall = 0.05 * height + 0.11 * (foot - 0.35 * height)
    shaken = np.column_stack([x - tall / 5, foot - tall, x + tall / 5, foot])
    shaken += dice.normal(0, _SHAKES_PX, shaken.shape)
    return np.arange(frames), np.clip(shaken, 0, [width, height, width, height])


def _covered(frame: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Share of each box that the nearer person who covers most of it covers, 0..1."""
    result = np.zeros(len(frame))
    order = np.argsort(frame, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(frame[order])) + 1):
        there = edges[rows]
        # Whose feet are further down in the picture stands nearer.
        nearer = there[None, :, 3] > there[:, None, 3]
        result[rows] = (covered_share(there) * nearer).max(axis=1)
    return result


def again_and_again(video: Path, seconds: float, times: int, fps: float) -> Iterator[Frame]:
    """Frames of a clip that are analysed, as those of so many files of one day in a row."""
    length_us = round(seconds * 1e6)
    starts = [_BEGIN_US + number * length_us for number in range(times)]
    day = [Stretch(video.name, at, at, at + length_us) for at in starts]

    def lost(_name: str, why: object) -> None:
        raise ValueError(f"{video.name} does not decode to its end: {why}")

    return Recordings(video.parent).frames(day, fps, lost)


def _watch(folder: Path) -> None:
    from footfall_dagster.resources import detector, tracker
    from footfall_dagster.settings import Settings

    job = json.loads((folder / "job.json").read_text())
    frames = again_and_again(Path(job["video"]), job["seconds"], job["times"], job["fps"])
    found: list[Boxes] = list(detector(Settings()).detect(frames))
    tracker().track(detections(found), View(*job["size"], analysed_fps=job["fps"]))


def _track(folder: Path) -> None:
    from footfall_dagster.resources import tracker

    rows = pl.read_parquet(folder / "detections.parquet")
    used = time.process_time()
    tracker().track(rows, View(*SIZE, analysed_fps=FPS))
    told = {"processor_s": time.process_time() - used}
    (folder / "told.json").write_text(json.dumps(told))


def slope(grown: Sequence[Grown]) -> float:
    """Megabytes that come with each hour, by least squares."""
    return float(np.polyfit([one.size for one in grown], [one.megabytes for one in grown], 1)[0])


def draw(drawings: Sequence[tuple[str, str, Sequence[Grown]]], path: Path) -> None:
    """Processor time above, memory below, a column for each of title, unit of size and figures."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "footfall"}):
        figure = Figure(figsize=(4 * len(drawings), 5.5), layout="constrained")
        above, below = figure.subplots(2, len(drawings), squeeze=False)
        for times, memory, (title, unit, grown) in zip(above, below, drawings, strict=True):
            sizes = [one.size for one in grown]
            times.plot(sizes, [one.processor_s_per_s for one in grown], marker="o")
            memory.plot(sizes, [one.megabytes for one in grown], marker="o", color="tab:orange")
            times.set_title(title, fontsize=10)
            times.set_ylabel("processor-s per s of video", fontsize=9)
            memory.set_ylabel("MB at most", fontsize=9)
            memory.set_xlabel(unit, fontsize=9)
            for axes in (times, memory):
                # From 0, so that what is flat looks flat.
                axes.set_ylim(0, 1.05 * axes.get_ylim()[1])
                axes.set_xlim(left=0)
                axes.tick_params(labelsize=8)
        figure.savefig(path, metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    {"watch": _watch, "track": _track}[sys.argv[1]](Path(sys.argv[2]))
