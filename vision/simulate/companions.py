"""The ways of people who came together: beside each other where there is room.

Belongs here: where a companion walks, given the way of another. Does not belong here: who has
company (`vision.simulate.itinerary`).
"""

from dataclasses import replace

import numpy as np

from vision.simulate.geometry import Floats
from vision.simulate.plan import FloorPlan
from vision.simulate.stops import Stop

_PAIR_GAP_M = 0.75
_IN_LINE_M = 0.6
_ROOM_M = 0.55
_TURNS = tuple(
    np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    for angle in np.radians([0, 180, 45, -45, 135, -135, 90, -90])
)


def beside(plan: FloorPlan, stops: list[Stop], taken: tuple[list[Stop], ...] = ()) -> list[Stop]:
    """The way of a companion: the same points, each moved to the same side where there is room.

    Args:
        plan: The floor.
        stops: The way of the one who leads.
        taken: Ways of other companions, whose places are not free.
    """
    result = []
    for index, stop in enumerate(stops):
        before, after = stops[max(index - 1, 0)], stops[min(index + 1, len(stops) - 1)]
        if stop.line:
            aside = _IN_LINE_M * plan.lines[stop.line].aside
            result.append(replace(stop, point=stop.point + aside))
        elif stop.through:
            result.append(_abreast(plan, before, stop, stop))
        elif index + 1 < len(stops) and after.through:
            result.append(_abreast(plan, stop, after, stop))
        else:
            heading = after.point - before.point
            length = max(float(np.linalg.norm(heading)), 1e-9)
            aside = np.array([heading[1], -heading[0]]) / length * _PAIR_GAP_M
            sides = [stop.point + turn @ aside for turn in _TURNS]
            free = [point for point in sides if plan.may_stand(point[None])[0]]
            if taken:
                free = _close_to(free, [way[index].point for way in taken])
            elif stop.wait > 0:
                free = _side_by_side(plan, stop.point, free)
            result.append(Stop(free[0] if free else stop.point, stop.wait))
    return result


def _close_to(places: list[Floats], taken: list[Floats]) -> list[Floats]:
    """Places in which nobody of `taken` stands, those first that are near to all of them."""

    def away(place: Floats) -> list[float]:
        return [float(np.linalg.norm(place - other)) for other in taken]

    roomy = [place for place in places if min(away(place)) >= _ROOM_M]
    return sorted(roomy, key=lambda place: max(away(place)))


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
