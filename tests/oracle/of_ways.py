"""Marts of the ways that people take within one view, by docs/metrics.md.

Belongs here: heatmap, capture, engagement, flow, paths, shop pairs and affinity. Does not belong
here: groups and marts of cameras (`tests.oracle.of_cameras`).
"""

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterator
from itertools import combinations, groupby, pairwise

from tests.oracle.clocks import holding
from tests.oracle.day import POSITIONS, Row, StoredDay, at
from tests.oracle.figures import quantile, rate
from tests.oracle.of_zones import OtherDays, zones_of
from tests.oracle.ways import Way, visitors_of, ways_of
from vision.site.models import Zone

_CELL_M = 0.5
_LONGEST_PATH = 8
_MOST_FREQUENT = 100


def heatmap_hourly(day: StoredDay) -> Iterator[Row]:
    for camera in day.site_day.cameras:
        who: dict[tuple, set[int]] = {}
        seconds: Counter[tuple] = Counter()
        for way in ways_of(day, camera):
            for position in way.positions:
                cell = (_centre(position.x_m), _centre(position.y_m))
                key = (holding(day.hours, position.at), *cell)
                who.setdefault(key, set()).add(way.number)
                seconds[key] += 1
        for (hour, x, y), people in who.items():
            if not day.seen_s(camera, POSITIONS, hour):
                continue
            yield {
                **day.of_day(),
                **_view(day, camera),
                **at("hour_start", hour),
                "x_m": x,
                "y_m": y,
                "visits": len(people),
                "person_seconds": seconds[hour, x, y],
                **day.observed(camera, POSITIONS, hour),
            }


def _centre(metres: float) -> float:
    return math.floor(metres / _CELL_M) * _CELL_M + _CELL_M / 2


def shopfront_capture_hourly(day: StoredDay) -> Iterator[Row]:
    for front in zones_of(day):
        if front.kind != "frontage" or front.of is None:
            continue
        people = visitors_of(day, front.camera)
        came_by = [found for way in people if (found := _came_by(way, front))]
        for hour in day.hours:
            what = [kind for second, kind in came_by if hour.holds(second)]
            traffic = sum(any(hour.holds(p.at) for p in way.positions) for way in people)
            passers_by, entries = what.count("passer-by"), what.count("entry")
            figures = {
                "traffic": traffic,
                "passers_by": passers_by,
                "entries": entries,
                "capture_rate": rate(entries, entries + passers_by),
                "exposure_rate": rate(entries + passers_by, traffic),
            }
            seen = day.seen_s(front.camera, POSITIONS, hour)
            yield {
                **day.of_day(),
                "zone": front.id,
                "shop": front.of,
                **_view(day, front.camera),
                **at("hour_start", hour),
                **(figures if seen else dict.fromkeys(figures)),
                **day.observed(front.camera, POSITIONS, hour),
                "not_observed": day.why_not(front.camera, POSITIONS),
            }


def _came_by(way: Way, front: Zone) -> tuple[int, str] | None:
    """When a visitor first visited front or shop, and what they count as, if anything."""
    at_front = [visit for visit in way.visits if visit.zone == front.id]
    in_shop = [visit for visit in way.visits if visit.zone == front.of]
    if not in_shop:
        return (at_front[0].entered_at, "passer-by") if at_front else None
    if in_shop[0].entered_at == way.first_at:
        return None
    return min(visit.entered_at for visit in (*at_front, *in_shop)), "entry"


def display_engagement_hourly(day: StoredDay) -> Iterator[Row]:
    for display in zones_of(day):
        if display.kind != "display":
            continue
        exposed = []
        for way in visitors_of(day, display.camera):
            stays = [stay for stay in way.stays if stay.zone == display.id]
            if stays:
                slow = sum(stay.slow_seconds for stay in stays if stay.is_visit)
                exposed.append((stays[0].entered_at, slow))
        for hour in day.hours:
            attention = [slow for second, slow in exposed if hour.holds(second)]
            engaged = [slow for slow in attention if slow]
            figures = {
                "exposed": len(attention),
                "engaged": len(engaged),
                "engagement_rate": rate(len(engaged), len(attention)),
                "attention_seconds": sum(attention),
                "attention_median_s": quantile(engaged, 0.5),
            }
            seen = day.seen_s(display.camera, POSITIONS, hour)
            yield {
                **day.of_day(),
                "zone": display.id,
                **_view(day, display.camera),
                **at("hour_start", hour),
                **(figures if seen else dict.fromkeys(figures)),
                **day.observed(display.camera, POSITIONS, hour),
                "not_observed": day.why_not(display.camera, POSITIONS),
            }


