"""How long stays in zones take to find, beside what GeoPandas and MovingPandas take for the same.

Run: .venv/bin/pip install --constraint constraints.txt geopandas movingpandas (both BSD-3-Clause;
nothing else here needs them), then .venv/bin/python -m bench.zone_stays [--thousands 1000]
[--moving-thousands 50] [--runs 3].
One camera's positions, people who wander about a floor with five zones, lie in a Parquet file. Each
way begins with that file and ends with a table of stays; MovingPandas gets fewer trajectories, so
that one run ends within minutes, and the others are timed on these too. The first two must find
the same stays to the second, or nothing is printed. MovingPandas cuts the line between two
positions where it crosses a zone, which is another definition: its stays are counted beside ours.
"""

import argparse
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import movingpandas as mpd
import numpy as np
import pandas as pd
import polars as pl
import shapely

from assets.marts.positions import zone_cells
from assets.marts.queries import connected, scan_query
from bench.marts import DAY, site_of, walks
from vision.site.models import Zone

LENGTH_S = 600
LEFT_AFTER_S = 2
KEY = ["trajectory", "zone", "entered_at"]


def ours(file: Path, zones: list[Zone]) -> pl.DataFrame:
    with connected() as connection:
        connection.register("positions", pl.read_parquet(file))
        connection.register("zone_cells", zone_cells(zones))
        return connection.execute(scan_query("zone_stays")).pl()


def _frame(file: Path) -> gpd.GeoDataFrame:
    rows = pd.read_parquet(file)
    return gpd.GeoDataFrame(
        rows[["trajectory", "at"]], geometry=gpd.points_from_xy(rows["x_m"], rows["y_m"])
    )


def in_geopandas(file: Path, zones: list[Zone]) -> pl.DataFrame:
    """A spatial join of points with polygons, then pandas' grouping for the gaps between them."""
    polygons = gpd.GeoDataFrame(
        {"zone": [one.id for one in zones]},
        geometry=[shapely.Polygon(one.polygon) for one in zones],
    )
    inside = _frame(file).sjoin(polygons, predicate="within")
    inside = inside.sort_values(["trajectory", "zone", "at"])
    since = inside.groupby(["trajectory", "zone"])["at"].diff()
    left = since.isna() | (since > pd.Timedelta(seconds=LEFT_AFTER_S))
    found = (
        inside.assign(stay=left.cumsum())
        .groupby("stay")
        .agg(
            trajectory=("trajectory", "first"),
            zone=("zone", "first"),
            entered_at=("at", "min"),
            left_at=("at", "max"),
        )
    )
    second = pl.duration(seconds=1)
    return pl.from_pandas(found).with_columns(pl.col("left_at") + second)


def in_movingpandas(file: Path, zones: list[Zone]) -> pl.DataFrame:
    """Trajectories as lines, cut by each polygon."""
    positions = _frame(file).set_crs("EPSG:32630")
    positions["at"] = positions["at"].dt.tz_localize(None)
    ways = mpd.TrajectoryCollection(positions, traj_id_col="trajectory", t="at")
    stays = [
        {"zone": zone.id, "entered_at": cut.get_start_time(), "left_at": cut.get_end_time()}
        for zone in zones
        for cut in ways.clip(shapely.Polygon(zone.polygon))
    ]
    return pl.DataFrame(stays)


Way = Callable[[Path, list[Zone]], pl.DataFrame]


def timed(way: Way, file: Path, zones: list[Zone], runs: int) -> tuple[float, pl.DataFrame]:
    """Median seconds of some runs, and what the last of them found."""
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        found = way(file, zones)
        took.append(time.perf_counter() - began)
    return statistics.median(took), found


def same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    columns = [*KEY, "left_at"]
    typed = [
        rows.select(columns).with_columns(
            pl.col("trajectory").cast(pl.Int64), pl.col("entered_at", "left_at").dt.epoch("us")
        )
        for rows in (one, other)
    ]
    return typed[0].sort(KEY).equals(typed[1].sort(KEY))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--thousands", type=int, default=1000)
    parser.add_argument("--moving-thousands", type=int, default=50)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    # MovingPandas tells of what it does with each zone.
    warnings.simplefilter("ignore")
    zones = [one for one in site_of(1).on(DAY).zones_of("cam_0") if one.kind != "exclude"]
    print(f"{'':14} {'positions':>10} {'stays':>8} {'s':>8} {'s/million':>10} {'times ours':>11}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "positions.parquet"
        for thousands, ways in (
            (asked.thousands, {"ours": ours, "GeoPandas": in_geopandas}),
            (
                asked.moving_thousands,
                {"ours": ours, "GeoPandas": in_geopandas, "MovingPandas": in_movingpandas},
            ),
        ):
            people = max(1, thousands * 1000 // LENGTH_S)
            rows = walks(np.random.default_rng(1), people, LENGTH_S)
            rows.write_parquet(file)
            done = {
                name: timed(way, file, zones, 1 if way is in_movingpandas else asked.runs)
                for name, way in ways.items()
            }
            if not same(done["ours"][1], done["GeoPandas"][1]):
                raise SystemExit("GeoPandas finds other stays; the comparison is void")
            for name, (seconds, found) in done.items():
                print(
                    f"{name:14} {rows.height:10,} {found.height:8,} {seconds:8.2f} "
                    f"{seconds / rows.height * 1e6:10.2f} {seconds / done['ours'][0]:11.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
