"""What hours cost in which nobody comes, beside decoding alone.

Run: python -m bench.quiet_hours [FILE ...] [--fps 6] [--runs 3]. Without files a minute of the
arcade without anybody is filmed first, 960 x 540 at 30 frames a second. Processor-seconds of all
processes for each further second of video: a file is gone through once and --times times, as files
that follow each other, and what is printed is the difference; medians, with the span, of runs that
take turns. `decode alone` is the decoder's library at every frame, in one process, and nothing
done with the frames.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path

from bench.spent import spent_by
from vision.exports.folder import Recordings
from vision.exports.reading import Stretch
from vision.protocols import Frame, View

EXAMPLE = Path(__file__).parents[1] / "examples" / "arcade"
_BEGIN_US = 1_773_478_800_000_000


def decode(video: Path, times: int, _fps: float) -> None:
    """Every frame of a file, with the library's threads."""
    import av

    for _ in range(times):
        with av.open(video) as container:
            container.streams.video[0].thread_type = "AUTO"
            for _frame in container.decode(video=0):
                pass


def choose(video: Path, times: int, fps: float) -> None:
    """Only the frames that are analysed, in the process that a run has for that."""
    for _ in _frames(video, times, fps):
        pass


def follow(video: Path, times: int, fps: float) -> None:
    """All that a run does with them: the watch of the view, detector and tracker."""
    from footfall_dagster.resources import detector, new_watch, tracker
    from footfall_dagster.settings import Settings
    from vision.detected import detections

    watched = new_watch([]).watch(_frames(video, times, fps))
    found = detections(detector(Settings()).detect(watched))
    tracker().track(found, View(*_size(video), analysed_fps=fps))


WAYS: dict[str, tuple[str, Callable[[Path, int, float], None]]] = {
    "decode": ("decode alone", decode),
    "choose": ("decode, hand over the frames that are analysed", choose),
    "follow": ("and watch the view, detect, track", follow),
}


def _frames(video: Path, times: int, fps: float) -> Iterator[Frame]:
    length_us = round(_seconds(video) * 1e6)
    starts = [_BEGIN_US + number * length_us for number in range(times)]
    day = [Stretch(video.name, at, at, at + length_us) for at in starts]

    def lost(_name: str, why: object) -> None:
        raise ValueError(f"{video.name} does not decode to its end: {why}")

    return Recordings(video.parent).frames(day, fps, lost)


def _seconds(video: Path) -> float:
    import av

    with av.open(video) as container:
        if container.duration is None:
            raise SystemExit(f"{video.name} does not say how long it is")
        return container.duration / av.time_base


def _size(video: Path) -> tuple[int, int]:
    import av

    with av.open(video) as container:
        return container.streams.video[0].width, container.streams.video[0].height


def _filmed(folder: Path) -> list[Path]:
    command = [sys.executable, "-m", "footfall_dagster.cli", "simulate", str(EXAMPLE)]
    command += ["--out", str(folder), "--people-per-minute", "0", "--minutes", "1"]
    subprocess.run(
        [*command, "--fps", "30", "--size", "960x540"], check=True, stdout=subprocess.DEVNULL
    )
    return sorted(folder.glob("cam_*/*.mp4"))


def _further_s(video: Path, way: str, times: int, fps: float) -> float:
    """Processor-seconds of each further second of video."""
    command = [sys.executable, "-m", "bench.quiet_hours", str(video), "--way", way]
    command += ["--fps", str(fps)]
    environment = dict(os.environ)
    once, often = (
        spent_by([*command, "--times", str(count)], environment).processor_s for count in (1, times)
    )
    return (often - once) / ((times - 1) * _seconds(video))


def _print(files: Sequence[Path], fps: float, runs: int, times: int) -> None:
    for video in files:
        # Exporting the checkpoint, once for all, is no hour's cost.
        spent_by(
            [sys.executable, "-m", "bench.quiet_hours", str(video), "--way", "follow"],
            dict(os.environ),
        )
        found: dict[str, list[float]] = {way: [] for way in WAYS}
        for _, way in product(range(runs), WAYS):
            found[way].append(_further_s(video, way, times, fps))
        alone = statistics.median(found["decode"])
        print(f"\n{video.name}, {fps:g} frames a second analysed\n")
        print("| processor-s per s of video | median | span | times decoding |\n|---|---|---|---|")
        for way, (title, _) in WAYS.items():
            median = statistics.median(found[way])
            span = f"{min(found[way]):.4f} to {max(found[way]):.4f}"
            print(f"| {title} | {median:.4f} | {span} | {median / alone:.1f} |", flush=True)


def main() -> None:
    """Film if need be, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--fps", type=float, default=6.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--times", type=int, default=6)
    parser.add_argument("--way", choices=list(WAYS), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.way:
        WAYS[asked.way][1](asked.files[0], asked.times, asked.fps)
        return
    with tempfile.TemporaryDirectory() as folder:
        files = asked.files or _filmed(Path(folder))
        _print(files, asked.fps, asked.runs, asked.times)


if __name__ == "__main__":
    main()
