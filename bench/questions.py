"""How long each question takes when published.duckdb holds a year of a site of 40 zones.

Run: .venv/bin/python -m bench.questions [--days 364] [--cameras 8] [--cells 200]. Invents the
figures of a year (a mall of two floors and eight cameras, each with five zones; evenings and
Saturdays are busier; a camera-day in thirty is missing and an hour in fifty is a gap), blanks what
the release step blanks, and places the file as the warehouse does. Two days of it are held against
the contracts. Each question is then asked as `footfall query` asks it, once in a fresh process with
the file out of the system's cache (cold) and five times after that (warm). At the end the last day
is published once more, and the time is split into what it is made of. Times are of this machine
and this moment.
"""

import argparse
import datetime as dt
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import duckdb
import polars as pl

from assets.marts.contracts import MARTS
from assets.marts.inputs import relations
from assets.marts.questions import questions
from assets.marts.release import NOTE, published, release
from assets.marts.schema import MartContract
from bench.questions_rows import FIGURES
from footfall_dagster import mart_files, mart_tables
from footfall_dagster.privacy.closed_list_rows import mart_violations
from footfall_dagster.published import ask
from footfall_dagster.warehouse import DuckDBWarehouse
from vision.site.hours import WEEKDAYS, Hours
from vision.site.load import load_site
from vision.site.models import Floor, Site

LAST_DAY = dt.date(2026, 3, 14)
BLOCK = 28
"""Days that are made at once."""
K = 10
SHAPES = (
    ("store_a", "store", None, ((0, 8), (8, 8), (8, 12), (0, 12))),
    ("store_b", "store", None, ((8, 8), (16, 8), (16, 12), (8, 12))),
    ("front", "frontage", "store_a", ((0, 6), (8, 6), (8, 8), (0, 8))),
    ("display", "display", None, ((4, 1), (8, 1), (8, 4), (4, 4))),
    ("queue", "queue", "store_b", ((8, 6), (11, 6), (11, 8), (8, 8))),
)


def site_of(cameras: int) -> Site:
    """The arcade's second camera so often, on two floors, each with the same five zones."""
    arcade = load_site(Path("examples/arcade"))
    camera = next(one for one in arcade.cameras if one.id == "cam_shops")
    zone, gate = arcade.file.zones[0], arcade.file.gates[0]
    floor_of = {number: "ground" if 2 * number < cameras else "upper" for number in range(cameras)}
    zones = [
        zone.model_copy(
            update={
                "id": f"{name}_{number}",
                "kind": kind,
                "of": f"{of}_{number}" if of else None,
                "polygon": polygon,
                "camera": f"cam_{number}",
                "floor": floor,
            }
        )
        for number, floor in floor_of.items()
        for name, kind, of, polygon in SHAPES
    ]
    gates = [
        gate.model_copy(
            update={
                "id": f"gate_{number}",
                "camera": f"cam_{number}",
                "floor": floor,
                "leads_from": "outside" if floor == "ground" else "ground",
            }
        )
        for number, floor in floor_of.items()
    ]
    hours = Hours(opens=dt.time(9), closes=dt.time(21))
    update = {
        "opens": LAST_DAY - dt.timedelta(days=3 * 364),
        "closes": None,
        "trading_hours": dict.fromkeys(WEEKDAYS, hours),
        "floors": tuple(
            Floor(id=name, outline=arcade.file.floors[0].outline) for name in ("ground", "upper")
        ),
        "zones": tuple(zones),
        "gates": tuple(gates),
    }
    return Site(
        file=arcade.file.model_copy(update=update),
        cameras=tuple(
            camera.model_copy(update={"id": f"cam_{number}", "floor": floor})
            for number, floor in floor_of.items()
        ),
    )


