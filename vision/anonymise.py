"""The step over the wall: exact paths become coarse trajectories that carry no identity.

Belongs here: coarsening in space and time, and ids that say nothing beyond the rows. Does not
belong here: crossings and visits, which are decided before anything is coarsened, or what may be
published (the release policy).
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vision.contracts import ANONYMISED_TRAJECTORIES, GRID_M
from vision.site.models import Floor

Array = NDArray[np.float64]

_SECOND_US = 1_000_000
_TOLERANCE_M = 0.5
"""A position this far outside the floor is a slip of calibration and moved in; beyond, dropped."""

Step = tuple[int, float, float]


def anonymise(paths: pl.DataFrame, floor: Floor) -> pl.DataFrame:
    """Rows of the `anonymised_trajectories` contract for `paths` (of `vision.floor`).

    Each path is read at whole seconds and moved to the centre of its floor cell. A trajectory's id
    is the rank of its whole coarse sequence among the camera-day's, so it depends on the rows
    written and on nothing else; equal sequences are interchangeable. Without metres there is none.
    """
    outline = np.array(floor.outline, dtype=np.float64)
    sequences = [
        sequence
        for path in paths.drop_nulls(["x_m", "y_m"]).partition_by("track")
        if (sequence := _coarse(path, outline.min(axis=0), outline.max(axis=0)))
    ]
    rows = [(rank, *step) for rank, sequence in enumerate(sorted(sequences)) for step in sequence]
    schema = ANONYMISED_TRAJECTORIES.schema
    return (
        pl.DataFrame(rows, schema=schema.names(), orient="row")
        .with_columns(pl.col("at").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
        .cast(schema)
    )


def _coarse(path: pl.DataFrame, low: Array, high: Array) -> tuple[Step, ...]:
    path = path.sort("at")
    at_us = path["at"].to_physical().to_numpy()
    first = -(-int(at_us[0]) // _SECOND_US) * _SECOND_US
    seconds = np.arange(first, int(at_us[-1]) + 1, _SECOND_US, dtype=np.int64)
    place = np.column_stack(
        [np.interp(seconds, at_us, path[axis].to_numpy()) for axis in ("x_m", "y_m")]
    )
    on_floor = ((place >= low - _TOLERANCE_M) & (place <= high + _TOLERANCE_M)).all(axis=1)
    cells = _cell_centres(place[on_floor], low, high)
    return tuple(
        (int(second), float(x), float(y))
        for second, (x, y) in zip(seconds[on_floor], cells, strict=True)
    )


def _cell_centres(place: Array, low: Array, high: Array) -> Array:
    half = GRID_M / 2
    # Only cells whose centre lies on the floor: the outline need not lie on the grid.
    lowest = np.ceil((low - half) / GRID_M)
    highest = np.floor((high - half) / GRID_M)
    cells = np.clip(np.floor(place / GRID_M), lowest, highest)
    result: Array = cells * GRID_M + half
    return result
