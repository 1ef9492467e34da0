"""Who comes when, with whom, and where each person goes.

Belongs here: arrivals, company, the list of points of each visit. Does not belong here: what people
come for (`vision.simulate.errands`), how they walk from point to point (`vision.simulate.walk`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.random import Generator

from vision.simulate.companions import beside
from vision.simulate.doors import Door
from vision.simulate.errands import enter, errands_of, leave, routed
from vision.simulate.geometry import Floats
from vision.simulate.plan import FloorPlan
from vision.simulate.queueing import Joiner, Turn, turns
from vision.simulate.stops import Stop

PAIRS = 0.2
"""Share of arrivals that are people walking together: two, and on floors with lines or staff up to
four."""

_COMPANIONS = {1: 0.6, 2: 0.25, 3: 0.15}
_BEHIND_S = 0.6
"""The third and the fourth of a group walk so much behind the first two."""
_DELAYED = 1.1
_DELAYED_S = 1.5
"""Who meets others on the way to a line, or has company, is later than who does not."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on the floor: when they appear, how fast they walk, and their way.

    Attributes:
        number: Of the person.
        arrives: Seconds after the start of the simulation.
        speed: Metres a second.
        height: Metres.
        stops: The way, first point included.
        group: Number of the first of those who came together; one's own where one is alone.
        staff: Works here.
        turn: What came of waiting in line; None for who never went to one.
    """

    number: int
    arrives: float
    speed: float
    height: float
    stops: tuple[Stop, ...]
    group: int
    staff: bool = False
    turn: Turn | None = None


@dataclass(frozen=True, slots=True)
class _Party:
    arrives: float
    speed: float
    heights: list[float]
    stops: list[Stop]


def arrivals(
    rng: Generator, people_per_minute: float, seconds: float, start: float = 0.5
) -> list[float]:
    """Moments of a Poisson process between `start` and `seconds`."""
    if people_per_minute <= 0:
        return []
    count = rng.poisson(people_per_minute * max(seconds - start, 0) / 60)
    return sorted(float(moment) for moment in rng.uniform(start, seconds, count))


def crowd(rng: Generator, plan: FloorPlan, moments: list[float], numbered: int = 0) -> list[Person]:
    """One person for each moment, numbered from `numbered`; some walk beside the one before.

    Companions come with the first of their group; their own moments are left out.
    """
    parties: list[_Party] = []
    taken = 0
    while taken < len(moments):
        arrives = moments[taken]
        stops = _errand(rng, plan)
        speed = float(np.clip(rng.normal(1.2, 0.17), 0.8, 1.6))
        heights = [_height(rng)]
        if rng.random() < PAIRS and taken + 1 < len(moments):
            company = min(_company(rng, plan, stops), len(moments) - taken - 1)
            heights += [_height(rng) for _ in range(company)]
        parties.append(_Party(arrives, speed, heights, stops))
        taken += len(heights)
    waited = _turns(rng, plan, parties)
    people: list[Person] = []
    for index, party in enumerate(parties):
        people += _members(plan, party, waited.get(index), numbered + len(people))
    return people


def itinerary(rng: Generator, plan: FloorPlan) -> list[Stop]:
    """Points of one visit, from where the person appears to where they leave."""
    return routed(plan, _errand(rng, plan))


def _errand(rng: Generator, plan: FloorPlan) -> list[Stop]:
    way_in = _portal(rng, plan)
    errands = errands_of(plan)
    errand = str(rng.choice(list(errands), p=[share for _, share in errands.values()]))
    middle = errands[errand][0](rng, plan)
    stops = [*enter(rng, way_in), *middle]
    way_out = _portal(rng, plan)
    if errand == "walk" and _portals(plan) > 1:
        while way_out is way_in:
            way_out = _portal(rng, plan)
    return [*stops, *leave(rng, way_out)]


def _height(rng: Generator) -> float:
    return float(np.clip(rng.normal(1.72, 0.09), 1.5, 1.95))


def _portals(plan: FloorPlan) -> int:
    return len(plan.entrances) + len(plan.far_ends)


def _portal(rng: Generator, plan: FloorPlan) -> Door | Floats:
    options: list[Door | Floats] = [*plan.entrances, *plan.far_ends]
    weights = np.array([3.0] * len(plan.entrances) + [2.0] * len(plan.far_ends))
    return options[int(rng.choice(len(options), p=weights / weights.sum()))]


def _company(rng: Generator, plan: FloorPlan, stops: Sequence[Stop]) -> int:
    # Other floors keep the crowds that they have always had.
    if not (plan.lines or plan.of_kind("staff")):
        return 1
    # There is no room for more than two abreast in a line.
    if any(stop.line for stop in stops):
        return 1
    return int(rng.choice(list(_COMPANIONS), p=list(_COMPANIONS.values())))


def _members(plan: FloorPlan, party: _Party, turn: Turn | None, numbered: int) -> list[Person]:
    stops = routed(plan, party.stops if turn is None else _with_turn(party.stops, turn))
    ways = [stops]
    for _ in party.heights[1:]:
        ways.append(beside(plan, stops, tuple(ways[1:])))
    return [
        Person(
            number=numbered + index,
            arrives=party.arrives + _BEHIND_S * (index // 2),
            speed=party.speed,
            height=height,
            stops=tuple(way),
            group=numbered,
            turn=turn,
        )
        for index, (height, way) in enumerate(zip(party.heights, ways, strict=True))
    ]


def _turns(rng: Generator, plan: FloorPlan, parties: Sequence[_Party]) -> dict[int, Turn]:
    """What becomes of each party that goes to a line, by number of the party."""
    going: dict[str, dict[int, Joiner]] = {}
    for index, party in enumerate(parties):
        at = _line_at(party.stops)
        if at is not None:
            comes = party.arrives + _DELAYED_S
            way = routed(plan, party.stops[: at + 1])
            comes += _DELAYED * _length(way) / party.speed
            joiner = Joiner.drawn(rng, comes, party.speed)
            going.setdefault(party.stops[at].line, {})[index] = joiner
    return {
        index: turn
        for line, joiners in going.items()
        for index, turn in zip(
            joiners, turns(plan.lines[line], list(joiners.values())), strict=True
        )
    }


def _with_turn(stops: Sequence[Stop], turn: Turn) -> list[Stop]:
    at = _line_at(stops)
    if at is None:
        return list(stops)
    end = Stop(stops[at].point, until=turn.comes, line=turn.line)
    return [*stops[:at], end, *turn.stops, *stops[at + 1 :]]


def _line_at(stops: Sequence[Stop]) -> int | None:
    return next((index for index, stop in enumerate(stops) if stop.line), None)


def _length(stops: Sequence[Stop]) -> float:
    return sum(float(np.linalg.norm(two.point - one.point)) for one, two in pairwise(stops))
