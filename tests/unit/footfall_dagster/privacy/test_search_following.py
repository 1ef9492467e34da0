"""The search lets pass what follows from counts of its row, and nothing else of a mart."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from assets.marts import following
from assets.marts.contracts import MARTS
from assets.marts.of_gates import FLOOR_OCCUPANCY_15MIN, GATE_COUNTS_15MIN
from assets.marts.of_ways import HEATMAP_HOURLY
from assets.marts.of_zones import OCCUPANCY_15MIN, QUEUE_15MIN, SPACE_VALUE_DAILY
from assets.marts.release import published, release
from assets.marts.schema import MartColumn, MartContract
from footfall_dagster import mart_tables
from footfall_dagster.privacy.search import raw_bytes, worker
from footfall_dagster.privacy.search.following import mart_of, remains
from footfall_dagster.privacy.search.limits import DEFAULT
from footfall_dagster.privacy.search.numbers import PIXELS, VECTOR
from vision.contract_terms import Range

ROWS = 640
DAY = dt.datetime(2026, 3, 9, tzinfo=dt.UTC)
RELAXED = {
    f"{mart.name}.{column.name}": (mart, column)
    for mart in MARTS.values()
    for column in mart.columns
    if column.follows is not None or column.between is not None
}
WITH_RELAXED = {mart.name: mart for mart, _ in RELAXED.values()}


def honest(mart: MartContract) -> pl.DataFrame:
    """Rows with counts drawn at random, and whatever follows from them."""
    rng = np.random.default_rng(3)
    numbers = np.arange(ROWS)
    made = {
        column.name: pl.Series(_drawn(column, rng, numbers), dtype=column.dtype, strict=False)
        for column in mart.columns
    }
    for _ in range(4):
        for small, large in mart.never_above:
            if mart[small].dtype.is_integer() and mart[large].dtype.is_integer():
                made[large] = pl.Series(np.maximum(made[small], made[large]), dtype=pl.Int32)
    rows = pl.DataFrame(made)
    if mart == FLOOR_OCCUPANCY_15MIN:
        rows = _on_a_floor(rows, rng)
    rows = rows.with_columns(
        following.due(column, rows) for column in mart.columns if column.follows is not None
    )
    return rows.sort(mart.key)


def _drawn(column: MartColumn, rng: np.random.Generator, numbers: np.ndarray) -> object:
    if column.dtype == pl.Date():
        return [DAY.date()] * ROWS
    if column.dtype.is_temporal():
        shown = DAY if column.dtype.time_zone else DAY.replace(tzinfo=None)
        return [shown + dt.timedelta(minutes=15 * number) for number in numbers.tolist()]
    if column.name == "site":
        return ["mall"] * ROWS
    if column.dtype == pl.String():
        return [f"at_{number:03}" for number in numbers.tolist()]
    if column.dtype == pl.Boolean():
        return [True] * ROWS
    if column.name == "area_m2":
        return 10 + numbers % 7 / 4
    if column.unit == "s" and column.dtype.is_integer() and column.counted_by:
        return 100 + np.round(rng.exponential(900, ROWS))
    if column.dtype.is_integer() and column.counted_by:
        return 1 + rng.poisson(20 + 10 * np.sin(numbers / 9))
    assert isinstance(column.domain, Range)
    return [1.0 if column.name == "observed_share" else min(15, column.domain.high)] * ROWS


def _on_a_floor(rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Who come and leave at random, so that there are as often fewer as more than at first."""
    came, left = rng.poisson(20, ROWS), rng.poisson(20, ROWS)
    people = np.cumsum(came - left) - (came - left)
    middle = people + np.round((came - left) * 2) / 4
    return rows.with_columns(
        floor=pl.lit("ground"),
        crossings=pl.Series(came + left, dtype=pl.Int32),
        change=pl.Series(came - left, dtype=pl.Int32),
        drift=pl.lit(None, pl.Int32),
        occupancy_mean=pl.Series(middle, dtype=pl.Float64),
        occupancy_peak=pl.Series(people + came, dtype=pl.Float64),
    )


