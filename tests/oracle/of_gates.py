"""Marts of crossings, by docs/metrics.md.

Belongs here: gate_counts_15min, footfall_daily, floor_occupancy_15min. Does not belong here: marts
of zones (`tests.oracle.of_zones`).
"""

import math
import statistics
from collections.abc import Iterator

from scipy.stats import t as student

from tests.oracle.clocks import Span
from tests.oracle.day import CROSSINGS, Row, StoredDay, at
from tests.oracle.figures import rate, total, total_if_all_known
from vision.site.models import OUTSIDE, Gate

QUARTER_S = 900
_FEWEST_QUARTERS = 4


def gate_counts_15min(day: StoredDay) -> Iterator[Row]:
    for gate in day.site_day.gates.values():
        for quarter in day.quarters:
            seen = day.seen_s(gate.camera, CROSSINGS, quarter)
            yield {
                **day.of_day(),
                **_place(gate),
                **at("interval_start", quarter),
                "entries": _crossings(day, gate, quarter, ("in",)) if seen else None,
                "exits": _crossings(day, gate, quarter, ("out",)) if seen else None,
                "approximate_crossings": (
                    _crossings(day, gate, quarter, ("in", "out"), ("trajectory",)) if seen else None
                ),
                **day.observed(gate.camera, CROSSINGS, quarter),
                "not_observed": day.why_not(gate.camera, CROSSINGS),
            }


def footfall_daily(day: StoredDay, gate_counts: list[Row]) -> Iterator[Row]:
    entrances = [gate for gate in day.site_day.gates.values() if gate.leads_from == OUTSIDE]
    entries = {gate.id: _if_whole(day, gate, gate_counts, "entries") for gate in entrances}
    of_site = total_if_all_known(entries.values())
    for gate in entrances:
        own = [row for row in gate_counts if row["gate"] == gate.id]
        exits = _if_whole(day, gate, gate_counts, "exits")
        came = entries[gate.id]
        seen = day.seen_s(gate.camera, CROSSINGS, day.counted_quarters)
        yield {
            **day.of_day(),
            **_place(gate),
            "entries": came,
            "exits": exits,
            "net": None if came is None or exits is None else came - exits,
            "entries_of_site": of_site,
            "share_of_entries": None if of_site is None else rate(came, of_site),
            "entries_observed": total(row["entries"] for row in own) if seen else None,
            "exits_observed": total(row["exits"] for row in own) if seen else None,
            **_estimate(day, gate, own),
            **day.observed(gate.camera, CROSSINGS, day.counted_quarters),
            "not_observed": day.why_not(gate.camera, CROSSINGS),
        }


def _if_whole(day: StoredDay, gate: Gate, gate_counts: list[Row], column: str) -> float | None:
    """The day's total, where something was observed in each quarter of the trading hours."""
    whole = all(day.seen_s(gate.camera, CROSSINGS, quarter) for quarter in day.counted_quarters)
    return total(row[column] for row in gate_counts if row["gate"] == gate.id) if whole else None


def _estimate(day: StoredDay, gate: Gate, counts: list[Row]) -> Row:
    """Entries with those in gaps of the trading hours, and between which numbers they are."""
    names = ("entries_estimate", "entries_low", "entries_high")
    quarters = day.counted_quarters
    seen = day.seen_s(gate.camera, CROSSINGS, quarters)
    lacking = sum(quarter.seconds for quarter in quarters) - seen
    whole = [
        _crossings(day, gate, quarter, ("in",))
        for quarter in quarters
        if day.seen_s(gate.camera, CROSSINGS, quarter) >= quarter.seconds
    ]
    if not day.site_day.site.file.estimate_gaps or len(whole) < _FEWEST_QUARTERS:
        return dict.fromkeys(names)
    of_day = total(row["entries"] for row in counts)
    in_hours = sum(
        _crossings(day, gate, quarter, ("in",))
        for quarter in quarters
        if day.seen_s(gate.camera, CROSSINGS, quarter)
    )
    estimate = of_day + in_hours / seen * lacking
    further = lacking / QUARTER_S
    spread = statistics.variance(whole) * (further + further**2 / len(whole))
    half = student.ppf(0.975, len(whole) - 1) * math.sqrt(spread)
    return dict(zip(names, (estimate, max(of_day, estimate - half), estimate + half), strict=True))


