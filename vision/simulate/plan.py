"""A floor as people walk it: doors, where one may stand, and routes that go round the walls.

Belongs here: what follows from a site file alone. Does not belong here: who goes where
(`vision.simulate.itinerary`), how people move (`vision.simulate.walk`), how it looks.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from vision.pinhole import Pinhole
from vision.simulate.doors import Door, door_of
from vision.simulate.furniture import Obstacle, furniture, sightlines
from vision.simulate.geometry import (
    Floats,
    distance_to_segment,
    inside_polygon,
    ray_length,
)
from vision.simulate.lines import Line, line_of
from vision.site.models import SiteDay

CELL_M = 0.2
CLEARANCE_M = 0.35
_GATE_CLEARANCE_M = 0.5
_DOORWAY_M = 1.2
_STATIONS_PER_ZONE = 20


@dataclass(frozen=True)
class FloorPlan:
    """One floor of a site on one day.

    Attributes:
        floor: Id of the floor.
        outline: (n, 2) metres.
        zones: Polygons in metres by zone id.
        kinds: Kind by zone id.
        doors: Doors by gate id.
        far_ends: Points where people leave or arrive without passing a gate.
        obstacles: Pillars, plants and display stands.
        eyes: Where the camera that owns a zone hangs, by zone; nobody stands out of its sight.
    """

    floor: str
    outline: Floats
    zones: dict[str, Floats]
    kinds: dict[str, str]
    doors: dict[str, Door]
    far_ends: tuple[Floats, ...]
    obstacles: tuple[Obstacle, ...]
    eyes: dict[str, Floats]
    _trees: dict[int, NDArray[np.int32]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, day: SiteDay, floor: str) -> "FloorPlan":
        """The plan of `floor`; zones and gates that are drawn in pixels do not take part."""
        outline = np.array(
            next(entry for entry in day.site.file.floors if entry.id == floor).outline
        )
        zones = {z.id: z for z in day.zones.values() if z.floor == floor and z.polygon}
        polygons = {name: np.array(zone.polygon) for name, zone in sorted(zones.items())}
        kinds: dict[str, str] = {name: zones[name].kind for name in polygons}
        stores = {name: polygons[name] for name in polygons if kinds[name] == "store"}
        doors = {
            gate.id: door_of(gate, outline, stores)
            for gate in sorted(day.gates.values(), key=lambda gate: gate.id)
            if gate.floor == floor and gate.line
        }
        far_ends = _far_ends(outline, polygons, kinds, doors)
        cameras = [camera for camera in day.cameras.values() if camera.floor == floor]
        eyes = {c.id: Pinhole.of(c).centre[:2] for c in cameras if c.calibrated}
        watched = sightlines(eyes, doors, {gate.id: gate.camera for gate in day.gates.values()})
        obstacles = furniture(outline, polygons, kinds, doors, watched)
        owners = {name: zone.camera for name, zone in zones.items()}
        zone_eyes = {name: eyes[camera] for name, camera in owners.items() if camera in eyes}
        return cls(floor, outline, polygons, kinds, doors, far_ends, obstacles, zone_eyes)

    def of_kind(self, *kinds: str) -> tuple[str, ...]:
        """Ids of the zones of some kinds."""
        return tuple(name for name in self.zones if self.kinds[name] in kinds)

    @cached_property
    def entrances(self) -> tuple[Door, ...]:
        """Doors to the world outside."""
        return tuple(door for door in self.doors.values() if door.store is None)

    @cached_property
    def store_doors(self) -> dict[str, Door]:
        """One door of each store that has one, by store."""
        return {door.store: door for door in self.doors.values() if door.store is not None}

    @cached_property
    def lines(self) -> dict[str, Line]:
        """How people stand in each queue zone, by zone."""
        staff, seats = (
            [self.zones[name] for name in self.of_kind(kind)] for kind in ("staff", "seating")
        )
        return {
            name: line_of(name, self.zones[name], self.outline, staff, seats)
            for name in self.of_kind("queue")
        }

    @cached_property
    def origin(self) -> Floats:
        """Lower corner of the walking grid."""
        return np.asarray(self.outline.min(axis=0), dtype=np.float64)

    @cached_property
    def free(self) -> NDArray[np.bool_]:
        """(columns, rows) cells on which one may walk without passing a gate."""
        low, high = self.outline.min(axis=0), self.outline.max(axis=0)
        columns, rows = np.ceil((high - low) / CELL_M).astype(int)
        points = self._centres(np.arange(columns * rows), rows)
        free = inside_polygon(points, self.outline)
        walls = [self.outline, *(self.zones[name] for name in self.of_kind("store"))]
        for wall in walls:
            for start, end in zip(wall, np.roll(wall, -1, axis=0), strict=True):
                free &= distance_to_segment(points, start, end) > CLEARANCE_M
        for door in self.doors.values():
            free &= distance_to_segment(points, door.start, door.end) > _GATE_CLEARANCE_M
        for obstacle in self.obstacles:
            away = np.linalg.norm(points - obstacle.centre, axis=1)
            free &= away > obstacle.radius + CLEARANCE_M
        return free.reshape(columns, rows)

    def may_stand(self, points: Floats) -> NDArray[np.bool_]:
        """Which of (n, 2) points are on free cells."""
        cells = np.floor((points - self.origin) / CELL_M).astype(int)
        within = ((cells >= 0) & (cells < self.free.shape)).all(axis=1)
        cells = np.clip(cells, 0, np.array(self.free.shape) - 1)
        result: NDArray[np.bool_] = within & self.free[cells[:, 0], cells[:, 1]]
        return result

    @cached_property
    def stations(self) -> dict[str, Floats]:
        """Some points in each zone on which one can stand, spread out, away from gates."""
        return {name: self._stations(name) for name in self.zones}

    def eye_on(self, point: Floats) -> Floats | None:
        """Where the camera hangs that owns a zone around `point`; None where there is none."""
        for zone, eye in self.eyes.items():
            if inside_polygon(point[None], self.zones[zone])[0]:
                return eye
        return None

    def nearest_free(self, point: Floats) -> int:
        """Index of the free cell nearest to `point`."""
        indices = np.flatnonzero(self.free.ravel())
        away = np.linalg.norm(self._centres(indices, self.free.shape[1]) - point, axis=1)
        return int(indices[int(np.argmin(away))])

    def route(self, start: Floats, end: Floats) -> list[Floats]:
        """Corners of a shortest walk from `start` to `end`, both left out; no gate is passed.

        Where the two are not connected the walk is straight.
        """
        if self._clear(start, end):
            return []
        source, target = self.nearest_free(start), self.nearest_free(end)
        tree = self._tree(source)
        cells = [target]
        while cells[-1] != source:
            before = int(tree[cells[-1]])
            if before < 0:
                return []
            cells.append(before)
        points = self._centres(np.array(cells[::-1]), self.free.shape[1])
        return self._pulled([start, *points, end])

    def _pulled(self, points: list[Floats]) -> list[Floats]:
        corners: list[Floats] = []
        here, index = points[0], 0
        while index < len(points) - 1:
            reach = len(points) - 1
            while reach > index + 1 and not self._clear(here, points[reach]):
                reach -= 1
            here, index = points[reach], reach
            corners.append(here)
        return corners[:-1]

    def _clear(self, start: Floats, end: Floats) -> bool:
        steps = max(2, int(np.linalg.norm(end - start) / (CELL_M / 2)))
        # The ends may stand close to a wall (a person who comes out of a door does).
        shares = np.linspace(0, 1, steps)[1:-1]
        return bool(self.may_stand(start + shares[:, None] * (end - start)).all())

    def _centres(self, indices: NDArray[np.int_], rows: int) -> Floats:
        cells = np.column_stack(np.divmod(indices, rows))
        result: Floats = self.origin + (cells + 0.5) * CELL_M
        return result

    def _tree(self, source: int) -> NDArray[np.int32]:
        if source not in self._trees:
            _, trees = dijkstra(self._graph, indices=[source], return_predecessors=True)
            self._trees[source] = trees[0]
        return self._trees[source]

    @cached_property
    def _graph(self) -> csr_array:
        columns, rows = self.free.shape
        index = np.arange(columns * rows).reshape(columns, rows)
        sources, targets, lengths = [], [], []
        for dx, dy in ((1, 0), (0, 1), (1, 1), (1, -1)):
            here = (slice(0, columns - dx), slice(max(0, -dy), rows - max(0, dy)))
            there = (slice(dx, columns), slice(max(0, dy), rows + min(0, dy)))
            both = self.free[here] & self.free[there]
            for a, b in ((index[here], index[there]), (index[there], index[here])):
                sources.append(a[both])
                targets.append(b[both])
                lengths.append(np.full(int(both.sum()), float(np.hypot(dx, dy))))
        cells = (np.concatenate(sources), np.concatenate(targets))
        return coo_array((np.concatenate(lengths), cells), shape=(index.size, index.size)).tocsr()

    def _stations(self, zone: str) -> Floats:
        polygon = self.zones[zone]
        indices = np.flatnonzero(self.free.ravel())
        points = self._centres(indices, self.free.shape[1])
        points = np.asarray(points[inside_polygon(points, polygon)])
        away = [
            distance_to_segment(points, door.start, door.end) > _DOORWAY_M
            for door in self.doors.values()
        ]
        # Nobody stops in a doorway, where there is any other place.
        roomy = np.all(away, axis=0) if away else np.ones(len(points), dtype=bool)
        points = points[roomy] if roomy.any() else points
        if zone in self.eyes:
            points = points[[self._in_sight(point, self.eyes[zone]) for point in points]]
        if len(points) == 0:
            return np.asarray(polygon.mean(axis=0)[None])
        chosen = [points[int(np.argmin(np.linalg.norm(points - polygon.mean(axis=0), axis=1)))]]
        while len(chosen) < min(_STATIONS_PER_ZONE, len(points)):
            away = np.min([np.linalg.norm(points - point, axis=1) for point in chosen], axis=0)
            chosen.append(points[int(np.argmax(away))])
        return np.array(chosen)

    def _in_sight(self, point: Floats, eye: Floats) -> bool:
        return all(
            distance_to_segment(obstacle.centre[None], eye, point)[0] > obstacle.radius + 0.4
            or obstacle.kind == "stand"
            for obstacle in self.obstacles
        )


def _far_ends(
    outline: Floats, zones: dict[str, Floats], kinds: dict[str, str], doors: dict[str, Door]
) -> tuple[Floats, ...]:
    entrances = [door for door in doors.values() if door.store is None]
    corridors = [zones[name] for name in zones if kinds[name] == "corridor"]
    if entrances and not corridors:
        return ()
    if not entrances:
        # Nobody could come in: open both ends of the longest way across the floor.
        spread = outline - outline.mean(axis=0)
        axis = np.linalg.svd(spread)[2][0]
        middle = outline.mean(axis=0)
        return tuple(
            middle + sign * (ray_length(middle, sign * axis, outline) - 0.5) * axis
            for sign in (-1, 1)
        )
    middle = np.mean([zone.mean(axis=0) for zone in corridors], axis=0)
    first = entrances[0].point(0.5, 1.0)
    away = (middle - first) / max(float(np.linalg.norm(middle - first)), 1e-9)
    reach = ray_length(middle, away, outline)
    return (middle + (reach - 0.5) * away,) if np.isfinite(reach) else ()
