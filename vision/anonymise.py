"""The step over the wall: exact paths become coarse trajectories that carry no identity.

Belongs here: coarsening in space and time, and ids that say nothing beyond the rows. Does not
belong here: crossings and visits, which are decided before anything is coarsened, or what may be
published (the release policy).
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vision.contracts import ANONYMISED_TRAJECTORIES, GRID_M
from vision.site.models import Floor

Array = NDArray[np.float64]

_SECOND_US = 1_000_000
_TOLERANCE_M = 0.5
"""A position this far outside the floor is a slip of calibration and moved in; beyond, dropped."""

Coarse = NDArray[np.float64]
"""One trajectory: (n, 3) microseconds since the epoch, which a float holds exactly, x and y."""


def coarse(paths: pl.DataFrame, floor: Floor) -> list[Coarse]:
    """Each path read at whole seconds and moved to the centres of its floor cells.

    Without metres there is none, nor of a path that never is on the floor at a whole second.
    """
    outline = np.array(floor.outline, dtype=np.float64)
    found = [
        _coarse(path, outline.min(axis=0), outline.max(axis=0))
        for path in paths.drop_nulls(["x_m", "y_m"]).partition_by("track")
    ]
    return [one for one in found if len(one)]


def ranked(trajectories: Sequence[Coarse]) -> pl.DataFrame:
    """Rows of the `anonymised_trajectories` contract.

    A trajectory's id is the rank of its whole sequence among the camera-day's, so it depends on the
    rows written and on nothing else; equal sequences are interchangeable.
    """
    if not trajectories:
        return ANONYMISED_TRAJECTORIES.empty()
    # Row by row: when, then where.
    in_order = sorted(trajectories, key=lambda one: one.ravel().tolist())
    rows = np.concatenate(in_order)
    return (
        pl.DataFrame(
            {
                "trajectory": np.repeat(np.arange(len(in_order)), [len(one) for one in in_order]),
                "at": rows[:, 0].astype(np.int64),
                "x_m": rows[:, 1],
                "y_m": rows[:, 2],
            }
        )
        .with_columns(pl.col("at").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
        .cast(ANONYMISED_TRAJECTORIES.schema)
    )


def _coarse(path: pl.DataFrame, low: Array, high: Array) -> Coarse:
    path = path.sort("at")
    at_us = path["at"].to_physical().to_numpy()
    first = -(-int(at_us[0]) // _SECOND_US) * _SECOND_US
    seconds = np.arange(first, int(at_us[-1]) + 1, _SECOND_US, dtype=np.int64)
    place = np.column_stack(
        [np.interp(seconds, at_us, path[axis].to_numpy()) for axis in ("x_m", "y_m")]
    )
    on_floor = ((place >= low - _TOLERANCE_M) & (place <= high + _TOLERANCE_M)).all(axis=1)
    return np.column_stack([seconds[on_floor], _cell_centres(place[on_floor], low, high)])


def _cell_centres(place: Array, low: Array, high: Array) -> Array:
    half = GRID_M / 2
    # Only cells whose centre lies on the floor: the outline need not lie on the grid.
    lowest = np.ceil((low - half) / GRID_M)
    highest = np.floor((high - half) / GRID_M)
    cells = np.clip(np.floor(place / GRID_M), lowest, highest)
    result: Array = cells * GRID_M + half
    return result
