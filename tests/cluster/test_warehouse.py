"""Marts in DuckLake are the marts in two files, and many write them at a time."""

import datetime as dt
import io
import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import polars as pl
import pytest

from assets.marts.contracts import MARTS
from assets.marts.of_gates import GATE_COUNTS_15MIN
from assets.marts.release import published
from assets.marts.schema import MartContract
from footfall_dagster import warehouse as warehouses
from footfall_dagster.mart_tables import delete_days, insert
from footfall_dagster.privacy.closed_list import audit
from footfall_dagster.published import QueryError, answer, named_in
from footfall_dagster.settings import Settings
from footfall_dagster.store import below
from footfall_dagster.warehouse import DuckLakeWarehouse
from tests.cluster.conftest import bucket_named
from tests.cluster.postgres import Postgres
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
def fresh_catalog(postgres: Postgres) -> Iterator[None]:
    """No DuckLake of another test."""
    yield
    postgres.forget_ducklakes()


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
    lake_of(lake).tidy()
    # For an hour somebody may still be reading what was merged.
    assert len(below(where)) > before
    assert audit(lake.settings, lake.site, None).findings == ()
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


def test_a_query_reaches_the_rows_and_nothing_else(malls: tuple[Mall, Mall]) -> None:
    lake, _ = malls
    sql = "SELECT gate, sum(entries) FROM gate_counts_15min GROUP BY gate ORDER BY gate"
    answers, place = [], lake_of(lake).published
    for mall in malls:
        with mall.objecting.warehouse.released.asked(named_in(sql)) as connection:
            answers.append(answer(connection, sql))
            assert len(answer(connection, "SHOW TABLES").rows) == len(MARTS)
    assert answers[0] == answers[1]
    assert answers[0].rows
    with place.opened() as connection:
        (rows_at, *_), *_ = connection.execute(
            "FROM ducklake_list_files('published', 'gate_counts_15min')"
        ).fetchall()
    (core_at, *_) = below(lake_of(lake).core.where / "main" / "gate_counts_15min")
    reached = [
        f"FROM read_parquet('{rows_at}')",
        f"FROM read_parquet('{core_at}')",
        f"FROM read_parquet('{place.where}/**/*.parquet')",
        f"FROM read_parquet('{lake.settings.s3_endpoint}/{core_at.path}')",
        f"FROM read_text('{Path(__file__)}')",
        "FROM glob('/*')",
        f"FROM postgres_scan('{place.catalog}', 'published', 'ducklake_table')",
        "FROM ducklake_snapshots('published')",
        # Not even whether there are any can be asked.
        "FROM duckdb_secrets()",
        "SET allowed_paths = []",
        f"COPY gate_counts_15min TO '{rows_at}'",
        f"ATTACH '{place.catalog}' AS catalogue (TYPE postgres)",
    ]
    with place.asked(named_in(sql)) as connection:
        for statement in reached:
            with pytest.raises(QueryError):
                answer(connection, statement)
            # Whatever stands between it and the statement.
            with pytest.raises(duckdb.Error):
                connection.execute(statement).fetchall()
        assert answer(connection, sql) == answers[0]


def test_a_question_leaves_out_what_was_replaced_in_a_merged_file(
    malls: tuple[Mall, Mall],
) -> None:
    for mall in malls:
        mall.record(DAYS[2])
        mall.publish(DAYS[2])
    place = lake_of(malls[0]).published
    place.tidy(dt.timedelta())
    gone = {"gate_counts_15min": [DAYS[0]]}
    with place.lake.opened() as connection:
        delete_days(connection, GATE_COUNTS_15MIN, "mall", [DAYS[0]])
    malls[1].objecting.warehouse.released.take_out("mall", gone, lambda _line: None)
    sql = "SELECT * FROM gate_counts_15min ORDER BY ALL"
    answers = []
    for mall in malls:
        with mall.objecting.warehouse.released.asked(named_in(sql)) as connection:
            answers.append(answer(connection, sql))
    assert answers[0] == answers[1]
    assert {row[0] for row in answers[0].rows} == {str(DAYS[2])}


