import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.vision.simulated import arcade
from vision.pinhole import Pinhole, PoseError


def _looking(
    focal: float, centre: np.ndarray, bearing: float, tilt: float, size: tuple[int, int]
) -> np.ndarray:
    """(3, 4) projection of a level camera at `centre`, in metres and radians."""
    ahead = np.array(
        [np.cos(bearing) * np.cos(tilt), np.sin(bearing) * np.cos(tilt), -np.sin(tilt)]
    )
    right = np.array([np.sin(bearing), -np.cos(bearing), 0.0])
    rotation = np.array([right, np.cross(ahead, right), ahead])
    intrinsic = np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1]])
    return intrinsic @ np.column_stack([rotation, -rotation @ centre])


@given(
    focal=st.floats(300, 1500),
    x=st.floats(-50, 50),
    y=st.floats(-50, 50),
    height=st.floats(2, 12),
    bearing=st.floats(-3.1, 3.1),
    tilt=st.floats(0.2, 1.1),
    ahead=st.floats(3, 20),
    aside=st.floats(-5, 5),
    up=st.floats(0, 2.2),
)
def test_a_pose_recovered_from_the_floor_puts_heads_where_the_camera_puts_them(
    focal, x, y, height, bearing, tilt, ahead, aside, up
):
    size = (640, 360)
    matrix = _looking(focal, np.array([x, y, height]), bearing, tilt, size)
    recovered = Pinhole.from_homography(-2.5 * matrix[:, [0, 1, 3]], *size)
    point = np.array(
        [
            x + ahead * np.cos(bearing) + aside * np.sin(bearing),
            y + ahead * np.sin(bearing) - aside * np.cos(bearing),
            up,
            1,
        ]
    )
    expected = matrix @ point
    if expected[2] < 0.5:
        return
    found = recovered.project(point[None, :3])[0]
    assert found[:2] == pytest.approx(expected[:2] / expected[2], abs=0.05)
    assert found[2] == pytest.approx(expected[2], rel=1e-4)
    assert recovered.centre == pytest.approx([x, y, height], abs=1e-3)
    assert recovered.focal == pytest.approx(focal, rel=1e-4)


@pytest.mark.parametrize("camera", ["cam_entrance", "cam_shops"])
def test_the_arcade_s_cameras_hang_at_the_height_that_its_comment_says(camera):
    pinhole = Pinhole.of(arcade().cameras[camera])
    assert pinhole.centre[2] == pytest.approx(3.4, abs=0.05)
    assert pinhole.centre[1] == pytest.approx(0.3, abs=0.05)


def test_a_larger_frame_shows_the_same_scene_larger():
    camera = arcade().cameras["cam_shops"]
    point = np.array([[15.0, 7.0, 1.0]])
    small = Pinhole.of(camera).project(point)[0]
    large = Pinhole.of(camera, (960, 540)).project(point)[0]
    assert large[:2] == pytest.approx(1.5 * small[:2])


def test_floor_points_come_back_from_their_pixels():
    pinhole = Pinhole.of(arcade().cameras["cam_entrance"])
    floor = np.array([[4.0, 6.0], [8.0, 9.0], [1.0, 5.0]])
    pixels = pinhole.project(np.column_stack([floor, np.zeros(3)]))[:, :2]
    assert pinhole.floor_of_pixels(pixels) == pytest.approx(floor, abs=1e-9)


def test_what_lies_behind_the_camera_has_no_pixel():
    pinhole = Pinhole.of(arcade().cameras["cam_shops"])
    assert np.isnan(pinhole.project(np.array([[17.0, -5.0, 0.0]]))[0, :2]).all()


def test_a_camera_without_calibration_is_refused_by_name():
    camera = arcade().cameras["cam_shops"].model_copy(update={"calibration": ()})
    with pytest.raises(PoseError, match="cam_shops has no calibration"):
        Pinhole.of(camera)


def test_a_plane_that_no_pinhole_camera_sees_is_refused():
    with pytest.raises(PoseError, match="no pinhole camera"):
        Pinhole.from_homography(
            np.array([[40.0, 0, 320], [0, -90.0, 180], [0.001, 0.02, 1]]), 640, 360
        )
