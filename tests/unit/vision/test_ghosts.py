import numpy as np
import pytest

from vision.ghosts import Census

STEP_S = 0.2
FRAMES = np.arange(0, 10, STEP_S)
PILLAR = np.array([20.0, 100.0, 60.0, 220.0])


def believed(xyxy: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    # Counted a stretch at a time, as a day is.
    half = len(xyxy) // 2
    parts = [(xyxy[:half], confidence[:half]), (xyxy[half:], confidence[half:])]
    return Census.of(parts).believed(xyxy, confidence, STEP_S)


def test_a_faint_box_that_never_leaves_its_place_is_a_thing() -> None:
    shake = np.random.default_rng(1).normal(0, 1, (len(FRAMES), 4))
    assert not believed(PILLAR + shake, np.full(len(FRAMES), 0.2)).any()


@pytest.mark.parametrize(
    ("speed", "score"),
    [
        pytest.param(0, 0.8, id="somebody who stands"),
        pytest.param(30, 0.2, id="somebody who is seen faintly and walks"),
    ],
)
def test_people_are_believed(speed: float, score: float) -> None:
    boxes = PILLAR + speed * FRAMES[:, None] * np.array([1, 0, 1, 0])
    assert believed(boxes, np.full(len(FRAMES), score)).all()


def test_a_place_where_people_stand_surely_keeps_its_faint_boxes() -> None:
    score = np.where(np.arange(len(FRAMES)) % 2, 0.9, 0.2)
    assert believed(np.tile(PILLAR, (len(FRAMES), 1)), score).all()


def test_who_passes_the_thing_is_believed_and_the_thing_is_not() -> None:
    walk = PILLAR + 30 * FRAMES[:, None] * np.array([1, 0, 1, 0]) + np.array([-60, 10, -60, 10])
    boxes = np.vstack([np.tile(PILLAR, (len(FRAMES), 1)), walk])
    score = np.repeat([0.2, 0.8], len(FRAMES))
    order = np.argsort(np.tile(FRAMES, 2), kind="stable")
    found = believed(boxes[order], score[order])
    assert found.tolist() == (score[order] > 0.5).tolist()
