"""How fast the contract check is: megabytes of rows a second, for each dataset.

Belongs here: generated partitions of a size that no camera has, and the table. Does not belong
here: the check (`vision.contract_check`), what else admission costs (hashing, encoding).

Megabytes are of rows in memory; the last column is of the Parquet file that they make.
"""

import argparse
import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from footfall_dagster.privacy.wall import encode
from vision.contract_check import Bounds, violations
from vision.contracts import (
    ANONYMISED_TRAJECTORIES,
    DETECTIONS,
    GATE_EVENTS,
    LAKE,
    TRACKS,
    ZONE_VISITS,
)
from vision.site.load import load_site

SITE = Path(__file__).resolve().parent.parent / "examples" / "arcade"
DAY = dt.date(2026, 3, 14)
CAMERA = "cam_entrance"


def generated(rows: int, bounds: Bounds) -> dict[str, pl.DataFrame]:
    """A partition of each dataset that has many rows, as its contract has it."""
    rng = np.random.default_rng(0)
    start = int(bounds.window[0].timestamp() * 1e6)
    per_person = 300
    person = np.arange(rows) // per_person
    begins = np.sort(rng.integers(0, 60_000, rows // per_person + 1))[person]
    seconds = begins + np.arange(rows) % per_person
    x_cells, y_cells = (int(4 * (bounds.floor[n + 2] - bounds.floor[n])) for n in (0, 1))
    # Nobody stands where another one began: ids are ranks of whole sequences.
    cell = person % (x_cells * y_cells)
    boxes = {
        name: rng.uniform(0, bounds.frame[axis], rows)
        for name, axis in (("x_min", 0), ("y_min", 1), ("x_max", 0), ("y_max", 1))
    }
    seen = {**boxes, "confidence": rng.uniform(0, 1, rows)}
    at = start + seconds * 1_000_000
    stayed = rng.integers(1, 600, rows)
    gates, zones = sorted(bounds.gates), sorted(bounds.zones)
    made: dict[str, dict[str, object]] = {
        DETECTIONS.name: {"frame_at": np.sort(at), **seen},
        TRACKS.name: {"track": person, "frame_at": at, **seen, "joined": [None] * rows},
        ANONYMISED_TRAJECTORIES.name: {
            "trajectory": person,
            "at": at,
            "x_m": bounds.floor[0] + 0.125 + 0.25 * (cell // y_cells),
            "y_m": bounds.floor[1] + 0.125 + 0.25 * (cell % y_cells),
        },
        GATE_EVENTS.name: {
            "gate": rng.choice(gates, rows),
            "at": at,
            "direction": rng.choice(["in", "out"], rows),
            "basis": ["track"] * rows,
        },
        ZONE_VISITS.name: {
            "zone": rng.choice(zones, rows),
            "entered_at": at,
            "left_at": at + stayed * 1_000_000,
            "dwell_s": stayed,
            "ends_seen": ["both"] * rows,
        },
    }
    return {name: _frame(name, columns) for name, columns in made.items()}


def _frame(name: str, columns: dict[str, object]) -> pl.DataFrame:
    contract = LAKE[name]
    instants = [column for column, dtype in contract.schema.items() if dtype.is_temporal()]
    frame = (
        pl.DataFrame(columns)
        .with_columns(
            pl.from_epoch(column, time_unit="us").dt.replace_time_zone("UTC") for column in instants
        )
        .cast(dict(contract.schema))  # type: ignore[arg-type]
    )
    if name == ANONYMISED_TRAJECTORIES.name:
        # Ranks of the sequences, which begin at the same second now and then.
        order = (
            frame.group_by("trajectory")
            .agg(pl.col("at", "x_m", "y_m").first())
            .sort("at", "x_m", "y_m")
            .with_row_index("rank")
        )
        frame = (
            frame.join(order.select("trajectory", "rank"), on="trajectory")
            .with_columns(pl.col("rank").cast(pl.Int32).alias("trajectory"))
            .drop("rank")
        )
    return frame.sort(contract.order) if contract.order else frame


def _seconds(what: Callable[[], object], repeats: int) -> float:
    best = float("inf")
    for _ in range(repeats):
        began = time.perf_counter()
        what()
        best = min(best, time.perf_counter() - began)
    return best


def main() -> None:
    """Print a row for each dataset."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    bounds = Bounds.of(load_site(SITE).on(DAY), CAMERA)
    table = Table("dataset", "rows", "MB", "s", "MB/s", "file MB", "file MB/s", "rules broken")
    for name, frame in generated(asked.rows, bounds).items():
        contract = LAKE[name]
        broken = violations(frame, contract, bounds)
        took = _seconds(lambda f=frame, c=contract: violations(f, c, bounds), asked.repeats)
        size, file = frame.estimated_size() / 1e6, len(encode(frame)) / 1e6
        table.add_row(
            name,
            f"{frame.height:,}",
            f"{size:.0f}",
            f"{took:.2f}",
            f"{size / took:.0f}",
            f"{file:.0f}",
            f"{file / took:.0f}",
            str(len(broken)),
        )
    Console().print(table)


if __name__ == "__main__":
    main()
