"""Whose turn it is: people come to the end of a line, move up, are served, or give up.

Belongs here: the order of a line and its moments. Does not belong here: where the places are
(`vision.simulate.lines`), who joins (`vision.simulate.itinerary`).

The turns of a line are settled before anybody walks, so that the same plan holds for people who
take notice of each other and for people who do not: each place is left at a moment that is known.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Literal

import numpy as np
from numpy.random import Generator

from vision.simulate.lines import PLACE_M, Line
from vision.simulate.stops import Stop

Outcome = Literal["served", "abandoned", "turned_away"]

_FOLLOWS_S = 0.9
"""Who stands behind somebody that moves up follows so much later."""
_SETTLES_S = 0.5
_SERVICE_S = (20.0, 40.0)
"""At least, and how much more on average."""
_PATIENCE_S = (20.0, 120.0)
_LONGEST_S = 600.0


@dataclass(frozen=True, slots=True)
class Joiner:
    """Somebody on the way to a line.

    Attributes:
        comes: When they are at its end, seconds.
        speed: Metres a second.
        service: Seconds at the counter.
        patience: Seconds in line after which they give up.
    """

    comes: float
    speed: float
    service: float
    patience: float

    @classmethod
    def drawn(cls, rng: Generator, comes: float, speed: float) -> "Joiner":
        """Somebody of ordinary needs and patience."""
        service, patience = (
            least + min(float(rng.exponential(more)), _LONGEST_S)
            for least, more in (_SERVICE_S, _PATIENCE_S)
        )
        return cls(comes, speed, service, patience)


@dataclass(frozen=True, slots=True)
class Turn:
    """What becomes of somebody who comes to a line.

    Attributes:
        line: Id of the queue zone.
        outcome: A line that is full turns people away.
        comes: When they are at its end, seconds.
        joined: When they stand in line, seconds; None where they never do.
        served: When they are at the counter; None where they never are.
        left: When they leave counter or line; None where they never joined.
        stops: From beside the line to beside it.
    """

    line: str
    outcome: Outcome
    comes: float
    joined: float | None
    served: float | None
    left: float | None
    stops: tuple[Stop, ...]


@dataclass(slots=True, eq=False)
class _Waiting:
    joiner: Joiner
    ready: float = 0.0
    joined: float = -np.inf
    served: float | None = None
    left: float | None = None
    stops: list[Stop] = field(default_factory=list)


def turns(line: Line, joiners: Sequence[Joiner]) -> list[Turn]:
    """What becomes of each of `joiners`, in their order."""
    counter = _Counter(line, [_Waiting(joiner) for joiner in joiners])
    counter.run()
    return [_turn(line, waiting) for waiting in counter.people]


def _turn(line: Line, one: _Waiting) -> Turn:
    joined = one.joined if one.stops else None
    outcome: Outcome = "served"
    if one.served is None:
        outcome = "turned_away" if joined is None else "abandoned"
    return Turn(
        line.zone, outcome, one.joiner.comes, joined, one.served, one.left, tuple(one.stops)
    )


class _Counter:
    """A line and its counter, from event to event."""

    def __init__(self, line: Line, people: list[_Waiting]) -> None:
        self.people = people
        self._line = line
        self._waiting: list[_Waiting] = []
        self._vacated = np.zeros(len(line.places))
        self._free_from = 0.0
        self._events: list[tuple[float, int, str, _Waiting, int]] = []
        self._numbers = count()

    def run(self) -> None:
        for one in self.people:
            self._at(one.joiner.comes, "comes", one)
        while self._events:
            now, _, event, one, place = heappop(self._events)
            if event == "comes":
                self._comes(now, one)
            elif event == "steps_in":
                self._steps_in(now, one, place)
            elif event == "may_be_served":
                self._may_be_served(now, one)
            elif one in self._waiting:
                self._gives_up(now, one)

    def _at(self, moment: float, event: str, one: _Waiting, place: int = 0) -> None:
        heappush(self._events, (moment, next(self._numbers), event, one, place))

    def _comes(self, now: float, one: _Waiting) -> None:
        last = len(self._line.places) - 1
        place = min(len(self._waiting), last)
        self._at(now + (last - place) * PLACE_M / one.joiner.speed, "steps_in", one, place)

    def _steps_in(self, now: float, one: _Waiting, aimed_at: int) -> None:
        place = len(self._waiting)
        if place >= len(self._line.places):
            return
        pace = one.joiner.speed
        beside = self._line.beside(place)
        there = now + abs(place - aimed_at) * PLACE_M / pace
        step_s = float(np.linalg.norm(beside - self._line.places[place])) / pace
        enters = max(there, float(self._vacated[place]) + _SETTLES_S)
        if self._waiting:
            # Nobody steps in before whoever is to stand in front of them does.
            enters = max(enters, self._waiting[-1].joined + _SETTLES_S - step_s)
        one.joined = enters + step_s
        one.ready = one.joined + _SETTLES_S
        one.stops.append(Stop(beside, until=enters, line=self._line.zone))
        self._waiting.append(one)
        self._at(one.joined + one.joiner.patience, "gives_up", one)
        if place == 0:
            self._at(max(one.ready, self._free_from), "may_be_served", one)

    def _may_be_served(self, now: float, one: _Waiting) -> None:
        if not self._waiting or self._waiting[0] is not one:
            return
        earliest = max(one.ready, self._free_from)
        if earliest > now:
            self._at(earliest, "may_be_served", one)
            return
        line = self._line
        way = float(np.linalg.norm(line.counter - line.places[0]))
        self._leaves_place(now, 0)
        one.served = now + way / one.joiner.speed
        one.left = one.served + one.joiner.service
        self._free_from = one.left + _SETTLES_S
        one.stops.append(Stop(line.counter, until=one.left, line=line.zone))
        one.stops.append(Stop(line.counter_side))

    def _gives_up(self, now: float, one: _Waiting) -> None:
        if one.ready > now:
            self._at(one.ready, "gives_up", one)
            return
        place = self._waiting.index(one)
        self._leaves_place(now, place)
        one.left = now
        one.stops.append(Stop(self._line.beside(place)))

    def _leaves_place(self, now: float, place: int) -> None:
        """Who stands at `place` goes, and those behind move up, one after the other."""
        moment = now
        self._stands_until(self._waiting.pop(place), place, now)
        for index in range(place, len(self._waiting)):
            follower = self._waiting[index]
            moment = max(moment + _FOLLOWS_S, follower.ready)
            self._stands_until(follower, index + 1, moment)
            follower.ready = moment + PLACE_M / follower.joiner.speed + _SETTLES_S
        if place == 0 and self._waiting:
            head = self._waiting[0]
            self._at(max(head.ready, self._free_from), "may_be_served", head)

    def _stands_until(self, one: _Waiting, place: int, moment: float) -> None:
        self._vacated[place] = moment
        one.stops.append(Stop(self._line.places[place], until=moment, line=self._line.zone))
