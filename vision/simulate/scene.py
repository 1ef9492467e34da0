"""The drawn arcade: what a camera sees when nobody is there.

Belongs here: floor, walls, shop fronts, things that stand about, as layers of one camera's frame.
Does not belong here: people (`vision.simulate.render`).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.pinhole import Pinhole
from vision.protocols import Image
from vision.simulate.doors import Door
from vision.simulate.furniture import Obstacle
from vision.simulate.geometry import Floats, inside_polygon, ray_length
from vision.simulate.plan import FloorPlan
from vision.simulate.things import DRAWN, quad

_FINE = 2
"""Scenery is drawn at this multiple of the frame and shrunk, for smooth edges."""

_WALL_M = 3.2
_FRONT_M = 2.6
_TILE_M = 0.6
_DOOR_M = 2.4
_COLOURS = ((92, 74, 128), (122, 92, 52), (74, 104, 72), (60, 88, 142), (110, 70, 70))


@dataclass(frozen=True, slots=True)
class Layer:
    """Something drawn over the people behind it.

    Attributes:
        left: First column of the frame that the layer covers.
        top: First row.
        paint: (height, width, 4), colours multiplied by alpha.
        distance: Metres from the camera along the floor.
        store: The store that a glass front belongs to, or None.
    """

    left: int
    top: int
    paint: NDArray[np.uint8]
    distance: float
    store: str | None = None


@dataclass(frozen=True, slots=True)
class Backdrop:
    """An empty scene.

    Attributes:
        bare: The frame without glass fronts and without things that stand about.
        fronts: Glass fronts of stores; whoever is inside is seen through them.
        things: Pillars, plants and stands.
    """

    bare: Image
    fronts: tuple[Layer, ...]
    things: tuple[Layer, ...]


def backdrop(camera: Pinhole, plan: FloorPlan) -> Backdrop:
    """Draw the empty scene for one camera."""
    fine = _finer(camera)
    canvas = _floor(fine, plan)
    _walls(canvas, fine, plan)
    bare = cv2.resize(canvas, (camera.width, camera.height), interpolation=cv2.INTER_AREA)
    fronts = [_front(camera, fine, plan, name) for name in plan.of_kind("store")]
    things = [_thing(camera, fine, obstacle) for obstacle in plan.obstacles]
    return Backdrop(
        bare,
        tuple(layer for layer in fronts if layer is not None),
        tuple(layer for layer in things if layer is not None),
    )


def _finer(camera: Pinhole) -> Pinhole:
    matrix = np.diag([_FINE, _FINE, 1.0]) @ camera.matrix
    size = (camera.width * _FINE, camera.height * _FINE)
    return Pinhole(matrix, *size, camera.focal * _FINE, camera.centre)


def _floor(camera: Pinhole, plan: FloorPlan) -> Image:
    rows, columns = np.mgrid[0 : camera.height, 0 : camera.width]
    pixels = np.column_stack([columns.ravel(), rows.ravel()]).astype(np.float64) + 0.5
    floor = camera.floor_of_pixels(pixels)
    canvas = np.full((len(pixels), 3), (120, 124, 128), np.float32)
    seen = np.isfinite(floor[:, 0])
    points = floor[seen]
    canvas[seen] = _tiles(points)
    for number, name in enumerate(plan.of_kind("store")):
        wooden = inside_polygon(points, plan.zones[name])
        canvas[np.flatnonzero(seen)[wooden]] = _boards(points[wooden], number)
    for door in plan.entrances:
        along = (points - door.start) @ (door.end - door.start) / door.width**2
        across = (points - door.start) @ door.inward
        mat = (along > 0.02) & (along < 0.98) & (across > -1.6) & (across < -0.4)
        canvas[np.flatnonzero(seen)[mat]] *= 0.62
        street = (across < -door.outside_m + 0.6) & (along > 0) & (along < 1)
        canvas[np.flatnonzero(seen)[street]] *= 1.08
    distance = np.linalg.norm(points - camera.centre[:2], axis=1)
    canvas[seen] *= np.clip(1.08 - distance / 60, 0.6, 1.1)[:, None].astype(np.float32)
    shape = (camera.height, camera.width, 3)
    return np.clip(canvas, 0, 255).reshape(shape).astype(np.uint8)


def _tiles(points: Floats) -> NDArray[np.float32]:
    cells = np.floor(points / _TILE_M)
    within = points / _TILE_M - cells
    # A cheap hash makes neighbouring tiles differ a little.
    shade = np.modf(np.abs(np.sin(cells @ np.array([12.9898, 78.233])) * 43758.5453))[0]
    checker = (cells.sum(axis=1) % 2) * 7
    tone = (168 + checker + 9 * shade)[:, None] + np.array([-6.0, 0.0, 5.0])
    grout = (within < 0.025).any(axis=1) | (within > 0.975).any(axis=1)
    tone[grout] -= 26
    result: NDArray[np.float32] = tone.astype(np.float32)
    return result


def _boards(points: Floats, number: int) -> NDArray[np.float32]:
    rows = np.floor(points[:, 1] / 0.18)
    shade = np.modf(np.abs(np.sin(rows * 7.13) * 9631.7))[0]
    warm = np.array([96, 128, 158.0]) if number % 2 == 0 else np.array([132, 138, 146.0])
    tone = warm + 14 * shade[:, None]
    tone[points[:, 1] / 0.18 - rows < 0.06] -= 18
    result: NDArray[np.float32] = tone.astype(np.float32)
    return result


def _walls(canvas: Image, camera: Pinhole, plan: FloorPlan) -> None:
    """Walls that are seen from within, far ones first, with street doors and shelves on them."""
    edges: list[tuple[Floats, Floats, tuple[int, int, int], int | None]] = [
        (start, end, (150, 160, 168), None) for start, end in _edges(plan.outline)
    ]
    for number, name in enumerate(plan.of_kind("store")):
        colour = _COLOURS[number % len(_COLOURS)]
        pale = tuple(int(0.45 * part + 0.55 * 205) for part in colour)
        edges += [
            (start, end, (pale[0], pale[1], pale[2]), number)
            for start, end in _edges(plan.zones[name])
            if not _faces(camera, plan.zones[name], start, end)
        ]
    edges.sort(key=lambda edge: -float(np.linalg.norm((edge[0] + edge[1]) / 2 - camera.centre[:2])))
    for start, end, colour, store in edges:
        slope = abs(float((end - start)[0])) / float(np.linalg.norm(end - start))
        shade = 0.86 + 0.14 * slope
        quad(canvas, camera, start, end, 0, _WALL_M, tuple(shade * part for part in colour))
        quad(canvas, camera, start, end, 0, 0.12, (70, 74, 78))
        if store is not None:
            _shelves(canvas, camera, start, end, store)
    for door in plan.entrances:
        _street_door(canvas, camera, plan, door)


def _shelves(canvas: Image, camera: Pinhole, start: Floats, end: Floats, number: int) -> None:
    rng = np.random.default_rng(number)
    length = float(np.linalg.norm(end - start))
    along = (end - start) / length
    for level in (0.5, 0.95, 1.4, 1.85):
        quad(canvas, camera, start, end, level - 0.05, level, (62, 78, 92))
        position = 0.15
        while position < length - 0.35:
            width = float(rng.uniform(0.1, 0.3))
            colour = tuple(float(part) for part in rng.uniform(70, 190, 3))
            height = float(rng.uniform(0.14, 0.32))
            left, right = start + position * along, start + (position + width) * along
            quad(canvas, camera, left, right, level, level + height, colour)
            position += width + float(rng.uniform(0.01, 0.12))


def _street_door(canvas: Image, camera: Pinhole, plan: FloorPlan, door: Door) -> None:
    middle = door.point(0.5, 0)
    reach = ray_length(middle, -door.inward, plan.outline)
    if not np.isfinite(reach):
        return
    count = max(1, round(door.width / 1.25))
    for pane in range(count):
        gap = 0.04 / door.width
        left = door.point(pane / count + gap, -reach + 0.01)
        right = door.point((pane + 1) / count - gap, -reach + 0.01)
        quad(canvas, camera, left, right, 0.0, _DOOR_M, (72, 70, 66))
        frame = 0.06 * (right - left) / np.linalg.norm(right - left)
        quad(canvas, camera, left + frame, right - frame, 0.08, _DOOR_M - 0.06, (232, 222, 206))
        quad(canvas, camera, left + frame, right - frame, 0.08, 0.9, (206, 200, 190))


def _front(camera: Pinhole, fine: Pinhole, plan: FloorPlan, store: str) -> Layer | None:
    """The glass of a store, with mullions, a fascia and its name; open where its door is."""
    polygon = plan.zones[store]
    if inside_polygon(camera.centre[None, :2], polygon)[0]:
        return None
    canvas = np.zeros((fine.height, fine.width, 4), np.uint8)
    number = plan.of_kind("store").index(store)
    colour = (*_COLOURS[number % len(_COLOURS)], 255)
    distance = np.inf
    for start, end in _edges(polygon):
        if not _faces(camera, polygon, start, end):
            continue
        distance = min(distance, float(np.linalg.norm((start + end) / 2 - camera.centre[:2])))
        for left, right in _closed(start, end, plan.store_doors.get(store)):
            quad(canvas, fine, left, right, 0, _FRONT_M, (20, 22, 22, 26))
            panes = max(1, round(float(np.linalg.norm(right - left)) / 1.2))
            for post in np.linspace(0, 1, panes + 1):
                at = left + post * (right - left)
                half = 0.03 * (right - left) / np.linalg.norm(right - left)
                quad(canvas, fine, at - half, at + half, 0, _FRONT_M, (58, 60, 62, 255))
            quad(canvas, fine, left, right, 0, 0.1, (58, 60, 62, 255))
        quad(canvas, fine, start, end, _FRONT_M, _WALL_M, colour)
        _sign(canvas, fine, start, end, store)
    small = cv2.resize(canvas, (camera.width, camera.height), interpolation=cv2.INTER_AREA)
    return _cropped(small, distance, store)


def _sign(
    canvas: NDArray[np.uint8], camera: Pinhole, start: Floats, end: Floats, text: str
) -> None:
    label = text.replace("_", " ").upper()
    (width, height), base = cv2.getTextSize(label, cv2.FONT_HERSHEY_DUPLEX, 2.0, 4)
    paper = np.zeros((height + base + 10, width + 10, 4), np.uint8)
    ink = (236, 240, 242, 255)
    cv2.putText(paper, label, (5, height + 5), cv2.FONT_HERSHEY_DUPLEX, 2.0, ink, 4, cv2.LINE_AA)
    if camera.project(np.array([[*start, 0]]))[0, 0] > camera.project(np.array([[*end, 0]]))[0, 0]:
        start, end = end, start
    along = (end - start) / np.linalg.norm(end - start)
    half = 0.5 * min(0.42 * paper.shape[1] / paper.shape[0], float(np.linalg.norm(end - start)))
    left, right = (start + end) / 2 - half * along, (start + end) / 2 + half * along
    corners = np.array([[*left, 3.12], [*right, 3.12], [*right, 2.7], [*left, 2.7]])
    target = camera.project(corners)[:, :2].astype(np.float32)
    if not np.isfinite(target).all():
        return
    height, width = paper.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    warp = cv2.getPerspectiveTransform(source, target)
    flat = cv2.warpPerspective(paper, warp, (camera.width, camera.height), flags=cv2.INTER_AREA)
    share = flat[..., 3:].astype(np.float32) / 255
    canvas[...] = (flat + canvas * (1 - share)).clip(0, 255).astype(np.uint8)


def _thing(camera: Pinhole, fine: Pinhole, thing: Obstacle) -> Layer | None:
    canvas = np.zeros((fine.height, fine.width, 4), np.uint8)
    sight = thing.centre - camera.centre[:2]
    distance = float(np.linalg.norm(sight))
    aside = np.array([sight[1], -sight[0]]) / distance * thing.radius
    left, right = thing.centre - aside, thing.centre + aside
    DRAWN[thing.kind](canvas, fine, left, right, thing.height)
    small = cv2.resize(canvas, (camera.width, camera.height), interpolation=cv2.INTER_AREA)
    return _cropped(small, distance, None)


def _cropped(canvas: NDArray[np.uint8], distance: float, store: str | None) -> Layer | None:
    left, top, width, height = cv2.boundingRect(canvas[..., 3])
    if width == 0 or height == 0:
        return None
    paint = np.ascontiguousarray(canvas[top : top + height, left : left + width])
    return Layer(left, top, paint, distance, store)


def _edges(polygon: Floats) -> list[tuple[Floats, Floats]]:
    return list(zip(polygon, np.roll(polygon, -1, axis=0), strict=True))


def _faces(camera: Pinhole, polygon: Floats, start: Floats, end: Floats) -> bool:
    """Whether a side of a store lies between the camera and the inside of the store."""
    along = (end - start) / np.linalg.norm(end - start)
    normal = np.array([-along[1], along[0]])
    inner = (start + end) / 2 + 0.05 * normal
    if not inside_polygon(inner[None], polygon)[0]:
        normal = -normal
    return float((start - camera.centre[:2]) @ normal) > 0.5


def _closed(start: Floats, end: Floats, door: Door | None) -> list[tuple[Floats, Floats]]:
    """The parts of a side that are not its door."""
    if door is None:
        return [(start, end)]
    length = float(np.linalg.norm(end - start))
    along = (end - start) / length
    offsets = np.array([door.start - start, door.end - start])
    off_line = np.abs(offsets @ np.array([-along[1], along[0]]))
    if (off_line > 0.3).any():
        return [(start, end)]
    low, high = sorted(float(offset) for offset in offsets @ along)
    parts = [(start, start + low * along)] if low > 0.1 else []
    return parts + ([(start + high * along, end)] if high < length - 0.1 else [])
