"""Figures of the ways of people within one view, beside the same of their continuous paths.

Belongs here: capture, engagement, flow, paths, shoppers, groups, staff, and how many pieces ways
are in. Does not belong here: figures of gates and zones, and how rows are found
(`bench.mart_figures`).
"""

import datetime as dt
import statistics
from collections.abc import Iterator

from bench.mart_figures import IN_VIEW, PEOPLE, Made, Pairs, Row, eye, of_rows, span
from tests.oracle.truth import TrueDay


def capture(made: Made, what: str, truth: str) -> Pairs:
    pairs = []
    for day, row in made.known("shopfront_capture_hourly", "capture_rate", truth=truth):
        start, end = span(row)
        came = [kind for at, kind in day.came_by(row["zone"], row["shop"]) if start <= at < end]
        if came:
            entered = came.count("entry")
            found = row["capture_rate"] if what == "rate" else row["entries"] + row["passers_by"]
            pairs.append((found, entered / len(came) if what == "rate" else len(came)))
    return pairs


def engagement(made: Made, what: str, truth: str) -> Pairs:
    pairs = []
    for day, row in made.known("display_engagement_hourly", "engagement_rate", truth=truth):
        start, end = span(row)
        exposed = [
            person.attention(row["zone"])
            for person in day.visitors
            for first in [[stay for stay in person.stays if stay.zone == row["zone"]][:1]]
            if first and start <= first[0].entered < end
        ]
        if exposed:
            engaged = sum(seconds > 0 for seconds in exposed)
            true = {
                "exposed": len(exposed),
                "engagement_rate": engaged / len(exposed),
                "attention_seconds": sum(exposed),
            }
            pairs.append((row[what], true[what]))
    return pairs


def flows(made: Made, truth: str) -> Pairs:
    """Visitors of each pair of zones under the camera of the shops, a day."""
    pairs = []
    for day in made.whole_days("cam_shops"):
        found: dict[tuple[str, str], int] = {}
        for row in made.rows("zone_flow_hourly", day):
            if row["camera"] == "cam_shops":
                way = row["from_zone"], row["to_zone"]
                found[way] = found.get(way, 0) + row["trajectories"]
        true = made.true(day, truth, "cam_shops").flows(zones_under(made, day, "cam_shops"))
        pairs += [(found.get(way, 0), true[way]) for way in found.keys() | true.keys()]
    return pairs


def paths(made: Made, truth: str) -> Pairs:
    """The share of each path under the camera of the shops, a day."""
    pairs = []
    for day in made.whole_days("cam_shops"):
        rows = made.rows("paths_daily", day)
        found = {row["path"]: row["share"] for row in rows if row["camera"] == "cam_shops"}
        true = made.true(day, truth, "cam_shops").paths(zones_under(made, day, "cam_shops"))
        pairs += [
            (found.get(way, 0), true[way] / true.total()) for way in found.keys() | true.keys()
        ]
    return pairs


def zones_under(made: Made, day: dt.date, camera: str) -> set[str]:
    return {zone.id for zone in made.site.on(day).zones_of(camera)}


def shoppers(made: Made, truth: str) -> Pairs:
    def true(day: TrueDay, row: Row) -> float:
        shops = row["shop"], row["other_shop"]
        return sum(bool(person.visits(*shops)) for person in day.visitors)

    return of_rows(made, "shop_pairs_daily", "shoppers", true, truth=truth)


def mean_size(made: Made, camera: str) -> Pairs:
    pairs = []
    for day in made.whole_days(camera):
        rows = [row for row in made.rows("groups_hourly", day) if row["camera"] == camera]
        people, groups = (sum(row[name] or 0 for row in rows) for name in ("people", "groups"))
        true = made.truth[day].sizes_of_groups(eye(made, day, camera))
        if groups and true:
            pairs.append((people / groups, statistics.mean(true)))
    return pairs


def staff(made: Made, camera: str) -> Pairs:
    """Seconds in view of those who are taken for staff, beside those who are."""
    pairs = []
    for day in made.whole_days(camera):
        [row] = [r for r in made.rows("staff_excluded_daily", day) if r["camera"] == camera]
        lens = eye(made, day, camera)
        true = sum(p.seconds_in_view(lens) for p in made.truth[day].people if p.is_staff)
        pairs.append((row["staff_person_seconds"], true))
    return pairs


def fragments(made: Made) -> Pairs:
    """Trajectories of each camera and day beside the stretches that people were in its view."""
    return of_rows(
        made, "data_quality_daily", "trajectories", lambda day, _: len(day.people), truth=IN_VIEW
    )


def figures(made: Made) -> Iterator[tuple[str, str, str, Pairs]]:
    """As `mart_figures.figures`."""
    for truth in (PEOPLE, IN_VIEW):
        yield from figures_of_ways(made, truth)
    for camera in ("cam_entrance", "cam_shops"):
        yield "groups_hourly", f"mean size of a day, {camera}", "people", mean_size(made, camera)
    for camera in ("cam_entrance", "cam_shops", "cam_till"):
        told = f"time of staff in view in a day, {camera}"
        yield "staff_excluded_daily", told, "s", staff(made, camera)
    told = "trajectories of a day, beside stretches in view"
    yield "data_quality_daily", told, "paths", fragments(made)


def figures_of_ways(made: Made, truth: str) -> Iterator[tuple[str, str, str, Pairs]]:
    """Figures of the ways within one view, beside those of whole people or of what was in view."""
    mart = "shopfront_capture_hourly"
    yield mart, f"entries + passers_by: {truth}", "people", capture(made, "people", truth)
    yield mart, f"capture rate: {truth}", "points", capture(made, "rate", truth)
    for column, unit in (
        ("exposed", "people"),
        ("engagement_rate", "points"),
        ("attention_seconds", "s"),
    ):
        pairs = engagement(made, column, truth)
        yield "display_engagement_hourly", f"{column}: {truth}", unit, pairs
    told = f"visitors of a day between two zones: {truth}"
    yield "zone_flow_hourly", told, "people", flows(made, truth)
    yield "paths_daily", f"share of a path: {truth}", "points", paths(made, truth)
    yield "shop_pairs_daily", f"shoppers of a day: {truth}", "people", shoppers(made, truth)
