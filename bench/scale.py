"""How many cores, how much disk, network and money so many cameras take, from measured costs.

Run: .venv/bin/python -m bench.scale [--cameras 10 200 2000] [--hours 12] [--until 8]. Prints the
tables of docs/scale.md. Every figure that is measured says where; the others are assumptions,
and are named so.

Belongs here: arithmetic. Does not belong here: measuring anything.
"""

import argparse
import math
from dataclasses import dataclass

VISION = {"quiet": 0.05, "ordinary": 0.16, "busy": 0.42}
"""Processor-seconds for each second of video: nobody comes; 6 and 30 people a minute in view.

docs/performance.md, "Hours in which nobody comes" and "Beside other programs", 960 x 540.
"""
BESIDES_S = 11.0
"""Seconds of a place besides vision in a camera-day: Ray's job, a process, bucket, PostgreSQL.

docs/scale.md, "More workers", of one worker; by the clock, so rather too much.
"""
MARTS_S, MARTS_CAMERA_S = 40.0, 3.0
"""Processor-seconds of a site-day, and of it for each camera: marts, checks, release, report.

docs/scale.md, "Twenty cameras and five days": 48 s by the clock for 4 of short days, 92 s for 20,
which is 37 s and 2.8 s a camera. Nobody has tried more.
"""
WORKER_GB = 1.0
"""Memory of a camera-day at most; docs/performance.md, "A day of twelve hours"."""
LAKE_SHORT_MB, LAKE_LONG_MB = 0.28, 0.08
"""A camera-day of 3,000 people: trajectories, kept for a week; crossings and visits, for months.

`footfall simulate --trajectories-only --people 3000`.
"""
BOXES_MB = 7.0
"""Detections and tracks of such a day, kept for hours; 170,000 boxes each."""
MARTS_MB = 0.01
"""Exact and published marts of a camera-day in DuckLake: a year of 200 cameras, 147 million rows
that are published, was 353 MB once its files were merged."""
EVENTS_MB = 0.5
"""What Dagster stores of the run of a camera-day, in PostgreSQL; docs/scale.md, "More workers"."""
SITES_OF = 200
"""Cameras of a site at most: more are more sites, whose marts are made side by side."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """What nobody measured.

    Attributes:
        hours: Recorded, of a day.
        until_h: Hours after the last recording in which camera-days are to be made.
        megabits: Of a recording, each second.
        core_hour: Price of a core for an hour, with 4 GB of memory.
        gigabyte_month: Price of a gigabyte in the bucket for a month.
    """

    hours: float = 12
    until_h: float = 8
    megabits: float = 2.0
    core_hour: float = 0.04
    gigabyte_month: float = 0.025


def row(cameras: int, assumed: Assumed, kind: str) -> list[str]:
    """What so many cameras take on days of a kind."""
    seconds = assumed.hours * 3600 * VISION[kind] + BESIDES_S
    core_hours = cameras * seconds / 3600
    sites = math.ceil(cameras / SITES_OF)
    marts_s = MARTS_S + MARTS_CAMERA_S * min(cameras, SITES_OF)
    # Whole hosts of two cores at least: a camera-day decodes in a process of its own.
    cores = max(2, math.ceil(core_hours / assumed.until_h))
    network = cameras * assumed.hours * assumed.megabits / assumed.until_h
    month = 30 * assumed.core_hour * (core_hours + sites * marts_s / 3600)
    return [
        f"{cameras:,}",
        kind,
        f"{core_hours:,.0f}",
        f"{cores:,}",
        f"{cores * WORKER_GB / 2:,.0f}",
        f"{network:,.0f}",
        f"{marts_s / 60:.0f} min",
        f"{month:,.0f}",
    ]


def kept(cameras: int, assumed: Assumed) -> list[str]:
    """What so many cameras keep."""
    long_gb = cameras * 365 * (LAKE_LONG_MB + MARTS_MB) / 1000
    short_gb = cameras * (7 * LAKE_SHORT_MB + 2 * BOXES_MB) / 1000
    recorded_gb = cameras * assumed.hours * 3600 * assumed.megabits / 8 / 1000
    stored = (long_gb + short_gb) * assumed.gigabyte_month
    return [
        f"{cameras:,}",
        f"{short_gb:,.1f}",
        f"{long_gb:,.0f}",
        f"{cameras * 90 * EVENTS_MB / 1000:,.1f}",
        f"{recorded_gb:,.0f}",
        f"{stored:,.2f}",
    ]


def main() -> None:
    arguments = _arguments()
    assumed = Assumed(hours=arguments.hours, until_h=arguments.until)
    heads = (
        "cameras | day | core-hours a day | cores | memory, GB | Mbit/s meanwhile | marts | "
        "processors, a month"
    )
    print(f"| {heads} |\n|{'---|' * 8}")
    for cameras in arguments.cameras:
        for kind in VISION:
            print(f"| {' | '.join(row(cameras, assumed, kind))} |")
    heads = (
        "cameras | short-lived, GB | a year of marts and events, GB | PostgreSQL, GB | "
        "recordings a day, GB | bucket, a month"
    )
    print(f"\n| {heads} |\n|{'---|' * 6}")
    for cameras in arguments.cameras:
        print(f"| {' | '.join(kept(cameras, assumed))} |")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cameras", type=int, nargs="+", default=[10, 200, 2000])
    parser.add_argument("--hours", type=float, default=12, help="recorded, of a day")
    parser.add_argument("--until", type=float, default=8, help="hours to make camera-days in")
    return parser.parse_args()


if __name__ == "__main__":
    main()
