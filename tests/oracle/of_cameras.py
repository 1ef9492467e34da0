"""Marts of which a row is of one camera's view, by docs/metrics.md.

Belongs here: groups, staff and the quality of a camera's day. Does not belong here: ways between
zones (`tests.oracle.of_ways`).
"""

from collections.abc import Iterator
from itertools import combinations

from tests.oracle.day import POSITIONS, STAYS, Row, StoredDay, at
from tests.oracle.figures import rate
from tests.oracle.of_audits import estimate, gate_audits
from tests.oracle.ways import Position, Way, apart_m, visitors_of, ways_of

_NEAR_M = 2
_TOGETHER_S = 10
_LARGEST = 5
_LOOKED_EVERY_S = 2
_SHORT_S = 3


def groups_hourly(day: StoredDay) -> Iterator[Row]:
    for camera, entry in day.site_day.cameras.items():
        groups = _groups(visitors_of(day, camera))
        for size in range(1, _LARGEST + 1):
            for hour in day.hours:
                sizes = [
                    len(group)
                    for group in groups
                    if min(len(group), _LARGEST) == size
                    and hour.holds(min(way.first_at for way in group))
                ]
                seen = day.seen_s(camera, POSITIONS, hour)
                yield {
                    **day.of_day(),
                    "camera": camera,
                    "floor": entry.floor,
                    "size": size,
                    **at("hour_start", hour),
                    "groups": len(sizes) if seen else None,
                    "people": sum(sizes) if seen else None,
                    **day.observed(camera, POSITIONS, hour),
                    "not_observed": day.why_not(camera, POSITIONS),
                }


def _groups(people: tuple[Way, ...]) -> list[list[Way]]:
    """Everybody with whoever is together with somebody in their group."""
    groups = [[way] for way in people]
    for one, other in combinations(people, 2):
        if _are_together(one, other):
            mine = next(group for group in groups if one in group)
            theirs = next(group for group in groups if other in group)
            if mine is not theirs:
                mine += theirs
                groups.remove(theirs)
    return groups


def _are_together(one: Way, other: Way) -> bool:
    first, last = max(one.first_at, other.first_at), min(one.last_at, other.last_at)
    if last - first < _TOGETHER_S - _LOOKED_EVERY_S:
        return False
    mine, theirs = _places(one), _places(other)
    near = _LOOKED_EVERY_S * sum(
        apart_m(mine[second], theirs[second]) <= _NEAR_M
        for second in mine.keys() & theirs.keys()
        if second % _LOOKED_EVERY_S == 0
    )
    return near >= _TOGETHER_S and 10 * near >= 7 * min(one.in_view_s, other.in_view_s)


def _places(way: Way) -> dict[int, Position]:
    return {position.at: position for position in way.positions}


def staff_excluded_daily(day: StoredDay) -> Iterator[Row]:
    for camera, entry in day.site_day.cameras.items():
        ways = ways_of(day, camera)
        figures = {
            "trajectories": len(ways),
            "staff_by_zone": sum(way.is_staff_by_zone for way in ways),
            "staff_by_length": sum(way.is_staff_by_length for way in ways),
            "visitors": sum(not way.is_staff for way in ways),
            "person_seconds": sum(len(way.positions) for way in ways),
            "staff_person_seconds": sum(len(way.positions) for way in ways if way.is_staff),
        }
        seen = day.seen_s(camera, POSITIONS, day.counted_quarters)
        yield {
            **day.of_day(),
            "camera": camera,
            "floor": entry.floor,
            **(figures if seen else dict.fromkeys(figures)),
            **day.observed(camera, POSITIONS, day.counted_quarters),
            "not_observed": day.why_not(camera, POSITIONS),
        }


def data_quality_daily(day: StoredDay) -> Iterator[Row]:
    for camera, entry in day.site_day.cameras.items():
        stays = day.stays.get(camera, ()) if day.delivered(camera, STAYS) else ()
        ways = ways_of(day, camera)
        seen = day.seen_s(camera, STAYS, day.counted_quarters)
        followed = seen and day.seen_s(camera, POSITIONS, day.counted_quarters)
        cut = sum(stay.ends_seen != "both" for stay in stays)
        short = sum(way.in_view_s < _SHORT_S for way in ways)
        yield {
            **day.of_day(),
            "camera": camera,
            "floor": entry.floor,
            "state": day.state(camera),
            "quarters_unobserved": sum(
                not day.seen_s(camera, STAYS, quarter)
                for quarter in day.quarters
                if quarter.is_open
            ),
            "stays": len(stays) if seen else None,
            "cut_stays": cut if seen else None,
            "cut_share": rate(cut, len(stays)) if seen else None,
            "trajectories": len(ways) if followed else None,
            "short_trajectories": short if followed else None,
            "short_share": rate(short, len(ways)) if followed else None,
            **_audited(day, camera, bool(seen)),
            **day.observed(camera, STAYS, day.counted_quarters),
        }


def _audited(day: StoredDay, camera: str, seen: bool) -> Row:
    """How far counts by eye at the camera's gates are from what is stored of the same minutes."""
    counts = [
        row
        for row in gate_audits(day)
        if seen and row["camera"] == camera and row["gate_entries"] is not None
    ]
    return {"audits": len(counts), **estimate(counts)}
