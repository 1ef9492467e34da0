from collections.abc import Iterator

import numpy as np
import pytest

from vision.input_size import InputSize

FRAME = (1280, 720)
MINUTE_US = 60_000_000


def person(height: float, middle: float = 600, bottom: float = 700, score: float = 0.9) -> list:
    half = height / 5
    return [middle - half, bottom - height, middle + half, bottom, score]


def walk(height: float) -> Iterator[list[list[float]]]:
    """Across the view, at four distances."""
    for nearer in (1, 1.12, 1.25, 1.4):
        for middle in range(200, 1100, 60):
            yield [person(height * nearer, middle)]


def watched(size: InputSize, minutes: list[Iterator[list[list[float]]]], since: int = 0) -> int:
    """The size after these minutes, whose number is `since` to begin with."""
    for minute, frames in enumerate([*minutes, iter(())], since):
        at_us = minute * MINUTE_US
        assert size.is_due(at_us)
        size.choose(at_us)
        assert not size.is_due(at_us + 1)
        for people in frames:
            size.see(np.array(people, np.float32).reshape(-1, 5))
    return size.longer_side


@pytest.mark.parametrize("frame", [(384, 288), (640, 480), (1920, 1080)])
def test_a_day_begins_at_the_largest_size_whatever_the_frame(frame: tuple[int, int]) -> None:
    assert InputSize(frame).longer_side == 640


@pytest.mark.parametrize(
    ("height", "expected"),
    [
        pytest.param(150, 640, id="people of 75 px keep the largest"),
        pytest.param(250, 576, id="people of 125 px need less"),
        pytest.param(300, 512, id="people of 150 px need still less"),
        pytest.param(420, 384, id="and there is a smallest size"),
    ],
)
def test_the_size_follows_from_the_height_of_people(height: float, expected: int) -> None:
    assert watched(InputSize(FRAME), [walk(height) for _ in range(12)]) == expected


def test_a_few_minutes_decide_nothing() -> None:
    size = InputSize(FRAME)
    assert watched(size, [walk(400) for _ in range(9)]) == 640
    assert watched(size, [walk(400)], since=10) == 384


def test_two_who_stand_at_the_lens_for_hours_decide_nothing() -> None:
    rng = np.random.default_rng(1)

    def standing() -> Iterator[list[list[float]]]:
        for _ in range(300):
            yield [
                person(height * rng.normal(1, 0.03), middle + rng.normal(0, 10))
                for height, middle in ((450, 400), (520, 800))
            ]

    assert watched(InputSize(FRAME), [standing() for _ in range(180)]) == 640


def test_those_far_away_are_heeded_beside_a_crowd_at_the_lens() -> None:
    def both() -> Iterator[list[list[float]]]:
        for _ in range(50):
            yield from walk(450)
        for middle in (300, 400, 500):
            yield [person(100, middle, bottom=200)]

    near_only = [walk(450) for _ in range(4)]
    assert watched(InputSize(FRAME), [*near_only, both(), both(), *near_only, *near_only]) == 640


def test_whoever_is_too_small_after_all_puts_the_size_up_again_and_it_stays_there() -> None:
    size = InputSize(FRAME)
    assert watched(size, [walk(450) for _ in range(20)]) == 384
    assert watched(size, [walk(130) for _ in range(5)], since=30) == 640
    assert watched(size, [walk(450) for _ in range(200)], since=40) == 640


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(person(60, bottom=719), id="who is cut by the border"),
        pytest.param(person(60, bottom=300, score=0.4), id="who may be nobody"),
    ],
)
def test_nobody_is_small_only_because(other: list[float]) -> None:
    def with_other() -> Iterator[list[list[float]]]:
        for people in walk(450):
            yield [*people, other]

    assert watched(InputSize(FRAME), [with_other() for _ in range(12)]) == 384


def test_a_size_that_is_given_stays() -> None:
    size = InputSize(FRAME, 480)
    for people in walk(450):
        size.see(np.array(people, np.float32))
    assert not size.is_due(MINUTE_US)
    assert size.longer_side == 480
