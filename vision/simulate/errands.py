"""What people come for, and the points of the floor to which it takes them.

Belongs here: errands, ways through doors, routes between stops. Does not belong here: who comes
when (`vision.simulate.itinerary`), how people walk from point to point (`vision.simulate.walk`).
"""

from collections.abc import Callable, Mapping, Sequence

from numpy.random import Generator

from vision.simulate.doors import Door
from vision.simulate.geometry import Floats, inside_polygon
from vision.simulate.plan import CLEARANCE_M, FloorPlan
from vision.simulate.stops import Stop, jittered

Errands = Mapping[str, tuple[Callable[[Generator, FloorPlan], list[Stop]], float]]
"""What people do, and what share of them does."""

_PASS_M = 1.2


def _lane(rng: Generator, door: Door, inward: bool) -> float:
    # Each direction keeps to one half of the door, so that people do not walk into each other.
    margin = min(0.45 / door.width, 0.2)
    along = door.end - door.start
    left_of_inward = along[0] * door.inward[1] - along[1] * door.inward[0] > 0
    lower_half = inward == left_of_inward
    low, high = (margin, 0.5 - 0.35 * margin) if lower_half else (0.5 + 0.35 * margin, 1 - margin)
    return float(rng.uniform(low, high))


def enter(rng: Generator, portal: Door | Floats) -> list[Stop]:
    """Points at which one appears, and from where one is free to go."""
    if not isinstance(portal, Door):
        return [Stop(jittered(rng, portal, 0.4))]
    lane = _lane(rng, portal, inward=True)
    return [
        Stop(portal.point(lane, -portal.outside_m)),
        Stop(portal.point(lane, _PASS_M), through=True),
    ]


def leave(rng: Generator, portal: Door | Floats) -> list[Stop]:
    """Points before one leaves, and at which one vanishes."""
    if not isinstance(portal, Door):
        return [Stop(jittered(rng, portal, 0.4))]
    lane = _lane(rng, portal, inward=False)
    return [
        Stop(portal.point(lane, _PASS_M)),
        Stop(portal.point(lane, -portal.outside_m), through=True),
    ]


def walk_through(rng: Generator, plan: FloorPlan) -> list[Stop]:
    """Pass through a corridor."""
    return stand(rng, plan, plan.of_kind("corridor"), 0, 0)


def display(rng: Generator, plan: FloorPlan) -> list[Stop]:
    """Stand before something that is shown, or sit down."""
    return stand(rng, plan, _resting(plan), 6, 25) or walk_through(rng, plan)


def queue(rng: Generator, plan: FloorPlan) -> list[Stop]:
    """Go to the end of a line; what becomes of one there is known when all who come are."""
    line = plan.lines[str(rng.choice(list(plan.lines)))]
    return [Stop(jittered(rng, line.beside(len(line.places) - 1), 0.3), line=line.zone)]


def window(rng: Generator, plan: FloorPlan) -> list[Stop]:
    """Look into a shop from its front."""
    return stand(rng, plan, plan.of_kind("frontage"), 4, 12) or walk_through(rng, plan)


def shop(rng: Generator, plan: FloorPlan) -> list[Stop]:
    """Go into a shop, stand here and there, and come out."""
    if not plan.store_doors:
        return walk_through(rng, plan)
    store = str(rng.choice(list(plan.store_doors)))
    door = plan.store_doors[store]
    inward, outward = _lane(rng, door, inward=True), _lane(rng, door, inward=False)
    room = min(_PASS_M, door.outside_m)
    browse = [
        stop for _ in range(int(rng.integers(1, 3))) for stop in stand(rng, plan, (store,), 6, 25)
    ]
    return [
        Stop(door.point(inward, -room)),
        Stop(door.point(inward, _PASS_M), through=True),
        *browse,
        Stop(door.point(outward, _PASS_M)),
        Stop(door.point(outward, -room), through=True),
    ]


# An errand that the floor has no zone for becomes a walk.
_ERRANDS: Errands = {
    "walk": (walk_through, 0.3),
    "display": (display, 0.2),
    "shop": (shop, 0.4),
    "window": (window, 0.1),
}
_ERRANDS_WITH_A_LINE: Errands = {
    "walk": (walk_through, 0.2),
    "display": (display, 0.15),
    "shop": (shop, 0.3),
    "window": (window, 0.1),
    "queue": (queue, 0.25),
}


def errands_of(plan: FloorPlan) -> Errands:
    """What people come for, and what share of them."""
    return _ERRANDS_WITH_A_LINE if plan.lines else _ERRANDS


def _resting(plan: FloorPlan) -> tuple[str, ...]:
    """Zones in which people stay as they like: not those where they wait or are served."""
    zones = plan.of_kind("display", "seating", "queue")
    taken = {
        zone
        for line in plan.lines.values()
        for zone in zones
        if zone == line.zone or inside_polygon(line.counter[None], plan.zones[zone])[0]
    }
    return tuple(zone for zone in zones if zone not in taken)


def stand(
    rng: Generator, plan: FloorPlan, zones: tuple[str, ...], shortest: float, longest: float
) -> list[Stop]:
    """Stand for a while at some place in one of `zones`."""
    if not zones:
        return []
    stations = plan.stations[str(rng.choice(zones))]
    station = stations[int(rng.integers(len(stations)))]
    return [Stop(jittered(rng, station, CLEARANCE_M / 2), float(rng.uniform(shortest, longest)))]


def routed(plan: FloorPlan, stops: Sequence[Stop]) -> list[Stop]:
    """The same way with the corners at which it goes round walls and furniture."""
    way = list(stops[:1])
    for stop in stops[1:]:
        if not stop.through:
            way += [Stop(corner) for corner in plan.route(way[-1].point, stop.point)]
        way.append(stop)
    return way