def floor_occupancy_15min(day: StoredDay) -> Iterator[Row]:
    gates = [gate for gate in day.site_day.gates.values() if gate.leads_from is not None]
    floors = {gate.floor for gate in gates} | {gate.leads_from for gate in gates}
    for floor in sorted(floors - {OUTSIDE}):
        yield from _of_floor(day, floor, [g for g in gates if floor in (g.floor, g.leads_from)])


def _of_floor(day: StoredDay, floor: str, gates: list[Gate]) -> Iterator[Row]:
    cameras = {gate.camera for gate in gates}

    def seen_s(quarter: Span) -> float:
        return min(day.seen_s(camera, CROSSINGS, quarter) for camera in cameras)

    steps = _steps(day, floor, gates)
    gap = any(not seen_s(quarter) for quarter in day.quarters if quarter.is_open)
    drift = None if gap else sum(came for _, came, _ in steps)
    known = True
    for quarter in day.quarters:
        here = [step for step in steps if quarter.holds(step[0])]
        tells = known and seen_s(quarter) > 0
        mean, peak = _mean_and_peak(steps, quarter, drift) if tells else (None, None)
        yield {
            **day.of_day(),
            "floor": floor,
            **at("interval_start", quarter),
            "occupancy_mean": mean,
            "occupancy_peak": peak,
            "crossings": sum(crossed for _, _, crossed in here) if tells else None,
            "change": sum(came for _, came, _ in here) if tells else None,
            "drift": drift if tells else None,
            "observed_minutes": seen_s(quarter) / 60,
            "observed_share": seen_s(quarter) / quarter.seconds,
        }
        known = known and (seen_s(quarter) > 0 or not quarter.is_open)


Step = tuple[int, int, int]
"""A second in which people came or left: when, how many more there are, how many crossed."""


def _steps(day: StoredDay, floor: str, gates: list[Gate]) -> list[Step]:
    steps: dict[int, list[int]] = {}
    for gate in gates:
        for crossing in day.crossings.get(gate.camera, ()):
            if crossing.gate != gate.id or not day.delivered(gate.camera, CROSSINGS):
                continue
            inwards = crossing.direction == "in"
            step = steps.setdefault(crossing.at, [0, 0])
            step[0] += 1 if inwards == (gate.floor == floor) else -1
            step[1] += 1
    return [(second, *step) for second, step in sorted(steps.items())]


def _mean_and_peak(steps: list[Step], quarter: Span, drift: int | None) -> tuple[float, float]:
    """Of the number of people, less the part of the drift that crossings so far have brought."""
    crossings = sum(crossed for _, _, crossed in steps)
    people = crossed_so_far = 0
    levels = [(quarter.start, 0.0)]
    for second, came, crossed in steps:
        if second >= quarter.end:
            break
        people += came
        crossed_so_far += crossed
        taken_back = drift * crossed_so_far / crossings if drift else 0
        levels.append((max(second, quarter.start), people - taken_back))
    ends = [start for start, _ in levels[1:]] + [quarter.end]
    # Of several levels at one instant the last one holds; the others are over at once.
    lasting = [
        (end - start, n) for (start, n), end in zip(levels, ends, strict=True) if end > start
    ]
    return (
        sum(seconds * number for seconds, number in lasting) / quarter.seconds,
        max(number for _, number in lasting),
    )


def _crossings(
    day: StoredDay,
    gate: Gate,
    quarter: Span,
    directions: tuple[str, ...],
    bases: tuple[str, ...] = ("track", "trajectory"),
) -> int:
    return sum(
        crossing.gate == gate.id
        and quarter.holds(crossing.at)
        and crossing.direction in directions
        and crossing.basis in bases
        for crossing in day.crossings.get(gate.camera, ())
    )


def _place(gate: Gate) -> Row:
    return {"gate": gate.id, "camera": gate.camera, "floor": gate.floor}
