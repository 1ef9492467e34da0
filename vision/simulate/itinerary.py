"""Who comes when, and where each person goes.

Belongs here: arrivals, the choice of errands, the list of points that follows. Does not belong
here: how people walk from point to point (`vision.simulate.walk`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from vision.simulate.doors import Door
from vision.simulate.geometry import Floats
from vision.simulate.plan import CLEARANCE_M, FloorPlan

PAIRS = 0.2
"""Share of arrivals that are two people walking together."""

_PAIR_GAP_M = 0.75
_PASS_M = 1.2


@dataclass(frozen=True, slots=True)
class Stop:
    """A point on a person's way.

    Attributes:
        point: Metres.
        wait: Seconds to stand there.
        through: The walk to this point passes a gate: straight, at an even pace, giving way to
            nobody, so that one crossing is one crossing.
    """

    point: Floats
    wait: float = 0.0
    through: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """One visitor: when they appear, how fast they walk, and their way, first point included."""

    number: int
    arrives: float
    speed: float
    height: float
    stops: tuple[Stop, ...]


def arrivals(
    rng: Generator, people_per_minute: float, seconds: float, start: float = 0.5
) -> list[float]:
    """Moments of a Poisson process between `start` and `seconds`."""
    if people_per_minute <= 0:
        return []
    count = rng.poisson(people_per_minute * max(seconds - start, 0) / 60)
    return sorted(float(moment) for moment in rng.uniform(start, seconds, count))


def crowd(rng: Generator, plan: FloorPlan, moments: list[float], numbered: int = 0) -> list[Person]:
    """One person for each moment, numbered from `numbered`; some walk beside the one before."""
    people: list[Person] = []
    while len(people) < len(moments):
        arrives = moments[len(people)]
        stops = itinerary(rng, plan)
        speed = float(np.clip(rng.normal(1.2, 0.17), 0.8, 1.6))
        people.append(Person(numbered + len(people), arrives, speed, _height(rng), tuple(stops)))
        if rng.random() < PAIRS and len(people) < len(moments):
            beside = tuple(_beside(plan, stops))
            people.append(Person(numbered + len(people), arrives, speed, _height(rng), beside))
    return people


def itinerary(rng: Generator, plan: FloorPlan) -> list[Stop]:
    """Points of one visit, from where the person appears to where they leave."""
    way_in = _portal(rng, plan)
    errand = str(rng.choice(list(_ERRANDS), p=[share for _, share in _ERRANDS.values()]))
    middle = _ERRANDS[errand][0](rng, plan)
    stops = [*_enter(rng, way_in), *middle]
    way_out = _portal(rng, plan)
    if errand == "walk" and _portals(plan) > 1:
        while way_out is way_in:
            way_out = _portal(rng, plan)
    return _routed(plan, [*stops, *_leave(rng, way_out)])


def _height(rng: Generator) -> float:
    return float(np.clip(rng.normal(1.72, 0.09), 1.5, 1.95))


def _portals(plan: FloorPlan) -> int:
    return len(plan.entrances) + len(plan.far_ends)


def _portal(rng: Generator, plan: FloorPlan) -> Door | Floats:
    options: list[Door | Floats] = [*plan.entrances, *plan.far_ends]
    weights = np.array([3.0] * len(plan.entrances) + [2.0] * len(plan.far_ends))
    return options[int(rng.choice(len(options), p=weights / weights.sum()))]


def _lane(rng: Generator, door: Door, inward: bool) -> float:
    # Each direction keeps to one half of the door, so that people do not walk into each other.
    margin = min(0.45 / door.width, 0.2)
    along = door.end - door.start
    left_of_inward = along[0] * door.inward[1] - along[1] * door.inward[0] > 0
    lower_half = inward == left_of_inward
    low, high = (margin, 0.5 - 0.35 * margin) if lower_half else (0.5 + 0.35 * margin, 1 - margin)
    return float(rng.uniform(low, high))


def _enter(rng: Generator, portal: Door | Floats) -> list[Stop]:
    if not isinstance(portal, Door):
        return [Stop(_jittered(rng, portal, 0.4))]
    lane = _lane(rng, portal, inward=True)
    return [
        Stop(portal.point(lane, -portal.outside_m)),
        Stop(portal.point(lane, _PASS_M), through=True),
    ]


def _leave(rng: Generator, portal: Door | Floats) -> list[Stop]:
    if not isinstance(portal, Door):
        return [Stop(_jittered(rng, portal, 0.4))]
    lane = _lane(rng, portal, inward=False)
    return [
        Stop(portal.point(lane, _PASS_M)),
        Stop(portal.point(lane, -portal.outside_m), through=True),
    ]


def _walk(rng: Generator, plan: FloorPlan) -> list[Stop]:
    return _stand(rng, plan, plan.of_kind("corridor"), 0, 0)


def _display(rng: Generator, plan: FloorPlan) -> list[Stop]:
    return _stand(rng, plan, plan.of_kind("display", "seating", "queue"), 6, 25) or _walk(rng, plan)


def _window(rng: Generator, plan: FloorPlan) -> list[Stop]:
    return _stand(rng, plan, plan.of_kind("frontage"), 4, 12) or _walk(rng, plan)


def _shop(rng: Generator, plan: FloorPlan) -> list[Stop]:
    if not plan.store_doors:
        return _walk(rng, plan)
    store = str(rng.choice(list(plan.store_doors)))
    door = plan.store_doors[store]
    inward, outward = _lane(rng, door, inward=True), _lane(rng, door, inward=False)
    room = min(_PASS_M, door.outside_m)
    browse = [
        stop for _ in range(int(rng.integers(1, 3))) for stop in _stand(rng, plan, (store,), 6, 25)
    ]
    return [
        Stop(door.point(inward, -room)),
        Stop(door.point(inward, _PASS_M), through=True),
        *browse,
        Stop(door.point(outward, _PASS_M)),
        Stop(door.point(outward, -room), through=True),
    ]


# An errand that the floor has no zone for becomes a walk.
_ERRANDS = {
    "walk": (_walk, 0.3),
    "display": (_display, 0.2),
    "shop": (_shop, 0.4),
    "window": (_window, 0.1),
}


def _stand(
    rng: Generator, plan: FloorPlan, zones: tuple[str, ...], shortest: float, longest: float
) -> list[Stop]:
    if not zones:
        return []
    stations = plan.stations[str(rng.choice(zones))]
    station = stations[int(rng.integers(len(stations)))]
    return [Stop(_jittered(rng, station, CLEARANCE_M / 2), float(rng.uniform(shortest, longest)))]


def _jittered(rng: Generator, point: Floats, radius: float) -> Floats:
    result: Floats = point + rng.uniform(-radius, radius, 2)
    return result


def _routed(plan: FloorPlan, stops: list[Stop]) -> list[Stop]:
    way = stops[:1]
    for stop in stops[1:]:
        if not stop.through:
            way += [Stop(corner) for corner in plan.route(way[-1].point, stop.point)]
        way.append(stop)
    return way


def _beside(plan: FloorPlan, stops: list[Stop]) -> list[Stop]:
    """The way of a companion: the same points, each moved to the same side where there is room."""
    result = []
    for index, stop in enumerate(stops):
        before, after = stops[max(index - 1, 0)], stops[min(index + 1, len(stops) - 1)]
        if stop.through:
            result.append(_abreast(plan, before, stop, stop))
        elif index + 1 < len(stops) and after.through:
            result.append(_abreast(plan, stop, after, stop))
        else:
            heading = after.point - before.point
            length = max(float(np.linalg.norm(heading)), 1e-9)
            aside = np.array([heading[1], -heading[0]]) / length * _PAIR_GAP_M
            sides = [stop.point + turn @ aside for turn in _TURNS]
            free = [point for point in sides if plan.may_stand(point[None])[0]]
            if stop.wait > 0:
                free = _side_by_side(plan, stop.point, free)
            result.append(Stop(free[0] if free else stop.point, stop.wait))
    return result


_TURNS = tuple(
    np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    for angle in np.radians([0, 180, 45, -45, 135, -135, 90, -90])
)


def _side_by_side(plan: FloorPlan, point: Floats, places: list[Floats]) -> list[Floats]:
    """Places beside `point`, those first that its zone's camera sees farthest apart from it."""
    eye = plan.eye_on(point)
    if eye is None:
        return places
    sight = (point - eye) / max(float(np.linalg.norm(point - eye)), 1e-9)
    across = np.array([-sight[1], sight[0]])
    return sorted(places, key=lambda place: -abs(float((place - point) @ across)))


def _abreast(plan: FloorPlan, begin: Stop, end: Stop, stop: Stop) -> Stop:
    """`stop`, one end of the way from `begin` through a gate to `end`, a place further along it."""
    middle = (begin.point + end.point) / 2
    door = min(
        plan.doors.values(),
        key=lambda door: float(np.linalg.norm(door.point(0.5, 0) - middle)),
    )
    share = float((begin.point - door.start) @ (door.end - door.start) / door.width**2)
    step, margin = _PAIR_GAP_M / door.width, 0.3 / door.width
    lanes = [lane for lane in (share + step, share - step) if margin <= lane <= 1 - margin]
    across = float((stop.point - door.start) @ door.inward)
    # Where a door is too narrow for two abreast, both keep to one lane.
    return Stop(door.point(lanes[0] if lanes else share, across), stop.wait, stop.through)
