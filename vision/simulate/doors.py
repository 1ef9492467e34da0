"""Gates as people pass them.

Belongs here: what a gate of a site file means for someone on foot. Does not belong here: routes
(`vision.simulate.plan`), crossings in the truth (`vision.simulate.truth`).
"""

from dataclasses import dataclass

import numpy as np

from vision.simulate.geometry import Floats, inside_polygon, ray_length, side_of
from vision.site.models import Gate

_OUTSIDE_M = 3.6


@dataclass(frozen=True, slots=True)
class Door:
    """A gate as people pass it.

    Attributes:
        gate: Id of the gate.
        start: One end of the line, metres.
        end: The other end.
        inward: Unit vector across the line, to the side that counts as inside.
        store: Id of the store behind it, or None for a door to the world outside.
        outside_m: How far one can walk on the outer side.
    """

    gate: str
    start: Floats
    end: Floats
    inward: Floats
    store: str | None
    outside_m: float

    @property
    def width(self) -> float:
        """Length of the line, metres."""
        return float(np.linalg.norm(self.end - self.start))

    def point(self, share: float, inward_m: float) -> Floats:
        """The point `share` of the way along the line, moved `inward_m` across it."""
        result: Floats = self.start + share * (self.end - self.start) + inward_m * self.inward
        return result


def door_of(gate: Gate, outline: Floats, stores: dict[str, Floats]) -> Door:
    """The door that a gate drawn in metres is; `stores` are the polygons of all stores by id."""
    assert gate.line is not None
    assert gate.inside is not None
    start, end, inside = np.array(gate.line[0]), np.array(gate.line[1]), np.array(gate.inside)
    along = (end - start) / np.linalg.norm(end - start)
    inward = np.array([-along[1], along[0]])
    if side_of(inside[None], start, end)[0] < 0:
        inward = -inward
    behind = [name for name, store in stores.items() if inside_polygon(inside[None], store)[0]]
    room = ray_length((start + end) / 2, -inward, outline)
    outside_m = min(_OUTSIDE_M, room - 0.3) if np.isfinite(room) else 1.0
    return Door(gate.id, start, end, inward, behind[0] if behind else None, max(outside_m, 0.6))
