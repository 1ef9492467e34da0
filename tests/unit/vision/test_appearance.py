"""What clothes look like to the descriptor, on people drawn here and on people of a real street."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vision.appearance import DIMENSIONS, describe

RED, BLUE, GREEN, WHITE, BLACK = (
    (40, 40, 200),
    (200, 60, 40),
    (60, 160, 60),
    (235, 235, 235),
    (25, 25, 25),
)
BOX = np.array([[100, 40, 160, 200]], dtype=np.float32)


def person(top: tuple[int, ...], legs: tuple[int, ...], scale: float = 1.0) -> np.ndarray:
    """A frame of a grey hall with one person in it, inside `BOX` times `scale`."""
    image = np.full((240, 320, 3), 120, dtype=np.uint8)
    cv2.rectangle(image, (110, 40), (150, 66), (150, 180, 220), -1)
    cv2.rectangle(image, (106, 66), (154, 120), top, -1)
    cv2.rectangle(image, (112, 121), (148, 200), legs, -1)
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def alike(one: np.ndarray, other: np.ndarray) -> float:
    return float(one[0] @ other[0])


def test_the_same_clothes_are_alike_and_other_clothes_are_not() -> None:
    here, there = describe(person(RED, BLUE), BOX), describe(person(RED, BLUE), BOX + 3)
    assert alike(here, there) > 0.9
    assert alike(here, describe(person(GREEN, BLUE), BOX)) < 0.7
    assert alike(here, describe(person(GREEN, WHITE), BOX)) < 0.35


def test_a_white_shirt_over_black_trousers_is_not_the_other_way_round() -> None:
    upright, reversed_ = person(WHITE, BLACK), person(BLACK, WHITE)
    assert alike(describe(upright, BOX), describe(reversed_, BOX)) < 0.4


@pytest.mark.parametrize("scale", [0.4, 0.7, 2.0])
def test_distance_to_the_camera_changes_little(scale: float) -> None:
    far = describe(person(RED, BLUE, scale), BOX * np.float32(scale))
    assert alike(describe(person(RED, BLUE), BOX), far) > 0.9


@pytest.mark.parametrize("light", [0.75, 1.15])
def test_light_changes_less_than_other_clothes_do(light: float) -> None:
    clothes = person(RED, BLUE)
    lit = np.clip(clothes * light, 0, 255).astype(np.uint8)
    assert alike(describe(clothes, BOX), describe(lit, BOX)) > 0.8


@given(
    image=hnp.arrays(np.uint8, (60, 40, 3)),
    box=st.tuples(st.floats(-20, 60), st.floats(-20, 80), st.floats(0, 80), st.floats(0, 90)),
)
def test_a_vector_has_length_one_or_is_unknown(image: np.ndarray, box: tuple[float, ...]) -> None:
    x, y, width, height = box
    found = describe(image, np.array([[x, y, x + width, y + height]], dtype=np.float32))
    assert found.shape == (1, DIMENSIONS)
    assert found.dtype == np.float32
    if np.isfinite(found).any():
        assert np.linalg.norm(found[0]) == pytest.approx(1, abs=1e-4)
        assert found.min() >= 0
    else:
        assert np.isnan(found).all()


def test_a_person_of_a_few_pixels_is_unknown() -> None:
    assert np.isnan(describe(person(RED, BLUE), np.array([[100, 40, 104, 52]], np.float32))).all()


def test_nobody_gives_no_vectors() -> None:
    assert describe(person(RED, BLUE), np.empty((0, 4), np.float32)).shape == (0, DIMENSIONS)


@pytest.mark.footage
def test_on_a_real_street_a_person_is_mostly_more_like_themselves_than_like_others(
    footage: Path,
) -> None:
    folder = footage / "tud-stadtmitte"
    truth = np.loadtxt(folder / "TUD-Stadtmitte_gt.txt", delimiter=",")[:, :6]
    video = cv2.VideoCapture(str(folder / "TUD-Stadtmitte_640x480.mp4"))
    vectors: dict[tuple[int, int], np.ndarray] = {}
    number = 0
    while True:
        there, image = video.read()
        number += 1
        if not there or number > 120:
            break
        # Seconds apart, so that it is more than the same picture twice.
        for _, who, x, y, w, h in truth[truth[:, 0] == number] if number % 50 == 10 else []:
            box = np.array([[x, y, x + w, y + h]], dtype=np.float32)
            vectors[int(number), int(who)] = describe(image, box)[0]
    same, other = [], []
    for (frame, who), vector in vectors.items():
        for (later, whom), candidate in vectors.items():
            if later > frame and np.isfinite(vector @ candidate):
                (same if who == whom else other).append(float(vector @ candidate))
    ordered = [one > two for one in same for two in other]
    assert len(same) >= 8
    print(f"{np.mean(ordered):.2f} of {len(ordered)} comparisons")  # noqa: T201
    assert np.mean(ordered) > 0.75