def found(path: Path, mart: MartContract, rows: pl.DataFrame, name: str | None = None) -> set[str]:
    """Kinds that the search finds in a file with these rows alone."""
    with duckdb.connect(str(path)) as connection:
        mart_tables.create(connection, mart, "exact, restricted")
        connection.register("rows_to_store", rows)
        mart_tables.insert(connection, mart, "SELECT * FROM rows_to_store")
        connection.unregister("rows_to_store")
        if name is not None:
            connection.execute(f"ALTER TABLE {mart.name} RENAME TO {name}")
    answer = worker.look(path, path.name, DEFAULT)
    assert answer["unread"] == []
    assert answer["rows"] == rows.height
    return {kind for _, kind, _ in answer["found"]}


@pytest.mark.parametrize("mart", WITH_RELAXED.values(), ids=WITH_RELAXED)
def test_rows_whose_figures_follow_are_clean(tmp_path: Path, mart: MartContract) -> None:
    assert found(tmp_path / "core.duckdb", mart, honest(mart)) == set()


@pytest.mark.parametrize("mart", WITH_RELAXED.values(), ids=WITH_RELAXED)
def test_what_is_released_of_them_is_clean(tmp_path: Path, mart: MartContract) -> None:
    rows = release(mart, honest(mart), 10)
    assert found(tmp_path / "published.duckdb", published(mart), rows) == set()


@pytest.mark.parametrize(
    "mart",
    [FLOOR_OCCUPANCY_15MIN, SPACE_VALUE_DAILY],
    ids=lambda mart: mart.name,
)
def test_the_same_rows_in_a_table_of_another_name_are_judged(
    tmp_path: Path, mart: MartContract
) -> None:
    assert VECTOR in found(tmp_path / "core.duckdb", mart, honest(mart), name="notes")


def components(column: MartColumn) -> np.ndarray:
    """Components of vectors as the column can hold them."""
    drawn = np.random.default_rng(7).normal(size=ROWS)
    if column.dtype.is_integer():
        return np.round(drawn * 40).astype(np.int32)
    if column.between is not None:
        return np.round(drawn * 40) / 4
    return np.abs(drawn) / 5 if column.domain == Range(0, 1) else drawn / 5


@pytest.mark.parametrize(("mart", "column"), RELAXED.values(), ids=RELAXED)
def test_a_vector_in_a_figure_that_ought_to_follow_is_found(
    tmp_path: Path, mart: MartContract, column: MartColumn
) -> None:
    vector = pl.Series(column.name, components(column), dtype=column.dtype)
    rows = honest(mart).with_columns(vector)
    assert VECTOR in found(tmp_path / "core.duckdb", mart, rows)


