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
import sys
import tempfile
from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path

from bench.spent import spent_by
from bench.tracking_clips import known
from bench.tracking_growth import again_and_again
from vision.evaluate.clip import Clip
from vision.protocols import View


def decode(clip: Clip, times: int, _fps: float) -> None:
    """Every frame of a file, with the library's threads."""
    import av

    for _ in range(times):
        with av.open(clip.path) as container:
            container.streams.video[0].thread_type = "AUTO"
            for _frame in container.decode(video=0):
                pass


def choose(clip: Clip, times: int, fps: float) -> None:
    """Only the frames that are analysed, in the process that a run has for that."""
    for _ in again_and_again(clip.path, clip.seconds, times, fps):
        pass


def follow(clip: Clip, times: int, fps: float) -> None:
    """All that a run does with them: the watch of the view, detector and tracker."""
    from footfall_dagster.resources import detector, new_watch, tracker
    from footfall_dagster.settings import Settings
    from vision.detected import detections

    frames = again_and_again(clip.path, clip.seconds, times, fps)
    found = detections(detector(Settings()).detect(new_watch([]).watch(frames)))
    tracker().track(found, View(*clip.size, analysed_fps=fps))


WAYS: dict[str, tuple[str, Callable[[Clip, int, float], None]]] = {
    "decode": ("decode alone", decode),
    "choose": ("decode, hand over the frames that are analysed", choose),
    "follow": ("and watch the view, detect, track", follow),
}


def _command(clip: Clip, way: str, times: int, fps: float) -> list[str]:
    asked = ["--way", way, "--times", str(times), "--fps", str(fps)]
    return [sys.executable, "-m", "bench.quiet_hours", str(clip.path), *asked]


def _further_s(clip: Clip, way: str, times: int, fps: float) -> float:
    """Processor-seconds of each further second of video."""
    once, often = (
        spent_by(_command(clip, way, count, fps), os.environ).processor_s for count in (1, times)
    )
    return (often - once) / ((times - 1) * clip.seconds)


def _print(clips: Iterable[Clip], fps: float, runs: int, times: int) -> None:
    for clip in clips:
        # Exporting the checkpoint, once for all, is no hour's cost.
        spent_by(_command(clip, "follow", 1, fps), os.environ)
        found: dict[str, list[float]] = {way: [] for way in WAYS}
        for _, way in product(range(runs), WAYS):
            found[way].append(_further_s(clip, way, times, fps))
        alone = statistics.median(found["decode"])
        print(f"\n{clip.path.name}, {fps:g} frames a second analysed\n")
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
        WAYS[asked.way][1](Clip.of(asked.files[0]), asked.times, asked.fps)
        return
    with tempfile.TemporaryDirectory() as folder:
        if asked.files:
            clips = [Clip.of(file) for file in asked.files]
        else:
            clips = [one.clip for one in known("arcade-0", Path(folder), 1, 60, None)]
        _print(clips, asked.fps, asked.runs, asked.times)


if __name__ == "__main__":
    main()
