"""What a report tells of the gates, floors and zones of a site-day, worked out from the marts.

Belongs here: sums and shares of crossings, occupancy and stays. Does not belong here: definitions
of figures (sql/), ways between zones (`assets.reports.ways`), cameras (`assets.reports.cameras`),
drawing (`assets.reports.charts`).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.marts.of_gates import (
    FLOOR_OCCUPANCY_15MIN,
    FOOTFALL_DAILY,
    GATE_ACCURACY_DAILY,
    GATE_COUNTS_15MIN,
)
from assets.marts.of_zones import OCCUPANCY_15MIN, ZONE_DWELL_DISTRIBUTION, ZONE_VISITS_HOURLY
from assets.reports.told import (
    SUPPRESSED,
    Marts,
    Told,
    gapless_or,
    most,
    ratio,
    share,
    together,
    total,
)


@dataclass(frozen=True, slots=True)
class GateFigures:
    """One gate over the day.

    Attributes:
        busiest: Start of the quarter of an hour with most crossings, UTC.
        observed_share: Of the trading hours, or of the whole day where the site is closed.
        daily: The row of `footfall_daily` where the gate is an entrance of the site.
        by_eye: Columns of `gate_accuracy_daily` that were worked out; None where nobody counted.
    """

    gate: str
    camera: str
    entries: Told
    exits: Told
    busiest: dt.datetime | None
    observed_share: float
    daily: Mapping[str, Any] | None = None
    by_eye: Mapping[str, Told] | None = None

    @property
    def is_entrance(self) -> bool:
        """Whether it leads outside."""
        return self.daily is not None


@dataclass(frozen=True, slots=True)
class ZoneFigures:
    """One zone over the day."""

    zone: str
    kind: str
    camera: str
    visits: Told
    bounces: Told
    cut_visits: Told
    mean_dwell_s: Told
    peak: Told
    person_seconds: Told
    observed_share: float


@dataclass(frozen=True, slots=True)
class FloorFigures:
    """How many people were on one floor.

    Attributes:
        peak: Most at once.
        peak_at: Start of the quarter of an hour in which they were, UTC.
        known_until: Start of the first quarter in trading hours of which the number is not known.
        drift: What the day's crossings leave on the floor when nobody is there.
    """

    floor: str
    peak: Told
    peak_at: dt.datetime | None
    known_until: dt.datetime | None
    drift: int | None


@dataclass(frozen=True, slots=True)
class DwellFigures:
    """How long visits to one zone lasted: visits by class, shortest class first."""

    zone: str
    version: int
    visits: Told
    classes: tuple[Told, ...]


def gates(marts: Marts) -> list[GateFigures]:
    """Figures of each gate: entrances first, then the busiest first."""
    daily = {row["gate"]: row for row in marts[FOOTFALL_DAILY.name].iter_rows(named=True)}
    counted_by_eye = _by_eye(marts[GATE_ACCURACY_DAILY.name])
    found = []
    for (gate, camera), rows in marts[GATE_COUNTS_15MIN.name].group_by(
        "gate", "camera", maintain_order=True
    ):
        own = daily.get(str(gate))
        entries, exits = total(rows, "entries"), total(rows, "exits")
        if own is not None:
            # What is released of the day may be told where quarters of it may not.
            entries = gapless_or(own, "entries", "entries_observed")
            exits = gapless_or(own, "exits", "exits_observed")
        found.append(
            GateFigures(
                gate=str(gate),
                camera=str(camera),
                entries=entries,
                exits=exits,
                busiest=_busiest(rows),
                observed_share=share(rows, 15),
                daily=own,
                by_eye=counted_by_eye.get(str(gate)),
            )
        )
    return sorted(
        found,
        key=lambda one: (
            not one.is_entrance,
            -(one.entries.value or 0) - (one.exits.value or 0),
            one.gate,
        ),
    )


def entrances(found: list[GateFigures]) -> Told:
    """Entries by all entrances together."""
    told = [gate.entries for gate in found if gate.is_entrance]
    return together(told)


def floors(marts: Marts) -> list[FloorFigures]:
    """Figures of each floor to which gates lead, by name."""
    found = []
    for (floor,), rows in marts[FLOOR_OCCUPANCY_15MIN.name].group_by("floor", maintain_order=True):
        known = rows.drop_nulls("occupancy_peak").sort(
            "occupancy_peak", "interval_start", descending=[True, False]
        )
        unknown = rows.filter("in_trading_hours", pl.col("occupancy_peak").is_null())
        drift = rows["drift"].drop_nulls()
        found.append(
            FloorFigures(
                floor=str(floor),
                peak=most(rows, "occupancy_peak"),
                peak_at=known["interval_start"][0] if known.height else None,
                known_until=unknown["interval_start"].min() if unknown.height else None,  # type: ignore[arg-type]
                drift=int(drift[0]) if drift.len() else None,
            )
        )
    return sorted(found, key=lambda one: one.floor)


def zones(marts: Marts) -> list[ZoneFigures]:
    """Figures of each zone, by name."""
    peaks = {
        str(zone): most(rows, "occupancy_peak")
        for (zone,), rows in marts[OCCUPANCY_15MIN.name].group_by("zone")
    }
    found = []
    for (zone, kind, camera), rows in marts[ZONE_VISITS_HOURLY.name].group_by(
        "zone", "kind", "camera", maintain_order=True
    ):
        found.append(
            ZoneFigures(
                zone=str(zone),
                kind=str(kind),
                camera=str(camera),
                visits=total(rows, "visits"),
                bounces=total(rows, "bounces"),
                cut_visits=total(rows, "cut_visits"),
                mean_dwell_s=ratio(rows, "person_seconds", ("visits",)),
                peak=peaks.get(str(zone), Told(None, "nobody")),
                person_seconds=total(rows, "person_seconds"),
                observed_share=share(rows, 60),
            )
        )
    return sorted(found, key=lambda one: one.zone)


def dwell_classes(rows: pl.DataFrame) -> list[tuple[int, int | None]]:
    """Classes of dwell, in seconds: from, and until; the last has no end."""
    classes = rows.select("dwell_from_s", "dwell_until_s").unique().sort("dwell_from_s")
    return list(classes.iter_rows())


def dwell(marts: Marts) -> list[DwellFigures]:
    """Visits to each zone by class of dwell, over all days of the rows.

    Figures of different definitions are kept apart.
    """
    rows = marts[ZONE_DWELL_DISTRIBUTION.name]
    found = []
    for (zone, version), own in rows.group_by("zone", "definition_version", maintain_order=True):
        classes = tuple(
            total(own.filter(pl.col("dwell_from_s") == start), "visits_observed")
            for start, _ in dwell_classes(rows)
        )
        # Every class of a day says how many visits there were of all of them.
        days = own.unique("trading_day", maintain_order=True)
        visits = total(days, "visits_of_zone")
        found.append(DwellFigures(str(zone), int(str(version)), visits, classes))
    return sorted(found, key=lambda one: (one.zone, one.version))


def _by_eye(rows: pl.DataFrame) -> dict[str, dict[str, Told]]:
    """Of each gate at which somebody counted by eye, how exactly it counts."""
    names = [name for name in GATE_ACCURACY_DAILY.schema if name not in GATE_ACCURACY_DAILY.key]
    return {
        row["gate"]: {
            name: Told(None, "suppressed" if row[SUPPRESSED] else "nobody")
            if row[name] is None
            else Told(row[name], "whole")
            for name in names
        }
        for row in rows.filter(pl.col("audits") > 0).iter_rows(named=True)
    }


def _busiest(rows: pl.DataFrame) -> dt.datetime | None:
    crossings = rows.with_columns(crossings=pl.col("entries") + pl.col("exits"))
    busiest = crossings.filter(pl.col("crossings") > 0).sort(
        "crossings", "interval_start", descending=[True, False]
    )
    return busiest["interval_start"][0] if busiest.height else None
