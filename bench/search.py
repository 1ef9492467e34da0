"""What the search looks through in a second of one core, by kind of folder.

Run: .venv/bin/python bench/search.py HOME [HOME ...] [--runs 3]. Each HOME is one that
`footfall demo` or `footfall run` has filled. Prints, as medians over runs, each with nothing known
from the one before: bytes on disk, seconds of a processor, of which other work on the machine
changes little, seconds on the clock, the rate by each, what a file costs, and the slowest file.
Times are of this machine and this moment; readers are loaded beforehand, as the process that
searches loads them once.
"""

import argparse
import statistics
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from footfall_dagster.privacy.search import DEFAULT, files, worker

LEFT_OF_THE_WALL = ("recordings", "models", "lake/detections", "lake/tracks", "lake/_pending")
MB = 1e6


@dataclass
class Looked:
    """What one run over a folder came to."""

    files: int = 0
    size: int = 0
    found: int = 0
    processor: float = 0.0
    clock: float = 0.0
    slowest: tuple[float, str] = field(default=(0.0, ""))

    def add(self, path: Path, known: set[bytes]) -> None:
        began, used = time.perf_counter(), time.process_time()
        self.found += len(worker.look(path, path.name, DEFAULT, known)["found"])
        spent = time.process_time() - used
        self.clock += time.perf_counter() - began
        self.processor += spent
        self.slowest = max(self.slowest, (spent, path.name[:24]))
        self.files += 1
        self.size += path.stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("homes", nargs="+", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    print(
        f"{'folder':30} {'files':>6} {'MB':>7} {'core s':>7} {'clock s':>8} {'MB/core s':>10} "
        f"{'MB/s':>6} {'ms/file':>8} {'found':>6}  slowest"
    )
    for home in asked.homes:
        look_at(home)
        runs = [look_at(home) for _ in range(asked.runs)]
        for folder in runs[0]:
            line(folder, [run[folder] for run in runs])


def look_at(home: Path) -> dict[Path, Looked]:
    """Every folder of a home right of the wall, once."""
    known: set[bytes] = set()
    left_out = {(home / name).absolute() for name in LEFT_OF_THE_WALL}
    looked: dict[Path, Looked] = {}
    for folder in sorted(path for path in home.iterdir() if path.is_dir()):
        for met in files.walk(folder, left_out):
            if folder.absolute() not in left_out and met.is_regular:
                looked.setdefault(folder, Looked()).add(Path(met.path), known)
    return looked


def line(folder: Path, runs: list[Looked]) -> None:
    processor = max(statistics.median(run.processor for run in runs), 1e-9)
    clock = max(statistics.median(run.clock for run in runs), 1e-9)
    first, size = runs[0], runs[0].size / MB
    seconds, name = first.slowest
    print(
        f"{str(folder)[-30:]:30} {first.files:6} {size:7.1f} {processor:7.2f} {clock:8.2f} "
        f"{size / processor:10.1f} {size / clock:6.1f} {1000 * processor / first.files:8.1f} "
        f"{first.found:6}  {name} {seconds:.2f} s"
    )


if __name__ == "__main__":
    main()
