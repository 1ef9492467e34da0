"""Plane geometry: what must hold for any polygon, and the cases that are easy to get wrong."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vision.site import geometry

untimed = settings(deadline=None)

SQUARE = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)]
# A room round a courtyard that is open to the north.
HORSESHOE = [
    (0.0, 0.0), (9.0, 0.0), (9.0, 6.0), (6.0, 6.0), (6.0, 3.0), (3.0, 3.0), (3.0, 6.0), (0.0, 6.0),
]  # fmt: skip

_coordinate = st.floats(-50, 50, allow_nan=False).map(lambda value: round(value, 3))
_point = st.tuples(_coordinate, _coordinate)


@st.composite
def star_polygons(draw):
    """Simple polygons that every ray from their middle leaves once."""
    count = draw(st.integers(3, 9))
    angles = np.arange(count) * 2 * math.pi / count
    radii = np.array([draw(st.floats(0.5, 10)) for _ in range(count)])
    middle = np.array(draw(_point))
    return middle + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1), middle


@untimed
@given(star_polygons())
def test_the_area_is_the_sum_of_the_triangles_round_the_middle(star):
    polygon, middle = star
    triangles = [geometry.signed_area([middle, a, b]) for a, b in geometry.edges(polygon)]

    assert geometry.signed_area(polygon) == pytest.approx(sum(triangles), rel=1e-9)
    assert min(triangles) > 0


@untimed
@given(star_polygons())
def test_the_area_changes_sign_with_the_order_of_the_corners(star):
    polygon, _ = star

    assert geometry.signed_area(polygon[::-1]) == pytest.approx(-geometry.signed_area(polygon))


@untimed
@given(star_polygons())
def test_a_star_never_crosses_itself(star):
    assert geometry.crossing_edges(star[0]) is None


@untimed
@given(star_polygons(), st.data())
def test_swapping_two_corners_of_a_square_or_more_makes_it_cross(star, data):
    radius = data.draw(st.floats(1, 10))
    count = data.draw(st.integers(4, 9))
    angles = np.arange(count) * 2 * math.pi / count
    polygon = star[1] + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    polygon[[0, 1]] = polygon[[1, 0]]

    assert geometry.crossing_edges(polygon) is not None


@untimed
@given(star_polygons(), st.floats(0, 2 * math.pi), st.floats(0, 3))
def test_a_point_on_a_ray_is_inside_until_the_ray_leaves_the_star(star, angle, share):
    polygon, middle = star
    step = 2 * math.pi / len(polygon)
    index = int(angle // step) % len(polygon)
    a, b = polygon[index], polygon[(index + 1) % len(polygon)]
    direction = np.array([math.cos(angle), math.sin(angle)])
    normal = np.array([b[1] - a[1], a[0] - b[0]])
    assume(abs(direction @ normal) > 1e-6)
    border = float(((a - middle) @ normal) / (direction @ normal))
    assume(abs(share - 1) > 1e-6)
    point = middle + share * border * direction

    assert bool(geometry.contains(polygon, point)[0]) == (share < 1)


@untimed
@given(star_polygons(), st.lists(_point, min_size=1, max_size=8))
def test_points_are_judged_alike_alone_and_together(star, points):
    together = geometry.contains(star[0], points)

    assert together.tolist() == [bool(geometry.contains(star[0], point)[0]) for point in points]


@untimed
@given(star_polygons())
def test_a_star_lies_within_itself_and_not_within_a_smaller_one(star):
    polygon, middle = star
    smaller = middle + 0.9 * (polygon - middle)

    assert geometry.polygon_within(polygon, polygon, 1e-6)
    assert geometry.polygon_within(polygon, smaller, 1e-6)
    assert not geometry.polygon_within(smaller, polygon, 1e-6)


@untimed
@given(_point, _point, _point, _point)
def test_segments_touch_whichever_way_they_are_named(a, b, c, d):
    a, b, c, d = (np.array(point) for point in (a, b, c, d))
    expected = geometry.segments_touch(a, b, c, d)

    assert geometry.segments_touch(b, a, c, d) == expected
    assert geometry.segments_touch(c, d, b, a) == expected


@untimed
@given(star_polygons(), _point)
def test_the_distance_to_the_outline_is_that_of_its_nearest_sample(star, point):
    polygon, _ = star
    samples = np.vstack([np.linspace(a, b, 400) for a, b in geometry.edges(polygon)])
    sampled = float(np.linalg.norm(samples - point, axis=1).min())
    exact = float(geometry.distance_to_outline(polygon, point)[0])

    assert exact <= sampled + 1e-9
    # Between two samples lies at most a 400th of the longest edge, 20 m.
    assert sampled <= exact + 20 / 399


@untimed
@given(star_polygons(), st.floats(-math.pi, math.pi), st.floats(-10, 10))
def test_a_clip_and_the_rest_add_up_to_the_whole(star, angle, offset):
    _, middle = star
    box = middle + np.array([(-3.0, -2.0), (3.0, -2.0), (3.0, 2.0), (-3.0, 2.0)])
    normal = np.array([math.cos(angle), math.sin(angle)])
    parts = [
        geometry.clip_to_half_plane(box, normal, offset),
        geometry.clip_to_half_plane(box, -normal, -offset),
    ]

    areas = [geometry.signed_area(part) if len(part) > 2 else 0.0 for part in parts]
    assert sum(areas) == pytest.approx(24, rel=1e-6)
    for part, sign in zip(parts, (1, -1), strict=True):
        assert (sign * (part @ normal + offset) >= -1e-9).all()


@untimed
@given(star_polygons())
def test_a_label_stands_inside_its_polygon(star):
    polygon, _ = star
    # A sliver may slip through the grid of places that are tried.
    assume(geometry.signed_area(polygon) > 0.05 * geometry.extent(polygon) ** 2)

    assert geometry.contains(polygon, geometry.inner_point(polygon))[0]


@pytest.mark.parametrize(
    ("polygon", "crosses"),
    [
        pytest.param(SQUARE, False, id="a square"),
        pytest.param(HORSESHOE, False, id="a horseshoe"),
        pytest.param([(0, 0), (4, 4), (4, 0), (0, 4)], True, id="a bow tie"),
        pytest.param([(0, 0), (4, 0), (2, 0), (2, 3)], True, id="a spike that folds back"),
        pytest.param([(0, 0), (4, 0), (4, 4), (2, 0), (0, 4)], True, id="a corner on an edge"),
        pytest.param([(0, 0), (2, 0), (4, 0), (4, 4), (0, 4)], False, id="a corner on a straight"),
        pytest.param([(0, 0), (4, 0), (1, 3)], False, id="a triangle"),
    ],
)
def test_crossing_edges(polygon, crosses):
    assert (geometry.crossing_edges(polygon) is not None) == crosses


@pytest.mark.parametrize(
    ("a", "b", "inside"),
    [
        pytest.param((1, 1), (8, 1), True, id="along the bottom of the horseshoe"),
        pytest.param((1, 5), (8, 5), False, id="across the courtyard"),
        pytest.param((0, 0), (9, 0), True, id="along the wall"),
        pytest.param((3, 3), (6, 3), True, id="along the courtyard's wall"),
        pytest.param((3, 6), (6, 6), False, id="across the courtyard's mouth"),
        pytest.param((1, 1), (9.005, 1), True, id="half a centimetre through the wall"),
        pytest.param((1, 1), (9.02, 1), False, id="two centimetres through the wall"),
        pytest.param((1, 3), (3, 3), True, id="up to a corner"),
        pytest.param((0, 6), (6, 0), True, id="through the corner of the courtyard"),
        pytest.param((1, 6), (7, 2), False, id="through the courtyard"),
    ],
)
def test_a_segment_within_a_horseshoe(a, b, inside):
    assert geometry.segment_within(HORSESHOE, a, b, 0.01) == inside


def test_a_polygon_that_covers_the_courtyard_is_not_within_the_horseshoe():
    cover = [(1.0, 1.0), (8.0, 1.0), (8.0, 5.0), (1.0, 5.0)]

    assert geometry.contains(HORSESHOE, cover).all()
    assert not geometry.polygon_within(HORSESHOE, cover, 0.01)


@pytest.mark.parametrize(
    ("polygon", "corner"),
    [
        pytest.param(SQUARE, None, id="a square repeats none"),
        pytest.param([*SQUARE, SQUARE[0]], 0, id="a ring closed by hand repeats the first"),
        pytest.param([SQUARE[0], SQUARE[1], SQUARE[1], SQUARE[2]], 2, id="a doubled corner"),
    ],
)
def test_repeated_corner(polygon, corner):
    assert geometry.repeated_corner(polygon) == corner


def test_a_box_far_from_a_polygon_leaves_nothing_of_it():
    assert len(geometry.clip_to_box(SQUARE, (10, 10), (20, 20))) == 0


def test_the_side_of_a_line_is_positive_on_the_left():
    assert geometry.distance_to_line((0, 2), (0, 0), (5, 0)) == pytest.approx(2)
    assert geometry.distance_to_line((0, -2), (0, 0), (5, 0)) == pytest.approx(-2)


def test_points_on_one_line_enclose_nothing():
    assert geometry.on_one_line([(0, 0), (1, 1), (3, 3)])
    assert geometry.on_one_line([(2, 2), (2, 2), (2, 2)])
    assert not geometry.on_one_line([(0, 0), (1, 1), (3, 3.01)])
