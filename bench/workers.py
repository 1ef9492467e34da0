"""What more workers bring, and what a camera-day costs besides looking at it.

Run: .venv/bin/python -m bench.workers [--workers 1 2 4] [--runs 8] [--processor-seconds 60]; needs
root, PostgreSQL, SeaweedFS and Ray, like `make cluster-test`, and has their cluster: Ray's head and
workers on hosts of their own (network namespaces), PostgreSQL and a bucket, Dagster's daemon and
webserver. Every run is the real camera-day of a rendered recording, whose
detector looks at nothing and keeps one core busy for so many seconds.

Efficiency is throughput over that of one worker, times the workers that have a core to themselves:
hosts here are parts of one machine, which does all else as well: Dagster's daemon and webserver,
PostgreSQL, the bucket, Ray's head. What a camera-day takes besides the detector is the time of a
place that it fills, less the detector's processor-seconds. Part of it is work of the steps: the
recording probed and decoded, checks, every read and write in the bucket. The rest is orchestration:
Ray's job, the start of a process, Dagster's events between steps, what Ray takes to notice the end.
"""

import argparse
import datetime as dt
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.workers_location import COST
from tests.cluster import tower
from tests.cluster.ray_hosts import Cluster, cluster, limits_of, trouble
from vision.site.load import load_site

DAY = dt.date(2026, 3, 9)
_RECORDED_S = 20


def main() -> None:
    arguments = _arguments()
    if why := trouble():
        raise SystemExit(why)
    rounds = len(arguments.workers)
    # Two cameras a floor, and no camera-day twice.
    floors = -(-arguments.runs // 2)
    days = [DAY + dt.timedelta(days=number) for number in range(rounds)]
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder)
        tower.build(site, floors, days, _RECORDED_S)
        with cluster(
            site / "hosts",
            site / "site",
            site / "absent.pt",
            workers=max(arguments.workers),
            slots=1,
            limits=limits_of(vision=max(arguments.workers), marts=1),
            location="bench.workers_location",
            variables={COST: str(arguments.processor_seconds)},
        ) as started:
            started.bring(site / "recordings")
            _measure(started, arguments, days)


def _measure(started: Cluster, arguments: argparse.Namespace, days: list[dt.date]) -> None:
    cameras = load_site(started.site).camera_ids[: arguments.runs]
    started.start(joined=0)
    started.wait_for_partitions(2 * -(-arguments.runs // 2) * len(days))
    stored, rows, joined = _stored_bytes(started), [], 0
    for day, workers in zip(days, sorted(arguments.workers), strict=True):
        for worker in started.workers[joined:workers]:
            started.join(worker)
        joined = workers
        started.wait_for_nodes(1 + workers)
        keys = [f"{camera}|{day}" for camera in cameras]
        started.backfill("camera_day", keys)
        started.settle(3600, "camera_day")
        runs = [run for run in started.runs("camera_day") if run["partition"] in set(keys)]
        assert {run["status"] for run in runs} == {"SUCCESS"}, runs
        working = [started.seconds_in_steps(run["runId"]) for run in runs]
        rows.append((workers, *_figures(runs, working, workers, arguments.processor_seconds)))
    _print(rows, arguments)
    grown = (_stored_bytes(started) - stored) / len(days) / len(keys)
    print(f"\nWhat Dagster stores grew by {grown / 1e6:.2f} MB a camera-day.")


def _stored_bytes(started: Cluster) -> int:
    """What Dagster keeps in PostgreSQL, its indexes among it."""
    asked = "SELECT pg_database_size(current_database())"
    ((size,),) = started.postgres.ask(asked, database="dagster")
    return int(size)


def _figures(
    runs: list[dict[str, Any]], working: list[float], workers: int, cost_s: float
) -> tuple[float, float, float]:
    """Camera-days an hour; seconds of a place besides the detector, and of them in steps."""
    # Runs that are launched wait in Ray for a place, so what one takes is told by all together.
    span = max(run["endTime"] for run in runs) - min(run["launchTime"] for run in runs)
    besides = workers * span / len(runs) - cost_s
    return 3600 * len(runs) / span, besides, statistics.median(working) - cost_s


def _print(rows: list[tuple[int, float, float, float]], arguments: Any) -> None:
    cores = os.cpu_count() or 1
    print(
        f"{time.strftime('%Y-%m-%d')}, {cores} cores, {arguments.runs} camera-days of "
        f"{arguments.processor_seconds:.0f} processor-s each round\n"
    )
    print("| workers | camera-days an hour | efficiency | s besides | in steps | orchestration |")
    print("|---|---|---|---|---|---|")
    alone = rows[0][1] / rows[0][0]
    for workers, an_hour, besides, steps in rows:
        efficiency = an_hour / (alone * min(workers, cores))
        told = f"{besides:.1f} | {steps:.1f} | {besides - steps:.1f}"
        print(f"| {workers} | {an_hour:.0f} | {efficiency:.2f} | {told} |")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--processor-seconds", type=float, default=60)
    return parser.parse_args()


if __name__ == "__main__":
    main()
