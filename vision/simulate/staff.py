"""People who work on the floor: they come first, stay long, and go about.

Belongs here: the ways of staff. Does not belong here: visitors (`vision.simulate.itinerary`).
"""

from itertools import pairwise

import numpy as np
from numpy.random import Generator

from vision.simulate.doors import Door
from vision.simulate.errands import display, enter, leave, routed, shop, window
from vision.simulate.geometry import Floats
from vision.simulate.itinerary import Person
from vision.simulate.plan import FloorPlan
from vision.simulate.stops import Stop

STAFF = 3
"""How many people work on a floor."""

_APART_S = 20.0
_AT_POST_S = (180.0, 600.0)
_ROUND = (display, shop, window)


def staff(
    rng: Generator, plan: FloorPlan, count: int, numbered: int, begins: float, ends: float
) -> list[Person]:
    """People who work from `begins` to `ends`, numbered from `numbered`.

    Each has a post in a staff zone, goes out on the floor now and then and comes back. Nobody works
    on a floor without a staff zone.

    Args:
        rng: Decides everything that is not given.
        plan: The floor.
        count: How many they are.
        numbered: Number of the first.
        begins: When the first of them appears, seconds after the start of the simulation.
        ends: When they leave, or when they are back at their post after that.
    """
    posts = _posts(plan, count)
    return [
        _employee(rng, plan, post, numbered + index, begins + _APART_S * index, ends)
        for index, post in enumerate(posts)
    ]


def _posts(plan: FloorPlan, count: int) -> list[Floats]:
    """Places in staff zones, the first nearest to a counter."""
    places = [place for zone in plan.of_kind("staff") for place in plan.stations[zone]]
    counters = [line.counter for line in plan.lines.values()]
    if counters:
        places.sort(key=lambda place: min(float(np.linalg.norm(place - c)) for c in counters))
    # The rest as far apart as they get, so that colleagues do not stand in each other.
    step = max(1, len(places) // max(count, 1))
    return places[::step][:count]


def _employee(
    rng: Generator, plan: FloorPlan, post: Floats, number: int, begins: float, ends: float
) -> Person:
    speed = float(np.clip(rng.normal(1.2, 0.17), 0.8, 1.6))
    height = float(np.clip(rng.normal(1.72, 0.09), 1.5, 1.95))
    doors: list[Door | Floats] = [*plan.entrances, *plan.far_ends]
    door = doors[int(rng.integers(len(doors)))]
    stops = routed(plan, [*enter(rng, door), Stop(post, float(rng.uniform(*_AT_POST_S)))])
    while begins + _lasts(stops, speed) < ends:
        goes = _ROUND[int(rng.integers(len(_ROUND)))](rng, plan)
        back = Stop(post, float(rng.uniform(*_AT_POST_S)))
        stops += routed(plan, [stops[-1], *goes, back])[1:]
    stops += routed(plan, [stops[-1], *leave(rng, door)])[1:]
    return Person(number, begins, speed, height, tuple(stops), number, staff=True)


def _lasts(stops: list[Stop], speed: float) -> float:
    walked = sum(float(np.linalg.norm(two.point - one.point)) for one, two in pairwise(stops))
    return walked / speed + sum(stop.wait for stop in stops)
