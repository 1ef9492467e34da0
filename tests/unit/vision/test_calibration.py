"""The mapping between pixels and the floor: it is recovered, turns back, or says why it cannot."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vision.calibration import CalibrationError, Homography
from vision.site.models import CalibrationPair

untimed = settings(deadline=None)

WIDTH, HEIGHT = 1920.0, 1080.0


def pairs(pixels, floor):
    return [
        CalibrationPair(pixel=tuple(map(float, p)), floor=tuple(map(float, f)))
        for p, f in zip(pixels, floor, strict=True)
    ]


class Pinhole:
    """A camera over the floor by the textbook, which knows nothing of the code under test."""

    def __init__(self, height, tilt, heading, roll, focal, at):
        forward = np.array(
            [np.cos(tilt) * np.sin(heading), np.cos(tilt) * np.cos(heading), -np.sin(tilt)]
        )
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        right, down = (
            np.cos(roll) * right + np.sin(roll) * down,
            np.cos(roll) * down - np.sin(roll) * right,
        )
        self.axes = np.stack([right, down, forward])
        self.position = np.array([*at, height])
        self.focal = focal

    def pixels(self, floor):
        """(n, 2) pixels of (n, 2) metres, and how far each is before the camera."""
        points = np.column_stack([floor, np.zeros(len(floor))]) - self.position
        x, y, depth = self.axes @ points.T
        middle = [WIDTH / 2, HEIGHT / 2]
        return self.focal * np.stack([x, y], axis=1) / depth[:, None] + middle, depth

    def floor(self, pixels):
        """(n, 2) metres where the rays of (n, 2) pixels meet the floor; NaN where they rise."""
        rays = np.column_stack(
            [(pixels - [WIDTH / 2, HEIGHT / 2]) / self.focal, np.ones(len(pixels))]
        )
        directions = rays @ self.axes
        with np.errstate(divide="ignore"):
            reach = -self.position[2] / directions[:, 2]
        return np.where(
            (directions[:, 2] < 0)[:, None],
            self.position[:2] + reach[:, None] * directions[:, :2],
            np.nan,
        )


cameras = st.builds(
    Pinhole,
    height=st.floats(2.2, 8),
    tilt=st.floats(np.radians(15), np.radians(80)),
    heading=st.floats(0, 2 * np.pi),
    roll=st.floats(-0.15, 0.15),
    focal=st.floats(700, 2000),
    at=st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
)

# Spread over the lower part of the frame, where every such camera sees floor.
SPREAD = np.array([(150, 1000), (1750, 1010), (1600, 640), (300, 620), (960, 800)], dtype=float)


def seen_floor(camera, pixels):
    floor = camera.floor(pixels)
    assume(np.isfinite(floor).all())
    assume(np.abs(floor).max() < 500)
    return floor


@untimed
@given(cameras, st.integers(4, 5))
def test_any_camera_over_the_floor_is_recovered(camera, count):
    floor = seen_floor(camera, SPREAD)

    fitted = Homography.fit(pairs(SPREAD[:count], floor[:count]))

    probe = np.array([(500.0, 900.0), (1200.0, 700.0), (960.0, 1079.0)])
    expected = camera.floor(probe)
    assert fitted.to_floor(probe) == pytest.approx(expected, rel=1e-5, abs=1e-5)
    assert fitted.residuals_m.max() < 1e-5


@untimed
@given(cameras)
def test_to_pixels_turns_to_floor_back(camera):
    fitted = Homography.fit(pairs(SPREAD, seen_floor(camera, SPREAD)))
    pixels = np.array([(200.0, 990.0), (1000.0, 850.0), (1500.0, 700.0)])

    assert fitted.to_pixels(fitted.to_floor(pixels)) == pytest.approx(pixels, abs=1e-3)


@untimed
@given(cameras)
def test_pixels_above_the_horizon_and_points_behind_the_camera_have_no_place(camera):
    fitted = Homography.fit(pairs(SPREAD, seen_floor(camera, SPREAD)))
    grid = np.stack(np.meshgrid(np.linspace(-4000, 6000, 9), np.linspace(-6000, 1080, 9)), -1)
    pixels = grid.reshape(-1, 2)
    expected = np.isnan(camera.floor(pixels)).any(axis=1)
    # On the horizon itself rounding decides.
    heights = (
        np.column_stack([(pixels - [WIDTH / 2, HEIGHT / 2]) / camera.focal, np.ones(len(pixels))])
        @ camera.axes[:, 2]
    )
    clear = np.abs(heights) > 1e-3

    assert (np.isnan(fitted.to_floor(pixels)).any(axis=1) == expected)[clear].all()

    around = camera.position[:2] + 30 * np.array([(1, 0), (0, 1), (-1, 0), (0, -1), (1, 1)])
    _, depth = camera.pixels(around)
    clear = np.abs(depth) > 1e-3
    assert (np.isnan(fitted.to_pixels(around)).any(axis=1) == (depth < 0))[clear].all()


@untimed
@given(cameras, st.integers(0, 4), st.floats(1.0, 5.0))
def test_a_pair_measured_wrongly_shows_in_the_residuals(camera, index, error):
    assume(camera.position[2] > 3)
    floor = seen_floor(camera, SPREAD)
    assume(np.ptp(floor, axis=0).max() < 30)
    floor[index, 0] += error

    try:
        fitted = Homography.fit(pairs(SPREAD, floor))
    except CalibrationError:
        return

    assert fitted.residuals_m.max() > 1e-3


@untimed
@given(cameras, st.sampled_from([(0, 1), (2, 3), (1, 2), (0, 3)]))
def test_two_neighbours_in_each_other_s_place_are_crossed(camera, swapped):
    floor = seen_floor(camera, SPREAD[:4])
    floor[list(swapped)] = floor[list(swapped[::-1])]

    with pytest.raises(CalibrationError, match=r"crossed.*beside its own floor point"):
        Homography.fit(pairs(SPREAD[:4], floor))


@untimed
@given(cameras)
def test_a_plan_with_y_down_turns_the_floor_over(camera):
    floor = seen_floor(camera, SPREAD) * [1, -1]

    with pytest.raises(CalibrationError, match=r"turns the floor over.*sign of y"):
        Homography.fit(pairs(SPREAD, floor))


LOOKING_DOWN = np.array([(0, 10), (20, 10), (20, 0), (0, 0)], dtype=float)
FROM_ABOVE = np.array([(100, 100), (900, 100), (900, 500), (100, 500)], dtype=float)


@pytest.mark.parametrize(
    ("pixels", "floor", "message"),
    [
        pytest.param(FROM_ABOVE[:3], LOOKING_DOWN[:3], "3 calibration pairs", id="three pairs"),
        pytest.param([], [], "0 calibration pairs", id="no pairs"),
        pytest.param(
            [(0, 0), (100, 100), (200, 200), (300, 300)],
            LOOKING_DOWN,
            "pixel points lie on a line",
            id="pixels on a line",
        ),
        pytest.param(
            FROM_ABOVE,
            [(0, 0), (1, 0), (2, 0), (3, 0)],
            "floor points lie on a line",
            id="floor points on a line",
        ),
        pytest.param(
            [(5, 5)] * 4, LOOKING_DOWN, "pixel points lie on a line", id="one pixel four times"
        ),
    ],
)
def test_pairs_from_which_nothing_follows(pixels, floor, message):
    with pytest.raises(CalibrationError, match=message):
        Homography.fit(pairs(pixels, floor))


def test_three_of_four_points_on_a_line_are_refused():
    pixels = [(100, 100), (500, 100), (900, 100), (500, 500)]
    floor = [(0, 10), (10, 10), (20, 10), (10, 0)]

    with pytest.raises(CalibrationError):
        Homography.fit(pairs(pixels, floor))


def test_a_camera_that_looks_straight_down_scales():
    fitted = Homography.fit(pairs(FROM_ABOVE, LOOKING_DOWN))

    assert fitted.to_floor(np.array([[500.0, 300.0]])) == pytest.approx(np.array([[10.0, 5.0]]))
    assert fitted.to_floor(np.empty((0, 2))).shape == (0, 2)
