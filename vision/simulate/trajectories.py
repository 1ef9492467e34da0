"""A day of anonymised trajectories, gate events and visits without a pixel, for load tests.

Belongs here: many people at once, who follow ways of the same model and take no notice of each
other. Does not belong here: the crowd whose recordings are rendered (`vision.simulate.walk`).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, GRID_M, ZONE_VISITS
from vision.simulate.camera import Pinhole
from vision.simulate.geometry import Floats, crossings, inside_polygon
from vision.simulate.itinerary import itinerary
from vision.simulate.plan import FloorPlan
from vision.simulate.stops import Stop
from vision.site.models import SiteDay

_WAYS = 1000
"""Distinct ways per floor; people share them, at their own pace and some centimetres aside."""

_SPACING_M = 0.1
_ASIDE_M = 0.1
_LONGEST_VISIT_S = 600
_BODY_M = 1.7
_FARTHEST_M = 25.0

_Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CameraDay:
    """What one camera would have yielded; each frame satisfies the contract of its name."""

    anonymised_trajectories: pl.DataFrame
    gate_events: pl.DataFrame
    zone_visits: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Way:
    """A way in small steps: moments follow from distance, pace and patience.

    Attributes:
        points: (n, 2) metres.
        metres: (n,) walked so far.
        waits: (n,) seconds stood so far.
        passes: Gate, index along the way, direction.
        inside: Zone, index of the first and of the last point inside.
    """

    points: Floats
    metres: Floats
    waits: Floats
    passes: tuple[tuple[str, float, str], ...]
    inside: tuple[tuple[str, int, int], ...]


@dataclass(slots=True)
class _Rows:
    """What people of one floor leave behind; times are seconds since the day's start."""

    person: list[_Ints]
    second: list[_Ints]
    point: list[Floats]
    gates: list[tuple[str, int, str]]
    visits: list[tuple[str, int, int, str]]


def simulate_trajectories(site_day: SiteDay, people: int, seed: int) -> dict[str, CameraDay]:
    """Invent a whole trading day of `people` visitors, seen by every calibrated camera.

    The same arguments give the same rows. 100,000 people take about a minute and some gigabytes.

    Raises:
        ValueError: No camera is calibrated, or the site is closed on that day.
    """
    cameras = [c for _, c in sorted(site_day.cameras.items()) if c.calibrated]
    if not cameras:
        raise ValueError(f"site {site_day.site.id}: no camera with calibration pairs")
    hours = site_day.trading_hours
    if hours is None:
        raise ValueError(f"site {site_day.site.id} is closed on {site_day.day}; choose another day")
    begin, end = site_day.window
    floors = sorted({camera.floor for camera in cameras})
    days: dict[str, CameraDay] = {}
    for index, floor in enumerate(floors):
        rng = np.random.default_rng([seed, index, 2])
        plan = FloorPlan.of(site_day, floor)
        share = people // len(floors) + (index < people % len(floors))
        opening = ((hours[0] - begin).total_seconds(), (hours[1] - begin).total_seconds())
        latest = (end - begin).total_seconds() - _LONGEST_VISIT_S
        moments = _arrivals(rng, share, opening[0], min(opening[1], latest))
        rows = _live(rng, site_day, plan, moments)
        for camera in cameras:
            if camera.floor == floor:
                days[camera.id] = _seen_by(site_day, camera.id, rows, begin)
    return days


def _arrivals(rng: Generator, people: int, opens: float, closes: float) -> Floats:
    """More people at midday and late in the afternoon than at opening and closing."""
    length = closes - opens
    peak = rng.choice([0.42, 0.75], size=people)
    busy = rng.normal(peak, 0.12)
    spread = rng.uniform(0, 0.97, people)
    share = np.where(rng.random(people) < 0.4, spread, np.clip(busy, 0, 0.97))
    moments: Floats = np.sort(opens + share * length)
    return moments


