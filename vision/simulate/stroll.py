"""People who walk as they planned and take no notice of each other: quick enough for weeks.

Belongs here: ways as continuous paths, groups together. Does not belong here: people who give way
to each other (`vision.simulate.walk`), where they want to go (`vision.simulate.itinerary`).
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import numpy as np

from vision.simulate.geometry import Floats
from vision.simulate.itinerary import Person
from vision.simulate.walk import STEP_S, Walk


def stroll(people: Iterable[Person]) -> Iterator[Walk]:
    """The whole path of each of `people`, by number.

    Of a group nobody goes on before all are there: its members pass their stops together.
    """
    by_group = sorted(people, key=lambda person: (person.group, person.number))
    for _, group in groupby(by_group, key=lambda person: person.group):
        members = list(group)
        times = _times(members)
        for member in members:
            yield _walked(member, times + member.arrives - times[0])


def _times(members: Sequence[Person]) -> Floats:
    """When the first of a group comes to each stop and goes on from it, (2 n,) seconds."""
    points = np.array([[stop.point for stop in member.stops] for member in members])
    legs = np.linalg.norm(np.diff(points, axis=1), axis=2).max(axis=0) / members[0].speed
    times = []
    now = members[0].arrives
    for stop, leg in zip(members[0].stops, [*legs, 0.0], strict=True):
        goes_on = max(now + stop.wait, stop.until)
        times += [now, goes_on]
        now = goes_on + leg
    return np.array(times)


def _walked(person: Person, times: Floats) -> Walk:
    points = np.repeat([stop.point for stop in person.stops], 2, axis=0)
    first, last = (int(np.ceil(moment / STEP_S)) for moment in (times[0], times[-1]))
    moments = STEP_S * np.arange(first, max(last, first + 1))
    path = np.column_stack([np.interp(moments, times, axis) for axis in points.T])
    return Walk(person, first * STEP_S, path)
