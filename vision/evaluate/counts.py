"""Crossings of gates, visits to zones and people in zones, beside those of a truth.

Belongs here: comparing what was counted of a camera-day with what happened. Does not belong here:
counting (`vision.crossings`, `vision.visits`), reading truth, or following people
(`vision.evaluate.scores`).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vision.exports.intervals import Interval
from vision.site.models import Zone

SAMPLE_US = 10_000_000
"""How far apart the moments are at which people in a zone are counted."""


@dataclass(frozen=True, slots=True)
class GateCount:
    """Entries and exits of one gate: counted, and in truth."""

    gate: str
    entries: int
    true_entries: int
    exits: int
    true_exits: int


@dataclass(frozen=True, slots=True)
class ZoneCount:
    """Visits to one zone: counted, and in truth.

    Attributes:
        zone: The zone.
        visits: Stays of at least the zone's `min_dwell`.
        true_visits: The same in truth.
        dwell_median_s: Median length of a visit, seconds; None without any.
        true_dwell_median_s: The same in truth.
        occupancy: People on a visit at one moment, on average.
        true_occupancy: The same in truth.
        occupancy_error: By how many the two differ at one moment, on average; None where no moment
            was looked at.
    """

    zone: str
    visits: int
    true_visits: int
    dwell_median_s: float | None
    true_dwell_median_s: float | None
    occupancy: float | None
    true_occupancy: float | None
    occupancy_error: float | None


def gate_counts(
    events: pl.DataFrame, truth: pl.DataFrame, gates: Iterable[str], recorded: Sequence[Interval]
) -> list[GateCount]:
    """Compare crossings while the camera was recorded, gate by gate.

    Args:
        events: Rows with gate, at and direction (`in`, `out`), as in the `gate_events` contract.
        truth: The same of those who really crossed.
        gates: Which are compared.
        recorded: Disjoint spans; what happened outside of them is left out.
    """
    counted, really = (_by_direction(_during(rows, "at", recorded)) for rows in (events, truth))
    return [
        GateCount(
            gate,
            entries=counted[gate, "in"],
            true_entries=really[gate, "in"],
            exits=counted[gate, "out"],
            true_exits=really[gate, "out"],
        )
        for gate in gates
    ]


def _by_direction(crossings: pl.DataFrame) -> Counter[tuple[str, str]]:
    return Counter(crossings.select("gate", "direction").iter_rows())


def zone_counts(
    visits: pl.DataFrame, truth: pl.DataFrame, zones: Iterable[Zone], recorded: Sequence[Interval]
) -> list[ZoneCount]:
    """Compare visits that began while the camera was recorded, zone by zone.

    Args:
        visits: Rows with zone, entered_at, left_at and dwell_s, as in the `zone_visits` contract.
        truth: The same of those who really stayed.
        zones: Which are compared; stays shorter than their `min_dwell` are no visits.
        recorded: Disjoint spans.
    """
    moments = _moments(recorded)
    began, really_began = (_during(rows, "entered_at", recorded) for rows in (visits, truth))
    return [
        _zone_count(zone.id, _visits(began, zone), _visits(really_began, zone), moments)
        for zone in zones
    ]


def _visits(stays: pl.DataFrame, zone: Zone) -> pl.DataFrame:
    return stays.filter((pl.col("zone") == zone.id) & (pl.col("dwell_s") >= zone.min_dwell))


def _zone_count(
    zone: str, visits: pl.DataFrame, truth: pl.DataFrame, moments: NDArray[np.int64]
) -> ZoneCount:
    there, really = _occupancy(visits, moments), _occupancy(truth, moments)
    occupancy, true_occupancy, error = (
        float(numbers.mean()) if len(moments) else None
        for numbers in (there, really, np.abs(there - really))
    )
    return ZoneCount(
        zone=zone,
        visits=visits.height,
        true_visits=truth.height,
        dwell_median_s=_median(visits["dwell_s"]),
        true_dwell_median_s=_median(truth["dwell_s"]),
        occupancy=occupancy,
        true_occupancy=true_occupancy,
        occupancy_error=error,
    )


def _during(rows: pl.DataFrame, column: str, recorded: Sequence[Interval]) -> pl.DataFrame:
    at = pl.col(column).dt.epoch("us")
    spans = [(at >= begins) & (at < ends) for begins, ends in recorded]
    return rows.filter(pl.any_horizontal(pl.lit(False), *spans))


def _moments(recorded: Sequence[Interval]) -> NDArray[np.int64]:
    """Every so many seconds of each span."""
    parts = [np.arange(begins, ends, SAMPLE_US, dtype=np.int64) for begins, ends in recorded]
    return np.concatenate([np.empty(0, np.int64), *parts])


def _occupancy(visits: pl.DataFrame, moments: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many visits go on at each moment."""
    entered, left = (
        np.sort(visits[name].dt.epoch("us").to_numpy()) for name in ("entered_at", "left_at")
    )
    gone = np.searchsorted(left, moments, side="right")
    result: NDArray[np.int64] = np.searchsorted(entered, moments, side="right") - gone
    return result


def _median(lengths: pl.Series) -> float | None:
    median = lengths.cast(pl.Float64).median()
    return median if isinstance(median, float) else None
