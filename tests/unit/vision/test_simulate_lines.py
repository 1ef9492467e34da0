"""People who wait in line, people who come together, people who work on the floor."""

import datetime as dt
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from tests import arcade_till
from vision.contract_check import Bounds, violations
from vision.contracts import LAKE
from vision.simulate.geometry import inside_polygon
from vision.simulate.itinerary import Person, arrivals, crowd
from vision.simulate.lines import PLACE_M, line_of
from vision.simulate.plan import FloorPlan
from vision.simulate.queueing import Joiner, turns
from vision.simulate.staff import staff
from vision.simulate.stops import Stop
from vision.simulate.stroll import stroll
from vision.simulate.trajectories import simulate_trajectories
from vision.simulate.walk import STEP_S, Walk, walk

BODIES_M = 0.4
SECONDS = 3000


@lru_cache
def plan() -> FloorPlan:
    return FloorPlan.of(arcade_till.site().on(arcade_till.FIRST), arcade_till.FLOOR)


def line():
    return plan().lines["till_line"]


@lru_cache
def strolled(seed: int = 1) -> list[Walk]:
    rng = np.random.default_rng(seed)
    people = crowd(rng, plan(), arrivals(rng, 4, SECONDS))
    people += staff(rng, plan(), 3, len(people), 0.5, SECONDS)
    return list(stroll(people))


@lru_cache
def crowded() -> list[Walk]:
    """People who give way to each other."""
    rng = np.random.default_rng(5)
    people = crowd(rng, plan(), arrivals(rng, 10, 300))
    people += staff(rng, plan(), 3, len(people), 0.5, 400)
    return walk(plan(), people, 500)


def waiting(walks):
    """Each walk of somebody who joined a line, with when they stood in it and when they left."""
    return [(one, one.person.turn) for one in walks if one.person.turn and one.person.turn.joined]


def place_at(one: Walk, moment: float):
    index = round((moment - one.start) / STEP_S)
    return one.path[min(max(index, 0), len(one.path) - 1)]


def closest_in_line(walks) -> float:
    """How near any two come to each other while both are in line or at the counter."""
    at: dict[int, list] = {}
    for one, turn in waiting(walks):
        first, last = (int(np.ceil(moment / STEP_S)) for moment in (turn.joined, turn.left))
        for step in range(first, last):
            at.setdefault(step, []).append(place_at(one, step * STEP_S))
    apart = [pdist(places).min() for places in at.values() if len(places) > 1]
    return min(apart, default=np.inf)


joiners = st.lists(
    st.builds(
        Joiner,
        comes=st.floats(10, 400),
        speed=st.floats(0.8, 1.6),
        service=st.floats(1, 90),
        patience=st.floats(1, 200),
    ),
    max_size=25,
)


@given(joiners)
def test_a_line_keeps_its_order(people):
    settled = turns(line(), people)
    served = sorted((turn.joined, turn.served) for turn in settled if turn.outcome == "served")
    assert all(one < two for one, two in pairwise(moment for _, moment in served))


@given(joiners)
def test_one_is_served_at_a_time(people):
    served = sorted((t.served, t.left) for t in turns(line(), people) if t.outcome == "served")
    assert all(left < next_served for (_, left), (next_served, _) in pairwise(served))


@given(joiners)
def test_whoever_comes_to_a_line_is_served_or_gives_up_or_finds_it_full(people):
    settled = turns(line(), people)
    assert len(settled) == len(people)
    for joiner, turn in zip(people, settled, strict=True):
        if turn.outcome == "turned_away":
            assert (turn.joined, turn.served, turn.left, turn.stops) == (None, None, None, ())
            continue
        assert joiner.comes <= turn.joined < turn.left
        if turn.outcome == "served":
            assert turn.left - turn.served == pytest.approx(joiner.service)
        else:
            assert turn.served is None
            assert turn.left - turn.joined >= joiner.patience - 1e-6


@settings(max_examples=40, deadline=None)
@given(joiners)
def test_nobody_stands_inside_anybody_in_a_line(people):
    end = line().beside(len(line().places) - 1)
    persons = [
        Person(
            number=number,
            arrives=joiner.comes,
            speed=joiner.speed,
            height=1.7,
            stops=(Stop(end), *turn.stops),
            group=number,
            turn=turn,
        )
        for number, (joiner, turn) in enumerate(zip(people, turns(line(), people), strict=True))
        if turn.joined is not None
    ]
    assert closest_in_line(list(stroll(persons))) > BODIES_M


def test_a_line_that_is_full_turns_people_away():
    many = [Joiner(comes=10 + n, speed=1.2, service=500, patience=900) for n in range(20)]
    outcomes = [turn.outcome for turn in turns(line(), many)]
    # One goes on to the counter, and their place is taken.
    assert outcomes.count("turned_away") == 20 - len(line().places) - 1


@pytest.mark.parametrize("walks", [strolled, crowded], ids=["unhindered", "in a crowd"])
def test_nobody_of_a_crowd_stands_inside_anybody_in_line(walks):
    assert len(waiting(walks())) > 10
    assert closest_in_line(walks()) > BODIES_M


