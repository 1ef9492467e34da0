"""Marts in DuckLake are the marts in two files, and many write them at a time."""

import datetime as dt
import io
import multiprocessing
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from assets.marts.contracts import MARTS
from assets.marts.of_gates import GATE_COUNTS_15MIN
from assets.marts.release import published
from footfall_dagster import warehouse as warehouses
from footfall_dagster.privacy.closed_list import audit
from footfall_dagster.published import QueryError, ask, named_in
from footfall_dagster.settings import Settings
from footfall_dagster.store import below
from footfall_dagster.warehouse import DuckLakeWarehouse
from tests.cluster.conftest import bucket_named
from tests.unit.objected_mall import DAYS, Mall, objection
from vision.objections import Place

Grown = Callable[[Path, str], Settings]
_SPAWN = multiprocessing.get_context("spawn")
EXACT = list(MARTS.values())
RELEASED = [published(mart) for mart in EXACT]


@pytest.fixture
def malls(
    grown: Grown, tmp_path: Path, request: pytest.FixtureRequest, fresh_catalog: None
) -> tuple[Mall, Mall]:
    """A day that is published, in a bucket and in a folder."""
    name = bucket_named(request)
    both = (
        Mall(tmp_path / "bucket", stored=grown(tmp_path / "bucket", name)),
        Mall(tmp_path / "folder"),
    )
    for mall in both:
        mall.record(DAYS[0])
        mall.publish(DAYS[0])
    return both


@pytest.fixture
def fresh_catalog(postgres: object) -> Iterator[None]:
    """No DuckLake of another test."""
    import psycopg2

    yield
    with psycopg2.connect(postgres.address) as connection:  # type: ignore[attr-defined]
        connection.cursor().execute("DROP SCHEMA IF EXISTS core, published CASCADE")


def rows(mall: Mall) -> dict[str, pl.DataFrame]:
    stored = mall.objecting.warehouse
    exact = stored.read_days(EXACT, "mall", DAYS)
    released = stored.read_published_days(RELEASED, "mall", DAYS)
    return exact | {f"published {name}": frame for name, frame in released.items()}


def lake_of(mall: Mall) -> DuckLakeWarehouse:
    stored = mall.objecting.warehouse
    assert isinstance(stored, DuckLakeWarehouse)
    return stored


def rows_in_objects(mall: Mall, mart: str) -> int:
    """Rows of a mart in all objects of the bucket, whether or not anybody reads them."""
    objects = below(lake_of(mall).core.where / "main" / mart)
    return sum(len(pl.read_parquet(io.BytesIO(one.read_bytes()))) for one in objects)


def assert_same(one: Mall, other: Mall) -> None:
    ours, theirs = rows(one), rows(other)
    assert [name for name in theirs if not ours[name].equals(theirs[name])] == []


def test_rows_are_those_of_the_files(malls: tuple[Mall, Mall]) -> None:
    lake, _ = malls
    assert sum(map(len, rows(lake).values())) > 500
    assert_same(*malls)
    assert lake.objecting.warehouse.days("mall") == [DAYS[0]]
    assert audit(lake.settings, lake.site, None).findings == ()
    assert not list(lake.home.rglob("*.duckdb"))


def test_days_are_replaced_and_not_added(malls: tuple[Mall, Mall]) -> None:
    for mall in malls:
        mall.record(DAYS[2])
        for day in (DAYS[0], DAYS[2], DAYS[0]):
            mall.publish(day)
    assert_same(*malls)
    assert malls[0].objecting.warehouse.days("mall") == [DAYS[0], DAYS[2]]


def test_what_was_objected_to_is_in_no_object_any_more(malls: tuple[Mall, Mall]) -> None:
    lake, _ = malls
    mart = GATE_COUNTS_15MIN
    before = rows_in_objects(lake, mart.name)
    assert before == len(rows(lake)[mart.name]) > 0
    for mall in malls:
        mall.carry_out(objection(DAYS[0], 7, Place("gate", "door")))
    assert rows_in_objects(lake, mart.name) == 0
    assert_same(*malls)
    assert audit(lake.settings, lake.site, None).findings == ()
    for mall in malls:
        mall.publish(DAYS[0])
    assert rows_in_objects(lake, mart.name) == before
    assert_same(*malls)


