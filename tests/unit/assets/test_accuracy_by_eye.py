"""How far gates are from counts by eye, worked out by hand, and what the report says of it."""

import polars as pl
import pytest

from assets.marts.contracts import DATA_QUALITY_DAILY, MARTS
from assets.marts.release import release
from assets.reports.day import render
from tests.unit import small_mall
from tests.unit.assets.test_marts_sql import compute, minutes, tables_of
from tests.unit.small_mall import DAY, NOON
from vision.site.audits import Audit

BY_EYE, BY_GATE = ("audited_entries", "audited_exits"), ("gate_entries", "gate_exits")
ACCURACY = ("audit_accuracy", "audit_low", "audit_high")


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


def told(row: dict, *names: str) -> tuple:
    return tuple(row[name] for name in names)


def test_accuracy_is_of_people_and_its_interval_of_counts():
    # One of four is missed, then nobody of two and of six.
    audits = (audit("door", 0, 3, 1), audit("door", 10, 2, 0), audit("door", 20, 3, 3))
    accuracy, low = 1 - 1 / 12, 1 - 1 / 12 - 4.302653 * (26 / 72 / 3) ** 0.5 / 4
    row = quality(*audits)["cam_a"]
    assert told(row, "audits", *BY_EYE, *BY_GATE) == (3, 8, 4, 7, 4)
    assert told(row, *ACCURACY) == pytest.approx((accuracy, low, 1), abs=1e-6)


def test_counts_without_a_mistake_do_not_prove_that_there_is_none():
    # At most three people in eleven may be miscounted all the same.
    audits = (audit("door", 0, 2, 1), audit("door", 10, 2, 0), audit("door", 20, 3, 3))
    row = quality(*audits)["cam_a"]
    assert told(row, *ACCURACY) == (1, pytest.approx(1 - 3 / 11, abs=1e-6), 1)


def test_entries_and_exits_that_are_taken_for_each_other_are_two_mistakes():
    row = quality(audit("door", 0, 1, 2))["cam_a"]
    assert told(row, *ACCURACY) == (pytest.approx(1 / 3, abs=1e-6), None, None)


def test_whoever_is_counted_more_often_than_there_were_people_is_not_worse_than_wrong():
    assert quality(audit("door", 20, 1, 1))["cam_a"]["audit_accuracy"] == 0


def test_of_nobody_there_is_no_accuracy():
    both = (audit("door", 40, 0, 0), audit("door", 50, 0, 0))
    row = quality(*both)["cam_a"]
    assert told(row, "audits", *BY_EYE, *ACCURACY) == (2, 0, 0, None, None, None)


def test_a_count_of_minutes_that_were_not_observed_is_none():
    audits = (audit("door", 0, 2, 1), audit("door", 10, 2, 0))
    row = quality(*audits, seen_minutes=19)["cam_a"]
    assert told(row, "audits", *BY_EYE, "audit_accuracy") == (1, 2, 1, 1)
    row = quality(audit("back", 0, 3, 3))["cam_b"]
    assert told(row, "audits", *BY_EYE, *BY_GATE, *ACCURACY) == (0, *[None] * 7)


def test_what_is_told_of_fewer_than_k_is_not_released():
    """By whom a count differs from the gate's, whoever counted would know what the gate counted."""
    row = quality(audit("door", 0, 12, 0))["cam_a"]
    assert row["gate_entries"] == 2
    rows = pl.DataFrame([row], schema=DATA_QUALITY_DAILY.schema)
    (released,) = release(DATA_QUALITY_DAILY, rows, 10).iter_rows(named=True)
    assert told(released, *BY_GATE, *ACCURACY) == (None,) * 5


@pytest.mark.parametrize(
    ("audits", "says", "says_not"),
    [
        pytest.param((audit("door", 0, 3, 1),), ("Counts by eye", "75 %"), ("not used",), id="one"),
        pytest.param((), ("nobody counted by eye",), ("Counts by eye",), id="none"),
        pytest.param(
            (audit("back", 0, 3, 1),),
            ("1 count by eye was not used",),
            ("Counts by eye", "nobody counted by eye"),
            id="one of minutes that were not observed",
        ),
    ],
)
def test_the_report_says_how_exact_gates_are(
    audits: tuple[Audit, ...], says: tuple[str, ...], says_not: tuple[str, ...]
):
    site = small_mall.site().model_copy(update={"audits": audits})
    marts = {name: mart.empty() for name, mart in MARTS.items()}
    rows = list(quality(*audits).values())
    marts[DATA_QUALITY_DAILY.name] = pl.DataFrame(rows, schema=DATA_QUALITY_DAILY.schema)
    page = render(site.on(DAY), marts, {})
    words = page[page.index('id="coverage"') :]
    assert [one for one in says if one not in words] == []
    assert [one for one in says_not if one in words] == []
