"""What is kept of floor positions for marts and checks, read one camera at a time.

Belongs here: going through the cameras, so that a day of sixty million positions needs no more
memory than its busiest camera. Does not belong here: what a scan keeps (sql/scans/), the other
relations of a site-day (`assets.marts.inputs`).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

import numpy as np
import polars as pl

from assets.marts.inputs import PRIVACY_FAILED, CameraDays
from assets.marts.queries import connected, scan_query
from vision.contract_terms import INSTANT
from vision.contracts import GRID_M
from vision.site.geometry import contains
from vision.site.models import SiteDay, Zone

Tables = Mapping[str, pl.DataFrame]

POSITIONS_IN_INTERVAL = "positions_in_interval"

SCANS: Mapping[str, Mapping[str, pl.DataType]] = {
    "trajectories": {
        "trajectory": pl.Int32(),
        "first_at": INSTANT,
        "last_at": INSTANT,
        "seconds": pl.Int64(),
    },
    "zone_stays": {
        "trajectory": pl.Int32(),
        "zone": pl.String(),
        "entered_at": INSTANT,
        "left_at": INSTANT,
        "slow_seconds": pl.Int64(),
    },
    "companions": {
        "trajectory": pl.Int32(),
        "companion": pl.Int32(),
        "near_seconds": pl.Int64(),
    },
    "cells_hourly": {
        "hour_start": INSTANT,
        "x_m": pl.Float64(),
        "y_m": pl.Float64(),
        "visits": pl.Int64(),
        "person_seconds": pl.Int64(),
    },
    "known_points": {
        "known_s": pl.Int32(),
        "known_points": pl.Int32(),
        "people": pl.Int64(),
        "singled_out": pl.Int64(),
    },
}
"""Columns that each file in sql/scans/ leaves."""
_CELLS = {"zone": pl.String, "cell_x": pl.Int32, "cell_y": pl.Int32}
_COUNTS = {"interval_start": INSTANT, "positions": pl.Int64()}


def scanned(
    scans: Collection[str],
    positions: CameraDays,
    site_day: SiteDay,
    tables: Tables,
) -> dict[str, pl.DataFrame]:
    """What scans leave of each camera's positions, for marts to read.

    Args:
        scans: Names of them; where there is none, no position is read.
        positions: Rows of `anonymised_trajectories` by camera; each is looked up once and let go.
        site_day: The site on the day.
        tables: The relations of the day, as `assets.marts.inputs.relations` makes them. Only
            cameras of the day are read, and none that failed its privacy check.

    Returns:
        By scan: camera, and the columns of `SCANS`.
    """
    found = {scan: [_empty(SCANS[scan])] for scan in scans}
    with connected() as connection:
        # Positions go to no disk but through the wall.
        connection.execute("SET temp_directory = ''")
        for known in ("intervals", "exactness"):
            connection.register(known, tables[known])
        for camera, rows in _each(positions, tables) if scans else ():
            connection.register("positions", rows)
            connection.register("zone_cells", zone_cells(site_day.zones_of(camera)))
            for scan in scans:
                left = connection.execute(scan_query(scan)).pl()
                found[scan].append(_named(camera, left, SCANS[scan]))
    return {scan: pl.concat(parts) for scan, parts in found.items()}


def zone_cells(zones: Iterable[Zone]) -> pl.DataFrame:
    """The floor cells whose centre lies in a zone; zones that overlap share cells.

    Args:
        zones: Those of one camera. In pixels, a zone has no cells; in an excluded one nobody is.

    Returns:
        zone, cell_x, cell_y: how many cells of `GRID_M` the cell lies from the origin of the floor.
    """
    parts = [pl.DataFrame(schema=_CELLS)]
    for zone in zones:
        if zone.polygon is None or zone.kind == "exclude":
            continue
        corners = np.array(zone.polygon) / GRID_M
        low, high = np.floor(corners.min(0)).astype(int), np.ceil(corners.max(0)).astype(int)
        cells = np.mgrid[low[0] : high[0] + 1, low[1] : high[1] + 1].reshape(2, -1).T
        inside = cells[contains(zone.polygon, cells * GRID_M + GRID_M / 2)]
        parts.append(
            pl.DataFrame(
                {"zone": [zone.id] * len(inside), "cell_x": inside[:, 0], "cell_y": inside[:, 1]},
                schema=_CELLS,
            )
        )
    return pl.concat(parts)


def counted(positions: CameraDays, tables: Tables) -> dict[str, pl.DataFrame]:
    """How many positions each camera has in each quarter, for checks: counted without any SQL.

    Args:
        positions: As for `scanned`.
        tables: As for `scanned`.

    Returns:
        `positions_in_interval`: camera, interval_start, positions; quarters without any are absent.
    """
    starts = tables["intervals"].select("interval_start")
    found = [
        _named(camera, _in_interval(rows, starts), _COUNTS)
        for camera, rows in _each(positions, tables)
    ]
    return {POSITIONS_IN_INTERVAL: pl.concat([_empty(_COUNTS), *found])}


def _each(positions: CameraDays, tables: Tables) -> Iterator[tuple[str, pl.DataFrame]]:
    cameras = tables["cameras"].filter(pl.col("state") != PRIVACY_FAILED)["camera"]
    # To ask a mapping for a camera may mean to read it.
    for camera in sorted(set(cameras) & set(positions)):
        yield camera, positions[camera]


def _in_interval(rows: pl.DataFrame, starts: pl.DataFrame) -> pl.DataFrame:
    # Counted by the second first: to sort millions of rows would cost more than all else.
    by_second = rows.group_by("at").len("positions").sort("at")
    return (
        by_second.join_asof(starts, left_on="at", right_on="interval_start")
        .group_by("interval_start")
        .agg(pl.col("positions").sum())
    )


def _named(camera: str, rows: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    typed = [pl.col(name).cast(dtype) for name, dtype in schema.items()]
    return rows.select(pl.lit(camera).alias("camera"), *typed)


def _empty(schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(schema={"camera": pl.String(), **schema})
