"""How far gates are from counts by eye, worked out by hand, and what the report says of it."""

import datetime as dt
import re
from importlib.resources import files
from random import Random

import numpy as np
import polars as pl
import pytest

from assets.marts.contracts import DATA_QUALITY_DAILY, MARTS
from assets.marts.of_gates import (
    FOOTFALL_DAILY,
    GATE_ACCURACY_DAILY,
    GATE_AUDITS,
    GATE_COUNTS_15MIN,
)
from assets.marts.queries import PARTS, connected, evaluated, versioned_query
from assets.marts.release import release
from assets.reports.day import render
from tests.unit import small_mall
from tests.unit.assets.test_marts_sql import compute, minutes, tables_of
from tests.unit.small_mall import DAY, NOON
from vision.site.audit_sample import Interval, draw
from vision.site.audits import Audit
from vision.site.models import Site

BY_EYE, BY_GATE = ("audited_entries", "audited_exits"), ("gate_entries", "gate_exits")
ACCURACY = ("audit_accuracy", "audit_low", "audit_high")


def audit(gate: str, after: int, entries: int, exits: int) -> Audit:
    """A count of ten minutes, beginning so many minutes after noon."""
    starts = (NOON + minutes(after)).replace(tzinfo=None)
    return Audit(gate=gate, starts=starts, minutes=10, entries=entries, exits=exits)


def tables(*audits: Audit, seen_minutes: float = 60, site: Site | None = None) -> dict:
    """Of a day on which 3, 2 and 6 people cross the door in three times ten minutes."""
    site = (site or small_mall.site()).model_copy(update={"audits": audits})
    crossings = [
        ("door", NOON + minutes(after), direction)
        for after, directions in ((1, "in in out"), (11, "in in"), (29, "in in in out out out"))
        for direction in directions.split()
    ]
    return tables_of(
        site.on(DAY),
        seen={"cam_a": [(NOON, NOON + minutes(seen_minutes))]},
        gate_events={"cam_a": small_mall.crossings(*crossings)},
    )


def quality(*audits: Audit, seen_minutes: float = 60) -> dict[str, dict]:
    """`data_quality_daily` of that day by camera."""
    rows = compute(DATA_QUALITY_DAILY.name, tables(*audits, seen_minutes=seen_minutes))
    return {row["camera"]: row for row in rows.iter_rows(named=True)}


def exactness(
    tables: dict[str, pl.DataFrame], earlier: pl.DataFrame | None = None
) -> dict[str, dict]:
    """`gate_accuracy_daily` by gate, where `earlier` has what was counted on other days."""
    there = [] if earlier is None else [earlier]
    with connected() as connection:
        for name, rows in tables.items():
            connection.register(name, rows)
        audits = pl.concat([compute(GATE_AUDITS.name, tables), *there])
        connection.register(GATE_AUDITS.name, audits)
        made = connection.execute(versioned_query(GATE_ACCURACY_DAILY.name)).pl()
    rows = made.cast(dict(GATE_ACCURACY_DAILY.schema))
    return {row["gate"]: row for row in rows.iter_rows(named=True)}


def counted(day: dt.date, version: int = 1) -> pl.DataFrame:
    """A row of `gate_audits`: four people at the door, of whom the gate missed one."""
    row = {
        "trading_day": day,
        "site": "mall",
        "gate": "door",
        "camera": "cam_a",
        "floor": "ground",
        "starts_at": dt.datetime.combine(day, NOON.timetz()),
        "minutes": 5,
        "audited_entries": 3,
        "audited_exits": 1,
        "gate_entries": 2,
        "gate_exits": 1,
        "definition_version": version,
    }
    return pl.DataFrame([row], schema=GATE_AUDITS.schema)


