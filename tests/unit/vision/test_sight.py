import numpy as np
import pytest

from vision.protocols import View
from vision.sight import DEAREST, Sight, absence_cost

VIEW = View(640, 480, 5)
FRAMES = np.arange(0, 4.1, 0.2)


def walker(x: float, y: float = 100.0) -> list[float]:
    return [x, y, x + 40, y + 120]


def unexplained_s(others: list[list[float]], tail: list[float], head: list[float]) -> float:
    """Of somebody with a box in the first frame and one in the last, among `others` in all."""
    at_s = [FRAMES[0], *np.repeat(FRAMES, len(others)), FRAMES[-1]]
    xyxy = np.array([tail, *others * len(FRAMES), head], dtype=float)
    sight = Sight(np.array(at_s), xyxy, np.full(len(at_s), 0.8), VIEW)
    return sight.unexplained_s(0, len(at_s) - 1)


@pytest.mark.parametrize(
    ("other", "expected_s"),
    [
        pytest.param(walker(500), 4.0, id="nobody near"),
        pytest.param(walker(200, 110), 0.0, id="somebody nearer the camera"),
        pytest.param(walker(200, 90), 4.0, id="somebody behind"),
    ],
)
def test_only_who_stands_nearer_explains_that_nobody_was_seen(
    other: list[float], expected_s: float
) -> None:
    assert unexplained_s([other], walker(200), walker(200)) == pytest.approx(expected_s)


def test_who_is_out_of_the_picture_is_not_seen() -> None:
    outside = [-30, 100, 10, 220]
    assert unexplained_s([walker(500)], outside, outside) == 0


def test_a_longer_absence_costs_more_of_those_who_are_always_found_and_no_more_than_all() -> None:
    costs = [absence_cost(seconds, 0.1) for seconds in (0, 0.5, 1, 60)]
    assert costs[0] == 0 < costs[1] < costs[2] <= costs[3] == DEAREST
    assert absence_cost(0.5, 0.5) < absence_cost(0.5, 0.1)


def test_the_share_of_frames_without_a_box() -> None:
    sight = Sight(FRAMES, np.tile(walker(200.0), (len(FRAMES), 1)), np.ones(len(FRAMES)), VIEW)
    assert sight.missed_share(list(range(len(FRAMES)))) == 0
    assert sight.missed_share([0, 4]) == pytest.approx(0.6)
