"""What cameras would have yielded of people whose every second is known, without a pixel.

Belongs here: rows of the contracts right of the wall, of whoever is in view. Does not belong here:
who is where (`vision.simulate.trajectories`).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, GRID_M, ZONE_VISITS
from vision.pinhole import Pinhole
from vision.simulate.geometry import Floats
from vision.site.models import SiteDay

_BODY_M = 1.7
_FARTHEST_M = 25.0

_Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CameraDay:
    """What one camera would have yielded; each frame satisfies the contract of its name."""

    anonymised_trajectories: pl.DataFrame
    gate_events: pl.DataFrame
    zone_visits: pl.DataFrame


@dataclass(slots=True)
class Rows:
    """What people of one floor leave behind; times are seconds since the day's start."""

    person: list[_Ints] = field(default_factory=list)
    second: list[_Ints] = field(default_factory=list)
    point: list[Floats] = field(default_factory=list)
    gates: list[tuple[str, int, str]] = field(default_factory=list)
    visits: list[tuple[str, int, int, str]] = field(default_factory=list)


def seen_by(site_day: SiteDay, camera: str, rows: Rows, begin: dt.datetime) -> CameraDay:
    """What one camera yields of what people leave behind."""
    gates = {gate.id for gate in site_day.gates_of(camera)}
    zones = {zone.id for zone in site_day.zones_of(camera)}
    events = [(gate, at, direction, "track") for gate, at, direction in rows.gates if gate in gates]
    visits = [
        (zone, entered, left, left - entered, ends)
        for zone, entered, left, ends in rows.visits
        if zone in zones
    ]
    return CameraDay(
        _trajectories(Pinhole.of(site_day.cameras[camera]), rows, begin),
        _frame(GATE_EVENTS.schema, events, begin).sort(pl.all()),
        _frame(ZONE_VISITS.schema, visits, begin).sort(pl.all()),
    )


def _frame(
    schema: pl.Schema, rows: Sequence[tuple[object, ...]], begin: dt.datetime
) -> pl.DataFrame:
    """Rows of a contract whose instants are still seconds since `begin`."""
    instants = [name for name, dtype in schema.items() if isinstance(dtype, pl.Datetime)]
    raw = {name: pl.Int64 if name in instants else dtype for name, dtype in schema.items()}
    frame = pl.DataFrame(rows, schema=raw, orient="row")
    return frame.with_columns(
        (pl.lit(begin) + pl.duration(seconds=pl.col(name))).cast(schema[name]).alias(name)
        for name in instants
    )


def _trajectories(camera: Pinhole, rows: Rows, begin: dt.datetime) -> pl.DataFrame:
    if not rows.person:
        return ANONYMISED_TRAJECTORIES.empty()
    person, second = np.concatenate(rows.person), np.concatenate(rows.second)
    point = np.concatenate(rows.point)
    seen = in_view(camera, point)
    person, second, point = person[seen], second[seen], point[seen]
    begins = np.ones(len(person), dtype=bool)
    begins[1:] = (person[1:] != person[:-1]) | (second[1:] - second[:-1] > 1)
    cells = np.floor(point / GRID_M).astype(np.int64)
    ranks = _ranks(begins, second, cells)
    frame = pl.DataFrame(
        {
            "trajectory": ranks,
            "at": second,
            "x_m": (cells[:, 0] + 0.5) * GRID_M,
            "y_m": (cells[:, 1] + 0.5) * GRID_M,
        }
    )
    at = (pl.lit(begin) + pl.duration(seconds=pl.col("at"))).alias("at")
    schema = ANONYMISED_TRAJECTORIES.schema
    return frame.with_columns(at).cast(schema).select(schema.names()).sort("trajectory", "at")


def in_view(camera: Pinhole, floor: Floats) -> NDArray[np.bool_]:
    """Which people at (n, 2) metres a camera shows from head to foot, and near enough."""
    feet = camera.project(np.column_stack([floor, np.zeros(len(floor))]))
    seen: NDArray[np.bool_] = (feet[:, 2] < _FARTHEST_M) & in_frame(camera, floor)
    return seen


def in_frame(camera: Pinhole, floor: Floats) -> NDArray[np.bool_]:
    """Which people at (n, 2) metres are in the picture from head to foot, however far."""
    seen = np.ones(len(floor), bool)
    for height in (0.0, _BODY_M):
        x, y, _ = camera.project(np.column_stack([floor, np.full(len(floor), height)])).T
        seen &= (x >= 0) & (x < camera.width) & (y >= 0) & (y < camera.height)
    return seen


def _ranks(begins: NDArray[np.bool_], second: _Ints, cells: _Ints) -> NDArray[np.int32]:
    """Rank of each row's trajectory among all, by the whole sequence of its rows."""
    if len(begins) == 0:
        return np.empty(0, np.int32)
    # Unsigned numbers, highest byte first, sort as bytes as they sort as numbers.
    words = np.column_stack([second, cells[:, 0] + 2**31, cells[:, 1] + 2**31]).astype(">u4")
    firsts = np.flatnonzero(begins)
    ends = np.append(firsts[1:], len(begins))
    keys = [words[first:end].tobytes() for first, end in zip(firsts, ends, strict=True)]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    ranks = np.empty(len(keys), np.int32)
    ranks[order] = np.arange(len(keys), dtype=np.int32)
    result: NDArray[np.int32] = ranks[np.cumsum(begins) - 1]
    return result
