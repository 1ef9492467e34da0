"""Things that stand about on a floor: where they are, so that people walk round them.

Belongs here: pillars, plants and stands, derived from zones and gates. Does not belong here: how
they look (`vision.simulate.things`).
"""

from dataclasses import dataclass

from vision.simulate.doors import Door
from vision.simulate.geometry import Floats, distance_to_segment, inside_polygon


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A static thing that nobody walks through: a disc on the floor."""

    kind: str
    centre: Floats
    radius: float
    height: float


def sightlines(
    eyes: dict[str, Floats], doors: dict[str, Door], owners: dict[str, str]
) -> list[tuple[Floats, Floats]]:
    """Lines from each camera to where people pass its gates."""
    return [
        (eye, door.point(share, inward))
        for camera, eye in eyes.items()
        for door in doors.values()
        if owners[door.gate] == camera
        for share in (0.0, 0.5, 1.0)
        for inward in (-2.0, 0.0, 2.0)
    ]


def furniture(
    outline: Floats,
    zones: dict[str, Floats],
    kinds: dict[str, str],
    doors: dict[str, Door],
    sightlines: list[tuple[Floats, Floats]],
) -> tuple[Obstacle, ...]:
    """A stand on each display, a plant at each end of an entrance, a pillar in each corridor.

    Nothing stands between a camera and a gate that it watches.
    """

    def open_to_view(point: Floats, clearance: float) -> bool:
        return bool(inside_polygon(point[None], outline)[0]) and all(
            distance_to_segment(point[None], *line)[0] > clearance for line in sightlines
        )

    stands = [
        Obstacle("stand", polygon.mean(axis=0), 0.35, 1.1)
        for name, polygon in zones.items()
        if kinds[name] == "display"
    ]
    ends = [
        door.point(share, 0.0)
        for door in doors.values()
        if door.store is None
        for share in (-0.45 / door.width, 1 + 0.45 / door.width)
    ]
    plants = [Obstacle("plant", end, 0.25, 1.2) for end in ends if open_to_view(end, 0.2)]
    middles = [polygon.mean(axis=0) for name, polygon in zones.items() if kinds[name] == "corridor"]
    pillars = [Obstacle("pillar", point, 0.2, 3.2) for point in middles if open_to_view(point, 0.4)]
    return (*stands, *plants, *pillars)
