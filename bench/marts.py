"""How long the marts of a busy day take, and how much memory, with the reading of its Parquet.

Run: .venv/bin/python bench/marts.py [--millions 1 3 10 60] [--visitors 100000] [--cameras 40].
Invents a day without pixels: people who wander about below their camera for equally long, each
camera with gates and zones of its own; stores it through the wall; then lets Dagster make all core
marts of it in a fresh process, and reads that process's clock and its largest resident
memory. Times are of this machine and this moment; look at how they grow.
"""

import argparse
import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import dagster as dg
import numpy as np
import polars as pl

from assets.camera_day import IO_MANAGER
from assets.marts import core
from assets.plan import SitePlan
from footfall_dagster.io_manager import LakeIOManager
from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.runs import QUIET
from footfall_dagster.warehouse import DuckDBWarehouse
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, GRID_M, ZONE_VISITS
from vision.contracts_ingest import COVERAGE
from vision.site.load import load_site
from vision.site.models import Site

DAY = dt.date(2026, 3, 14)
OPENS = dt.datetime(2026, 3, 14, 9, tzinfo=dt.UTC)
OPEN_S = 9 * 3600
STEP_M = 0.6
COMPARED_STEPS = 12
"""By which the whole sequences of two people who come in the same second are told apart."""


def site_of(cameras: int) -> Site:
    """The arcade's second camera, with its gates and zones and one of each other kind, so often."""
    arcade = load_site(Path("examples/arcade"))
    model = next(one for one in arcade.cameras if one.id == "cam_shops")
    corridor = next(one for one in arcade.file.zones if one.id == "corridor")
    more = [
        corridor.model_copy(update={"id": kind, "kind": kind, "of": of, "polygon": polygon})
        for kind, of, polygon in (
            ("display", None, ((4, 1), (8, 1), (8, 4), (4, 4))),
            ("queue", "display", ((8, 1), (11, 1), (11, 3), (8, 3))),
            ("staff", None, ((23.5, 0), (24, 0), (24, 0.5), (23.5, 0.5))),
        )
    ]

    def copies(entries):
        for number in range(cameras):
            for one in entries:
                update = {"id": f"{one.id}_{number}", "camera": f"cam_{number}"}
                if getattr(one, "of", None):
                    update["of"] = f"{one.of}_{number}"
                if one.camera == model.id:
                    yield one.model_copy(update=update)

    update = {
        "gates": tuple(
            gate.model_copy(update={"leads_from": "outside"}) for gate in copies(arcade.file.gates)
        ),
        "zones": tuple(copies([*arcade.file.zones, *more])),
    }
    file = arcade.file.model_copy(update=update)
    seen = tuple(model.model_copy(update={"id": f"cam_{number}"}) for number in range(cameras))
    return Site(file=file, cameras=seen)


def walks(dice: np.random.Generator, people: int, seconds: int) -> pl.DataFrame:
    """Rows of `anonymised_trajectories`: people who wander about a floor of 24 by 12 metres."""
    size = np.array([24.0, 12.0])
    places = dice.uniform(0, 1, (people, 1, 2)) * size
    places = places + dice.normal(0, STEP_M, (people, seconds, 2)).cumsum(1)
    # Who walks into a wall turns round.
    places = np.abs((places + size) % (2 * size) - size)
    cells = np.clip(np.floor(places / GRID_M), 0, size / GRID_M - 1) * GRID_M + GRID_M / 2
    begins = dice.integers(0, OPEN_S - seconds, people)
    first = cells[:, :COMPARED_STEPS].reshape(people, -1)
    order = np.lexsort((*first.T[::-1], begins))
    at = begins[order, None] + np.arange(seconds)
    return pl.DataFrame(
        {
            "trajectory": np.repeat(np.arange(people, dtype=np.int32), seconds),
            "at": (at.reshape(-1) + int(OPENS.timestamp())) * 1_000_000,
            "x_m": cells[order, :, 0].reshape(-1),
            "y_m": cells[order, :, 1].reshape(-1),
        }
    ).with_columns(pl.from_epoch("at", time_unit="us").dt.replace_time_zone("UTC"))


def crossings(dice: np.random.Generator, gates: list[str], count: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "gate": dice.choice(gates, count),
            "at": [OPENS + dt.timedelta(seconds=int(n)) for n in dice.integers(0, OPEN_S, count)],
            "direction": dice.choice(["in", "out"], count),
            "basis": ["track"] * count,
        }
    )


