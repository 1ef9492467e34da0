"""How long the sensor `arrivals` looks at recordings that it knows: python bench/arrivals.py

    python bench/arrivals.py [--files 100000] [--bucket 20000]

Files are empty and the catalogues say so: what is timed is finding and comparing, which is what a
tick does while nothing arrives. Each figure is seconds on the clock / of the processor: they differ
where others use the machine. `recent` is the tick of every minute, which looks at the days of
the late window; `and old` the tick once an hour that looks back at all days; `cursor lost` the
first tick that remembers nothing. The median of five. With --bucket the same in SeaweedFS.
"""

import argparse
import datetime as dt
import os
import resource
import statistics
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from footfall_dagster.lake import CameraDay
from tests.arrivals import Desk, site_at_noon
from tests.object_store import KEYS, running, weed
from vision.exports.folder import Recordings
from vision.site.models import Site

LAYOUTS = {
    "quarter hours, one folder a camera": (900, "{}/%Y%m%d_%H%M%S.mp4"),
    "quarter hours, folders by date and hour": (900, "%Y-%m-%d/%H/{}/%M.%S.mp4"),
    "ten seconds, one folder a camera": (10, "{}/%Y%m%d_%H%M%S.mp4"),
}


def site_of(cameras: int, exports: str) -> Site:
    site = site_at_noon()
    named = [
        site.cameras[0].model_copy(update={"id": one, "exports": exports.format(one)})
        for one in (f"cam_{number}" for number in range(cameras))
    ]
    return site.model_copy(update={"cameras": tuple(named)})


def fill(desk: Desk, every_s: int, files: int, put) -> tuple[int, int]:
    """Let files arrive, the newest day first, until there are enough; files and camera-days."""
    count = camera_days = back = 0
    while count < files:
        day = desk.day - dt.timedelta(days=back)
        begins, ends = desk.plan.site.day_window(day)
        lasts = round((ends - begins).total_seconds())
        for camera in desk.plan.site.cameras:
            starts = [begins + dt.timedelta(seconds=n) for n in range(0, lasts, every_s)]
            zone = desk.plan.site.zone_info
            put([start.astimezone(zone).strftime(camera.exports) for start in starts])
            count += desk.know(CameraDay(day, camera.id))
            camera_days += 1
            # As a day is made in life: some time after its last file has arrived.
            later = time.time() + 3600
            folder = desk.lake.folder("camera_exports", CameraDay(day, camera.id))
            os.utime(folder / "part.parquet", (later, later))
        back += 1
    return count, camera_days


def seconds(desk: Desk, cursor) -> str:
    spent = []
    for _ in range(5):
        desk.cursor = cursor(desk.cursor)
        began, processor = time.perf_counter(), time.process_time()
        result = desk.look(1)
        spent.append((time.perf_counter() - began, time.process_time() - processor))
        assert not result.run_requests
        desk.cursor = result.cursor
    clock, processor = (statistics.median(one) for one in zip(*spent, strict=True))
    return f"{clock:.2f} / {processor:.2f}"


def row(table: Table, name: str, desk: Desk, count: int, camera_days: int) -> None:
    desk.tick()
    recent = seconds(desk, lambda cursor: cursor)
    old = seconds(desk, lambda cursor: (cursor or "").replace('"swept": ', '"swept": -'))
    lost = seconds(desk, lambda _: None)
    table.add_row(name, f"{count:,}", f"{camera_days:,}", recent, old, lost)


def into_folder(root: Path):
    def put(names: list[str]) -> None:
        for name in names:
            path = root / "recordings" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    return put


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--files", type=int, default=100_000)
    asked.add_argument("--bucket", type=int, default=0, metavar="FILES")
    told = asked.parse_args()
    table = Table(title="A tick over known files, seconds", title_justify="left")
    for heading in ("recordings", "files", "camera-days", "recent", "and old", "cursor lost"):
        table.add_column(heading, justify="left" if heading == "recordings" else "right")
    for name, (every_s, exports) in LAYOUTS.items():
        with tempfile.TemporaryDirectory() as folder:
            desk = Desk(Path(folder), site=site_of(12, exports))
            row(table, name, desk, *fill(desk, every_s, told.files, into_folder(Path(folder))))
    binary = weed()
    if told.bucket and binary is not None:
        os.environ.update(KEYS)
        with running(binary) as store, tempfile.TemporaryDirectory() as folder:
            store.files.mkdir("bench")
            recordings = Recordings("s3://bench", store.endpoint)
            for name, (every_s, exports) in list(LAYOUTS.items())[:1]:
                desk = Desk(Path(folder), recordings, site_of(12, exports))
                made = fill(
                    desk,
                    every_s,
                    told.bucket,
                    lambda names: store.files.pipe({f"bench/{one}": b"" for one in names}),
                )
                row(table, f"{name}, in SeaweedFS", desk, *made)
    console = Console()
    console.print(table)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"{os.cpu_count()} cores; at most {most:.0f} MB of memory")


if __name__ == "__main__":
    main()