def shown(page: str) -> str:
    """The page without the drawings, the links to definitions and the definitions themselves."""
    page = re.sub(r"<(svg|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"<[^>]*>", "", page)


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


def test_each_gate_has_a_row_and_only_counts_of_its_own():
    by_gate = exactness(tables(audit("door", 0, 3, 1), audit("door", 10, 2, 0)))
    assert told(by_gate["door"], "audits", "audited_minutes", *BY_EYE, *BY_GATE) == (
        (2, 20, 5, 1, 4, 1)
    )
    # Of one in six, less and more three in six: so few people say no more than that.
    assert told(by_gate["door"], *ACCURACY) == pytest.approx((5 / 6, 0, 1), abs=1e-6)
    assert told(by_gate["back"], "audits", "audited_minutes", *BY_EYE, *BY_GATE, *ACCURACY) == (
        (0, 0, *[None] * 7)
    )


def test_a_gate_is_as_exact_as_the_counts_of_four_weeks_say():
    today = tables(audit("door", 10, 2, 0))
    for back, audits in ((1, 2), (27, 2), (28, 1), (-1, 1)):
        row = exactness(today, counted(DAY - dt.timedelta(days=back)))["door"]
        assert row["audits"] == audits, back
    row = exactness(tables(), counted(DAY - dt.timedelta(days=5)))["door"]
    assert told(row, "audits", *ACCURACY) == (1, 0.75, None, None)


def test_counts_of_a_gate_before_it_was_redrawn_say_nothing_of_it():
    yesterday = DAY - dt.timedelta(days=1)
    for since, audits in ((yesterday, 2), (DAY, 1)):
        site = small_mall.site()
        gates = [one.model_copy(update={"valid_from": since}) for one in site.file.gates]
        redrawn = site.model_copy(
            update={"file": site.file.model_copy(update={"gates": tuple(gates)})}
        )
        today = tables(audit("door", 10, 2, 0), site=redrawn)
        assert exactness(today, counted(yesterday))["door"]["audits"] == audits


def test_counts_that_were_compared_by_another_definition_are_not_mixed():
    today = tables(audit("door", 10, 2, 0))
    row = exactness(today, counted(DAY - dt.timedelta(days=1), version=2))["door"]
    assert told(row, "audits", "audit_accuracy") == (1, 1)
    rows = pl.concat([counted(DAY - dt.timedelta(days=back), 3 - back) for back in (1, 2)])
    assert exactness(tables(), rows)["door"]["audits"] == 1


def test_a_count_of_minutes_that_were_not_observed_is_kept_and_compared_with_nothing():
    rows = compute(
        GATE_AUDITS.name, tables(audit("door", 0, 2, 1), audit("back", 0, 3, 3), seen_minutes=9)
    )
    assert rows["gate"].to_list() == ["back", "door"]
    assert rows.select(*BY_EYE, *BY_GATE).rows() == [(None,) * 4] * 2


@pytest.mark.parametrize("miss", [0.02, 0.1], ids=["one of fifty missed", "one of ten"])
@pytest.mark.parametrize("per_interval", [2, 40], ids=["a quiet gate", "a busy gate"])
@pytest.mark.parametrize("audits", [4, 12, 24])
def test_the_interval_holds_as_often_as_it_says(audits: int, per_interval: int, miss: float):
    """Intervals are drawn of simulated days, of which the true accuracy is known."""
    chance, random = np.random.default_rng(1), Random(1)
    slots = [Interval(n * minutes(5), "door", NOON + n * minutes(5), 5) for n in range(108)]
    counts, truth = [], {}
    for day in range(400):
        # Quiet, busy, quiet.
        rush = per_interval * (0.3 + 1.4 * np.sin(np.linspace(0, np.pi, len(slots))))
        came, left = chance.poisson(rush / 2), chance.poisson(rush / 2)
        found_in, found_out = chance.binomial(came, 1 - miss), chance.binomial(left, 1 - miss)
        truth[str(day)] = (found_in + found_out).sum() / (came + left).sum()
        for one in draw({"door": slots}, audits, random):
            at = slots.index(one)
            counts.append((str(day), 5, came[at], left[at], found_in[at], found_out[at]))
    rows = pl.DataFrame(counts, schema=["sample", "minutes", *BY_EYE, *BY_GATE], orient="row")
    part = (files("sql") / PARTS / "audit_estimate.sql").read_text()
    with connected() as connection:
        connection.register("counted", rows)
        connection.register(
            "students_quantile", evaluated(["students_quantile"], {})["students_quantile"]
        )
        estimates = connection.execute(part).pl()
    held = [
        row["low"] <= truth[row["sample"]] <= row["high"]
        for row in estimates.drop_nulls("low").iter_rows(named=True)
    ]
    # 19 in 20 but for chance, and for estimates of few counts that are no more than a hint.
    assert sum(held) / len(held) > 0.91


def test_what_is_told_of_fewer_than_k_is_not_released():
    """By whom a count differs from the gate's, whoever counted would know what the gate counted."""
    row = quality(audit("door", 0, 12, 0))["cam_a"]
    assert row["gate_entries"] == 2
    rows = pl.DataFrame([row], schema=DATA_QUALITY_DAILY.schema)
    (released,) = release(DATA_QUALITY_DAILY, rows, 10).iter_rows(named=True)
    assert told(released, *BY_GATE, *ACCURACY) == (None,) * 5
    row = exactness(tables(audit("door", 0, 12, 0)))["door"]
    rows = pl.DataFrame([row], schema=GATE_ACCURACY_DAILY.schema)
    (released,) = release(GATE_ACCURACY_DAILY, rows, 10).iter_rows(named=True)
    assert told(released, "audits", "audited_entries", *BY_GATE, *ACCURACY) == (
        (1, 12, *[None] * 5)
    )
    (released,) = release(GATE_AUDITS, counted(DAY), 10).iter_rows(named=True)
    assert told(released, "minutes", *BY_EYE, *BY_GATE) == (5, *[None] * 4)


@pytest.mark.parametrize(
    ("audits", "says", "says_not"),
    [
        pytest.param(
            (audit("door", 0, 3, 1),),
            ("75 %, by 1 count by eye", "of 28 days", "not measured: nobody counted by eye"),
            ("not used", "19 cases of 20), by"),
            id="one",
        ),
        pytest.param(
            (audit("door", 0, 3, 1), audit("door", 10, 2, 0), audit("door", 20, 3, 3)),
            ("92 % (54 % to 100 % in 19 cases of 20), by 3 counts by eye", "92 % 54 % to 100 %"),
            ("not used",),
            id="three",
        ),
        pytest.param((), ("nobody counted by eye at a gate",), ("by counts by eye of",), id="none"),
        pytest.param(
            (audit("back", 0, 3, 1),),
            ("1 count by eye was not used",),
            ("by counts by eye of", "nobody counted by eye at a gate"),
            id="one of minutes that were not observed",
        ),
    ],
)
def test_the_report_says_beside_each_gate_how_exactly_it_counts(
    audits: tuple[Audit, ...], says: tuple[str, ...], says_not: tuple[str, ...]
):
    site = small_mall.furnished(small_mall.site()).model_copy(update={"audits": audits})
    marts = {name: mart.empty() for name, mart in MARTS.items()}
    of_day = tables(*audits, site=site)
    of_gates = (GATE_COUNTS_15MIN, FOOTFALL_DAILY, GATE_AUDITS, GATE_ACCURACY_DAILY)
    for mart in (*of_gates, DATA_QUALITY_DAILY):
        marts[mart.name] = compute(mart.name, of_day)
    words = shown(render(site.on(DAY), marts, {}))
    assert [one for one in says if one not in words] == []
    assert [one for one in says_not if one in words] == []
