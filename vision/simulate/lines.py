"""Where people stand who wait in line: places, the counter, the side on which they come and go.

Belongs here: what follows from the shape of a queue zone and what is around it. Does not belong
here: whose turn it is (`vision.simulate.queueing`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vision.simulate.geometry import Floats, inside_polygon, ray_length

PLACE_M = 0.9
"""From one place in a line to the next."""

_EDGE_M = 0.4
_COUNTER_M = 0.6
_LANE_M = 0.6


@dataclass(frozen=True, slots=True)
class Line:
    """A queue zone as people stand in it.

    Attributes:
        zone: Id of the zone.
        places: (n, 2) metres, the first beside the counter.
        counter: Where one is served.
        aside: Unit vector across the line, to the side on which there is more room.
        half_width: From the middle of the line to the edge of the zone on that side, metres.
    """

    zone: str
    places: Floats
    counter: Floats
    aside: Floats
    half_width: float

    def beside(self, place: int) -> Floats:
        """Outside the zone next to a place, where one steps in or out."""
        result: Floats = self.places[place] + (self.half_width + _LANE_M) * self.aside
        return result

    @property
    def counter_side(self) -> Floats:
        """Where one goes who has been served."""
        result: Floats = self.counter + (self.half_width + _LANE_M) * self.aside
        return result


def line_of(
    zone: str, polygon: Floats, outline: Floats, staff: Sequence[Floats], seats: Sequence[Floats]
) -> Line:
    """The line along a queue zone's longer axis.

    Its front is at the end where the staff are, or else nearest to a wall. One is served in the
    seating zone beyond the front, and where there is none, inside the zone.

    Args:
        zone: Id of the queue zone.
        polygon: Of the queue zone, metres.
        outline: Of the floor.
        staff: Polygons of the staff zones on it.
        seats: Polygons of the seating zones on it.
    """
    middle = polygon.mean(axis=0)
    axis = np.linalg.svd(polygon - middle)[2][0]
    ends = [middle + sign * ray_length(middle, sign * axis, polygon) * axis for sign in (-1, 1)]
    front, back = sorted(ends, key=lambda end: _away_from_staff(end, middle, outline, staff))
    towards = (front - back) / max(float(np.linalg.norm(front - back)), 1e-9)
    counter = front + _COUNTER_M * towards
    first = front - _EDGE_M * towards
    if not any(inside_polygon(counter[None], seat)[0] for seat in seats):
        counter = front - _EDGE_M * towards
        first = counter - PLACE_M * towards
    room = float((first - back) @ towards) - _EDGE_M
    count = max(1, 1 + int(room / PLACE_M + 1e-9))
    places = first - PLACE_M * np.arange(count)[:, None] * towards
    across = np.array([-towards[1], towards[0]])
    aside = max((across, -across), key=lambda side: ray_length(middle, side, outline))
    return Line(zone, places, counter, aside, ray_length(middle, aside, polygon))


def _away_from_staff(
    end: Floats, middle: Floats, outline: Floats, staff: Sequence[Floats]
) -> float:
    if staff:
        return min(float(np.linalg.norm(end - zone.mean(axis=0))) for zone in staff)
    outwards = (end - middle) / max(float(np.linalg.norm(end - middle)), 1e-9)
    return ray_length(end, outwards, outline)
