import datetime as dt
import math
import re
from collections.abc import Callable

import polars as pl
import pytest

from vision.contract_check import Bounds, violations
from vision.contract_terms import Contract
from vision.contracts import (
    ANONYMISED_TRAJECTORIES,
    DETECTIONS,
    GATE_EVENTS,
    LAKE,
    TRACKS,
    ZONE_VISITS,
)
from vision.contracts_ingest import COVERAGE

START = dt.datetime(2026, 3, 14, 4, tzinfo=dt.UTC)
BOUNDS = Bounds(
    (START, START + dt.timedelta(days=1)),
    (640, 360),
    (0, 0, 24, 12),
    frozenset({"entrance"}),
    frozenset({"bakery"}),
    re.compile(r"a\.mp4"),
)
AT = START + dt.timedelta(hours=6)


def frame(contract: Contract, *rows: tuple) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=contract.schema, orient="row")


GOOD = {
    "detections": frame(DETECTIONS, (AT, 1.5, 2.5, 30.0, 90.0, 0.5)),
    "tracks": frame(TRACKS, (0, AT, 1.5, 2.5, 30.0, 90.0, None, None)),
    "coverage": frame(COVERAGE, (AT, 60.0, 59.57, None)),
    "anonymised_trajectories": frame(
        ANONYMISED_TRAJECTORIES,
        (0, AT, 1.125, 2.375),
        (0, AT + dt.timedelta(seconds=1), 1.125, 2.375),
        (1, AT, 5.125, 2.375),
    ),
    "gate_events": frame(GATE_EVENTS, ("entrance", AT, "in", "track")),
}


@pytest.mark.parametrize("name", LAKE)
def test_a_dataset_without_rows_keeps_its_contract(name: str) -> None:
    assert violations(LAKE[name].empty(), LAKE[name], BOUNDS) == []


@pytest.mark.parametrize("name", GOOD)
def test_rows_as_the_contract_has_them_pass(name: str) -> None:
    assert violations(GOOD[name], LAKE[name], BOUNDS) == []


def at(name: str, column: str, value: object) -> Callable[[], tuple[pl.DataFrame, Contract]]:
    """The good frame with `value` in the first row of `column`."""

    def change() -> tuple[pl.DataFrame, Contract]:
        good = GOOD[name]
        first = pl.int_range(pl.len()) == 0
        changed = pl.when(first).then(pl.lit(value, good.schema[column])).otherwise(column)
        return good.with_columns(changed.alias(column)), LAKE[name]

    return change


HALF = dt.timedelta(milliseconds=500)


@pytest.mark.parametrize(
    ("case", "column", "rule"),
    [
        pytest.param(at("detections", "x_max", 641.0), "x_max", "frame", id="box out of frame"),
        pytest.param(at("detections", "y_min", -0.5), "y_min", "frame", id="box above frame"),
        pytest.param(at("detections", "confidence", 1.5), "confidence", "lie in", id="score"),
        pytest.param(at("detections", "x_min", math.nan), "x_min", "finite", id="not a number"),
        pytest.param(at("detections", "x_min", math.inf), "x_min", "finite", id="infinite"),
        pytest.param(at("detections", "x_min", -0.0), "x_min", "negative zero", id="minus zero"),
        pytest.param(at("detections", "x_min", None), "x_min", "NULL", id="missing"),
        pytest.param(
            at("detections", "frame_at", START - HALF), "frame_at", "trading day", id="yesterday"
        ),
        pytest.param(at("tracks", "track", 1), "track", "hole", id="a track number left out"),
        pytest.param(at("coverage", "readable_s", 59.571), "readable_s", "multiple", id="step"),
        pytest.param(
            at("coverage", "readable_s", 0.57 + 2e-16), "readable_s", "multiple", id="a hidden bit"
        ),
        pytest.param(at("coverage", "minute", AT + HALF), "minute", "multiple", id="not a minute"),
        pytest.param(at("coverage", "reason", "mood"), "reason", "words", id="an unknown word"),
        pytest.param(at("gate_events", "gate", "back"), "gate", "gate of", id="an unknown gate"),
        pytest.param(
            at("anonymised_trajectories", "x_m", 1.2), "x_m", "cell", id="between floor cells"
        ),
        pytest.param(
            at("anonymised_trajectories", "x_m", 25.125), "x_m", "floor", id="off the floor"
        ),
        pytest.param(
            at("anonymised_trajectories", "at", AT + HALF), "at", "multiple", id="half a second"
        ),
    ],
)
def test_one_wrong_value_is_found(
    case: Callable[[], tuple[pl.DataFrame, Contract]], column: str, rule: str
) -> None:
    found = violations(*case(), BOUNDS)
    matching = [broken for broken in found if broken.column == column and rule in broken.rule]
    assert [broken.rows for broken in matching] == [1]


