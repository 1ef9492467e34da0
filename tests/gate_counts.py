"""A simulated day counted by the whole product, beside its truth, for seeds of the commit.

Belongs here: what the short and the long test of gate counts share. Does not belong here: either.
"""

import datetime as dt
import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import polars as pl

from assets.marts.contracts import MARTS
from footfall_dagster.day import materialise_day
from footfall_dagster.resources import warehouse
from footfall_dagster.settings import Settings
from vision.simulate import simulate
from vision.site.load import load_site

DAY = dt.date(2026, 3, 14)
_DIRECTIONS = {"in": "entries", "out": "exits"}


@dataclass(frozen=True)
class GateCount:
    """One gate and direction of one seed."""

    seed: int
    gate: str
    direction: str
    counted: int
    truth: int

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.gate} {self.direction} {self.counted}, truth {self.truth}"


def seeds_of_commit(count: int) -> list[int]:
    """Seeds that nobody chose: they follow from the hash of the commit that is tested."""
    asked = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    commit = asked.stdout.strip() or "no commit"
    return [
        int.from_bytes(hashlib.sha256(f"{commit} {n}".encode()).digest()[:4], "big")
        for n in range(count)
    ]


def counts_of_day(seed: int, home: Path, weights: Path, minutes: float = 4) -> list[GateCount]:
    """Draw the arcade's day at the demo's density, run it through Dagster, compare its gates."""
    site = load_site(Path("examples/arcade"))
    settings = Settings(
        site=Path("examples/arcade"), home=home, recordings=home / "recordings", weights=weights
    )
    simulate(site.on(DAY), settings.recordings, minutes=minutes, seed=seed)
    with dg.DagsterInstance.ephemeral() as instance:
        materialise_day(settings, instance, DAY, lambda _line: None)
    marts = warehouse(settings).read_day(MARTS["gate_counts_15min"], site.id, DAY)
    counted = marts.group_by("gate").agg(pl.col("entries", "exits").sum())
    truth = pl.read_parquet(settings.recordings / "truth" / "gate_crossings.parquet")
    return [
        GateCount(
            seed,
            row["gate"],
            direction,
            row[column],
            truth.filter(
                (pl.col("gate") == row["gate"]) & (pl.col("direction") == direction)
            ).height,
        )
        for row in counted.sort("gate").iter_rows(named=True)
        for direction, column in _DIRECTIONS.items()
    ]
