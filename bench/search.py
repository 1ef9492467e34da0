"""What the search looks through in a second of one core, by kind of folder.

Run: .venv/bin/python bench/search.py HOME [HOME ...]. Each HOME is one that `footfall demo` or
`footfall run` has filled. Prints bytes on disk, processor time and the rate, with the slowest file;
times are of this machine and this moment.
"""

import sys
import time
from pathlib import Path

from footfall_dagster.privacy.search import DEFAULT, files, worker

LEFT_OF_THE_WALL = ("recordings", "models", "lake/detections", "lake/tracks", "lake/_pending")


def main(homes: list[str]) -> None:
    print(f"{'folder':34} {'files':>6} {'MB':>8} {'core s':>7} {'MB/s':>6} {'found':>5}  slowest")
    for home in map(Path, homes):
        known: set[bytes] = set()
        left_out = {(home / name).absolute() for name in LEFT_OF_THE_WALL}
        for folder in sorted(path for path in home.iterdir() if path.is_dir()):
            if folder.absolute() not in left_out:
                measure(folder, left_out, known)


def measure(folder: Path, left_out: set[Path], known: set[bytes]) -> None:
    count = size = found = 0
    spent: list[tuple[float, str]] = []
    for path, _ in files.walk(folder, left_out):
        if not files.is_regular(path):
            continue
        began = time.process_time()
        found += len(worker.look(path, path.name, DEFAULT, known)["found"])
        spent.append((time.process_time() - began, path.name[:24]))
        count += 1
        size += path.stat().st_size
    if spent:
        seconds = max(sum(one for one, _ in spent), 1e-9)
        slowest, name = max(spent)
        print(
            f"{str(folder)[-34:]:34} {count:6} {size / 1e6:8.1f} {seconds:7.2f} "
            f"{size / 1e6 / seconds:6.1f} {found:5}  {name} {slowest:.2f} s"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
