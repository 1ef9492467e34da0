"""People of the simulation: where they walk, and what the truth says of it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from tests.unit.vision.simulated import arcade, arcade_plan, arcade_walks
from vision.simulate.geometry import crossings, inside_polygon, ray_length
from vision.simulate.itinerary import arrivals
from vision.simulate.truth import gate_crossings, stays
from vision.simulate.walk import STEP_S


def _orientation(a, b, c):
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def _meet(a, b, c, d):
    """Whether segments a-b and c-d cross, by orientations."""
    return (
        _orientation(a, b, c) * _orientation(a, b, d) < 0
        and _orientation(c, d, a) * _orientation(c, d, b) < 0
    )


@pytest.mark.parametrize("gate", sorted(arcade().gates))
def test_every_true_crossing_is_where_segments_meet_and_no_other(gate):
    start, end = (np.array(point) for point in arcade().gates[gate].line)
    inside = np.array(arcade().gates[gate].inside)
    counted = 0
    for walk in arcade_walks():
        expected = [
            "in"
            if _orientation(start, end, after) * _orientation(start, end, inside) > 0
            else "out"
            for before, after in zip(walk.path[:-1], walk.path[1:], strict=True)
            if _meet(before, after, start, end)
        ]
        found = [c for c in gate_crossings(arcade_plan(), walk) if c.gate == gate]
        assert [crossing.direction for crossing in found] == expected
        for crossing in found:
            index = round((crossing.at - walk.start) / STEP_S)
            away = np.linalg.norm(walk.path[index] - (start + end) / 2)
            assert away <= np.linalg.norm(end - start) / 2 + 0.2
        counted += len(found)
    assert counted > 5


def test_nobody_enters_or_leaves_the_arcade_twice():
    for walk in arcade_walks():
        directions = [
            c.direction for c in gate_crossings(arcade_plan(), walk) if c.gate == "entrance"
        ]
        assert directions in ([], ["in"], ["out"], ["in", "out"])


def test_who_crosses_a_gate_does_it_once_and_at_a_walking_pace():
    for walk in arcade_walks():
        found = gate_crossings(arcade_plan(), walk)
        for gate in arcade().gates:
            moments = [crossing.at for crossing in found if crossing.gate == gate]
            assert all(gap > 4 for gap in np.diff(moments))
        for crossing in found:
            index = int((crossing.at - walk.start) / STEP_S)
            pace = np.linalg.norm(walk.path[index + 1] - walk.path[index]) / STEP_S
            assert pace > 0.6


def test_nobody_walks_faster_than_people_do():
    for walk in arcade_walks():
        paces = np.linalg.norm(np.diff(walk.path, axis=0), axis=1) / STEP_S
        assert paces.max() <= 1.25 * 1.6 + 1e-6


def _due(walk):
    """By when a person who meets nobody has left, twice over for the walking."""
    stops = walk.person.stops
    legs = [np.linalg.norm(b.point - a.point) for a, b in pairwise(stops)]
    waits = sum(stop.wait for stop in stops)
    return walk.person.arrives + 2 * sum(legs) / walk.person.speed + waits + 10


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
def test_everybody_gets_where_they_are_going_in_time(seed):
    walks = [walk for walk in arcade_walks(seed=seed, people_per_minute=15) if _due(walk) < 150]
    assert len(walks) > 5
    for walk in walks:
        last = walk.person.stops[-1].point
        assert np.linalg.norm(walk.path[-1] - last) < 0.6
        passed = gate_crossings(arcade_plan(), walk)
        assert len(passed) == sum(stop.through for stop in walk.person.stops)


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
def test_nobody_walks_through_anybody(seed):
    at: dict[int, list] = {}
    for walk in arcade_walks(seed=seed):
        for step, place in enumerate(walk.path, round(walk.start / STEP_S)):
            # Where people come and go they appear and vanish, in front of whoever stands there.
            if 2 < place[0] < 22:
                at.setdefault(step, []).append(place)
    apart = np.array([pdist(places).min() for places in at.values() if len(places) > 1])
    assert apart.size > 100
    # Two who meet at a gate may brush past each other.
    assert apart.min() > 0.05
    assert (apart < 0.4).mean() < 0.01


def test_nobody_passes_a_wall():
    stores = [arcade_plan().zones[name] for name in ("bakery", "books")]
    doors = [gate.line for name, gate in arcade().gates.items() if name != "entrance"]
    for walk in arcade_walks():
        assert inside_polygon(walk.path, arcade_plan().outline).all()
        passed = sum(
            int((np.diff(inside_polygon(walk.path, store).astype(int)) != 0).sum())
            for store in stores
        )
        through = sum(len(crossings(walk.path, *(np.array(end) for end in line))) for line in doors)
        assert passed == through


def test_nobody_stands_on_a_gate():
    for walk in arcade_walks():
        for crossing in gate_crossings(arcade_plan(), walk):
            index = round((crossing.at - walk.start) / STEP_S)
            near = walk.path[max(index - 5, 0) : index + 6]
            assert np.linalg.norm(near[-1] - near[0]) > 0.3


def test_one_seed_gives_one_crowd_and_another_seed_another():
    again = arcade_walks.__wrapped__()
    other = arcade_walks.__wrapped__(seed=4)
    assert len(again) == len(arcade_walks())
    for one, two in zip(arcade_walks(), again, strict=True):
        assert one.start == two.start
        assert np.array_equal(one.path, two.path)
    assert [walk.start for walk in other] != [walk.start for walk in again]


def test_true_stays_cover_the_steps_spent_inside_the_zone():
    shortest = dict.fromkeys(arcade_plan().zones, 0.0)
    for walk in arcade_walks()[:15]:
        found = stays(arcade_plan(), walk, shortest)
        for zone, polygon in arcade_plan().zones.items():
            inside = inside_polygon(walk.path, polygon)
            around = np.concatenate([[False], inside, [False]])
            # A stay of a single step has no length and is no stay.
            steps = int((inside & (around[:-2] | around[2:])).sum())
            mine = [stay for stay in found if stay.zone == zone]
            spent = sum(stay.left - stay.entered + STEP_S for stay in mine)
            assert spent == pytest.approx(steps * STEP_S, abs=1e-6)


def test_short_stays_are_no_visits():
    for walk in arcade_walks():
        for stay in stays(arcade_plan(), walk, dict.fromkeys(arcade_plan().zones, 5.0)):
            assert stay.left - stay.entered >= 5


def test_every_errand_reaches_its_zone():
    visited = {
        stay.zone
        for walk in arcade_walks()
        for stay in stays(arcade_plan(), walk, dict.fromkeys(arcade_plan().zones, 1.0))
    }
    assert visited == set(arcade_plan().zones)


@given(seed=st.integers(0, 1000), rate=st.floats(0, 60))
def test_arrivals_are_in_order_and_within_the_time(seed, rate):
    moments = arrivals(np.random.default_rng(seed), rate, 120)
    assert moments == sorted(moments)
    assert all(0.5 <= moment <= 120 for moment in moments)


def test_arrivals_come_at_the_rate_asked_for():
    counts = [len(arrivals(np.random.default_rng(seed), 10, 600)) for seed in range(60)]
    assert np.mean(counts) == pytest.approx(100, abs=5)


@given(
    turn=st.floats(0.1, 3.0),
    cut=st.floats(0.05, 0.95),
)
def test_a_straight_path_crosses_a_segment_in_both_directions_alike(turn, cut):
    start, end = np.array([0.0, 0.0]), np.array([2.0, 0.0])
    at = start + cut * (end - start)
    step = np.array([np.cos(turn), np.sin(turn)])
    path = np.array([at - step, at + step])
    there, back = crossings(path, start, end), crossings(path[::-1], start, end)
    assert [side for _, side in there] == [1]
    assert [side for _, side in back] == [-1]
    assert there[0][0] == pytest.approx(0.5)


def test_a_ray_from_the_middle_of_a_square_meets_its_side():
    square = np.array([[0.0, 0], [4, 0], [4, 4], [0, 4]])
    assert ray_length(np.array([2.0, 2]), np.array([1.0, 0]), square) == pytest.approx(2)
