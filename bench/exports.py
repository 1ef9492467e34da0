"""How long it takes to measure a day of ten-second files, beside a call of ffprobe for each.

Run: .venv/bin/python bench/exports.py [--files 8640] [--rounds 10] [--sample 200]. Draws eight
clips of ten seconds (1280x720, H.264, 15 frames a second), gives them as many names as a day has
ten-second files, and measures those in rounds: a share of the files in our pool of child processes,
then a few of them by ffprobe, so that whatever else the machine does meets both. Ours includes
starting the children, every timestamp, a decoded frame and the SHA-256 of each file; ffprobe is
asked for what its headers say. Then the day is measured once more without a break, and the memory
of this process and of its children is read at each tenth of it. Times are of this machine and this
moment; look at the ratios, and on a busy machine at those of processor time. At the end the
catalogue of a whole day is made twice, the second time with the first at hand: of files of that
size, each with bytes of its own, where the disk has room for a day of them (15 GB), and of small
ones where it has not.
"""

import argparse
import datetime as dt
import os
import resource
import shutil
import statistics
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import av
import numpy as np
import polars as pl

from tests.unit.vision.test_exports import site_day
from vision.exports.catalogue import Catalogue, catalogue
from vision.exports.folder import Recordings
from vision.exports.places import Folder, Source
from vision.exports.pool import Candidate, Probed, probe_all

CLIPS, SECONDS, FPS, SIZE, SMALL = 8, 10, 15, (1280, 720), (320, 180)
FFPROBE = ("ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json")
MB = 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=8640)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--sample", type=int, default=200, help="files that ffprobe measures")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = day(Path(folder), asked.files)
        sizes = [file.size_bytes for file in files[:CLIPS]]
        print(f"{len(files)} files of {statistics.mean(sizes) / MB:.1f} MB, {os.cpu_count()} cores")
        compared(files, asked.rounds, asked.sample)
        unbroken(files)
    with tempfile.TemporaryDirectory() as folder:
        unchanged(Path(folder), asked.files)


def day(folder: Path, count: int) -> list[Candidate]:
    """So many names for the same few clips; links, since a disk should not be measured."""
    clips = [drawn(folder / f"{number}.mp4", number) for number in range(CLIPS)]
    found = []
    for number in range(count):
        path = folder / "cam" / f"cam_{number:05}.mp4"
        path.parent.mkdir(exist_ok=True)
        os.link(clips[number % CLIPS], path)
        found.append(Candidate(Source(Folder(path.parent), path.name), path.stat().st_size))
    return found


def unchanged(folder: Path, count: int) -> None:
    """The catalogue of a whole day, and the same again when nothing has changed."""
    size, clip = SIZE, drawn(folder / "clip.mp4", 0).read_bytes()
    if shutil.disk_usage(folder).free < 2 * count * len(clip):
        print("\nno room for a day of such files: the second run is held against one of small ones")
        size = SMALL
        clip = drawn(folder / "clip.mp4", 0, size).read_bytes()
    (folder / "cam").mkdir()
    midnight = dt.datetime(2026, 3, 14, 4, tzinfo=dt.UTC)
    for number in range(count):
        at = midnight + dt.timedelta(seconds=SECONDS * number)
        # A box that every reader skips.
        own = struct.pack(">I4sQ", 16, b"free", number)
        (folder / "cam" / f"{at:%Y%m%d_%H%M%S}.mp4").write_bytes(clip + own)
    day = site_day(midnight.date(), exports="cam/%Y%m%d_%H%M%S.mp4", frame=size)
    camera = day.cameras["cam"]
    recordings = Recordings(folder)

    def made(before: pl.DataFrame | None) -> tuple[Catalogue, float]:
        began = time.perf_counter()
        found = catalogue(recordings.find(day, camera), camera, day, before=before)
        return found, time.perf_counter() - began

    first, first_s = made(None)
    again = [made(first.exports) for _ in range(3)]
    assert all(found.exports.equals(first.exports) for found, _ in again)
    second_s = statistics.median(seconds for _, seconds in again)
    print(f"\ncatalogue of {count} files of {len(clip) / 1e3:.0f} kB, {first.timeline.height} used")
    print(f"{'first run':>20}: {first_s:8.2f} s, {first.opened} files opened")
    print(f"{'unchanged, median':>20}: {second_s:8.2f} s, {again[0][0].opened} files opened")
    print(f"{'times faster':>20}: {first_s / second_s:8.1f}")


