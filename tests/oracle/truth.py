"""The figures of marts by the continuous paths of simulated people.

Belongs here: each person's stays, outcome and time in view, ten places a second and nobody lost;
the definitions of docs/metrics.md applied to them. Does not belong here: stored rows, or how far
marts are from the truth (`bench/mart_errors.py`).

Definitions are applied to whole people and the whole floor; or, to tell apart what a view that ends
does to a figure from what coarsening does, to each stretch of a path that one camera has in view.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np

from tests.arcade_fortnight import Truth
from vision.pinhole import Pinhole
from vision.simulate.seen import in_view
from vision.simulate.truth import stays
from vision.simulate.walk import STEP_S, Walk

_BRIDGED_S = 1.0
_SLOW_M, _SLOW_S = 0.9, 3
_LOST_AFTER = 5
"""Steps out of view after which somebody is not the same any more."""
_LOOKED_EVERY = 5
"""Steps between two instants at which the people on the floor are counted."""


class TrueStay(NamedTuple):
    """From when until when somebody is in a zone, epoch seconds."""

    zone: str
    entered: float
    left: float
    is_visit: bool

    @property
    def dwell(self) -> float:
        return self.left - self.entered


@dataclass(frozen=True, eq=False)
class TruePerson:
    """One person, with each stay in a zone."""

    truth: Truth
    walk: Walk

    @property
    def is_staff(self) -> bool:
        return self.walk.person.staff

    @cached_property
    def first_at(self) -> float:
        return self.truth.begins.timestamp() + self.walk.start

    @cached_property
    def stays(self) -> list[TrueStay]:
        """By when they begin; whoever is back within a second has not left."""
        zones = self.truth.site_day.zones
        every = stays(self.truth.plan, self.walk, dict.fromkeys(self.truth.plan.zones, 0.0))
        by_zone: dict[str, list[tuple[float, float]]] = {}
        for stay in every:
            runs = by_zone.setdefault(stay.zone, [])
            if runs and stay.entered - runs[-1][1] <= _BRIDGED_S:
                runs[-1] = (runs[-1][0], stay.left)
            else:
                runs.append((stay.entered, stay.left))
        begins = self.truth.begins.timestamp()
        return sorted(
            (
                TrueStay(name, begins + entered, begins + left, left - entered >= shortest)
                for name, runs in by_zone.items()
                for shortest in [zones[name].min_dwell]
                for entered, left in runs
            ),
            key=lambda stay: (stay.entered, stay.left),
        )

    def visits(self, *zones: str) -> list[TrueStay]:
        """Visits to some of the zones."""
        return [stay for stay in self.stays if stay.is_visit and stay.zone in zones]

    def attention(self, display: str) -> float:
        """Seconds of visits that are slower than 0.3 m/s over three seconds."""
        slow = np.zeros(len(self.walk.path), dtype=bool)
        steps = round(_SLOW_S / STEP_S)
        for visit in self.visits(display):
            first, end = (
                round((at - self.first_at) / STEP_S) for at in (visit.entered, visit.left)
            )
            for step in range(first, end - steps + 1):
                if np.hypot(*(self.walk.path[step + steps] - self.walk.path[step])) < _SLOW_M:
                    slow[step : step + steps] = True
        return float(slow.sum() * STEP_S)

    def seconds_in_view(self, camera: Pinhole) -> float:
        return float(in_view(camera, self.walk.path).sum() * STEP_S)


@dataclass(frozen=True, eq=False)
class TrueDay:
    """Everybody on the floor on one day."""

    truth: Truth
    camera: Pinhole | None = None
    """Whose view people are followed in: out of it they end, and staff are not known for what they
    are. None: everywhere."""

    @cached_property
    def people(self) -> list[TruePerson]:
        walks = self.truth.walks
        if self.camera is not None:
            walks = [stretch for walk in walks for stretch in _in_view(self.camera, walk)]
        return [TruePerson(self.truth, walk) for walk in walks]

    @cached_property
    def visitors(self) -> list[TruePerson]:
        unknown = self.camera is not None
        return [person for person in self.people if unknown or not person.is_staff]

    def by(self, camera: str) -> "TrueDay":
        """The same day in the view of one camera."""
        return TrueDay(self.truth, Pinhole.of(self.truth.site_day.cameras[camera]))

    def crossings(self, gate: str, direction: str) -> int:
        rows = self.truth.frames["gate_crossings"].iter_rows(named=True)
        return sum((row["gate"], row["direction"]) == (gate, direction) for row in rows)

    def visits(self, zone: str, start: float, end: float) -> list[float]:
        """Lengths of the visits that begin in a part of the day."""
        return [
            visit.dwell
            for person in self.people
            for visit in person.visits(zone)
            if start <= visit.entered < end
        ]

    def occupancy(self, zone: str, start: float, end: float) -> float:
        """People in a zone, on average by time."""
        spent = sum(
            max(0.0, min(stay.left, end) - max(stay.entered, start))
            for person in self.people
            for stay in person.stays
            if stay.zone == zone
        )
        return spent / (end - start)

    def on_floor(self, beyond_x: float, start: float, end: float) -> float:
        """People east of a line, on average by time."""
        step = STEP_S * _LOOKED_EVERY
        instants = 0
        for person in self.people:
            path = person.walk.path[::_LOOKED_EVERY]
            at = person.first_at + step * np.arange(len(path))
            instants += int(((at >= start) & (at < end) & (path[:, 0] > beyond_x)).sum())
        return instants * step / (end - start)

    def came_by(self, front: str, shop: str) -> Iterator[tuple[float, str]]:
        """When visitors came to front or shop first, and whether they entered."""
        for person in self.visitors:
            visits = person.visits(front, shop)
            inside = [visit.entered for visit in visits if visit.zone == shop]
            if inside and inside[0] <= person.first_at + STEP_S:
                continue
            if visits:
                yield visits[0].entered, "entry" if inside else "passer-by"

    def flows(self, zones: set[str]) -> Counter[tuple[str, str]]:
        """How many visitors went from one zone to another next, each pair once a visitor."""
        found: Counter[tuple[str, str]] = Counter()
        for person in self.visitors:
            visits = person.visits(*zones)
            found.update({(a.zone, b.zone) for a, b in pairwise(visits) if a.zone != b.zone})
        return found

    def paths(self, zones: set[str]) -> Counter[str]:
        """How many visitors went each way through the zones."""
        ways = (
            " > ".join(zone for zone, _ in groupby(v.zone for v in person.visits(*zones)))
            for person in self.visitors
        )
        return Counter(way for way in ways if way)

    def sizes_of_groups(self, camera: Pinhole) -> list[int]:
        """Of those who were in view: how many came together."""
        seen = (p.walk.person.group for p in self.visitors if p.seconds_in_view(camera) >= 1)
        return list(Counter(seen).values())


def _in_view(camera: Pinhole, walk: Walk) -> Iterator[Walk]:
    """The stretches of a path that a camera has in view for a second or more."""
    seen = np.flatnonzero(in_view(camera, walk.path))
    for steps in np.split(seen, np.flatnonzero(np.diff(seen) > _LOST_AFTER) + 1):
        if len(steps) * STEP_S >= 1:
            first, end = int(steps[0]), int(steps[-1]) + 1
            yield Walk(walk.person, walk.start + STEP_S * first, walk.path[first:end])
