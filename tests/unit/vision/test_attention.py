import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.attention import Attention, Window

FRAME = (640, 384)
QUARTER, HALF = (320, 192), (320, 384)
NOBODY = np.zeros((0, 4), np.float32)
SECOND = 1_000_000


def noisy(seed: int, *patches: tuple[int, int, int]) -> np.ndarray:
    """A grey frame with a sensor's noise; a patch is left, top and level of a square of 40 px."""
    image = np.full((FRAME[1], FRAME[0], 3), 120.0)
    for left, top, level in patches:
        image[top : top + 40, left : left + 40] = level
    image += np.random.default_rng(seed).normal(0, 3, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


def seen(looks: Attention, at_us: int, image: np.ndarray, people: np.ndarray) -> list[Window]:
    return looks.windows(at_us, image, people)[0]


def attention() -> Attention:
    looks = Attention(FRAME, [QUARTER, HALF, FRAME])
    assert seen(looks, 0, noisy(0), NOBODY) == [Window(0, 0, *FRAME)]
    return looks


def inside(window: Window, left: float, top: float, right: float, bottom: float) -> bool:
    return bool(window.holds(np.array([[left, top, right, bottom]]))[0])


def test_where_nothing_happens_nothing_is_looked_at() -> None:
    looks = attention()
    assert all(seen(looks, n * 200_000, noisy(n), NOBODY) == [] for n in range(1, 20))


def test_a_light_that_flickers_is_nothing() -> None:
    looks = attention()
    brighter = np.clip(noisy(1) * 1.05, 0, 255).astype(np.uint8)
    assert seen(looks, 200_000, brighter, NOBODY) == []


def test_every_few_seconds_all_is_looked_at() -> None:
    looks = attention()
    whole = [
        second
        for second in range(1, 20)
        if seen(looks, second * SECOND, noisy(second), NOBODY) == [Window(0, 0, *FRAME)]
    ]
    assert whole == [5, 10, 15]


@given(st.integers(0, FRAME[0] - 40), st.integers(0, FRAME[1] - 40), st.integers(0, 10**6))
def test_a_change_lies_within_a_window(left: int, top: int, seed: int) -> None:
    looks = attention()
    windows = seen(looks, 200_000, noisy(seed, (left, top, 200)), NOBODY)
    assert any(inside(window, left, top, left + 40, top + 40) for window in windows)
    assert sum(window.width * window.height for window in windows) <= FRAME[0] * FRAME[1]
    assert all(window.left >= 0 and window.top >= 0 for window in windows)
    assert all(window.left + window.width <= FRAME[0] for window in windows)
    assert all(window.top + window.height <= FRAME[1] for window in windows)


def test_a_small_change_costs_a_quarter_and_two_far_apart_cost_two() -> None:
    one = seen(attention(), 200_000, noisy(1, (100, 100, 200)), NOBODY)
    assert [(window.width, window.height) for window in one] == [QUARTER]
    two = seen(attention(), 200_000, noisy(1, (20, 20, 200), (580, 320, 200)), NOBODY)
    assert [(window.width, window.height) for window in two] == [QUARTER, QUARTER]


def test_who_is_touched_by_a_change_is_looked_at_from_head_to_foot() -> None:
    person = np.array([[300, 40, 360, 240]], np.float32)
    (window,) = seen(attention(), 200_000, noisy(1, (310, 60, 200)), person)
    assert window.holds(person).all()


def test_who_moves_by_less_than_the_noise_is_noticed_in_the_end() -> None:
    looks = attention()
    noticed = [
        n for n in range(1, 24) if seen(looks, n * 200_000, noisy(n, (300, 180, 120 + n)), NOBODY)
    ]
    assert min(noticed) < 12


@pytest.mark.parametrize("level", [60, 200])
def test_what_has_been_looked_at_and_stays_is_not_looked_at_again(level: int) -> None:
    looks = attention()
    assert seen(looks, 200_000, noisy(1, (100, 100, level)), NOBODY)
    assert seen(looks, 400_000, noisy(2, (100, 100, level)), NOBODY) == []
    assert seen(looks, 600_000, noisy(3), NOBODY)
