"""A day of anonymised trajectories, gate events and visits without a pixel, for load tests.

Belongs here: many people at once, who follow ways of the same model and take no notice of each
other. Does not belong here: the crowd whose recordings are rendered (`vision.simulate.walk`).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.random import Generator

from vision.simulate.geometry import Floats, crossings, inside_polygon
from vision.simulate.itinerary import crowd, itinerary
from vision.simulate.plan import FloorPlan
from vision.simulate.seen import CameraDay, Rows, seen_by
from vision.simulate.staff import STAFF, staff
from vision.simulate.stops import Stop
from vision.simulate.stroll import stroll
from vision.site.models import SiteDay

_WAYS = 1000
"""Distinct ways per floor; people share them, at their own pace and some centimetres aside."""

_SPACING_M = 0.1
_ASIDE_M = 0.1
_LONGEST_VISIT_S = 600
_BEFORE_OPENING_S = 600


@dataclass(frozen=True, slots=True)
class _Met:
    """What somebody meets on a row of points.

    Attributes:
        passes: Gate, index along the points, direction.
        inside: Zone, index of the first and of the last point inside.
    """

    passes: tuple[tuple[str, float, str], ...]
    inside: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class _Way:
    """A way in small steps: moments follow from distance, pace and patience.

    Attributes:
        points: (n, 2) metres.
        metres: (n,) walked so far.
        waits: (n,) seconds stood so far.
        met: Of these points.
    """

    points: Floats
    metres: Floats
    waits: Floats
    met: _Met


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
        if plan.lines or plan.of_kind("staff"):
            rows = _live_as_planned(rng, site_day, plan, moments, opening)
        else:
            rows = _live(rng, site_day, plan, moments)
        for camera in cameras:
            if camera.floor == floor:
                days[camera.id] = seen_by(site_day, camera.id, rows, begin)
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


def _live(rng: Generator, site_day: SiteDay, plan: FloorPlan, moments: Floats) -> Rows:
    shortest = {zone.id: zone.min_dwell for zone in site_day.zones.values()}
    ways = [_way(plan, itinerary(rng, plan)) for _ in range(min(_WAYS, max(len(moments), 1)))]
    chosen = rng.integers(len(ways), size=len(moments))
    paces = np.clip(rng.normal(1.2, 0.17, len(moments)), 0.8, 1.6)
    patience = rng.uniform(0.5, 2.0, len(moments))
    asides = rng.uniform(-_ASIDE_M, _ASIDE_M, (len(moments), 2))
    rows = Rows()
    for person, arrives in enumerate(moments):
        way = ways[chosen[person]]
        times = arrives + way.metres / paces[person] + way.waits * patience[person]
        times = times[times < arrives + _LONGEST_VISIT_S]
        _note(rows, person, way.points + asides[person], times, way.met, shortest)
    return rows


def _live_as_planned(
    rng: Generator,
    site_day: SiteDay,
    plan: FloorPlan,
    moments: Floats,
    opening: tuple[float, float],
) -> Rows:
    """Everybody on a way of their own: who waits in line waits for others. Slower than shared ways.

    People of a line that is as long as it gets are turned away, so many of a busy day are.
    """
    shortest = {zone.id: zone.min_dwell for zone in site_day.zones.values()}
    begin, end = site_day.window
    day_s = (end - begin).total_seconds()
    people = crowd(rng, plan, moments.tolist())
    begins = max(opening[0] - _BEFORE_OPENING_S, 0.0)
    people += staff(rng, plan, STAFF, len(people), begins, opening[1])
    rows = Rows()
    for walk in stroll(people):
        times = walk.times[walk.times < day_s]
        path = walk.path[: len(times)]
        _note(rows, walk.person.number, path, times, _met(plan, path), shortest)
    return rows


def _note(
    rows: Rows,
    person: int,
    points: Floats,
    times: Floats,
    met: _Met,
    shortest: dict[str, float],
) -> None:
    seconds = np.arange(int(np.ceil(times[0])), int(times[-1]) + 1)
    indices = np.interp(seconds, times, np.arange(len(times)))
    rows.person.append(np.full(len(seconds), person))
    rows.second.append(seconds)
    rows.point.append(points[np.round(indices).astype(int)])
    last = len(times) - 1
    for gate, index, direction in met.passes:
        if index <= last:
            rows.gates.append((gate, int(np.interp(index, np.arange(last + 1), times)), direction))
    for zone, first, final in met.inside:
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
    metres = np.concatenate([[0.0], np.cumsum(steps)])
    return _Way(path, metres, np.array(waits), _met(plan, path))


def _met(plan: FloorPlan, path: Floats) -> _Met:
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
    return _Met(tuple(passes), tuple(stays))
