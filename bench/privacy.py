"""How fast the privacy wall looks: contract and bytes of a partition, audit, search, report.

Run: .venv/bin/python bench/privacy.py [--people 50000] [--runs 3]. Draws a day of invented
trajectories of the arcade without pixels, stores it through the wall, and prints medians; times are
of this machine and this moment. Megabytes are those that lie on the disk, and in brackets those of
the rows in memory, or those that the search unpacked. A core-second is one of a processor, so that
other work on the machine counts little.
"""

import argparse
import datetime as dt
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.privacy import wall
from footfall_dagster.privacy.chain import Chain
from footfall_dagster.privacy.closed_list import audit
from footfall_dagster.privacy.search import search
from footfall_dagster.settings import Settings
from vision.contracts import LAKE
from vision.simulate.trajectories import simulate_trajectories
from vision.site.load import load_site

DAY = dt.date(2026, 3, 14)
MB = 1e6


def seconds(work: Callable[[], object], runs: int) -> tuple[float, float]:
    """Medians: on the clock, and of processors, children included once they have ended."""
    clock, processor = [], []
    for _ in range(runs):
        began, used = time.perf_counter(), sum(os.times()[:4])
        work()
        clock.append(time.perf_counter() - began)
        processor.append(sum(os.times()[:4]) - used)
    return statistics.median(clock), statistics.median(processor)


def line(name: str, size: float, inside: float, spent: tuple[float, float]) -> None:
    clock, processor = spent
    # Processor time is counted in hundredths.
    used = max(processor, 0.01)
    rates = f"{size / MB / used:.1f} ({inside / MB / used:.1f})"
    print(f"{name:44} {size / MB:7.2f} {clock:8.2f} {processor:8.2f} {rates:>16}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    site = load_site(Path("examples/arcade"))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        lake = Lake(settings.lake, site)
        for camera, day in simulate_trajectories(site.on(DAY), asked.people, seed=1).items():
            for field in fields(day):
                contract = LAKE[field.name]
                rows = getattr(day, field.name)
                if contract.order:
                    rows = rows.sort(contract.order)
                lake.write(contract, CameraDay(DAY, camera), rows)
        print(f"{'':44} {'MB':>7} {'s':>8} {'core-s':>8} {'MB/core-s':>16}")
        checked(lake, asked.runs)
        size = sum(path.stat().st_size for path in settings.lake.rglob("*") if path.is_file())
        spent = seconds(lambda: audit(settings, site, None), asked.runs)
        line("audit by closed list, the whole lake", size, size, spent)
        inside = search({"lake": settings.lake}).bytes
        spent = seconds(lambda: search({"lake": settings.lake}), asked.runs)
        line("search, the whole lake", size, inside, spent)
        chained(Path(folder) / "chain")


def checked(lake: Lake, runs: int) -> None:
    """The check of a partition before it may be read: contract, then the bytes of its rows."""
    for name in ("anonymised_trajectories", "gate_events", "zone_visits"):
        stored = lake.stored_days(name)
        day = max(stored, key=lambda one: (lake.folder(name, one) / wall.PART).stat().st_size)
        content = (lake.folder(name, day) / wall.PART).read_bytes()
        bounds = lake.bounds(day)
        rows = lake.read(LAKE[name], day)
        spent = seconds(lambda c=content, b=bounds, n=name: wall.inspect(c, LAKE[n], b, ""), runs)
        line(f"contract and bytes of {name}", len(content), rows.estimated_size(), spent)


def chained(folder: Path, records: int = 365) -> None:
    """A year of records: appending one, and verifying all."""
    chain = Chain(folder, "arcade")
    now = dt.datetime(2026, 3, 15, 6, tzinfo=dt.UTC)
    told = {"written_at": now, "version": "0", "checks": []}
    began = time.perf_counter()
    for _ in range(records):
        chain.append(DAY, told)
    each = (time.perf_counter() - began) / records
    print(f"append a record to the chain: {each:.4f} s; ", end="")
    print(f"verify {records} records: {seconds(chain.verify, 3)[0]:.3f} s")


if __name__ == "__main__":
    main()
