"""Marts of counts by eye, by docs/metrics.md.

Belongs here: gate_audits, gate_accuracy_daily, and how exact a sample of counts says that gates
are. Does not belong here: other marts of gates (`tests.oracle.of_gates`).
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator

from scipy.stats import t as student

from tests.oracle.day import CROSSINGS, Row, StoredDay

BY_EYE, BY_GATE = ("audited_entries", "audited_exits"), ("gate_entries", "gate_exits")
_DAYS = 28
_WHOLE_S = 59


def gate_audits(day: StoredDay) -> Iterator[Row]:
    for audit in day.site_day.audits:
        gate = day.site_day.gates[audit.gate]
        window = audit.window(day.site_day.site.zone_info)
        start, end = (int(moment.timestamp()) for moment in window)
        found = [
            one.direction
            for one in day.crossings.get(gate.camera, ())
            if one.gate == gate.id and start <= one.at < end
        ]
        counts = (audit.entries, audit.exits, found.count("in"), found.count("out"))
        yield {
            **day.of_day(),
            "gate": gate.id,
            "camera": gate.camera,
            "floor": gate.floor,
            "starts_at": window[0],
            "minutes": audit.minutes,
            **dict(
                zip(
                    BY_EYE + BY_GATE,
                    counts if _saw(day, gate.camera, start, end) else (None,) * 4,
                    strict=True,
                )
            ),
        }


def _saw(day: StoredDay, camera: str, start: int, end: int) -> bool:
    """Whether each of these minutes was observed as a whole."""
    return day.delivered(camera, CROSSINGS) and all(
        seconds >= _WHOLE_S
        for minute, seconds in day.readable[camera].items()
        if minute < end and minute + 60 > start
    )


def gate_accuracy_daily(
    day: StoredDay, audits: list[Row], earlier: Callable[[str, dt.date], list[Row]]
) -> Iterator[Row]:
    cameras, today = day.site_day.cameras, day.site_day.day
    before = [
        row
        for back in range(_DAYS - 1, 0, -1)
        for row in earlier("gate_audits", today - dt.timedelta(days=back))
    ]
    for gate in day.site_day.gates.values():
        own = [
            row
            for row in (*before, *audits)
            if row["gate"] == gate.id
            and row["gate_entries"] is not None
            and all(
                since is None or since <= row["trading_day"]
                for since in (gate.valid_from, cameras[gate.camera].valid_from)
            )
        ]
        # Days come in order.
        alike = [row for row in own if row["definition_version"] == own[-1]["definition_version"]]
        yield {
            **day.of_day(),
            "gate": gate.id,
            "camera": gate.camera,
            "floor": gate.floor,
            "audits": len(alike),
            "audited_minutes": sum(row["minutes"] for row in alike),
            **estimate(alike),
        }


def estimate(audits: Iterable[Row]) -> Row:
    """The sums of counts that were compared, how exact gates are by them, and the interval."""
    counts = [tuple(row[name] for name in BY_EYE + BY_GATE) for row in audits]
    pairs = [(abs(a - c) + abs(b - d), a + b) for a, b, c, d in counts]
    people = sum(counted for _, counted in pairs)
    sums = map(sum, zip(*counts, strict=True)) if counts else (None,) * 4
    row: Row = {
        **dict(zip(BY_EYE + BY_GATE, sums, strict=True)),
        "audit_accuracy": None,
        "audit_low": None,
        "audit_high": None,
    }
    if people:
        error = sum(differing for differing, _ in pairs) / people
        row["audit_accuracy"] = max(1 - error, 0)
        if len(pairs) > 1:
            residuals = [differing - error * counted for differing, counted in pairs]
            spread = sum(one**2 for one in residuals) / (len(pairs) - 1)
            standard_error = (spread / len(pairs)) ** 0.5 / (people / len(pairs))
            margin = max(student.ppf(0.975, len(pairs) - 1) * standard_error, 3 / people)
            row["audit_low"] = max(1 - error - margin, 0)
            row["audit_high"] = min(max(1 - error + margin, 0), 1)
    return row
