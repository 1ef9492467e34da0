"""Plane geometry of floor plans: polygons, segments, and what of a floor a camera sees.

Belongs here: pure functions on points in one unit, metres or pixels. Does not belong here: site
models, messages. NumPy only, since site files are checked whenever definitions are loaded.

A polygon is an (n, 2) array of corners, without the first one repeated at the end.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
PointsLike = Points | Sequence[tuple[float, float]] | tuple[float, float]

TOLERANCE = 1e-9
"""Below this, relative to the size of the figure, a length or an area counts as zero."""


def as_points(points: PointsLike) -> Points:
    """Return `points` as an (n, 2) array."""
    return np.asarray(points, dtype=np.float64).reshape(-1, 2)


def signed_area(polygon: PointsLike) -> float:
    """Area of a polygon, positive where its corners run anticlockwise with y up."""
    points = as_points(polygon)
    # Relative to a corner, so that a far origin costs no digits.
    x, y = (points - points[0]).T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(np.roll(x, -1), y)) / 2


def extent(points: PointsLike) -> float:
    """Longest side of the bounding box."""
    return float(np.ptp(as_points(points), axis=0).max())


def on_one_line(points: PointsLike) -> bool:
    """Whether all points lie on one line, or on one spot, within rounding."""
    corners = as_points(points)
    spread = np.linalg.svd(corners - corners.mean(axis=0), compute_uv=False)
    return bool(len(spread) < 2 or spread[1] <= TOLERANCE * spread[0])


def edges(polygon: PointsLike) -> Iterator[tuple[Points, Points]]:
    """Yield the polygon's edges, the closing one last."""
    points = as_points(polygon)
    return zip(points, np.roll(points, -1, axis=0), strict=True)


def repeated_corner(polygon: PointsLike) -> int | None:
    """Index of the first corner that equals the one before it (for 0: the last one), or None."""
    points = as_points(polygon)
    same = np.all(points == np.roll(points, 1, axis=0), axis=1)
    return int(np.argmax(same)) if same.any() else None


def crossing_edges(polygon: PointsLike) -> tuple[int, int] | None:
    """Indices of two edges that cross, touch or fold back on each other; None where none do.

    Edge i runs from corner i to the next. Neighbours share a corner, and only count where they
    share more than that.
    """
    sides = list(edges(polygon))
    for first, second in combinations(range(len(sides)), 2):
        (a, b), (c, d) = sides[first], sides[second]
        if second == first + 1:
            touching = _folds_back(a, b, d)
        elif first == 0 and second == len(sides) - 1:
            touching = _folds_back(c, d, b)
        else:
            touching = segments_touch(a, b, c, d)
        if touching:
            return first, second
    return None


def segments_touch(a: Points, b: Points, c: Points, d: Points) -> bool:
    """Whether segments ab and cd have a point in common."""
    turns = [_turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)]
    if turns[0] * turns[1] < 0 and turns[2] * turns[3] < 0:
        return True
    ends = ((c, a, b), (d, a, b), (a, c, d), (b, c, d))
    return any(
        turn == 0 and _within_box(point, start, end)
        for turn, (point, start, end) in zip(turns, ends, strict=True)
    )


def distance_to_outline(polygon: PointsLike, points: PointsLike) -> NDArray[np.float64]:
    """Shortest distance of each of the (n, 2) `points` to the edges of a polygon, (n,)."""
    starts = as_points(polygon)
    along = np.roll(starts, -1, axis=0) - starts
    length2 = np.einsum("ij,ij->i", along, along)
    # Indices: point, edge, coordinate.
    away = as_points(points)[:, None, :] - starts
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.einsum("pei,ei->pe", away, along) / length2
    shares = np.where(length2 > 0, np.clip(shares, 0, 1), 0)
    apart = np.linalg.norm(away - shares[..., None] * along, axis=2)
    shortest: NDArray[np.float64] = apart.min(axis=1)
    return shortest


def distance_to_line(point: PointsLike, a: PointsLike, b: PointsLike) -> float:
    """Signed distance from `point` to the endless line through a and b, positive on its left."""
    (p,), (start,), (end,) = as_points(point), as_points(a), as_points(b)
    along = end - start
    return float(_cross(along, p - start) / np.linalg.norm(along))


def contains(polygon: PointsLike, points: PointsLike) -> NDArray[np.bool_]:
    """Which of the (n, 2) `points` lie inside a simple polygon, by the even-odd rule.

    A point on the boundary may fall on either side; see `within` for a rule with a margin.
    Source: W. R. Franklin, PNPOLY.
    """
    x, y = as_points(points).T
    inside = np.zeros(len(x), dtype=np.bool_)
    for (ax, ay), (bx, by) in edges(polygon):
        if ay == by:
            continue
        spans = (ay > y) != (by > y)
        inside ^= spans & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return inside


def within(polygon: PointsLike, points: PointsLike, margin: float) -> NDArray[np.bool_]:
    """Which `points` lie inside a simple polygon or at most `margin` outside it."""
    return contains(polygon, points) | (distance_to_outline(polygon, points) <= margin)


