"""Crowds of floors without lines and staff are, place by place, what they have always been.

Recordings are found again by seed, and so are figures that were measured on them.
"""

import pytest

from tests.unit.vision.simulated import arcade, arcade_walks
from vision.simulate.trajectories import simulate_trajectories

# Measured before anybody waited in line: of some people their number, how many steps they take and
# where they end, and of all people how many they are, the sum of their places, their stops.
CROWDS = {
    1: (
        [
            (0, 396, (23.457985, 5.523626)),
            (12, 251, (0.677695, 4.674198)),
            (24, 490, (0.669019, 5.509219)),
            (36, 205, (0.685389, 5.427203)),
            (48, 46, (18.017113, 5.51973)),
        ],
        (50, 328374.606, 330),
    ),
    2: (
        [
            (0, 230, (23.526672, 4.974382)),
            (11, 266, (0.749638, 5.302433)),
            (22, 510, (23.087997, 5.16178)),
            (33, 212, (0.71625, 4.240746)),
            (44, 50, (6.887633, 7.588219)),
        ],
        (45, 295613.536, 300),
    ),
    3: (
        [
            (0, 793, (23.077943, 5.120665)),
            (9, 163, (0.62741, 5.397217)),
            (18, 358, (0.704208, 5.191471)),
            (27, 456, (18.790028, 8.963163)),
            (36, 67, (8.207392, 6.743581)),
        ],
        (38, 305237.813, 266),
    ),
}

# Of a day without pixels: rows of each dataset, sums of the places, seconds of all visits.
DAYS = {
    "cam_entrance": (7619, 661, 81, 43772.375, 55368.375, 1851),
    "cam_shops": (13254, 482, 1626, 229135.75, 114229.0, 12696),
}


@pytest.mark.parametrize("seed", CROWDS)
def test_the_crowd_of_a_seed_walks_as_it_did(seed):
    walks = arcade_walks(seed=seed)
    some, (people, places, stops) = CROWDS[seed]
    for number, steps, last in some:
        walk = walks[number]
        assert (walk.person.number, len(walk.path)) == (number, steps)
        assert walk.path[-1] == pytest.approx(last, abs=1e-5)
    assert len(walks) == people
    assert sum(walk.path.sum() for walk in walks) == pytest.approx(places, abs=0.01)
    assert sum(len(walk.person.stops) for walk in walks) == stops


def test_the_day_without_pixels_of_a_seed_is_as_it_was():
    for camera, day in simulate_trajectories(arcade(), 600, seed=4).items():
        positions = day.anonymised_trajectories
        assert DAYS[camera] == (
            positions.height,
            day.gate_events.height,
            day.zone_visits.height,
            positions["x_m"].cast(float).sum(),
            positions["y_m"].cast(float).sum(),
            day.zone_visits["dwell_s"].sum(),
        )