@pytest.mark.parametrize("walks", [strolled, crowded], ids=["unhindered", "in a crowd"])
def test_who_is_served_stands_at_the_counter_and_who_gives_up_does_not(walks):
    outcomes = set()
    till, zone = plan().zones["till"], plan().zones["till_line"]
    for one, turn in waiting(walks()):
        at_till = inside_polygon(one.path, till).sum() * STEP_S
        outcomes.add(turn.outcome)
        if turn.outcome == "served":
            moment = (turn.served + turn.left) / 2
            assert inside_polygon(place_at(one, moment)[None], till)[0]
            # They leave by the counter's side, and not back through the line.
            after = one.path[round((turn.left + 0.5 - one.start) / STEP_S) :]
            assert not inside_polygon(after[:100], zone).any()
        else:
            assert at_till == 0
    assert outcomes == {"served", "abandoned"}


def test_everybody_in_line_stands_in_its_zone():
    zone, till = plan().zones["till_line"], plan().zones["till"]
    for one, turn in waiting(strolled()):
        stood = [place_at(one, moment) for moment in np.arange(turn.joined, turn.left - 0.1, 0.5)]
        assert (inside_polygon(np.array(stood), zone) | inside_polygon(np.array(stood), till)).all()


def test_nobody_who_does_not_wait_stops_in_the_line():
    zone = plan().zones["till_line"]
    for one in strolled():
        if one.person.turn is None:
            pace = np.linalg.norm(np.diff(one.path, axis=0), axis=1) / STEP_S
            assert not (inside_polygon(one.path[1:], zone) & (pace < 0.1)).any()


def test_groups_are_of_two_to_four_and_stay_together():
    groups: dict[int, list[Walk]] = {}
    for seed in (1, 2, 3):
        for one in strolled(seed):
            groups.setdefault(1000 * seed + one.person.group, []).append(one)
    sizes = {len(group) for group in groups.values()}
    assert sizes == {1, 2, 3, 4}
    for group in groups.values():
        first = max(one.start for one in group)
        last = min(one.times[-1] for one in group)
        moments = np.arange(first, last, 0.5)
        places = np.array([[place_at(one, moment) for moment in moments] for one in group])
        apart = np.linalg.norm(places[:, None] - places[None], axis=-1)
        assert apart.max() <= 2.0
        assert all(one.person.turn is group[0].person.turn for one in group)


def test_staff_come_first_stay_long_and_go_between_their_post_and_the_floor():
    walks = strolled()
    employees = [one for one in walks if one.person.staff]
    visitors = [one for one in walks if not one.person.staff]
    assert len(employees) == 3
    zone = plan().zones["back_room"]
    for one in employees:
        inside = inside_polygon(one.path, zone)
        assert one.start < 60
        assert len(one.path) * STEP_S > 0.9 * SECONDS
        assert 0.5 < inside.mean() < 0.98
        assert np.count_nonzero(np.diff(inside.astype(int)) == 1) >= 3
    for one in visitors:
        standing = np.linalg.norm(np.diff(one.path, axis=0), axis=1) < 0.01
        assert not (inside_polygon(one.path[1:], zone) & standing).any()
    assert max(len(one.path) for one in visitors) * STEP_S < 0.5 * SECONDS


def test_staff_at_their_posts_do_not_stand_in_each_other():
    posts = [one.person.stops for one in strolled() if one.person.staff]
    zone = plan().zones["back_room"]
    places = [
        next(
            stop.point for stop in stops if inside_polygon(stop.point[None], zone)[0] and stop.wait
        )
        for stops in posts
    ]
    assert pdist(places).min() > BODIES_M


def test_nobody_works_on_a_floor_without_a_staff_zone_and_nothing_is_drawn_for_it():
    from tests.unit.vision.simulated import arcade_plan

    rng = np.random.default_rng(1)
    assert staff(rng, arcade_plan(), 3, 0, 0, 1000) == []
    assert rng.random() == np.random.default_rng(1).random()


def test_people_who_take_no_notice_of_each_other_walk_no_faster_than_people_do():
    for one in strolled():
        pace = np.linalg.norm(np.diff(one.path, axis=0), axis=1) / STEP_S
        # Companions on the outside of a turn have farther to go.
        assert pace.max() <= one.person.speed + 1e-6


def test_without_staff_one_is_served_by_the_wall_within_the_line():
    outline = np.array([[0.0, 0], [20, 0], [20, 10], [0, 10]])
    polygon = np.array([[13.0, 1], [19, 1], [19, 2.5], [13, 2.5]])
    made = line_of("line", polygon, outline, [], [])
    assert made.counter == pytest.approx([18.6, 1.75])
    assert made.places[0] == pytest.approx([18.6 - PLACE_M, 1.75])
    assert made.aside == pytest.approx([0, 1])
    assert inside_polygon(made.places, polygon).all()


def test_a_day_without_pixels_has_lines_and_staff_where_the_floor_has_them():
    site_day = arcade_till.site().on(dt.date(2026, 3, 14))
    days = simulate_trajectories(site_day, 400, seed=2)
    for camera, camera_day in days.items():
        for dataset in ("anonymised_trajectories", "gate_events", "zone_visits"):
            frame = getattr(camera_day, dataset)
            assert violations(frame, LAKE[dataset], Bounds.of(site_day, camera)) == []
    visits = days["cam_till"].zone_visits
    stayed = dict(visits.group_by("zone").len().iter_rows())
    assert set(stayed) == {"till_line", "till", "back_room"}


def test_one_seed_gives_one_crowd():
    again = strolled.__wrapped__()
    assert len(again) == len(strolled())
    for one, two in zip(strolled(), again, strict=True):
        assert np.array_equal(one.path, two.path)
        assert one.person.turn is None or one.person.turn.joined == two.person.turn.joined
