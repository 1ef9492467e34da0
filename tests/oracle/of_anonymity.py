"""The mart of how many people known points single out, by docs/metrics.md.

Belongs here: looking for each person in the rows as somebody would who knows of them. Does not
belong here: any other mart.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator
from hashlib import md5
from itertools import product
from math import floor

from tests.oracle.day import CROSSINGS, POSITIONS, STAYS, Position, Row, StoredDay

_KNOWN = ((1, 0.25), (60, 2), (900, 8))
_TRIED = 1000
_POINTS = (1, 2, 3, 4)


def unicity_daily(day: StoredDay) -> Iterator[Row]:
    for camera, entry in day.site_day.cameras.items():
        for (dataset, known_s, points), crowds in _crowds(day, camera).items():
            if not crowds:
                continue
            alone = sum(crowd == 1 for crowd in crowds)
            yield {
                **day.of_day(),
                "camera": camera,
                "floor": entry.floor,
                "dataset": dataset,
                "known_s": known_s,
                "known_points": points,
                "people": len(crowds),
                "singled_out": alone,
                "unicity": alone / len(crowds),
            }


def _crowds(day: StoredDay, camera: str) -> dict[tuple[str, int, int], list[int]]:
    """How many rows fit each person, the own included, by dataset and what is known."""
    found: dict[tuple[str, int, int], list[int]] = {}
    for (known_s, known_m), points in product(_KNOWN, _POINTS):
        if day.delivered(camera, POSITIONS):
            fitting = list(_of_ways(day.positions[camera], known_s, known_m, points))
            found[POSITIONS, known_s, points] = fitting
    for known_s, _ in _KNOWN:
        if day.delivered(camera, CROSSINGS):
            found[CROSSINGS, known_s, 1] = _alike(
                (one.gate, one.direction, one.at // known_s) for one in day.crossings[camera]
            )
        if day.delivered(camera, STAYS):
            stays = [
                (one.zone, one.entered_at // known_s, one.left_at // known_s)
                for one in day.stays[camera]
            ]
            found[STAYS, known_s, 1] = _alike(stay[:2] for stay in stays)
            found[STAYS, known_s, 2] = _alike(stays)
    return found


def _alike(known: Iterable[Hashable]) -> list[int]:
    counts = Counter(known)
    return [count for count in counts.values() for _ in range(count)]


def _of_ways(
    positions: Iterable[Position], known_s: int, known_m: float, points: int
) -> Iterator[int]:
    places: dict[int, set[tuple[int, int, int]]] = defaultdict(set)
    seconds: dict[int, dict[str, tuple[int, int, int]]] = defaultdict(dict)
    first: dict[int, int] = {}
    for one in sorted(positions, key=lambda one: one.at):
        place = (one.at // known_s, floor(one.x_m / known_m), floor(one.y_m / known_m))
        since = one.at - first.setdefault(one.trajectory, one.at)
        places[one.trajectory].add(place)
        seconds[one.trajectory][_drawn(f"{one.trajectory} {since}")] = place
    tried = sorted(places, key=lambda trajectory: _drawn(str(trajectory)))[:_TRIED]
    for trajectory in tried:
        known = [place for _, place in sorted(seconds[trajectory].items())][:points]
        if len(known) == points:
            yield sum(seen.issuperset(known) for seen in places.values())


def _drawn(what: str) -> str:
    return md5(what.encode()).hexdigest()
