"""Figures of marts beside the same figures of simulated people's continuous paths.

Belongs here: which figures are compared, and from which rows. Does not belong here: whose days they
are (`tests.arcade_fortnight`, `bench.rendered_hours`), figures of ways within one view
(`bench.way_figures`), what is printed (`bench.mart_errors`).
"""

import datetime as dt
import statistics
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from assets.marts.contracts import MARTS
from footfall_dagster.warehouse import DuckDBWarehouse
from tests.oracle.truth import TrueDay
from vision.pinhole import Pinhole
from vision.site.models import Site

Row = dict
Pairs = list[tuple[float, float]]
"""What a mart says, and what is true."""
HOUR, QUARTER = 3600, 900
PEOPLE, IN_VIEW = "people", "stretches in view"
"""What a figure is compared with."""
GATE_X = 4.0
"""Whoever is east of the entrance is inside."""


@dataclass(frozen=True)
class Made:
    """Stored marts and the truth.

    Attributes:
        site: The site.
        warehouse: Where the marts are.
        truth: What people did, by day.
        not_whole: Camera-days that were not observed from beginning to end.
        in_view: The days in the view of a camera, once somebody asked for them.
    """

    site: Site
    warehouse: DuckDBWarehouse
    truth: dict[dt.date, TrueDay]
    not_whole: Collection[tuple[dt.date, str]] = ()
    in_view: dict[tuple[dt.date, str], TrueDay] = field(default_factory=dict)

    def rows(self, mart: str, day: dt.date) -> list[Row]:
        return self.warehouse.read_day(MARTS[mart], self.site.id, day).rows(named=True)

    def known(
        self, mart: str, column: str, truth: str = PEOPLE, **wanted: str
    ) -> Iterator[tuple[TrueDay, Row]]:
        """Rows in trading hours, observed as a whole, that have a figure."""
        for day in self.truth:
            for row in self.rows(mart, day):
                whole = row["observed_share"] == 1 and row.get("in_trading_hours", True)
                if whole and row[column] is not None and wanted.items() <= row.items():
                    yield self.true(day, truth, row.get("camera", "")), row

    def true(self, day: dt.date, truth: str, camera: str) -> TrueDay:
        """The day of whole people, or in the view of a camera."""
        if truth == PEOPLE:
            return self.truth[day]
        if (day, camera) not in self.in_view:
            self.in_view[day, camera] = self.truth[day].by(camera)
        return self.in_view[day, camera]

    def whole_days(self, camera: str) -> list[dt.date]:
        return [day for day in self.truth if (day, camera) not in self.not_whole]


def span(row: Row) -> tuple[float, float]:
    start = row.get("hour_start") or row["interval_start"]
    return start.timestamp(), start.timestamp() + (HOUR if "hour_start" in row else QUARTER)


def of_rows(
    made: Made, mart: str, column: str, of: Callable[[TrueDay, Row], float | None], **wanted: str
) -> Pairs:
    """Each row that has a figure, with the true one, if there is one."""
    pairs = ((row[column], of(day, row)) for day, row in made.known(mart, column, **wanted))
    return [(found, true) for found, true in pairs if true is not None]


def entries(made: Made, direction: str) -> Pairs:
    column = {"in": "entries", "out": "exits"}[direction]
    return of_rows(
        made, "footfall_daily", column, lambda day, row: day.crossings(row["gate"], direction)
    )


def quarters(made: Made, direction: str) -> Pairs:
    """Each quarter of each gate."""

    def true(day: TrueDay, row: Row) -> int:
        start, end = span(row)
        crossed = day.truth.frames["gate_crossings"].iter_rows(named=True)
        return sum(
            (one["gate"], one["direction"]) == (row["gate"], direction)
            and start <= one["at"].timestamp() < end
            for one in crossed
        )

    return of_rows(made, "gate_counts_15min", {"in": "entries", "out": "exits"}[direction], true)


def dwell_classes(made: Made) -> Pairs:
    """Visits of each zone and class of dwell, a day."""

    def true(day: TrueDay, row: Row) -> int:
        lengths = day.visits(row["zone"], *trading(day))
        until = row["dwell_until_s"] or float("inf")
        return sum(row["dwell_from_s"] <= length < until for length in lengths)

    return of_rows(made, "zone_dwell_distribution", "visits_observed", true)


def per_square_metre(made: Made) -> Pairs:
    """Person-seconds of visits, of each zone and day but the one that the camera sees in part."""
    return [
        (row["person_seconds_per_m2"], sum(lengths) / area)
        for day, row in made.known("space_value_daily", "person_seconds_per_m2")
        if row["zone"] != "back_room" and row["person_seconds"]
        for area in [row["person_seconds"] / row["person_seconds_per_m2"]]
        for lengths in [day.visits(row["zone"], *trading(day))]
    ]


