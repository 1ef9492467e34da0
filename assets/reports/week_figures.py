"""What a report tells of a week, worked out from the exact marts of its days.

Belongs here: days side by side, sums over them, and what keeps them from being added up. Does not
belong here: sums of one day (`assets.reports.figures`, `ways`), the page (`assets.reports.week`).

A day without figures is no day without people: sums over a week that lacks one are lower bounds.
Figures of different definitions are not of the same thing and are not added up.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from assets.marts.contracts import DATA_QUALITY_DAILY
from assets.marts.of_gates import FOOTFALL_DAILY
from assets.marts.of_shops import SHOP_AFFINITY_WEEKLY, SHOPFRONT_CAPTURE_HOURLY
from assets.marts.of_zones import (
    SPACE_VALUE_DAILY,
    ZONE_DWELL_DISTRIBUTION,
    ZONE_VISITS_HOURLY,
)
from assets.marts.schema import MartContract
from assets.reports.told import (
    Marts,
    Told,
    gapless_or,
    together,
    total,
    with_suppressed,
)
from vision.site.models import Site

WEEKLY: Mapping[str, MartContract] = {
    mart.name: mart
    for mart in (
        FOOTFALL_DAILY,
        ZONE_VISITS_HOURLY,
        ZONE_DWELL_DISTRIBUTION,
        SHOPFRONT_CAPTURE_HOURLY,
        SHOP_AFFINITY_WEEKLY,
        SPACE_VALUE_DAILY,
        DATA_QUALITY_DAILY,
    )
}
"""Marts that the page of a week tells of."""
CHANGED = Told(None, "changed")
MISSING = Told(None, "missing")
_PLACES = ("gate", "zone", "shop", "camera", "kind", "floor", "dwell_from_s", "dwell_until_s")
State = Literal["told", "missing", "closed", "not_trading"]


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the week.

    Attributes:
        state: `told`: there are figures. `missing`: there are none, and should be. `closed`: the
            site has no trading hours, and there are none. `not_trading`: before it opened or after
            it closed for good.
    """

    date: dt.date
    state: State
    is_needed: bool


@dataclass(frozen=True, slots=True)
class Entrance:
    """Entries by one entrance, or by all: day by day, together, and in the week before."""

    name: str
    days: tuple[Told, ...]
    week: Told
    before_days: tuple[Told, ...]
    before: Told

    @property
    def change(self) -> float | None:
        """By how much entries changed; None where one of the weeks is not whole."""
        if not (self.week.is_whole and self.before.is_whole) or not self.before.value:
            return None
        return (self.week.value or 0) / self.before.value - 1


@dataclass(frozen=True, slots=True)
class ZoneOfWeek:
    """Visits to one zone over the week, by one definition."""

    zone: str
    kind: str
    version: int
    visits: Told
    visits_per_m2: Told
    minutes_per_m2: Told


def dates_from(monday: dt.date) -> list[dt.date]:
    """The seven dates from `monday`."""
    return [monday + dt.timedelta(days=number) for number in range(7)]


def days_of(site: Site, monday: dt.date, marts: Marts) -> list[Day]:
    """The seven days from `monday`."""
    told = {day for rows in marts.values() for day in rows["trading_day"].unique()}
    found = []
    for day in dates_from(monday):
        trades, hours = site.file.trades_on(day), site.on(day).trading_hours
        state: State = "missing"
        if day in told:
            state = "told"
        elif not trades:
            state = "not_trading"
        elif hours is None:
            state = "closed"
        found.append(Day(day, state, trades and hours is not None))
    return found


def changed(marts: Marts) -> dict[str, list[tuple[int, list[dt.date]]]]:
    """Of each mart whose definition changed within the week: versions, and the days of each."""
    found = {}
    for name, rows in marts.items():
        versions = (
            rows.group_by("definition_version")
            .agg(pl.col("trading_day").unique().sort())
            .sort("definition_version")
        )
        if versions.height > 1:
            found[name] = [(version, list(days)) for version, days in versions.iter_rows()]
    return found