def drawn(path: Path, seed: int, size: tuple[int, int] = SIZE) -> Path:
    """Ten seconds of somebody noisy walking past a noisy wall."""
    dice = np.random.default_rng(seed)
    width, height = size
    wall = dice.integers(0, 255, (height // 8, width // 8, 3), dtype=np.uint8)
    wall = wall.repeat(8, 0).repeat(8, 1)
    with av.open(path, "w") as container:
        options = {"crf": "38", "preset": "ultrafast", "g": str(2 * FPS)}
        stream = container.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(SECONDS * FPS):
            image = wall.copy()
            left = 5 * number
            walker = image[height // 4 : height // 2, left : left + 100]
            walker[:] = dice.integers(0, 255, walker.shape)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
    return path


@dataclass
class Costs:
    """Of one way of measuring, round by round: milliseconds a file."""

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def spend(self, measure: Callable[[], None], files: int) -> None:
        began, used = time.perf_counter(), processor_s()
        measure()
        self.clock.append((time.perf_counter() - began) / files * 1000)
        self.processor.append((processor_s() - used) / files * 1000)

    def line(self, name: str, first: "Costs") -> str:
        clock, processor = statistics.median(self.clock), statistics.median(self.processor)
        return (
            f"{name:36} {clock:8.2f} {clock / statistics.median(first.clock):6.1f} "
            f"{processor:14.2f} {processor / statistics.median(first.processor):6.1f}"
        )


def processor_s() -> float:
    """Seconds of a processor that this process and those that it has seen end have used."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, who))


def compared(files: Sequence[Candidate], rounds: int, sample: int) -> None:
    """Both in turn, and the medians of what a file costs."""
    ours, theirs = Costs(), {1: Costs(), os.cpu_count() or 2: Costs()}
    with_ffprobe = shutil.which("ffprobe") is not None
    few = max(1, sample // rounds // len(theirs))
    for number in range(rounds):
        share = files[number::rounds]
        ours.spend(partial(measured, share), len(share))
        for at_once, costs in theirs.items() if with_ffprobe else ():
            costs.spend(partial(ffprobe, share[:few], at_once), few)
    print(f"{'':36} {'ms/file':>8} {'ratio':>6} {'processor ms':>14} {'ratio':>6}")
    print(ours.line(f"ours, {len(files)} files", ours))
    if not with_ffprobe:
        print("ffprobe is not installed (apt-get install ffmpeg): nothing to compare with")
        return
    for at_once, costs in theirs.items():
        print(costs.line(f"ffprobe, {at_once} at a time, {few * rounds} files", ours))
    print(f"medians of {rounds} rounds, each of ours and then of theirs")


def measured(files: Sequence[Candidate]) -> None:
    assert all(isinstance(outcome, Probed) for outcome in probe_all(files))


def ffprobe(files: Sequence[Candidate], at_once: int) -> None:
    def one(file: Candidate) -> None:
        subprocess.run([*FFPROBE, file.source.path], check=True, capture_output=True)

    with ThreadPoolExecutor(at_once) as threads:
        list(threads.map(one, files))


def unbroken(files: Sequence[Candidate]) -> None:
    """The whole day in one go: whether memory grows."""
    began = time.perf_counter()
    read: list[tuple[float, float]] = []
    for done, _ in enumerate(probe_all(files), 1):
        if done % max(1, len(files) // 10) == 0:
            children = [resident(pid) for pid in children_of(os.getpid())]
            read.append((resident(os.getpid()), max(children, default=0.0)))
    seconds = time.perf_counter() - began
    print(f"the day without a break: {seconds:.1f} s")
    print("resident memory at each tenth of it, MB")
    print(f"{'this process':34} " + " ".join(f"{own:5.0f}" for own, _ in read))
    print(f"{'its largest child':34} " + " ".join(f"{child:5.0f}" for _, child in read))


def children_of(pid: int) -> Iterator[int]:
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        yield from map(int, listed.read_text().split())


def resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MB


if __name__ == "__main__":
    main()