def test_days_past_their_retention_are_forgotten(malls: tuple[Mall, Mall]) -> None:
    lake, _ = malls
    for mall in malls:
        mall.record(DAYS[2])
        mall.publish(DAYS[2])
        lake_of(lake).tidy()
        mall.objecting.warehouse.forget("mall", [DAYS[0]], lambda _line: None)
    assert_same(*malls)
    assert rows_in_objects(lake, GATE_COUNTS_15MIN.name) == len(rows(lake)[GATE_COUNTS_15MIN.name])


def test_small_files_are_merged_and_say_the_same(malls: tuple[Mall, Mall]) -> None:
    lake, beside = malls
    for mall in malls:
        mall.record(DAYS[2])
        mall.publish(DAYS[2])
    where = lake_of(lake).core.where
    before = len(below(where))
    for marts in (lake_of(lake).core, lake_of(lake).published):
        marts.tidy(dt.timedelta())
    assert len(below(where)) <= before // 2 + 1
    assert_same(lake, beside)
    assert audit(lake.settings, lake.site, None).findings == ()


def test_an_object_that_the_catalogue_does_not_know_is_found(malls: tuple[Mall, Mall]) -> None:
    lake, _ = malls
    (lake_of(lake).core.where / "main" / "gate_counts_15min" / "crop.parquet").write_bytes(b"crop")
    (lake_of(lake).beside / "notes").write_bytes(b"notes")
    found = audit(lake.settings, lake.site, None).findings
    assert {one.kind for one in found} == {"not on the list"}
    assert len(found) == 2


def test_a_query_asks_a_copy_that_leads_nowhere(malls: tuple[Mall, Mall]) -> None:
    answers = []
    for mall in malls:
        sql = "SELECT gate, sum(entries) FROM gate_counts_15min GROUP BY gate ORDER BY gate"
        with mall.objecting.warehouse.released.as_file(named_in(sql)) as path:
            answers.append(ask(path, sql))
            assert len(ask(path, "SHOW TABLES").rows) == len(MARTS)
            with pytest.raises(QueryError):
                ask(path, f"FROM read_parquet('{lake_of(malls[0]).core.where}/**/*.parquet')")
        if mall is malls[0]:
            assert not path.exists()
    assert answers[0] == answers[1]
    assert answers[0].rows


def _make(settings: Settings, home: Path, days: list[dt.date]) -> None:
    mall = Mall(home, stored=settings)
    for day in days:
        mall.make(day)


def test_four_write_at_once_and_nothing_is_lost_or_doubled(malls: tuple[Mall, Mall]) -> None:
    lake, beside = malls
    days = [DAYS[0] + dt.timedelta(days=number) for number in range(6)]
    for mall in malls:
        for day in days[1:]:
            mall.record(day)
    for day in days:
        beside.make(day)
    # Each day twice, and by different writers, two of which are at the same day at first.
    shares = [days[:3], days[3:], days[:3], days[:2:-1]]
    writers = [
        _SPAWN.Process(target=_make, args=(lake.settings, lake.home, share)) for share in shares
    ]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert [one.exitcode for one in writers] == [0] * 4
    stored = warehouses.of(lake.settings)
    assert stored.days("mall") == days
    ours = stored.read_days(EXACT, "mall", days)
    theirs = beside.objecting.warehouse.read_days(EXACT, "mall", days)
    for name, mart in MARTS.items():
        assert not ours[name].select(mart.key).is_duplicated().any(), name
        # Of the week before, a writer sees what others have placed by then.
        if not mart.earlier_days:
            assert ours[name].equals(theirs[name]), name
