"""Marts of stays in zones, by docs/metrics.md.

Belongs here: zone_visits_hourly, zone_dwell_distribution, occupancy_15min, queue_15min,
space_value_daily. Does not belong here: how ways are read from positions (`tests.oracle.ways`).
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping

from tests.oracle.day import POSITIONS, STAYS, Row, Stay, StoredDay, at
from tests.oracle.figures import quantile, rate, total, total_if_all_known
from tests.oracle.ways import Way, ways_of
from vision.site.models import Zone

CLASSES = (0, 10, 30, 60, 120, 300, 600, 1800)
"""Shortest visit of each class of dwell, seconds."""
WEEK, YEAR = dt.timedelta(days=7), dt.timedelta(days=364)

OtherDays = Callable[[str, dt.date], list[Row]]
"""Rows of a mart of another day; none where it has none."""


def zones_of(day: StoredDay) -> list[Zone]:
    """Zones that have figures: nobody is counted in an excluded one."""
    return [zone for zone in day.site_day.zones.values() if zone.kind != "exclude"]


def zone_visits_hourly(day: StoredDay) -> Iterator[Row]:
    for zone in zones_of(day):
        for hour in day.hours:
            begun = [stay for stay in _stays(day, zone) if hour.holds(stay.entered_at)]
            visits = [stay for stay in begun if stay.dwell_s >= zone.min_dwell]
            lengths = [stay.dwell_s for stay in visits]
            seen = day.seen_s(zone.camera, STAYS, hour)
            figures = {
                "visits": len(visits),
                "cut_visits": sum(stay.ends_seen != "both" for stay in visits),
                "bounces": len(begun) - len(visits),
                "dwell_median_s": quantile(lengths, 0.5),
                "dwell_p90_s": quantile(lengths, 0.9),
                "person_seconds": sum(lengths),
            }
            yield {
                **day.of_day(),
                **_place(zone),
                **at("hour_start", hour),
                **(figures if seen else dict.fromkeys(figures)),
                **day.observed(zone.camera, STAYS, hour),
                "not_observed": day.why_not(zone.camera, STAYS),
            }


def zone_dwell_distribution(day: StoredDay) -> Iterator[Row]:
    for zone in zones_of(day):
        observed = [hour for hour in day.hours if day.seen_s(zone.camera, STAYS, hour)]
        lengths = [
            stay.dwell_s
            for stay in _stays(day, zone)
            if stay.dwell_s >= zone.min_dwell
            and any(hour.holds(stay.entered_at) for hour in observed)
        ]
        seen = day.seen_s(zone.camera, STAYS, day.counted_quarters)
        for low, high in zip(CLASSES, (*CLASSES[1:], None), strict=True):
            visits = sum(low <= length and (high is None or length < high) for length in lengths)
            yield {
                **day.of_day(),
                **_place(zone),
                "dwell_from_s": low,
                "dwell_until_s": high,
                "visits_observed": visits if seen else None,
                "share": rate(visits, len(lengths)) if seen else None,
                "visits_of_zone": len(lengths) if seen else None,
                **day.observed(zone.camera, STAYS, day.counted_quarters),
                "not_observed": day.why_not(zone.camera, STAYS),
            }


def occupancy_15min(day: StoredDay) -> Iterator[Row]:
    for zone in zones_of(day):
        for quarter in day.quarters:
            seen = day.seen_s(zone.camera, STAYS, quarter)
            parts = [
                (max(stay.entered_at, quarter.start), min(stay.left_at, quarter.end))
                for stay in _stays(day, zone)
                if stay.entered_at < quarter.end and stay.left_at > quarter.start
            ]
            spent = sum(end - start for start, end in parts)
            figures = {
                "occupancy_mean": rate(spent, seen),
                "occupancy_peak": _most_at_once(parts),
                "stays": len(parts),
                "person_seconds": spent,
            }
            yield {
                **day.of_day(),
                **_place(zone),
                **at("interval_start", quarter),
                **(figures if seen else dict.fromkeys(figures)),
                **day.observed(zone.camera, STAYS, quarter),
                "not_observed": day.why_not(zone.camera, STAYS),
            }


def _most_at_once(parts: list[tuple[int, int]]) -> int:
    """There are most just after somebody came."""
    return max(
        (sum(start <= second < end for start, end in parts) for second, _ in parts), default=0
    )


def queue_15min(day: StoredDay, occupancy: list[Row]) -> Iterator[Row]:
    known = {(row["zone"], row["interval_start"]): row for row in occupancy}
    for zone in zones_of(day):
        if zone.kind != "queue":
            continue
        outcomes = list(_outcomes(day, zone)) if zone.of else []
        for quarter in day.quarters:
            row = {**day.of_day(), **_place(zone), **at("interval_start", quarter)}
            del row["kind"]
            there = known[zone.id, row["interval_start"]]
            waits = [
                stay.dwell_s
                for stay in _stays(day, zone)
                if quarter.holds(stay.entered_at) and stay.dwell_s >= zone.min_dwell
            ]
            seen = day.seen_s(zone.camera, STAYS, quarter)
            followed = zone.of is not None and day.seen_s(zone.camera, POSITIONS, quarter) > 0
            followed = followed and seen > 0
            here = [outcome for second, outcome in outcomes if quarter.holds(second)]
            served, abandoned = (
                here.count(outcome) if followed else None for outcome in ("served", "abandoned")
            )
            yield {
                **row,
                "length_mean": there["occupancy_mean"],
                "length_peak": there["occupancy_peak"],
                "stays": there["stays"],
                "person_seconds": there["person_seconds"],
                "waits": len(waits) if seen else None,
                "wait_median_s": quantile(waits, 0.5) if seen else None,
                "wait_p90_s": quantile(waits, 0.9) if seen else None,
                "served": served,
                "abandoned": abandoned,
                "abandonment_rate": rate(abandoned, served + abandoned) if followed else None,
                **day.observed(zone.camera, STAYS, quarter),
                "not_observed": day.why_not(zone.camera, STAYS),
            }


def _outcomes(day: StoredDay, queue: Zone) -> Iterator[tuple[int, str]]:
    """When each wait of a visitor began, and how it ended, if that was seen."""
    for way in ways_of(day, queue.camera):
        if way.is_staff:
            continue
        for number, visit in enumerate(way.visits):
            if visit.zone != queue.id:
                continue
            outcome = _outcome(way, number, queue)
            if outcome:
                yield visit.entered_at, outcome


def _outcome(way: Way, number: int, queue: Zone) -> str | None:
    if number + 1 < len(way.visits) and way.visits[number + 1].zone == queue.of:
        return "served"
    return "abandoned" if way.last_at >= way.visits[number].left_at else None


def space_value_daily(
    day: StoredDay, visits_hourly: list[Row], engagement: list[Row], other_days: OtherDays
) -> Iterator[Row]:
    zones = zones_of(day)
    visits = {zone.id: _whole_visits(day, zone, visits_hourly) for zone in zones}
    for zone in zones:
        if zone.polygon is None:
            continue
        own = [row for row in visits_hourly if row["zone"] == zone.id]
        looked = [row["attention_seconds"] for row in engagement if row["zone"] == zone.id]
        peers = [other for other in zones if other.kind == zone.kind and other.polygon]
        of_kind = total_if_all_known(visits[peer.id] for peer in peers)
        area = area_m2(zone)
        observed = {
            "visits_observed": total(row["visits"] for row in own),
            "person_seconds": total(row["person_seconds"] for row in own),
            "attention_seconds": total(looked),
        }
        seen = day.seen_s(zone.camera, STAYS, day.counted_quarters)
        if not seen:
            observed = dict.fromkeys(observed)
        row = {
            **day.of_day(),
            **_place(zone),
            "area_m2": area,
            "visits": visits[zone.id],
            **observed,
            "visits_per_m2": rate(observed["visits_observed"], area),
            "person_seconds_per_m2": rate(observed["person_seconds"], area),
            "attention_seconds_per_m2": rate(observed["attention_seconds"], area),
            "visits_of_kind": of_kind,
            "share": rate(visits[zone.id], of_kind),
            "rank": None if of_kind is None else _rank(zone, peers, visits),
            **day.observed(zone.camera, STAYS, day.counted_quarters),
            "not_observed": day.why_not(zone.camera, STAYS),
        }
        for span, back in (("week", WEEK), ("year", YEAR)):
            earlier = other_days("space_value_daily", day.site_day.day - back)
            comparable = [one for one in earlier if seen and one["zone"] == zone.id]
            before = _visits_before(row, comparable)
            row[f"visits_{span}_before"] = before
            row[f"change_{span}"] = _change(row["visits"], before)
        yield row


def _whole_visits(day: StoredDay, zone: Zone, visits_hourly: list[Row]) -> float | None:
    """The visits of the day, where something was observed in each hour of the trading hours."""
    if not day.seen_s(zone.camera, STAYS, day.counted_quarters):
        return None
    if not all(day.seen_s(zone.camera, STAYS, hour) for hour in day.counted_hours):
        return None
    return total(row["visits"] for row in visits_hourly if row["zone"] == zone.id)


def _rank(zone: Zone, peers: list[Zone], visits: Mapping[str, float | None]) -> int:
    """One more than the number of peers with more visits per square metre."""
    return 1 + sum(
        visits[peer.id] * area_m2(zone) > visits[zone.id] * area_m2(peer) for peer in peers
    )


def _visits_before(row: Row, earlier: list[Row]) -> float | None:
    for before in earlier:
        if all(before[name] == row[name] for name in ("area_m2", "definition_version")):
            return before["visits"]
    return None


def _change(now: float | None, before: float | None) -> float | None:
    return (now - before) / before if before and now is not None else None


def area_m2(zone: Zone) -> float:
    """By the trapezoids between each edge and the x axis."""
    corners = zone.polygon or ()
    following = (*corners[1:], *corners[:1])
    return abs(
        sum(
            (x1 - x0) * (y0 + y1) / 2 for (x0, y0), (x1, y1) in zip(corners, following, strict=True)
        )
    )


def _stays(day: StoredDay, zone: Zone) -> list[Stay]:
    stays = day.stays.get(zone.camera, ()) if day.delivered(zone.camera, STAYS) else ()
    return [stay for stay in stays if stay.zone == zone.id]


def _place(zone: Zone) -> Row:
    return {"zone": zone.id, "kind": zone.kind, "camera": zone.camera, "floor": zone.floor}