def trading(day: TrueDay) -> tuple[float, float]:
    """From opening until closing."""
    hours = day.truth.site_day.trading_hours
    assert hours is not None
    return hours[0].timestamp(), hours[1].timestamp()


def outcomes(made: Made, who: str) -> Pairs:
    """Of each day on which the line was observed as a whole: of all who came to it, or waited."""
    pairs = []
    for day in made.whole_days("cam_till"):
        rows = made.rows("queue_15min", day)
        served, abandoned = (
            sum(row[name] or 0 for row in rows) for name in ("served", "abandoned")
        )
        true = [
            person.walk.person.turn.outcome
            for person in made.truth[day].visitors
            if person.walk.person.turn and (who == "all" or person.visits("till_line"))
        ]
        waits = true.count("served") + true.count("abandoned")
        if waits and served + abandoned:
            pairs.append((abandoned / (served + abandoned), true.count("abandoned") / waits))
    return pairs


def waiting(made: Made) -> Pairs:
    """The median wait of a quarter beside the time for which people truly stood in line."""

    def true(day: TrueDay, row: Row) -> float | None:
        start, end = span(row)
        waits = [
            ((person["served_at"] or person["left_at"]) - person["joined_at"]).total_seconds()
            for person in day.truth.people.iter_rows(named=True)
            if person["joined_at"] is not None and start <= person["joined_at"].timestamp() < end
        ]
        return statistics.median(waits) if waits else None

    return of_rows(made, "queue_15min", "wait_median_s", true)


def presence(made: Made, camera: str) -> Pairs:
    pairs = []
    for day in made.whole_days(camera):
        rows = [row for row in made.rows("heatmap_hourly", day) if row["camera"] == camera]
        lens = eye(made, day, camera)
        true = sum(person.seconds_in_view(lens) for person in made.truth[day].people)
        pairs.append((sum(row["person_seconds"] for row in rows), true))
    return pairs


def eye(made: Made, day: dt.date, camera: str) -> Pinhole:
    return Pinhole.of(made.site.on(day).cameras[camera])


def dwell(day: TrueDay, row: Row) -> float | None:
    lengths = day.visits(row["zone"], *span(row))
    return statistics.median(lengths) if lengths else None


def visits(day: TrueDay, row: Row) -> float:
    return len(day.visits(row["zone"], *span(row)))


def occupancy(day: TrueDay, row: Row) -> float:
    return day.occupancy(row["zone"], *span(row))


def figures(made: Made) -> Iterator[tuple[str, str, str, Pairs]]:
    """Mart, figure, unit and what was found beside what is true."""
    yield "gate_counts_15min", "entries of a quarter and gate", "people", quarters(made, "in")
    yield "gate_counts_15min", "exits of a quarter and gate", "people", quarters(made, "out")
    yield "footfall_daily", "entries of a day", "people", entries(made, "in")
    yield "footfall_daily", "exits of a day", "people", entries(made, "out")
    on_floor = of_rows(
        made,
        "floor_occupancy_15min",
        "occupancy_mean",
        lambda day, row: day.on_floor(GATE_X, *span(row)),
    )
    yield "floor_occupancy_15min", "mean of a quarter", "people", on_floor
    for zone in ("bakery", "books", "bakery_front", "corridor", "display", "till"):
        of_zone = of_rows(made, "zone_visits_hourly", "visits", visits, zone=zone)
        yield "zone_visits_hourly", f"visits of an hour, {zone}", "visits", of_zone
        of_zone = of_rows(made, "zone_visits_hourly", "dwell_median_s", dwell, zone=zone)
        yield "zone_visits_hourly", f"median dwell of an hour, {zone}", "s", of_zone
    told = "visits of a day, zone and class of dwell"
    yield "zone_dwell_distribution", told, "visits", dwell_classes(made)
    told = "time of visits per square metre, of a day"
    yield "space_value_daily", told, "s/m2", per_square_metre(made)
    for zone in ("bakery", "books", "corridor", "display", "till_line", "back_room"):
        of_zone = of_rows(made, "occupancy_15min", "occupancy_mean", occupancy, zone=zone)
        yield "occupancy_15min", f"mean of a quarter, {zone}", "people", of_zone
    waits = of_rows(made, "queue_15min", "wait_median_s", dwell)
    yield "queue_15min", "median wait of a quarter, as time in the zone", "s", waits
    yield "queue_15min", "median wait of a quarter, as time in the line", "s", waiting(made)
    yield "queue_15min", "abandonment of a day, of who waits", "points", outcomes(made, "waits")
    yield "queue_15min", "abandonment of a day, of all who come", "points", outcomes(made, "all")
    for camera in ("cam_entrance", "cam_shops", "cam_till"):
        yield "heatmap_hourly", f"presence of a day, {camera}", "s", presence(made, camera)
