"""Files of the warehouse that an older version wrote: completed where that is harmless."""

import datetime as dt
import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest

from assets.marts.contracts import MARTS
from assets.marts.of_gates import GATE_COUNTS_15MIN
from assets.marts.questions import questions
from assets.marts.release import published
from footfall_dagster.listing import Tree
from footfall_dagster.mart_tables import WarehouseError
from footfall_dagster.privacy import vouched
from footfall_dagster.privacy.closed_list_marts import warehouse as audit_warehouse
from footfall_dagster.privacy.look import Look
from footfall_dagster.published import QueryError, ask
from footfall_dagster.resources import warehouse
from footfall_dagster.settings import Settings
from footfall_dagster.warehouse import DuckDBWarehouse
from tests.unit import small_mall
from tests.unit.published_mall import NEXT_DAY, export, publish, site_folder
from tests.unit.small_mall import DAY

COUNTS = GATE_COUNTS_15MIN.name
RELEASED = published(GATE_COUNTS_15MIN)
ADDED = "approximate_crossings"
"""A column that an older version did not have, let us say; it stands amid the others."""
MALL = small_mall.site()


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A day of the mall in both files, as the version before `ADDED` left them."""
    made = tmp_path_factory.mktemp("made")
    settings = Settings(home=made / "home", site=site_folder(made / "site"))
    publish(settings, MALL, DAY)
    stored = warehouse(settings)
    exact = stored.read_day(GATE_COUNTS_15MIN, "mall", DAY)
    for path in (stored.core, stored.published):
        change(path, f"ALTER TABLE {COUNTS} DROP COLUMN {ADDED}")
    stored.note_checked(GATE_COUNTS_15MIN, "mall", DAY, exact.drop(ADDED), passed=True)
    return settings


@pytest.fixture
def settings(left: Settings, tmp_path: Path) -> Settings:
    shutil.copytree(left.home, tmp_path / "home")
    return Settings(home=tmp_path / "home", site=left.site)


@pytest.fixture
def stored(settings: Settings) -> DuckDBWarehouse:
    return warehouse(settings)


def change(path: Path, statement: str) -> None:
    """As another version would have written the file: changed, and with a receipt."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(statement)
    path.rename(path.with_name("again"))
    vouched.place(path.with_name("again"), path)


def found(stored: DuckDBWarehouse) -> list[str]:
    look = Look()
    audit_warehouse(look, stored, MALL, Tree(stored.beside))
    assert not look.unread
    return [finding.place for finding in look.findings]


def test_what_an_older_file_lacks_is_read_as_null(stored: DuckDBWarehouse):
    for rows, mart in (
        (stored.read_day(GATE_COUNTS_15MIN, "mall", DAY), GATE_COUNTS_15MIN),
        (stored.read_published_day(RELEASED, "mall", DAY), RELEASED),
    ):
        assert rows.schema == mart.schema
        assert rows[ADDED].null_count() == rows.height
        assert rows["entries"].sum() == 30


def test_the_next_write_completes_the_file_and_says_so(settings: Settings, stored: DuckDBWarehouse):
    told: list[str] = []
    stored.forget("mall", [NEXT_DAY], told.append)
    assert len(told) == 2
    for line, path in zip(told, (stored.core, stored.published), strict=True):
        assert line.startswith(f"{path.name} was written by an older version")
        assert f"missing {ADDED} INTEGER" in line
    publish(settings, MALL, NEXT_DAY)
    for day, known in ((DAY, 0), (NEXT_DAY, 1)):
        rows = stored.read_day(GATE_COUNTS_15MIN, "mall", day)
        assert rows["entries"].sum() == 30
        assert bool(rows[ADDED].count()) == known
    assert found(stored) == []


def test_days_that_passed_their_checks_can_still_be_published(
    settings: Settings, stored: DuckDBWarehouse
):
    assert stored.is_checked(GATE_COUNTS_15MIN, "mall", DAY)
    publish(settings, MALL, NEXT_DAY)
    assert stored.is_checked(GATE_COUNTS_15MIN, "mall", DAY)


def test_until_then_the_audit_calls_the_file_other_than_it_should_be(stored: DuckDBWarehouse):
    assert any("other columns" in place for place in found(stored))


def test_an_older_file_is_exported_with_empty_cells(settings: Settings, tmp_path: Path):
    done = export(settings, tmp_path / "out", "--mart", COUNTS, "--format", "parquet")
    assert done.exit_code == 0, done.output
    rows = pl.read_parquet(tmp_path / "out" / f"mall-{COUNTS}.parquet")
    assert rows.schema == RELEASED.schema
    assert rows[ADDED].null_count() == rows.height


def test_a_query_for_what_an_older_file_lacks_is_told_so(stored: DuckDBWarehouse):
    with pytest.raises(QueryError, match=f"older version and lacks {ADDED} of {COUNTS}"):
        ask(stored.published, f"SELECT sum({ADDED}) FROM {COUNTS}")
    with pytest.raises(QueryError) as wrong:
        ask(stored.published, f"SELECT sum(entrys) FROM {COUNTS}")
    assert "older version" not in str(wrong.value)


def test_a_question_on_a_mart_that_is_newer_than_the_file_is_told_so(stored: DuckDBWarehouse):
    change(stored.published, "DROP TABLE groups_hourly")
    with pytest.raises(QueryError, match="lacks groups_hourly: publish a day"):
        ask(stored.published, questions()["groups_at_weekends"].sql)


OTHERWISE = {
    "a column that may not be NULL is missing": f"ALTER TABLE {COUNTS} DROP COLUMN floor",
    "nobody knows which definition": f"ALTER TABLE {COUNTS} DROP COLUMN definition_version",
    "a column is of another type": f"ALTER TABLE {COUNTS} ALTER entries TYPE BIGINT",
    "a column is one too many": f"ALTER TABLE {COUNTS} ADD COLUMN footsteps INTEGER",
}


@pytest.mark.parametrize("statement", OTHERWISE.values(), ids=OTHERWISE)
def test_any_other_difference_is_refused_with_a_remedy(
    settings: Settings, stored: DuckDBWarehouse, statement: str, tmp_path: Path
):
    for path in (stored.core, stored.published):
        change(path, statement)
    before = stored.core.read_bytes()
    for read, mart in (
        (stored.read_day, GATE_COUNTS_15MIN),
        (stored.read_published_day, RELEASED),
    ):
        with pytest.raises(WarehouseError, match="move the file aside, then materialise"):
            read(mart, "mall", DAY)
    with pytest.raises(WarehouseError, match="move the file aside, then materialise"):
        stored.replace_day("mall", DAY + dt.timedelta(days=1), {}, list(MARTS.values()))
    told = export(settings, tmp_path / "out", "--mart", COUNTS)
    assert told.exit_code == 1
    assert "move the file aside" in told.output
    assert stored.core.read_bytes() == before
