"""Plane geometry of floor plans: polygons, crossings, rays.

Belongs here: pure functions on arrays of metres. Does not belong here: anything that knows a site.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def inside_polygon(points: Floats, polygon: Floats) -> NDArray[np.bool_]:
    """Which of (n, 2) points lie inside an (m, 2) simple polygon, by the even-odd rule."""
    points = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    x, y = points[:, 0], points[:, 1]
    result = np.zeros(len(points), dtype=bool)
    for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if y1 == y2:
            continue
        straddles = (y1 > y) != (y2 > y)
        result ^= straddles & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return result


def distance_to_segment(points: Floats, start: Floats, end: Floats) -> Floats:
    """Distance of (n, 2) points to the segment from `start` to `end`, metres."""
    along = end - start
    share = np.clip((points - start) @ along / max(float(along @ along), 1e-12), 0, 1)
    result: Floats = np.linalg.norm(points - start - share[:, None] * along, axis=1)
    return result


def side_of(points: Floats, start: Floats, end: Floats) -> Floats:
    """Signed distance of (n, 2) points from the line start-end; positive to its left."""
    along = end - start
    normal = np.array([-along[1], along[0]]) / np.linalg.norm(along)
    result: Floats = (np.asarray(points) - start) @ normal
    return result


def crossings(path: Floats, start: Floats, end: Floats) -> list[tuple[float, int]]:
    """Where an (n, 2) path crosses the segment start-end.

    Returns:
        For each crossing the fractional index along the path, and +1 where it leads to the left
        of start-end, -1 where to its right. A path that touches the line and turns back does not
        cross.
    """
    sides = side_of(path, start, end)
    signs = np.where(sides >= 0, 1, -1)
    found = []
    for index in np.flatnonzero(signs[1:] != signs[:-1]):
        share = sides[index] / (sides[index] - sides[index + 1])
        at = path[index] + share * (path[index + 1] - path[index])
        along = end - start
        position = float((at - start) @ along / (along @ along))
        if 0 <= position <= 1:
            found.append((float(index + share), int(signs[index + 1])))
    return found


def ray_length(origin: Floats, direction: Floats, polygon: Floats) -> float:
    """Metres from `origin` along the unit vector `direction` to the polygon's boundary, or inf."""
    nearest = np.inf
    for start, end in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        along = end - start
        cross = direction[0] * along[1] - direction[1] * along[0]
        if abs(cross) < 1e-12:
            continue
        gap = start - origin
        distance = (gap[0] * along[1] - gap[1] * along[0]) / cross
        share = (gap[0] * direction[1] - gap[1] * direction[0]) / cross
        if distance > 1e-9 and -1e-9 <= share <= 1 + 1e-9:
            nearest = min(nearest, float(distance))
    return nearest