def with_gaps(marts: Marts, days: Sequence[Day]) -> dict[str, pl.DataFrame]:
    """Rows, and for each place and day that is missing one that tells nothing.

    Sums then know that they lack something.
    """
    missing = [day.date for day in days if day.state == "missing"]
    filled = {}
    for name, rows in marts.items():
        own = with_suppressed(rows)
        places = [column for column in _PLACES if column in own.columns]
        gaps = own.unique([*places, "definition_version"], maintain_order=True).select(
            *places, "site", "definition_version"
        )
        parts = [own]
        for day in missing:
            given = {"trading_day": pl.lit(day), "suppressed": pl.lit(False)}
            zeros = {
                column: pl.lit(0.0)
                for column in ("observed_minutes", "observed_share")
                if column in own.columns
            }
            if "in_trading_hours" in own.columns:
                given["in_trading_hours"] = pl.lit(True)
            parts.append(gaps.with_columns(**given, **zeros))
        filled[name] = pl.concat(parts, how="diagonal_relaxed").select(own.columns)
    return filled


def entrances(
    days: Sequence[Day], now: pl.DataFrame, before_days: Sequence[Day], before: pl.DataFrame
) -> list[Entrance]:
    """Entries by each entrance, and by all together first where there are several."""
    gates = sorted(now["gate"].unique())
    one_by_one = [_entrance(gate, [gate], days, now, before_days, before) for gate in gates]
    if len(gates) < 2:
        return one_by_one
    return [_entrance("all entrances", gates, days, now, before_days, before), *one_by_one]


def _entrance(
    name: str,
    gates: Sequence[str],
    days: Sequence[Day],
    now: pl.DataFrame,
    before_days: Sequence[Day],
    before: pl.DataFrame,
) -> Entrance:
    told, told_before = (
        tuple(_on(day, gates, rows) for day in of)
        for of, rows in ((days, now), (before_days, before))
    )
    versions = {*now["definition_version"]}
    week = together(told, [day.is_needed for day in days]) if len(versions) < 2 else CHANGED
    same = versions | {*before["definition_version"]}
    then = together(told_before, [day.is_needed for day in before_days])
    return Entrance(name, told, week, told_before, then if len(same) < 2 else CHANGED)


def _on(day: Day, gates: Sequence[str], rows: pl.DataFrame) -> Told:
    """Entries by gates on one day, together."""
    if day.state == "missing":
        return MISSING
    own = rows.filter(pl.col("trading_day") == day.date, pl.col("gate").is_in(gates))
    told = [
        gapless_or(row, "entries", "entries_observed")
        for row in with_suppressed(own).iter_rows(named=True)
    ]
    if not told:
        return Told(None, "nobody")
    return together(told)


def zones(marts: Marts) -> list[ZoneOfWeek]:
    """Visits to each zone over the week, most first."""
    areas = {
        str(zone): own["area_m2"].drop_nulls().unique().to_list()
        for (zone,), own in marts[SPACE_VALUE_DAILY.name].group_by("zone")
    }
    found = []
    for (zone, kind, version), rows in marts[ZONE_VISITS_HOURLY.name].group_by(
        "zone", "kind", "definition_version", maintain_order=True
    ):
        visits, seconds = total(rows, "visits"), total(rows, "person_seconds")
        per_m2 = minutes = Told(None, "nobody")
        # A zone that was drawn anew within the week has no one area.
        if len(known := areas.get(str(zone), [])) == 1:
            per_m2, minutes = _scaled(visits, 1 / known[0]), _scaled(seconds, 1 / known[0] / 60)
        found.append(ZoneOfWeek(str(zone), str(kind), int(str(version)), visits, per_m2, minutes))
    return sorted(found, key=lambda one: (-(one.visits.value or 0), one.zone, one.version))


def last_affinity(rows: pl.DataFrame) -> tuple[dt.date | None, pl.DataFrame]:
    """Pairs of shops in the seven days that end with the last day of which there are figures."""
    last = rows["trading_day"].max()
    if not isinstance(last, dt.date):
        return None, rows
    return last, with_suppressed(rows.filter(pl.col("trading_day") == last))


def coverage(days: Iterable[Day], rows: pl.DataFrame) -> list[tuple[str, list[str | float]]]:
    """Of each camera what it observed on each day: a share of the trading hours, or why nothing."""
    found: list[tuple[str, list[str | float]]] = []
    shown = list(days)
    for camera in sorted(rows["camera"].unique()):
        own = {
            row["trading_day"]: row
            for row in rows.filter(pl.col("camera") == camera).iter_rows(named=True)
        }
        cells: list[str | float] = []
        for day in shown:
            row = own.get(day.date)
            if row is None:
                cells.append("absent" if day.state == "told" else day.state)
            else:
                seen = row["state"] == "observed"
                cells.append(row["observed_share"] if seen else f"camera_{row['state']}")
        found.append((camera, cells))
    return found


def _scaled(told: Told, factor: float) -> Told:
    return told if told.value is None else Told(told.value * factor, told.state)