def test_a_question_reads_files_of_an_older_version(malls: tuple[Mall, Mall]) -> None:
    place, mart = lake_of(malls[0]).published, published(GATE_COUNTS_15MIN)
    before = rows_of_gates(malls[1])
    # A column between others, of which DuckLake has only files that lack it.
    late = replace(mart["exits"], name="loitered")
    at = [column.name for column in mart.columns].index("exits")
    newer = replace(mart, columns=(*mart.columns[:at], late, *mart.columns[at:]))
    with place.lake.opened() as connection:
        connection.execute(f"ALTER TABLE {mart.name} ADD COLUMN {late.name} {late.duckdb_type}")
    sql = f"SELECT count(*), sum(exits), count({late.name}) FROM {mart.name}"
    told = replace(place, contracts=[newer])
    with told.asked(named_in(sql)) as connection:
        rows = answer(connection, sql).rows
    assert rows == [(str(len(before)), str(before["exits"].sum()), "0")]
    found = told.read_days([newer], "mall", DAYS)[mart.name]
    assert found.drop(late.name).equals(before)
    assert found.columns == newer.schema.names()


def rows_of_gates(mall: Mall) -> pl.DataFrame:
    mart = published(GATE_COUNTS_15MIN)
    return mall.objecting.warehouse.read_published_days([mart], "mall", DAYS)[mart.name]


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


FIRST_DAY = dt.date(2025, 1, 20)
HOURS = 24


def _row_of(day: dt.date, hour: int) -> dict[str, object]:
    start = dt.datetime.combine(day, dt.time(hour), dt.UTC)
    words = dict.fromkeys(GATE_COUNTS_15MIN.schema.names(), None)
    return words | {
        "trading_day": day,
        "site": "mall",
        "gate": "door",
        "camera": "cam",
        "floor": "ground",
        "interval_start": start,
        "local_start": start.replace(tzinfo=None),
        "in_trading_hours": True,
        "observed_minutes": 15.0,
        "observed_share": 1.0,
        "entries": hour,
        "exits": hour,
        "approximate_crossings": 0,
        "suppressed": False,
        "definition_version": 1,
    }


def _place(settings: Settings, days: list[dt.date]) -> None:
    place = warehouses.of(settings).released

    def fill(connection: duckdb.DuckDBPyConnection, mart: MartContract) -> None:
        insert(connection, mart, "SELECT * FROM day_of_door")

    for day in days:
        told = [_row_of(day, hour) for hour in range(HOURS)]
        mart = published(GATE_COUNTS_15MIN)
        of_day = pl.DataFrame(told).select(mart.schema.names()).cast(dict(mart.schema))  # type: ignore[arg-type]
        relations = {"day_of_door": of_day}
        counted = place.replace("mall", day, [mart.name], relations, fill, lambda _line: None)
        assert counted == {mart.name: HOURS}


def _tidy(settings: Settings, times: int) -> None:
    stored = warehouses.of(settings)
    for _ in range(times):
        stored.tidy()


def test_days_of_many_writers_end_in_a_file_a_month_and_all_are_there(
    grown: Grown, tmp_path: Path, request: pytest.FixtureRequest, fresh_catalog: None
) -> None:
    settings = grown(tmp_path, bucket_named(request))
    days = [FIRST_DAY + dt.timedelta(days=number) for number in range(24)]
    # Nobody has made the catalogue yet; all are tidied for, and some days are placed twice.
    shares = [days[number::4] for number in range(4)]
    processes = [
        _SPAWN.Process(target=_place, args=(settings, share + share[:2])) for share in shares
    ]
    processes.append(_SPAWN.Process(target=_tidy, args=(settings, 6)))
    for one in processes:
        one.start()
    for one in processes:
        one.join()
    assert [one.exitcode for one in processes] == [0] * 5
    stored = warehouses.of(settings)
    assert isinstance(stored, DuckLakeWarehouse)
    place, mart = stored.published, published(GATE_COUNTS_15MIN)
    before = len(below(place.where))
    place.tidy()
    with place.opened() as connection:
        read = connection.execute(
            f"FROM ducklake_list_files('published', '{mart.name}')"
        ).fetchall()
    assert len(read) == 2
    place.tidy(dt.timedelta())
    assert len(below(place.where)) == 2 < before
    found = place.read_days([mart], "mall", days)[mart.name]
    assert len(found) == len(days) * HOURS
    assert found["trading_day"].unique().sort().to_list() == days
    with place.asked([mart.name]) as connection:
        told = answer(connection, f"SELECT count(*), sum(entries) FROM {mart.name}").rows
    assert told == [(str(len(found)), str(found["entries"].sum()))]
    place.take_out("mall", {mart.name: [days[3]]}, lambda _line: None)
    left = [pl.read_parquet(io.BytesIO(one.read_bytes())) for one in below(place.where)]
    assert sum(map(len, left)) == len(found) - HOURS
    assert len(left) == 2
