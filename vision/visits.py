"""Who stayed in which zone, decided on a whole path.

Belongs here: stays in zones. Does not belong here: which stays are long enough to be a visit
(`min_dwell` is applied in SQL), gates (`vision.crossings`).
"""

from collections.abc import Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vision.contracts import ZONE_VISITS
from vision.crossings import BAND_HEIGHTS, BAND_M
from vision.site.geometry import PointsLike, contains, distance_to_outline
from vision.site.models import Zone

Array = NDArray[np.float64]

_BRIDGED_US = 1_500_000
"""Whoever is back within this time has not left."""
_SHORTEST_US = 1_000_000
_SECOND_US = 1_000_000
_ENDS = {(True, True): "both", (True, False): "entry", (False, True): "exit"}


def zone_visits(paths: pl.DataFrame, zones: Iterable[Zone]) -> pl.DataFrame:
    """Rows of the `zone_visits` contract for `paths` (of `vision.floor`): stays of 1 s and more.

    Whoever goes no further out of a zone than the band of `vision.crossings` has not left it, so
    that somebody who dithers on its edge stays there once. An end of a stay was seen where the path
    goes on outside the zone; where the path itself begins or ends in the zone, it was not.
    """
    zones = tuple(zones)
    found: list[tuple[str, int, int, str]] = []
    for path in paths.partition_by("track"):
        at_us = path["at"].to_physical().to_numpy()
        for zone in zones:
            if zone.kind == "exclude":
                continue
            known, inside = _inside(path, zone)
            if not inside.any():
                continue
            beside = _beside(path, zone)
            found += [
                (zone.id, *stay) for stay in stays(at_us[known], inside[known], beside[known])
            ]
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


def without_excluded(paths: pl.DataFrame, zones: Iterable[Zone]) -> pl.DataFrame:
    """`paths` without the positions that lie in a zone of kind `exclude`.

    Nobody in such a zone may be followed: what is left of a path that leads through one is two
    paths, whose owner nobody knows to be the same, so the later part gets a number of its own.
    """
    excluded = np.zeros(paths.height, dtype=np.bool_)
    for zone in zones:
        if zone.kind == "exclude":
            excluded |= _inside(paths, zone)[1]
    if not excluded.any():
        return paths
    parts = paths.with_columns(
        part=pl.Series(excluded.cumsum()),
        excluded=pl.Series(excluded),
    ).filter(~pl.col("excluded"))
    number = pl.struct("track", "part").rank("dense").cast(pl.Int32) - 1
    return parts.with_columns(track=number).select(paths.columns)


def _inside(paths: pl.DataFrame, zone: Zone) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which positions are known in the unit of the zone, and which of them lie in it."""
    place, polygon = _in_unit_of(paths, zone)
    known = np.asarray(np.isfinite(place).all(axis=1))
    return known, known & contains(polygon, np.where(known[:, None], place, np.inf))


def _beside(paths: pl.DataFrame, zone: Zone) -> NDArray[np.bool_]:
    """Which positions lie on the zone's outline, give or take the band."""
    place, polygon = _in_unit_of(paths, zone)
    if zone.polygon is not None:
        band = np.full(len(place), BAND_M)
    else:
        band = BAND_HEIGHTS * paths["height_px"].to_numpy()
    known = np.isfinite(place).all(axis=1)
    apart = np.full(len(place), np.inf)
    apart[known] = distance_to_outline(polygon, place[known])
    near: NDArray[np.bool_] = apart <= band
    return near


def _in_unit_of(paths: pl.DataFrame, zone: Zone) -> tuple[Array, PointsLike]:
    """Positions in the unit of the zone, (n, 2), not finite where unknown, and its polygon."""
    if zone.polygon is not None:
        return paths.select("x_m", "y_m").to_numpy(), zone.polygon
    return paths.select("x_px", "y_px").to_numpy(), zone.polygon_px or ()


def stays(
    at_us: NDArray[np.int64], within: NDArray[np.bool_], beside: NDArray[np.bool_]
) -> list[tuple[int, int, str]]:
    """Stays of one path in one zone: from, until (microseconds), which ends were seen.

    Args:
        at_us: (n,) microseconds, ascending.
        within: (n,) whether the position lies in the zone.
        beside: (n,) whether it lies so near the outline that nobody has left there.
    """
    edges = np.flatnonzero(np.diff(within.astype(np.int8), prepend=0, append=0))
    runs: list[tuple[int, int]] = []
    for first, end in edges.reshape(-1, 2).tolist():
        if runs and (
            _moment(at_us, first) - _moment(at_us, runs[-1][1]) < _BRIDGED_US
            or beside[runs[-1][1] : first].all()
        ):
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