@pytest.mark.parametrize("value", [0.07, 0.29, 0.57, 1.13, 33.33, 59.99])
def test_every_hundredth_is_a_multiple_of_a_hundredth(value: float) -> None:
    changed, contract = at("coverage", "readable_s", value)()
    assert violations(changed, contract, BOUNDS) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        pytest.param(lambda f: f.with_columns(face=pl.lit(1)), "1 columns", id="a column more"),
        pytest.param(lambda f: f.drop("y_m"), "missing", id="a column less"),
        pytest.param(lambda f: f.cast({"x_m": pl.Float64}), "type Float32", id="another type"),
        pytest.param(
            lambda f: f.with_columns(pl.col("at").dt.replace_time_zone(None)), "type", id="no zone"
        ),
        pytest.param(lambda f: f.select(reversed(f.columns)), "order", id="another order"),
        pytest.param(lambda f: f.reverse(), "sorted", id="rows not sorted"),
        pytest.param(lambda f: pl.concat([f, f]).sort(pl.all()), "once", id="a key twice"),
    ],
)
def test_a_wrong_shape_is_found(change: Callable[[pl.DataFrame], pl.DataFrame], rule: str) -> None:
    wrong = change(GOOD["anonymised_trajectories"])
    found = violations(wrong, ANONYMISED_TRAJECTORIES, BOUNDS)
    assert any(rule in str(broken) for broken in found)


def visits(*rows: tuple[int, int, int]) -> pl.DataFrame:
    """Stays in the bakery from (entered, left, dwell) in seconds after `AT`."""
    at = [AT + dt.timedelta(seconds=second) for second in range(100)]
    return frame(
        ZONE_VISITS, *(("bakery", at[come], at[gone], dwell, "both") for come, gone, dwell in rows)
    )


def test_a_dwell_is_what_lies_between_its_instants_and_no_number_of_its_own() -> None:
    assert violations(visits((0, 9, 9)), ZONE_VISITS, BOUNDS) == []
    (broken,) = violations(visits((0, 9, 9), (1, 9, 7), (2, 9, 7)), ZONE_VISITS, BOUNDS)
    assert (broken.column, broken.rows) == ("dwell_s", 1)


def test_rows_that_have_no_key_have_one_order() -> None:
    assert violations(visits((0, 9, 9), (3, 9, 6)), ZONE_VISITS, BOUNDS) == []
    (broken,) = violations(visits((3, 9, 6), (0, 9, 9)), ZONE_VISITS, BOUNDS)
    assert "sorted" in broken.rule


@pytest.mark.parametrize(
    ("starts", "rows"),
    [([1, 0, 2], 2), ([0, 1, 2], 0), ([0, 0, 0], 1)],
    ids=["ids that follow no rank", "ranks", "ranks of sequences that begin alike, exchanged"],
)
def test_ids_of_trajectories_are_ranks(starts: list[int], rows: int) -> None:
    cells = [1.125, 2.125, 1.625]
    sequences = [
        (number, AT + dt.timedelta(seconds=start + step), 1.125, cells[number] if step else 2.375)
        for number, start in enumerate(starts)
        for step in range(2)
    ]
    found = violations(frame(ANONYMISED_TRAJECTORIES, *sequences), ANONYMISED_TRAJECTORIES, BOUNDS)
    assert [broken.rows for broken in found if "rank" in broken.rule] == [rows] * bool(rows)


def test_text_is_matched_as_a_whole() -> None:
    exports = LAKE["camera_exports"]
    row = (0, "a.mp4", "0" * 64, 5, None, AT, AT, 1, 9, 9, 25.0, 25.0, 0.0, "h264", "name", None)
    row += (AT, "container", 0.5, 0.0, 1.0, "catalogued", None)
    assert violations(frame(exports, row), exports, BOUNDS) == []
    longer = (0, "a.mp4", "0" * 64 + "\nleak", *row[3:])
    assert [v.column for v in violations(frame(exports, longer), exports, BOUNDS)] == ["sha256"]


def test_messages_quote_neither_values_nor_unknown_names() -> None:
    leak = "bGVhaw"
    wrong_value, contract = at("gate_events", "gate", leak)()
    wrong_name = GOOD["gate_events"].with_columns(pl.lit(leak).alias(leak))
    for wrong in (wrong_value, wrong_name):
        found = violations(wrong, contract, BOUNDS)
        assert found
        assert not any(leak in str(broken) for broken in found)