def spans(site: Site, days: list[dt.date], cells: int) -> duckdb.DuckDBPyConnection:
    """A database with places and times of some days, and how much was observed of them."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'; SET threads = 1")
    connection.execute(f"SELECT setseed({(days[0].toordinal() % 1000) / 1000})")
    tables = relations(site.on(days[0]), {}, {})
    for name in ("gates", "zones", "cameras"):
        connection.register(name, tables[name])
    times = pl.concat(
        relations(site.on(day), {}, {})["intervals"].with_columns(trading_day=pl.lit(day))
        for day in days
    )
    connection.register("times", times)
    connection.execute((Path(__file__).parent / "questions_spans.sql").read_text())
    connection.execute(f"CREATE MACRO cells_of_view() AS {cells}")
    return connection


def rows(connection: duckdb.DuckDBPyConnection, mart: MartContract, site: Site) -> pl.DataFrame:
    """What is published of a mart: figures of the contract, NULL where nothing was observed."""
    told = connection.execute(FIGURES[mart.name]).pl()
    told = told.with_columns(site=pl.lit(site.id), definition_version=pl.lit(1))
    follows = [
        column.follows.alias(column.name) for column in mart.columns if column.follows is not None
    ]
    told = told.with_columns(follows)
    counted = [column.name for column in mart.columns if column.counted_by and column.nullable]
    if "observed_minutes" in told.columns:
        seen = pl.col("observed_minutes") > 0
        told = told.with_columns(
            pl.when(seen).then(pl.col(name)).alias(name) for name in counted if name in told.columns
        )
    lacking = [pl.lit(None).alias(name) for name in mart.schema if name not in told.columns]
    exact = told.with_columns(lacking).select(mart.schema.names()).cast(dict(mart.schema))
    return release(mart, exact.sort(mart.key), K)


def blocks(days: int) -> Iterator[list[dt.date]]:
    first = LAST_DAY - dt.timedelta(days=days - 1)
    every = [first + dt.timedelta(days=number) for number in range(days)]
    yield from (every[begin : begin + BLOCK] for begin in range(0, days, BLOCK))


def place(path: Path, site: Site, days: int, cells: int) -> dict[str, int]:
    """Write the year; returns the rows of each mart."""
    counted = dict.fromkeys(MARTS, 0)
    made = [spans(site, block, cells) for block in blocks(days)]

    def fill(connection: duckdb.DuckDBPyConnection, mart: MartContract) -> None:
        for spans_of_block in made:
            block = rows(spans_of_block, MARTS[mart.name], site)
            counted[mart.name] += block.height
            connection.register("block", block)
            mart_tables.insert(connection, mart, "SELECT * FROM block")
            connection.unregister("block")

    contracts = [published(mart) for mart in MARTS.values()]
    build = partial(
        mart_files.build_day,
        path=path,
        contracts=contracts,
        label=NOTE,
        site=site.id,
        day=LAST_DAY,
        replaced=list(MARTS),
        fill=fill,
    )
    mart_files.rebuild(path, build, lambda _line: None, 10)
    return counted


def refuse_wrong(path: Path, site: Site, days: int) -> None:
    """Hold two days against the contracts, as the audit of the disk does."""
    warehouse = DuckDBWarehouse(path.with_name("core.duckdb"), path)
    broken = [
        f"{mart.name} of {day}: {rule}"
        for day in (LAST_DAY, LAST_DAY - dt.timedelta(days=days // 2))
        for mart in map(published, MARTS.values())
        for rule in mart_violations(
            warehouse.read_published_day(mart, site.id, day), mart, site.on(day)
        )
    ]
    assert not broken, "\n".join(broken)


def asked_s(path: Path, name: str) -> tuple[float, int]:
    began = time.perf_counter()
    answer = ask(path, questions()[name].sql)
    return time.perf_counter() - began, len(answer.rows)


def forget_pages(path: Path) -> None:
    """Have the system drop what it holds of the file, so that the disk is read."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def cold_s(path: Path, name: str) -> float:
    forget_pages(path)
    ask_once = [sys.executable, "-m", "bench.questions", "--of", str(path), "--name", name]
    done = subprocess.run(ask_once, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


def publishing(path: Path, site: Site, cells: int) -> None:
    """Publish the last day once more, and say what takes how long."""
    day = [LAST_DAY]
    of_day = spans(site, day, cells)
    released = {name: rows(of_day, mart, site) for name, mart in MARTS.items()}
    spent: dict[str, float] = {}
    last = time.perf_counter()

    def note(what: str) -> None:
        nonlocal last
        spent[what], last = time.perf_counter() - last, time.perf_counter()

    def fill(connection: duckdb.DuckDBPyConnection, mart: MartContract) -> None:
        note(f"copying {mart.name}")
        connection.register("released", released[mart.name])
        mart_tables.insert(connection, mart, "SELECT * FROM released")
        connection.unregister("released")
        note(f"inserting {mart.name}")

    def build(building: Path) -> None:
        contracts = [published(mart) for mart in MARTS.values()]
        mart_files.build_day(building, path, contracts, NOTE, site.id, LAST_DAY, released, fill)
        note("writing what is left in memory")

    mart_files.rebuild(path, build, lambda _line: None, 10)
    note("hashing and placing")
    print(f"\none site-day published again: {sum(spent.values()):.1f} s, most of it for")
    slowest = sorted(spent.items(), key=lambda item: -item[1])[:5]
    print(*(f"  {what:36} {seconds:6.1f}" for what, seconds in slowest), sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=364)
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--cells", type=int, default=200, help="cells of a view with enough people")
    parser.add_argument("--of", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--name", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.of:
        print(asked_s(asked.of, asked.name)[0])
        return
    with tempfile.TemporaryDirectory() as folder:
        path, site = Path(folder) / "published.duckdb", site_of(asked.cameras)
        began = time.perf_counter()
        counted = place(path, site, asked.days, asked.cells)
        refuse_wrong(path, site, asked.days)
        print(
            f"{asked.days} days of {len(site.file.zones)} zones: {sum(counted.values()):,} rows, "
            f"{path.stat().st_size / 1e6:.0f} MB, {time.perf_counter() - began:.0f} s to make"
        )
        print(*(f"  {name:28} {count:>10,}" for name, count in counted.items()), sep="\n")
        print(f"\n{'question':26} {'rows':>6} {'cold s':>8} {'warm s':>8}  (median of 5)")
        for name in questions():
            cold = cold_s(path, name)
            warm = [asked_s(path, name) for _ in range(5)]
            median = statistics.median(seconds for seconds, _ in warm)
            print(f"{name:26} {warm[0][1]:6} {cold:8.2f} {median:8.2f}", flush=True)
        began = time.perf_counter()
        ask(path, "SELECT 1")
        print(f"{'(SELECT 1)':26} {1:6} {'':8} {time.perf_counter() - began:8.2f}")
        publishing(path, site, asked.cells)


if __name__ == "__main__":
    main()