def zone_flow_hourly(day: StoredDay) -> Iterator[Row]:
    for camera in day.site_day.cameras:
        flows: dict[tuple, list[tuple[int, int]]] = {}
        for way in visitors_of(day, camera):
            for one, other in pairwise(way.visits):
                if one.zone != other.zone:
                    key = (holding(day.hours, other.entered_at), one.zone, other.zone)
                    travel = max(0, other.entered_at - one.left_at)
                    flows.setdefault(key, []).append((way.number, travel))
        for (hour, one, other), found in flows.items():
            if not day.seen_s(camera, POSITIONS, hour):
                continue
            yield {
                **day.of_day(),
                **_view(day, camera),
                "from_zone": one,
                "to_zone": other,
                **at("hour_start", hour),
                "trajectories": len({number for number, _ in found}),
                "travel_median_s": quantile([travel for _, travel in found], 0.5),
                **day.observed(camera, POSITIONS, hour),
            }


def paths_daily(day: StoredDay) -> Iterator[Row]:
    for camera in day.site_day.cameras:
        if not day.seen_s(camera, POSITIONS, day.counted_quarters):
            continue
        paths = Counter(_path(way) for way in visitors_of(day, camera) if way.visits)
        for path, people in paths.items():
            rank = 1 + sum(other > people for other in paths.values())
            if rank > _MOST_FREQUENT:
                continue
            yield {
                **day.of_day(),
                **_view(day, camera),
                "path": " > ".join(path),
                "zones": len(path),
                "trajectories": people,
                "share": people / paths.total(),
                "visitors_with_visit": paths.total(),
                "rank": rank,
                **day.observed(camera, POSITIONS, day.counted_quarters),
            }


def _path(way: Way) -> tuple[str, ...]:
    """The zones in order, each once in a row; what follows the eighth is an ellipsis."""
    zones = tuple(zone for zone, _ in groupby(visit.zone for visit in way.visits))
    return zones if len(zones) <= _LONGEST_PATH else (*zones[:_LONGEST_PATH], "...")


def shop_pairs_daily(day: StoredDay) -> Iterator[Row]:
    for camera in day.site_day.cameras:
        shops = sorted(zone.id for zone in day.site_day.zones_of(camera) if zone.kind == "store")
        visited = [
            {visit.zone for visit in way.visits} & set(shops) for way in visitors_of(day, camera)
        ]
        seen = day.seen_s(camera, POSITIONS, day.counted_quarters)
        for one, other in combinations(shops, 2):
            counts = {
                "visitors_of_both": sum({one, other} <= shops_of for shops_of in visited),
                "visitors_of_shop": sum(one in shops_of for shops_of in visited),
                "visitors_of_other": sum(other in shops_of for shops_of in visited),
                "shoppers": sum(bool(shops_of) for shops_of in visited),
            }
            yield {
                **day.of_day(),
                **_view(day, camera),
                "shop": one,
                "other_shop": other,
                **(counts if seen else dict.fromkeys(counts)),
                **day.observed(camera, POSITIONS, day.counted_quarters),
                "not_observed": day.why_not(camera, POSITIONS),
            }


def shop_affinity_weekly(
    day: StoredDay, shop_pairs: list[Row], other_days: OtherDays
) -> Iterator[Row]:
    columns = ("visitors_of_both", "visitors_of_shop", "visitors_of_other", "shoppers")
    for pair in shop_pairs:
        week = [pair]
        for days in range(1, 7):
            earlier = day.site_day.day - dt.timedelta(days=days)
            week += other_days("shop_pairs_daily", earlier)
        observed = [
            row
            for row in week
            if all(row[name] == pair[name] for name in ("shop", "other_shop", "definition_version"))
            and row["shoppers"] is not None
        ]
        counts = {
            name: sum(row[name] for row in observed) if observed else None for name in columns
        }
        both, of_shop, of_other, shoppers = counts.values()
        by_chance = of_shop * of_other if observed else None
        yield {
            **{
                name: pair[name]
                for name in ("trading_day", "site", "camera", "floor", "shop", "other_shop")
            },
            **counts,
            "support": rate(both, shoppers),
            "lift": rate(both * shoppers, by_chance) if observed else None,
            "observed_days": len(observed),
            "definition_version": 1,
        }


def _view(day: StoredDay, camera: str) -> Row:
    return {"camera": camera, "floor": day.site_day.cameras[camera].floor}
