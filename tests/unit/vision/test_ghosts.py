import numpy as np
import pytest

from vision.ghosts import Census

STEP_S = 0.2
FRAMES = np.arange(0, 10, STEP_S)
PILLAR = np.array([20.0, 100.0, 60.0, 220.0])


def believed(xyxy: np.ndarray, confidence: np.ndarray, step_s: float = STEP_S) -> np.ndarray:
    # Counted a stretch at a time, as a day is.
    half = len(xyxy) // 2
    parts = [(xyxy[:half], confidence[:half]), (xyxy[half:], confidence[half:])]
    census = Census.of(parts)
    return census.believed(xyxy, confidence, step_s, census.things(step_s))


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


HOUR = np.arange(0, 3600, 1.0)


def of_an_hour(boxes: np.ndarray) -> np.ndarray:
    return believed(boxes, np.full(len(boxes), 0.9), step_s=1.0)


def swaying(px: float, seconds: np.ndarray = HOUR) -> np.ndarray:
    """Boxes of the pillar's place and size, surely seen, that shake by so much."""
    return PILLAR + np.random.default_rng(2).normal(0, px, (len(seconds), 4))


def test_a_mannequin_that_is_seen_surely_all_day_is_a_thing() -> None:
    assert not of_an_hour(swaying(1.5)).any()


@pytest.mark.parametrize(
    "moved",
    [
        pytest.param(12 * np.sin(HOUR / 40)[:, None] * np.array([1, 0, 1, 0]), id="leans"),
        pytest.param(-16 * (HOUR % 600 < 200)[:, None] * np.array([0, 0, 0, 1]), id="sits down"),
        pytest.param(-50 * (HOUR % 90 < 45)[:, None] * np.array([0, 0, 0, 1]), id="shows no legs"),
        pytest.param(9 * np.sin(HOUR / 40)[:, None] * np.array([0, 1, 0, 0]), id="bends"),
    ],
)
def test_staff_who_are_at_one_place_for_hours_are_believed(moved: np.ndarray) -> None:
    boxes = np.concatenate([swaying(1.5) + moved] * 8)
    assert of_an_hour(boxes).all()


def test_somebody_who_stands_as_still_for_ten_minutes_is_believed() -> None:
    assert of_an_hour(swaying(1.5, HOUR[:600])).all()


def test_who_passes_a_mannequin_is_believed_but_where_both_are_one() -> None:
    walk = PILLAR + 10 * np.arange(-20, 20)[:, None] * np.array([1, 0, 1, 0])
    found = of_an_hour(np.vstack([swaying(1.5), walk]))
    assert not found[: len(HOUR)].any()
    assert found[len(HOUR) :].sum() >= len(walk) - 3
