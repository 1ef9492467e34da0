"""How far gates are from counts by eye, worked out by hand, and what the report says of it."""

import polars as pl
import pytest

from assets.marts.contracts import DATA_QUALITY_DAILY, MARTS
from assets.reports.day import render
from tests.unit import small_mall
from tests.unit.assets.test_marts_sql import compute, minutes, tables_of
from tests.unit.small_mall import DAY, NOON
from vision.site.audits import Audit

AUDIT = ["audits", "audited_people", "audit_accuracy", "audit_low", "audit_high"]


def audit(gate: str, after: int, entries: int, exits: int) -> Audit:
    """A count of ten minutes, beginning so many minutes after noon."""
    starts = (NOON + minutes(after)).replace(tzinfo=None)
    return Audit(gate=gate, starts=starts, minutes=10, entries=entries, exits=exits)


def quality(*audits: Audit, seen_minutes: float = 60) -> dict[str, dict]:
    """By camera, of a day on which 3, 2 and 6 people cross the door in three times ten minutes."""
    site = small_mall.site().model_copy(update={"audits": audits})
    crossings = [
        ("door", NOON + minutes(after), direction)
        for after, directions in ((1, "in in out"), (11, "in in"), (29, "in in in out out out"))
        for direction in directions.split()
    ]
    tables = tables_of(
        site.on(DAY),
        seen={"cam_a": [(NOON, NOON + minutes(seen_minutes))]},
        gate_events={"cam_a": small_mall.crossings(*crossings)},
    )
    rows = compute(DATA_QUALITY_DAILY.name, tables)
    return {row["camera"]: row for row in rows.iter_rows(named=True)}


def told(row: dict) -> tuple:
    return tuple(row[name] for name in AUDIT)


def test_accuracy_is_of_people_and_its_interval_of_counts():
    # One of four is missed, then nobody of two and of six.
    audits = (audit("door", 0, 3, 1), audit("door", 10, 2, 0), audit("door", 20, 3, 3))
    accuracy, low = 1 - 1 / 12, 1 - 1 / 12 - 4.302653 * (26 / 72 / 3) ** 0.5 / 4
    expected = (3, 12, pytest.approx(accuracy, abs=1e-6), pytest.approx(low, abs=1e-6), 1.0)
    assert told(quality(*audits)["cam_a"]) == expected


def test_entries_and_exits_that_are_taken_for_each_other_are_two_mistakes():
    assert told(quality(audit("door", 0, 1, 2))["cam_a"]) == (1, 3, round(1 - 2 / 3, 6), None, None)


def test_whoever_is_counted_more_often_than_there_were_people_is_not_worse_than_wrong():
    assert told(quality(audit("door", 20, 1, 1))["cam_a"]) == (1, 2, 0.0, None, None)


def test_of_nobody_there_is_no_accuracy():
    both = (audit("door", 40, 0, 0), audit("door", 50, 0, 0))
    assert told(quality(*both)["cam_a"]) == (2, 0, None, None, None)


def test_a_count_of_minutes_that_were_not_observed_is_none():
    audits = (audit("door", 0, 2, 1), audit("door", 10, 2, 0))
    assert told(quality(*audits, seen_minutes=19)["cam_a"])[:3] == (1, 3, 1.0)
    assert told(quality(audit("back", 0, 3, 3))["cam_b"]) == (0, None, None, None, None)


@pytest.mark.parametrize("counted", [True, False], ids=["counted", "not counted"])
def test_the_report_says_how_exact_gates_are_or_that_nobody_looked(counted: bool):
    row = quality(*[audit("door", 0, 3, 1)] * counted)["cam_a"]
    marts = {name: mart.empty() for name, mart in MARTS.items()}
    marts[DATA_QUALITY_DAILY.name] = pl.DataFrame([row], schema=DATA_QUALITY_DAILY.schema)
    page = render(small_mall.site_day(), marts, {})
    words = page[page.index('id="coverage"') :]
    assert ("Counts by eye" in words) == counted
    assert ("75 %" in words) == counted
    assert ("nobody counted by eye" in words) == (not counted)