def segment_within(polygon: PointsLike, a: PointsLike, b: PointsLike, margin: float) -> bool:
    """Whether the whole segment ab lies inside a simple polygon or at most `margin` outside it.

    The segment is cut where it meets the polygon's edges; between two cuts it stays on one side,
    so the ends and the middles of the pieces decide.
    """
    (start,), (end,) = as_points(a), as_points(b)
    cuts = {0.0, 1.0, *(cut for c, d in edges(polygon) for cut in _cuts(start, end, c, d))}
    shares = sorted(cuts)
    middles = [(low + high) / 2 for low, high in pairwise(shares)]
    probes = np.array([0.0, *middles, 1.0])[:, None]
    return bool(within(polygon, start + probes * (end - start), margin).all())


def polygon_within(outer: PointsLike, inner: PointsLike, margin: float) -> bool:
    """Whether a simple polygon lies inside another one or at most `margin` outside it."""
    return all(segment_within(outer, a, b, margin) for a, b in edges(inner))


def clip_to_half_plane(polygon: PointsLike, normal: PointsLike, offset: float) -> Points:
    """The part of a convex polygon where `normal @ p + offset >= 0`; may have no corners.

    Source: Sutherland and Hodgman, Reentrant polygon clipping, 1974.
    """
    (direction,) = as_points(normal)
    kept: list[Points] = []
    points = as_points(polygon)
    if not len(points):
        return points
    for a, b in edges(points):
        side_a, side_b = float(direction @ a) + offset, float(direction @ b) + offset
        if side_a >= 0:
            kept.append(a)
        if side_a * side_b < 0:
            kept.append(a + (b - a) * side_a / (side_a - side_b))
    return np.array(kept, dtype=np.float64).reshape(-1, 2)


def clip_to_box(polygon: PointsLike, low: PointsLike, high: PointsLike) -> Points:
    """The part of a convex polygon inside the box from corner `low` to corner `high`."""
    (near,), (far,) = as_points(low), as_points(high)
    clipped = as_points(polygon)
    for axis in (0, 1):
        normal = np.zeros(2)
        normal[axis] = 1
        clipped = clip_to_half_plane(clipped, normal, -near[axis])
        clipped = clip_to_half_plane(clipped, -normal, far[axis])
    return clipped


def inner_point(polygon: PointsLike) -> tuple[float, float]:
    """A point well inside a simple polygon, for its label.

    The best of a grid over the bounding box: inside, and farthest from every edge.
    """
    points = as_points(polygon)
    low, high = points.min(axis=0), points.max(axis=0)
    steps = (np.arange(24) + 0.5) / 24
    grid = np.stack(np.meshgrid(*(low + steps[:, None] * (high - low)).T), axis=-1).reshape(-1, 2)
    inside = grid[contains(points, grid)]
    if not len(inside):
        inside = points.mean(axis=0, keepdims=True)
    middle = points.mean(axis=0)
    room = distance_to_outline(points, inside)
    # Among equally roomy places the most central one.
    away = np.linalg.norm(inside - middle, axis=1) / (extent(points) or 1)
    best = int(np.argmax(np.round(room, 2) - 1e-3 * away))
    return float(inside[best, 0]), float(inside[best, 1])


def _cross(first: Points, second: Points) -> float:
    return float(first[0] * second[1] - first[1] * second[0])


def _turn(a: Points, b: Points, c: Points) -> int:
    """1 where a, b, c turn left, -1 right, 0 where they lie on a line within rounding."""
    size = max(float(np.abs(b - a).max()), float(np.abs(c - a).max()))
    value = _cross(b - a, c - a)
    return 0 if abs(value) <= TOLERANCE * size * size else int(np.sign(value))


def _within_box(point: Points, a: Points, b: Points) -> bool:
    slack = TOLERANCE * max(1.0, float(np.abs(b - a).max()))
    low, high = np.minimum(a, b) - slack, np.maximum(a, b) + slack
    return bool(np.all(point >= low) and np.all(point <= high))


def _folds_back(a: Points, corner: Points, b: Points) -> bool:
    """Whether the edges a-corner and corner-b run over each other."""
    return _turn(a, corner, b) == 0 and float((a - corner) @ (b - corner)) > 0


def _cuts(start: Points, end: Points, c: Points, d: Points) -> Iterator[float]:
    """Shares of the segment at which it meets the line of cd within that edge."""
    along, edge = end - start, d - c
    denominator = _cross(along, edge)
    if denominator == 0:
        # Parallel: the edge's own ends are where the segment may leave it.
        length2 = float(along @ along)
        shares = [] if length2 == 0 else [float((p - start) @ along) / length2 for p in (c, d)]
    else:
        share = _cross(c - start, edge) / denominator
        on_edge = _cross(c - start, along) / denominator
        shares = [share] if -TOLERANCE <= on_edge <= 1 + TOLERANCE else []
    return (share for share in shares if 0 < share < 1)
