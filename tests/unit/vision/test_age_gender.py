"""Guesses at the faces of two well-known pictures that ship with ultralytics, and who is let be."""

import os
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from vision.age_gender import FaceGuesser, ModelUnfit

SMALLEST_PX = 62
LEFT, RIGHT = (150, 203, 860, 714), (748, 41, 1148, 711)
"""The two people in zidane.jpg; the right edge of the left one ends before the other's face."""
IN_BUS = ((50, 400, 245, 903), (222, 406, 345, 857), (669, 392, 809, 877))


def picture(name: str) -> np.ndarray:
    package = find_spec("ultralytics")
    assert package is not None
    assert package.origin is not None
    found = cv2.imread(str(Path(package.origin).parent / "assets" / name))
    assert found is not None
    return found


def boxes(*corners: tuple[float, ...]) -> np.ndarray:
    return np.array(corners, dtype=np.float32)


@pytest.fixture(scope="module")
def models() -> Path:
    default = Path(__file__).parents[4] / "shared" / "models"
    folder = Path(os.environ.get("FOOTFALL_TEST_MODELS") or default)
    if not (folder / "face-detection-retail-0005.xml").is_file():
        pytest.skip("no face networks: set FOOTFALL_TEST_MODELS to a folder that holds the pair")
    return folder


@pytest.fixture(scope="module")
def guesser(models: Path) -> FaceGuesser:
    return FaceGuesser(
        models / "face-detection-retail-0005.xml",
        models / "age-gender-recognition-retail-0013.xml",
        smallest_px=SMALLEST_PX,
    )


def test_two_large_faces_are_guessed_at(guesser: FaceGuesser) -> None:
    guesses = guesser(picture("zidane.jpg"), boxes(LEFT, RIGHT))
    assert guesses.shape == (2, 2)
    assert guesses.dtype == np.float32
    print(np.round(guesses, 2).tolist())  # noqa: T201
    assert (guesses[:, 1] > 0.8).all()
    assert ((guesses[:, 0] > 20) & (guesses[:, 0] < 60)).all()


def test_faces_of_people_in_the_middle_distance_are_let_be(guesser: FaceGuesser) -> None:
    assert np.isnan(guesser(picture("bus.jpg"), boxes(*IN_BUS))).all()


@pytest.mark.parametrize(("scale", "guessed"), [(0.5, True), (0.25, False), (0.1, False)])
def test_the_same_face_is_let_be_once_it_is_small(
    scale: float, guessed: bool, guesser: FaceGuesser
) -> None:
    small = cv2.resize(picture("zidane.jpg"), None, fx=scale, fy=scale)
    guess = guesser(small, boxes(RIGHT) * np.float32(scale))
    assert bool(np.isfinite(guess).all()) is guessed


def test_a_box_with_two_faces_is_let_be(guesser: FaceGuesser) -> None:
    assert np.isnan(guesser(picture("zidane.jpg"), boxes((380, 80, 1148, 711)))).all()


@pytest.mark.parametrize("value", [0, 114, 255])
def test_where_there_is_no_face_there_is_no_guess(value: int, guesser: FaceGuesser) -> None:
    wall = np.full((720, 1280, 3), value, dtype=np.uint8)
    assert np.isnan(guesser(wall, boxes(LEFT, RIGHT, (-50, -50, 90, 200)))).all()


def test_nobody_gives_no_guesses(guesser: FaceGuesser) -> None:
    assert guesser(picture("bus.jpg"), np.empty((0, 4), np.float32)).shape == (0, 2)


def test_a_file_that_is_no_network_says_what_to_give(tmp_path: Path) -> None:
    wrong = tmp_path / "faces.xml"
    wrong.write_text("<nothing/>")
    with pytest.raises(ModelUnfit, match=r"\.xml of an OpenVINO IR"):
        FaceGuesser(wrong, wrong, smallest_px=SMALLEST_PX)


def test_networks_in_each_others_place_name_the_setting(models: Path) -> None:
    faces = models / "face-detection-retail-0005.xml"
    guesses = models / "age-gender-recognition-retail-0013.xml"
    with pytest.raises(ModelUnfit, match="FOOTFALL_FACE_MODEL"):
        FaceGuesser(guesses, faces, smallest_px=SMALLEST_PX)
    with pytest.raises(ModelUnfit, match="FOOTFALL_AGE_GENDER_MODEL"):
        FaceGuesser(faces, faces, smallest_px=SMALLEST_PX)
