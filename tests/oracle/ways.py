"""What floor positions tell of each person in the view of one camera.

Belongs here: stays, visits and who is staff, read from positions. Does not belong here: figures
(`tests.oracle.of_ways`, `of_cameras`).
"""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import groupby
from typing import NamedTuple

from tests.oracle.day import POSITIONS, Position, StoredDay
from vision.site.models import Zone

_SLOW_M = 0.9
"""Less than so far in three seconds is slower than 0.3 m/s."""


class ZoneStay(NamedTuple):
    """A stay of one person in one zone, by their positions.

    Attributes:
        zone: Its id.
        entered_at: First second inside.
        left_at: First second outside.
        slow_seconds: For how many of its seconds the person was slow.
        is_visit: Whether it lasted for the zone's min_dwell.
    """

    zone: str
    entered_at: int
    left_at: int
    slow_seconds: int
    is_visit: bool


@dataclass(frozen=True, eq=False)
class Way:
    """One trajectory.

    Attributes:
        number: The trajectory.
        positions: Of it, by time.
        zones: Those in which stays are looked for.
        staff_after_s: Who is in view for longer is taken for staff.
        inside: Which zones each cell lies in; the ways of a camera share it.
    """

    number: int
    positions: tuple[Position, ...]
    zones: tuple[Zone, ...]
    staff_after_s: int
    inside: dict[tuple[float, float], frozenset[str]] = field(repr=False)

    @property
    def first_at(self) -> int:
        return self.positions[0].at

    @property
    def last_at(self) -> int:
        return self.positions[-1].at

    @property
    def in_view_s(self) -> int:
        """From the first position to the last, each of which stands for a second."""
        return self.last_at + 1 - self.first_at

    @cached_property
    def stays(self) -> tuple[ZoneStay, ...]:
        """By their first second; of two that begin together, the one that ends first first."""
        found = [stay for zone in self.zones for stay in self._stays_in(zone)]
        return tuple(sorted(found, key=lambda stay: (stay.entered_at, stay.left_at, stay.zone)))

    @cached_property
    def visits(self) -> tuple[ZoneStay, ...]:
        return tuple(stay for stay in self.stays if stay.is_visit)

    @cached_property
    def is_staff_by_zone(self) -> bool:
        staff = {zone.id for zone in self.zones if zone.kind == "staff"}
        return any(stay.zone in staff for stay in self.stays)

    @property
    def is_staff_by_length(self) -> bool:
        return not self.is_staff_by_zone and self.in_view_s > self.staff_after_s

    @property
    def is_staff(self) -> bool:
        return self.is_staff_by_zone or self.is_staff_by_length

    def _stays_in(self, zone: Zone) -> list[ZoneStay]:
        there = {p.at: p for p in self.positions if zone.id in self._zones_at(p)}
        runs: list[list[int]] = []
        for second in there:
            # Whoever is back after one second outside has not left.
            if runs and second - runs[-1][-1] <= 2:
                runs[-1].append(second)
            else:
                runs.append([second])
        stays = []
        for run in runs:
            slow: set[int] = set()
            for second in run:
                four = range(second, second + 4)
                if set(four) <= set(run) and apart_m(there[second], there[second + 3]) < _SLOW_M:
                    slow.update(four[:3])
            entered, left = run[0], run[-1] + 1
            is_visit = left - entered >= zone.min_dwell
            stays.append(ZoneStay(zone.id, entered, left, len(slow), is_visit))
        return stays

    def _zones_at(self, place: Position) -> frozenset[str]:
        cell = place.x_m, place.y_m
        if cell not in self.inside:
            self.inside[cell] = frozenset(
                zone.id for zone in self.zones if zone.polygon and _lies_in(cell, zone.polygon)
            )
        return self.inside[cell]


@lru_cache(maxsize=8)
def ways_of(day: StoredDay, camera: str) -> tuple[Way, ...]:
    """Of everybody whom the camera followed, staff among them."""
    if not day.delivered(camera, POSITIONS):
        return ()
    zones = tuple(zone for zone in day.site_day.zones_of(camera) if zone.kind != "exclude")
    inside: dict[tuple[float, float], frozenset[str]] = {}
    stored = sorted(day.positions[camera])
    return tuple(
        Way(number, tuple(rows), zones, 60 * day.site_day.site.file.staff_after_minutes, inside)
        for number, rows in groupby(stored, key=lambda position: position.trajectory)
    )


@lru_cache(maxsize=8)
def visitors_of(day: StoredDay, camera: str) -> tuple[Way, ...]:
    return tuple(way for way in ways_of(day, camera) if not way.is_staff)


def apart_m(one: Position, other: Position) -> float:
    return ((one.x_m - other.x_m) ** 2 + (one.y_m - other.y_m) ** 2) ** 0.5


def _lies_in(point: tuple[float, float], polygon: tuple[tuple[float, float], ...]) -> bool:
    """Whether a ray to the east crosses an odd number of edges."""
    x, y = point
    crossed = 0
    for (x0, y0), (x1, y1) in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        if min(y0, y1) <= y < max(y0, y1) and x < x0 + (x1 - x0) * (y - y0) / (y1 - y0):
            crossed += 1
    return crossed % 2 == 1