def _live(rng: Generator, site_day: SiteDay, plan: FloorPlan, moments: Floats) -> _Rows:
    shortest = {zone.id: zone.min_dwell for zone in site_day.zones.values()}
    ways = [_way(plan, itinerary(rng, plan)) for _ in range(min(_WAYS, max(len(moments), 1)))]
    chosen = rng.integers(len(ways), size=len(moments))
    paces = np.clip(rng.normal(1.2, 0.17, len(moments)), 0.8, 1.6)
    patience = rng.uniform(0.5, 2.0, len(moments))
    asides = rng.uniform(-_ASIDE_M, _ASIDE_M, (len(moments), 2))
    rows = _Rows([], [], [], [], [])
    for person, arrives in enumerate(moments):
        way = ways[chosen[person]]
        times = arrives + way.metres / paces[person] + way.waits * patience[person]
        times = times[times < arrives + _LONGEST_VISIT_S]
        seconds = np.arange(int(np.ceil(times[0])), int(times[-1]) + 1)
        indices = np.interp(seconds, times, np.arange(len(times)))
        rows.person.append(np.full(len(seconds), person))
        rows.second.append(seconds)
        rows.point.append(way.points[np.round(indices).astype(int)] + asides[person])
        _note(rows, way, times, shortest)
    return rows


def _note(rows: _Rows, way: _Way, times: Floats, shortest: dict[str, float]) -> None:
    last = len(times) - 1
    for gate, index, direction in way.passes:
        if index <= last:
            rows.gates.append((gate, int(np.interp(index, np.arange(last + 1), times)), direction))
    for zone, first, final in way.inside:
        if first > last:
            continue
        entered, left = int(times[first]), int(times[min(final, last)])
        if left - entered >= max(shortest[zone], 1):
            seen = {(True, True): "both", (True, False): "entry", (False, True): "exit"}
            ends = seen.get((first > 0, final < last), "neither")
            rows.visits.append((zone, entered, left, ends))


def _way(plan: FloorPlan, stops: list[Stop]) -> _Way:
    points, waits, waited = [stops[0].point], [0.0], 0.0
    for before, stop in pairwise(stops):
        gap = float(np.linalg.norm(stop.point - before.point))
        for share in np.linspace(0, 1, max(2, int(np.ceil(gap / _SPACING_M)) + 1))[1:]:
            points.append(before.point + share * (stop.point - before.point))
            waits.append(waited)
        if stop.wait > 0:
            waited += stop.wait
            points.append(stop.point)
            waits.append(waited)
    path = np.array(points)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    passes = []
    for door in plan.doors.values():
        along = door.end - door.start
        inside_is_left = float(along[0] * door.inward[1] - along[1] * door.inward[0]) > 0
        for index, side in crossings(path, door.start, door.end):
            passes.append((door.gate, index, "in" if (side > 0) == inside_is_left else "out"))
    stays = []
    for zone, polygon in plan.zones.items():
        inside = np.concatenate([[False], inside_polygon(path, polygon), [False]])
        changes = np.flatnonzero(inside[1:] != inside[:-1])
        stays += [
            (zone, int(a), int(b) - 1) for a, b in zip(changes[::2], changes[1::2], strict=True)
        ]
    metres = np.concatenate([[0.0], np.cumsum(steps)])
    return _Way(path, metres, np.array(waits), tuple(passes), tuple(stays))


def _seen_by(site_day: SiteDay, camera: str, rows: _Rows, begin: dt.datetime) -> CameraDay:
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


def _trajectories(camera: Pinhole, rows: _Rows, begin: dt.datetime) -> pl.DataFrame:
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
    """Which people at (n, 2) metres a camera shows from head to foot."""
    feet = camera.project(np.column_stack([floor, np.zeros(len(floor))]))
    heads = camera.project(np.column_stack([floor, np.full(len(floor), _BODY_M)]))
    seen = feet[:, 2] < _FARTHEST_M
    for ends in (feet, heads):
        seen &= (ends[:, 0] >= 0) & (ends[:, 0] < camera.width)
        seen &= (ends[:, 1] >= 0) & (ends[:, 1] < camera.height)
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