def stays(dice: np.random.Generator, zones: list[str], count: int) -> pl.DataFrame:
    begins = dice.integers(0, OPEN_S - 900, count)
    lasts = dice.exponential(60, count).astype(int).clip(1, 900)
    moments = {"entered_at": begins, "left_at": begins + lasts}
    return pl.DataFrame(
        {
            "zone": dice.choice(zones, count),
            **{k: [OPENS + dt.timedelta(seconds=int(n)) for n in v] for k, v in moments.items()},
            "dwell_s": lasts,
            "ends_seen": ["both"] * count,
        }
    )


def store(lake: Lake, cameras: int, visitors: int, positions: int) -> int:
    """Invent a day and store it through the wall; returns how many positions it has."""
    dice, site_day, stored = np.random.default_rng(1), lake.site.on(DAY), 0
    people = visitors // cameras
    begin, end = site_day.window
    minutes = pl.datetime_range(begin, end, "1m", closed="left", time_unit="us", eager=True)
    for camera in site_day.cameras:
        gates = [one.id for one in site_day.gates.values() if one.camera == camera]
        zones = [one.id for one in site_day.zones.values() if one.camera == camera]
        coverage = pl.DataFrame({"minute": minutes}).with_columns(
            recorded_s=pl.lit(60.0), readable_s=pl.lit(60.0), reason=pl.lit(None, pl.String)
        )
        made = {
            COVERAGE: coverage,
            ANONYMISED_TRAJECTORIES: walks(dice, people, max(1, positions // visitors)),
            GATE_EVENTS: crossings(dice, gates, 2 * people),
            ZONE_VISITS: stays(dice, zones, 4 * people),
        }
        for contract, rows in made.items():
            typed = rows.select(contract.schema.names()).cast(contract.schema)
            in_order = typed.sort(contract.order) if contract.order else typed
            lake.write(contract, CameraDay(DAY, camera), in_order)
        stored += made[ANONYMISED_TRAJECTORIES].height
    return stored


def materialise(folder: Path, cameras: int) -> None:
    """Make all core marts of what is stored in `folder`; prints seconds and megabytes."""
    plan = SitePlan(site_of(cameras))
    lake = Lake(folder / "lake", plan.site)
    lent = {"dagster/io_manager_key": IO_MANAGER}
    datasets = (COVERAGE, GATE_EVENTS, ZONE_VISITS, ANONYMISED_TRAJECTORIES)
    stored = [
        dg.AssetSpec(plan.key(one.name), partitions_def=plan.camera_days, metadata=lent)
        for one in datasets
    ]
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(plan.cameras.name or "", list(plan.site.camera_ids))
        began, used = time.perf_counter(), time.process_time()
        result = dg.materialize(
            [*stored, *core.build(plan)],
            partition_key=DAY.isoformat(),
            instance=instance,
            resources={
                "warehouse": DuckDBWarehouse.below(folder / "warehouse"),
                "lake": lake,
                IO_MANAGER: LakeIOManager(lake),
            },
            run_config=QUIET,
        )
        assert result.success
        spent = {
            "seconds": time.perf_counter() - began,
            "processor": time.process_time() - used,
            "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    print(json.dumps(spent))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=float, nargs="+", default=[1, 3, 10, 60])
    parser.add_argument("--visitors", type=int, default=100_000)
    parser.add_argument("--cameras", type=int, default=40)
    parser.add_argument("--of", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.of:
        materialise(asked.of, asked.cameras)
        return
    print(f"{'positions':>12} {'MB on disk':>11} {'s':>8} {'processor s':>12} {'MB at most':>11}")
    for millions in asked.millions:
        with tempfile.TemporaryDirectory() as folder:
            lake = Lake(Path(folder) / "lake", site_of(asked.cameras))
            count = store(lake, asked.cameras, asked.visitors, round(millions * 1e6))
            size = sum(one.stat().st_size for one in lake.root.rglob("*.parquet")) / 1e6
            ask = [sys.executable, __file__, "--of", folder, "--cameras", str(asked.cameras)]
            done = subprocess.run(ask, check=True, stdout=subprocess.PIPE, text=True)
            spent = json.loads(done.stdout.splitlines()[-1])
            print(
                f"{count:12,} {size:11.0f} {spent['seconds']:8.1f} {spent['processor']:12.1f} "
                f"{spent['megabytes']:11.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
