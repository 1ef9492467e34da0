"""What a process of its own costs in decoding, alone and beside a detector.

Run: .venv/bin/python bench/decoding.py FILE... [--fps 6] [--weights W] [--runs 3]. For each file
milliseconds per analysed frame, medians of runs that take turns: decoded in this process, decoded
in another; and, where weights are given, the same with a detector looking on. Times are of this
machine and this moment.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from vision.exports.decode import chosen_frames
from vision.exports.decode_host import decoded_frames
from vision.exports.limits import Limits
from vision.exports.places import Folder, Source
from vision.exports.reading import Reading, Stretch
from vision.protocols import Frame

WHOLE = Stretch("file", 0, 0, 10**15)
Work = Callable[[Iterable[Frame]], Iterable[object]]


def whole(path: Path) -> Reading:
    return Reading(Source(Folder(path.parent), path.name), WHOLE)


def here(path: Path, fps: float) -> Iterator[Frame]:
    for _, at_us, pixels in chosen_frames(
        [Reading(Source(Folder(path.parent), path.name), WHOLE)], fps, lambda _: None
    ):
        yield Frame(at_us, pixels)


def elsewhere(path: Path, fps: float) -> Iterator[Frame]:
    return decoded_frames(
        [Reading(Source(Folder(path.parent), path.name), WHOLE)], fps, Limits(), lambda *_: None
    )


def milliseconds(frames: Iterator[Frame], work: Work) -> float:
    """Per frame, from the first on: starting is no frame's time."""
    work_on = iter(work(frames))
    next(work_on)
    began = time.perf_counter()
    done = sum(1 for _ in work_on)
    return 1000 * (time.perf_counter() - began) / done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--fps", type=float, default=6.0)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        works: dict[str, Work] = {"decoded": lambda frames: frames}
        if asked.weights:
            from vision.yolo import YoloDetector

            works["and looked at"] = YoloDetector(asked.weights, cache=Path(cache)).detect
        print(f"{'ms a frame':44} {'here':>8} {'elsewhere':>10}")
        for path in asked.files:
            for name, work in works.items():
                spent = [
                    [milliseconds(way(path, asked.fps), work) for way in (here, elsewhere)]
                    for _ in range(asked.runs)
                ]
                ours, theirs = (statistics.median(one) for one in zip(*spent, strict=True))
                print(f"{path.name[:28]:28} {name:15} {ours:8.2f} {theirs:10.2f}")


if __name__ == "__main__":
    main()
