import numpy as np
import pytest

from vision.calibration import Homography
from vision.ground import Ground
from vision.motion import Motion
from vision.site.models import CalibrationPair
from vision.stature import Stature
from vision.tracklets import GATE

# A camera 3.4 m up that looks along y, as the arcade's do: 75 px for a person 8.5 m away.
FOCAL, HEIGHT_M, HORIZON = 380.0, 3.4, 10.0
BODY_M = 1.7
STATURE = Stature(-BODY_M / HEIGHT_M * HORIZON, 0.0, BODY_M / HEIGHT_M)


def box_at(x_m: float, y_m: float, body_m: float = BODY_M) -> list[float]:
    """(centre x, top, log width, log height) of somebody who stands there."""
    foot = HORIZON + FOCAL * HEIGHT_M / y_m
    height = FOCAL * body_m / y_m
    return [
        320 + FOCAL * x_m / y_m,
        foot - height,
        float(np.log(height / 3)),
        float(np.log(height)),
    ]


def pair(x_m: float, y_m: float) -> CalibrationPair:
    x, top, _, height = box_at(x_m, y_m)
    return CalibrationPair(pixel=(x, top + float(np.exp(height))), floor=(x_m, y_m))


def ground() -> Ground:
    corners = [pair(-3, 4), pair(3, 4), pair(3, 12), pair(-3, 12)]
    return Ground(Homography.fit(corners), STATURE)


def motion(*boxes: list[float], on: Ground) -> Motion:
    return Motion(np.array(boxes), np.ones(len(boxes)), on)


def row(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def test_who_stands_behind_does_not_take_the_box_of_who_passes_in_front() -> None:
    distances = []
    for plane in (Ground(), ground()):
        followed = motion(box_at(0.0, 8.5), box_at(0.1, 6.8), on=plane)
        followed.add(row(0))
        for _ in range(10):
            followed.predict(0.2)
            followed.update(row(0), row(0))
        followed.predict(0.4)
        distances.append(followed.distance(row(1), np.array([0.4]))[0, 0])
    # The image alone would let it pass: that is why people are followed on the floor as well.
    assert distances[0] < GATE < distances[1]


@pytest.mark.parametrize(
    "plane", [pytest.param(ground(), id="floor"), pytest.param(Ground(), id="image")]
)
def test_who_walks_on_fits_where_they_are_expected(plane: Ground) -> None:
    steps = [box_at(-1.0 + 0.26 * n, 8.0 - 0.1 * n) for n in range(8)]
    followed = motion(*steps, on=plane)
    followed.add(row(0))
    for number in range(1, 7):
        followed.predict(0.2)
        followed.update(row(0), row(number))
    followed.predict(0.2)
    assert followed.distance(row(7), np.array([0.2]))[0, 0] < 3


def test_only_those_who_are_kept_are_followed() -> None:
    followed = motion(box_at(-1, 8), box_at(1, 6), on=ground())
    followed.add(row(0, 1))
    followed.keep(np.array([False, True]))
    distance = followed.distance(row(0, 1), np.array([0.2]))
    assert distance.shape == (1, 2)
    assert distance[0, 1] < 1


def test_hidden_legs_leave_people_where_their_heads_say() -> None:
    whole, hidden = box_at(0.5, 8.0), box_at(0.5, 8.0)
    hidden[3] += float(np.log(0.5))
    places, spread = ground().places(np.array([whole, hidden]))
    assert np.abs(places - [0.5, 8.0]).max() < 0.1
    assert spread[1, 1, 1] > spread[0, 1, 1]


def test_somebody_short_in_full_view_is_where_their_feet_are() -> None:
    places, _ = ground().places(np.array([box_at(0.5, 8.0, body_m=1.55)]))
    assert np.abs(places - [0.5, 8.0]).max() < 0.1


def test_a_box_above_the_horizon_says_nothing_of_the_floor() -> None:
    above = [320.0, HORIZON - 60, float(np.log(10)), float(np.log(40))]
    followed = motion(box_at(0.0, 8.0), above, box_at(0.1, 8.0), on=ground())
    followed.add(row(0, 1))
    followed.predict(0.2)
    assert not np.isnan(followed.distance(row(1, 2), np.array([0.2, 0.2]))).any()
    followed.update(row(0), row(1))
    followed.predict(0.2)
    distance = followed.distance(row(2), np.array([0.2, 0.4]))
    assert not np.isnan(distance).any()
