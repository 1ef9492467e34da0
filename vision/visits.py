"""Who stayed in which zone, decided on a whole path.

Belongs here: stays in zones. Does not belong here: which stays are long enough to be a visit
(`min_dwell` is applied in SQL), gates (`vision.crossings`).
"""

from collections.abc import Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vision.contracts import ZONE_VISITS
from vision.site.models import Zone

Array = NDArray[np.float64]

_BRIDGED_US = 1_500_000
"""Whoever is back within this time has not left."""
_SHORTEST_US = 1_000_000
_SECOND_US = 1_000_000
_ENDS = {(True, True): "both", (True, False): "entry", (False, True): "exit"}


def zone_visits(paths: pl.DataFrame, zones: Iterable[Zone]) -> pl.DataFrame:
    """Rows of the `zone_visits` contract for `paths` (of `vision.floor`): stays of 1 s and more.

    An end of a stay was seen where the path goes on outside the zone; where the path itself begins
    or ends in the zone, it was not.
    """
    zones = tuple(zones)
    found: list[tuple[str, int, int, str]] = []
    for path in paths.partition_by("track"):
        at_us = path["at"].to_physical().to_numpy()
        for zone in zones:
            if zone.kind == "exclude":
                continue
            if zone.polygon is not None:
                place, polygon = path.select("x_m", "y_m").to_numpy(), zone.polygon
            elif zone.polygon_px is not None:
                place, polygon = path.select("x_px", "y_px").to_numpy(), zone.polygon_px
            else:
                continue
            known = np.isfinite(place).all(axis=1)
            within = contains(np.array(polygon, dtype=np.float64), place[known])
            found += [(zone.id, *stay) for stay in stays(at_us[known], within)]
    columns = ["zone", "entered_at", "left_at", "ends_seen"]
    instant = pl.col("entered_at", "left_at").cast(pl.Int64) // _SECOND_US * _SECOND_US
    return (
        pl.DataFrame(found, schema=columns, orient="row")
        .with_columns(instant.cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
        .with_columns(dwell_s=(pl.col("left_at") - pl.col("entered_at")).dt.total_seconds())
        .select(ZONE_VISITS.schema.names())
        .cast(ZONE_VISITS.schema)
        .sort(pl.all())
    )


def stays(at_us: NDArray[np.int64], within: NDArray[np.bool_]) -> list[tuple[int, int, str]]:
    """Stays of one path in one zone: from, until (microseconds), which ends were seen.

    Args:
        at_us: (n,) microseconds, ascending.
        within: (n,) whether the position lies in the zone.
    """
    edges = np.flatnonzero(np.diff(within.astype(np.int8), prepend=0, append=0))
    runs: list[tuple[int, int]] = []
    for first, end in edges.reshape(-1, 2).tolist():
        if runs and _moment(at_us, first) - _moment(at_us, runs[-1][1]) < _BRIDGED_US:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((first, end))
    return [
        (
            _moment(at_us, first),
            _moment(at_us, end),
            _ENDS.get((first > 0, end < len(at_us)), "neither"),
        )
        for first, end in runs
        if _moment(at_us, end) - _moment(at_us, first) >= _SHORTEST_US
    ]


def _moment(at_us: NDArray[np.int64], index: int) -> int:
    """When the state changed between positions `index` - 1 and `index`."""
    before, after = max(index - 1, 0), min(index, len(at_us) - 1)
    return int(at_us[before] + at_us[after]) // 2


def contains(polygon: Array, points: Array) -> NDArray[np.bool_]:
    """Whether each of (n, 2) `points` lies in the simple (m, 2) `polygon`, by crossing number."""
    x, y = points[:, :1], points[:, 1:]
    (x1, y1), (x2, y2) = polygon.T, np.roll(polygon, -1, axis=0).T
    spans = (y1 > y) != (y2 > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        meets = x1 + (y - y1) / (y2 - y1) * (x2 - x1)
    result: NDArray[np.bool_] = (spans & (x < meets)).sum(axis=1) % 2 == 1
    return result