@pytest.mark.parametrize(("mart", "column"), RELAXED.values(), ids=RELAXED)
def test_it_is_found_in_a_fifth_of_the_rows(
    tmp_path: Path, mart: MartContract, column: MartColumn
) -> None:
    vector = pl.Series(column.name, components(column), dtype=column.dtype)
    rows = honest(mart)
    here = pl.Series(np.arange(ROWS) >= ROWS * 4 // 5)
    rows = rows.with_columns(rows[column.name].zip_with(~here, vector))
    assert VECTOR in found(tmp_path / "core.duckdb", mart, rows)


def test_the_last_digits_of_a_mean_may_differ_by_what_minutes_are_rounded_to(
    tmp_path: Path,
) -> None:
    column = OCCUPANCY_15MIN["occupancy_mean"]
    rows = honest(OCCUPANCY_15MIN).with_columns(
        observed_minutes=pl.lit(7.1234), person_seconds=pl.lit(30_000, pl.Int32)
    )
    due = following.due(column, rows)
    for steps, kept in ((0, True), (1, True), (3, False)):
        moved = np.round(due.to_numpy() * 10_000) + steps
        rounded = pl.Series(column.name, moved / 10_000)
        held = following.follows(column, rows.with_columns(rounded), at_most=1)
        assert held.all() == kept


def test_nothing_follows_from_what_is_null() -> None:
    rows = honest(QUEUE_15MIN).with_columns(person_seconds=pl.lit(None, pl.Int32))
    assert not following.follows(QUEUE_15MIN["length_mean"], rows).any()
    assert remains(rows, QUEUE_15MIN).rows["length_mean"].null_count() == 0


def test_a_table_that_lacks_a_column_or_has_another_type_is_no_mart() -> None:
    rows = honest(QUEUE_15MIN)
    assert mart_of("queue_15min", rows.schema) == QUEUE_15MIN
    assert mart_of("queue_15min", rows.drop("person_seconds").schema) is None
    assert mart_of("queue_15min", rows.cast({"waits": pl.Float64}).schema) is None
    assert mart_of("notes", rows.schema) is None


def _shades() -> np.ndarray:
    """A smooth picture, row by row."""
    x, y = np.meshgrid(np.arange(32), np.arange(ROWS // 32))
    return (120 + 60 * np.sin(x / 9) + 50 * np.cos(y / 7)).astype(np.int32).ravel()


def _planted(mart: MartContract, **columns: np.ndarray) -> pl.DataFrame:
    return honest(mart).with_columns(
        pl.Series(name, values, dtype=mart[name].dtype) for name, values in columns.items()
    )


BROKEN: dict[str, tuple[MartContract, Callable[[pl.DataFrame], pl.DataFrame]]] = {
    "more came to a cell than seconds were spent there": (HEATMAP_HOURLY, lambda rows: rows),
    "somebody was counted while nothing was observed": (
        GATE_COUNTS_15MIN,
        lambda rows: rows.with_columns(
            observed_minutes=pl.when(pl.int_range(pl.len()) != 9)
            .then("observed_minutes")
            .otherwise(0.0)
        ),
    ),
    "a key occurs twice": (
        GATE_COUNTS_15MIN,
        lambda rows: rows.with_columns(gate=pl.lit("door"), interval_start=pl.lit(DAY)),
    ),
}


def test_shades_among_counts_look_like_a_busy_day_and_are_let_pass(tmp_path: Path) -> None:
    """What finds a picture there is in docs/decisions.md."""
    rows = _planted(GATE_COUNTS_15MIN, entries=_shades())
    assert found(tmp_path / "core.duckdb", GATE_COUNTS_15MIN, rows) == set()
    assert PIXELS in found(tmp_path / "a.duckdb", GATE_COUNTS_15MIN, rows, name="notes")


@pytest.mark.parametrize(("mart", "change"), BROKEN.values(), ids=BROKEN)
def test_shades_are_found_in_a_table_that_breaks_its_contract(
    tmp_path: Path, mart: MartContract, change: Callable[[pl.DataFrame], pl.DataFrame]
) -> None:
    column = "visits" if mart == HEATMAP_HOURLY else "entries"
    rows = change(_planted(mart, **{column: _shades()}))
    assert PIXELS in found(tmp_path / "core.duckdb", mart, rows)


def test_only_the_doubles_that_follow_are_taken_out_of_bytes() -> None:
    rng = np.random.default_rng(5)
    follow, hidden = rng.normal(size=(2, 256)) / 9
    for before in range(8):
        content = b"\0" * before + follow.tobytes()
        assert raw_bytes.look(content, sealed=False, only_floats=True)
        assert not any(raw_bytes.without(content, follow)[:-8])
    both = raw_bytes.without(follow.tobytes() + hidden.tobytes(), follow)
    assert hidden.tobytes() in both
    assert VECTOR in raw_bytes.look(both, sealed=False, only_floats=True)
