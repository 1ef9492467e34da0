"""Rules about shapes: floors, zones and gates.

Belongs here: what can be wrong with a polygon or a line once its floor and camera are known. Does
not belong here: plane geometry (`vision.site.geometry`), cameras (`vision.site.camera_rules`).
"""

from collections.abc import Iterator

import numpy as np

from vision.calibration import Homography
from vision.site import geometry
from vision.site.camera_rules import pixel_outside
from vision.site.models import Camera, Floor, Gate, Site, SiteDay, Zone
from vision.site.problems import SITE_YAML, Fault, FieldPath

WALL_M = 0.01
"""A corner may stand this far outside the outline: plans are drawn to the centimetre."""

_LEAST_ASIDE = 1e-3
"""Least distance of a gate's inside point from its line, as a share of the line's length."""


def floor_faults(site: Site) -> Iterator[Fault]:
    """Yield what is wrong with the outlines of the floors."""
    for index, floor in enumerate(site.file.floors):
        yield from _polygon(floor.outline, ("floors", index, "outline"))


def shape_faults(site_day: SiteDay) -> Iterator[Fault]:
    """Yield what is wrong with zones and gates on a day on which all references hold."""
    for index, zone in enumerate(site_day.site.file.zones):
        if site_day.zones.get(zone.id) is zone:
            yield from _zone(zone, site_day, ("zones", index))
    for index, gate in enumerate(site_day.site.file.gates):
        if site_day.gates.get(gate.id) is gate:
            yield from _gate(gate, site_day, ("gates", index))


def _zone(zone: Zone, site_day: SiteDay, path: FieldPath) -> Iterator[Fault]:
    camera = site_day.cameras[zone.camera]
    if zone.polygon_px is not None:
        here = (*path, "polygon_px")
        yield from _polygon(zone.polygon_px, here)
        yield from _in_frame(zone.polygon_px, camera, here)
        return
    assert zone.polygon is not None
    here = (*path, "polygon")
    broken = list(_polygon(zone.polygon, here)) + list(_needs_calibration(camera, here))
    if broken:
        yield from broken
        return
    floor = site_day.floor_of(camera.id)
    if not geometry.polygon_within(floor.outline, zone.polygon, WALL_M):
        yield _outside_floor("zone", floor, here)
    elif not _seen(camera, _samples(zone.polygon)):
        yield _unseen("zone", camera, here)


def _gate(gate: Gate, site_day: SiteDay, path: FieldPath) -> Iterator[Fault]:
    camera = site_day.cameras[gate.camera]
    if gate.line_px is not None:
        assert gate.inside_px is not None
        here = (*path, "line_px")
        yield from _directed(gate.line_px, gate.inside_px, path, "_px")
        yield from _in_frame(gate.line_px, camera, here)
        yield from _in_frame((gate.inside_px,), camera, (*path, "inside_px"))
        return
    assert gate.line is not None
    assert gate.inside is not None
    here = (*path, "line")
    broken = list(_directed(gate.line, gate.inside, path, ""))
    broken += _needs_calibration(camera, here)
    if broken:
        yield from broken
        return
    floor = site_day.floor_of(camera.id)
    if not geometry.segment_within(floor.outline, *gate.line, WALL_M):
        yield _outside_floor("gate", floor, here)
    elif not _seen(camera, np.linspace(*gate.line, 21)):
        yield _unseen("gate", camera, here)


def _polygon(polygon: geometry.PointsLike, here: FieldPath) -> Iterator[Fault]:
    corner = geometry.repeated_corner(polygon)
    crossing = geometry.crossing_edges(polygon)
    if corner == 0:
        what = "the last corner repeats the first one"
        yield Fault(SITE_YAML, here, what, "leave the last corner out; the shape closes by itself")
    elif corner is not None:
        what = f"corner {corner + 1} repeats the one before it"
        yield Fault(SITE_YAML, (*here, corner), what, "leave one of the two out")
    elif geometry.on_one_line(polygon):
        what = "the corners enclose no area"
        yield Fault(SITE_YAML, here, what, "give three or more corners that are not on one line")
    elif crossing is not None:
        first, second = (edge + 1 for edge in crossing)
        what = (
            f"the outline crosses itself: the edges after corner {first} and corner {second} meet"
        )
        yield Fault(SITE_YAML, here, what, "list the corners in order, around the shape")


def _directed(
    line: tuple[tuple[float, float], tuple[float, float]],
    inside: tuple[float, float],
    path: FieldPath,
    unit: str,
) -> Iterator[Fault]:
    if line[0] == line[1]:
        what = "the gate has zero length"
        yield Fault(SITE_YAML, (*path, f"line{unit}"), what, "give two different points")
    elif abs(geometry.distance_to_line(inside, *line)) <= _LEAST_ASIDE * geometry.extent(line):
        what = "the inside point lies on the line of the gate"
        remedy = "give a point well to the side that people enter"
        yield Fault(SITE_YAML, (*path, f"inside{unit}"), what, remedy)


def _in_frame(
    points: tuple[tuple[float, float], ...], camera: Camera, here: FieldPath
) -> Iterator[Fault]:
    outside = [point for point in points if pixel_outside(point, camera)]
    if outside:
        width, height = camera.frame
        x, y = outside[0]
        what = f"[{x:g}, {y:g}] lies outside the {width} x {height} frame of camera {camera.id}"
        remedy = f"x runs from 0 to {width}, y from 0 to {height}, origin top left"
        yield Fault(SITE_YAML, here, what, remedy)


def _needs_calibration(camera: Camera, here: FieldPath) -> Iterator[Fault]:
    if not camera.calibrated:
        what = f"a shape in metres belongs to camera {camera.id}, which has no calibration"
        remedy = f"calibrate the camera, or draw the shape in pixels as {here[-1]}_px"
        yield Fault(SITE_YAML, here, what, remedy)


def _outside_floor(kind: str, floor: Floor, here: FieldPath) -> Fault:
    outline = geometry.as_points(floor.outline)
    (left, bottom), (right, top) = outline.min(axis=0), outline.max(axis=0)
    what = f"the {kind} reaches outside the outline of floor {floor.id}"
    remedy = f"keep it inside; the floor spans x {left:g} to {right:g} and y {bottom:g} to {top:g}"
    return Fault(SITE_YAML, here, what, remedy)


def _unseen(kind: str, camera: Camera, here: FieldPath) -> Fault:
    what = f"no part of the {kind} is in the view of camera {camera.id}"
    remedy = "name the camera that sees it; `footfall site picture` draws every view"
    return Fault(SITE_YAML, here, what, remedy)


def _samples(polygon: geometry.PointsLike) -> geometry.Points:
    """Points along the edges of a polygon and one well inside it."""
    along = [np.linspace(a, b, 11) for a, b in geometry.edges(polygon)]
    return np.vstack([*along, geometry.as_points(geometry.inner_point(polygon))])


def _seen(camera: Camera, floor_points: geometry.Points) -> bool:
    """Whether any of the points projects into the frame."""
    pixels = Homography.fit(camera.calibration).to_pixels(floor_points)
    # Points behind the camera are NaN, and compare as outside.
    return bool(np.any(np.all((pixels >= 0) & (pixels <= camera.frame), axis=1)))
