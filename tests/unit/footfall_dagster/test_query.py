"""Whoever asks the published file gets its figures, and nothing else of this machine."""

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from assets.mart_contracts import GATE_COUNTS_15MIN, MARTS
from assets.release import release
from footfall_dagster.cli import main
from footfall_dagster.published import QueryError, ask
from footfall_dagster.resources import warehouse
from footfall_dagster.settings import Settings
from tests.unit import small_mall
from tests.unit.small_mall import DAY, NOON
from vision.contracts import GATE_EVENTS


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with gate counts of a day: 30 entries in one quarter, 5 exits that are kept back."""
    home, site_day = tmp_path_factory.mktemp("home"), small_mall.site_day()
    crossed = [("door", NOON, "in")] * 30 + [("door", NOON, "out")] * 5
    tables = small_mall.relations(
        site_day,
        {"cam_a": small_mall.coverage(site_day, (NOON, NOON + dt.timedelta(minutes=15)))},
        {GATE_EVENTS.name: {"cam_a": small_mall.crossings(*crossed)}},
    )
    made = warehouse(Settings(home=home))
    made.replace_day("mall", DAY, tables, tuple(MARTS.values()), lambda _line: None)
    exact = made.read_day(GATE_COUNTS_15MIN, "mall", DAY)
    made.note_checked(GATE_COUNTS_15MIN, "mall", DAY, exact, passed=True)
    released = {GATE_COUNTS_15MIN.name: release(GATE_COUNTS_15MIN, exact, 10)}
    made.publish_day("mall", DAY, released, lambda _line: None)
    return home


@pytest.fixture
def published(home: Path) -> Path:
    return warehouse(Settings(home=home)).published


@pytest.fixture
def asked(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FOOTFALL_HOME", str(home))

    def run(*arguments: str, given: str | None = None) -> Result:
        return CliRunner().invoke(main, ["query", *arguments], input=given)

    return run


SEEN = "SELECT gate, entries, exits FROM gate_counts_15min WHERE entries > 0"


def test_released_figures_are_answered_and_what_is_kept_back_is_null(published: Path) -> None:
    assert ask(published, SEEN).rows() == [("door", 30, None)]


@pytest.mark.parametrize("sql", ["SHOW TABLES", "DESCRIBE gate_counts_15min", f"EXPLAIN {SEEN}"])
def test_one_can_ask_what_there_is(published: Path, sql: str) -> None:
    assert ask(published, sql).height > 0


def test_times_are_in_utc_wherever_the_machine_is(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    told = ask(published, "SELECT interval_start::VARCHAR FROM gate_counts_15min WHERE entries > 0")
    assert told.item() == "2026-03-11 12:00:00+00"


HOSTILE = {
    "another file": "FROM read_text('{home}/secret.csv')",
    "another file by its name": "FROM '{home}/secret.csv'",
    "a list of files": "FROM glob('{home}/*')",
    "the exact figures": "ATTACH '{home}/warehouse/core.duckdb' AS core",
    "the exact figures as bytes": "FROM read_blob('{home}/warehouse/core.duckdb')",
    "a file of one's own": "COPY (SELECT 1) TO '{home}/out.csv'",
    "a copy of everything": "EXPORT DATABASE '{home}/out'",
    "the network": "FROM 'http://127.0.0.1:9/x.parquet'",
    "an extension": "INSTALL httpfs",
    "an extension that is there": "LOAD httpfs",
    "a setting": "SET enable_external_access = true",
    "a setting of the lock": "RESET lock_configuration",
    "the setting of a function": "SELECT set_config('enable_external_access', 'true', false)",
    "a secret": "CREATE SECRET (TYPE s3)",
    "a table": "CREATE TABLE mine AS SELECT 1",
    "a table that lasts as long as the query": "CREATE TEMP TABLE mine AS SELECT 1",
    "rows": "INSERT INTO gate_counts_15min SELECT * FROM gate_counts_15min",
    "no rows": "DELETE FROM gate_counts_15min",
    "no table": "DROP TABLE gate_counts_15min",
    "a second statement": "SELECT 1; DROP TABLE gate_counts_15min",
    "a variable of this process": "FROM HOSTILE",
    "the environment": "SELECT getenv('HOME')",
    "nothing": "  -- ",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_query_reaches_nothing_but_the_published_figures(
    home: Path, published: Path, what: str
) -> None:
    (home / "secret.csv").write_text("embedding\n0.25\n")
    before = sorted(home.rglob("*")), published.read_bytes()
    with pytest.raises(QueryError) as refused:
        ask(published, HOSTILE[what].format(home=home))
    assert "0.25" not in str(refused.value)
    assert (sorted(home.rglob("*")), published.read_bytes()) == before


def test_a_sort_larger_than_memory_writes_nothing(home: Path, published: Path) -> None:
    before = sorted(home.rglob("*"))
    assert ask(published, "SELECT current_setting('temp_directory') AS place").item() == ""
    assert sorted(home.rglob("*")) == before


def test_a_file_that_was_changed_is_not_answered_from(tmp_path: Path, published: Path) -> None:
    copied = warehouse(Settings(home=tmp_path)).published
    copied.parent.mkdir()
    copied.write_bytes(published.read_bytes())
    with duckdb.connect(str(copied)) as connection:
        connection.execute("UPDATE gate_counts_15min SET entries = 1000")
    told = CliRunner().invoke(main, ["query", SEEN], env={"FOOTFALL_HOME": str(tmp_path)})
    assert told.exit_code == 1
    assert "was changed since it was written" in told.output


def test_a_home_without_published_figures_says_what_to_do(tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["query", SEEN], env={"FOOTFALL_HOME": str(tmp_path)})
    assert told.exit_code == 1
    assert "nothing has been published yet" in told.output
    assert list(tmp_path.iterdir()) == []


def test_a_table_tells_null_from_nothing_and_how_much_more_there_is(asked) -> None:
    told = asked("SELECT gate, exits FROM gate_counts_15min ORDER BY ALL", "--most", "1").output
    assert "NULL" in told
    assert "191 more rows; --most 192 shows all" in told


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("csv", ["gate,entries,exits", "door,30,"]),
        ("json", [json.dumps({"gate": "door", "entries": 30, "exits": None})]),
    ],
)
def test_rows_go_into_other_programs(asked, shape: str, expected: Sequence[str]) -> None:
    lines = asked(SEEN, "--format", shape).output.splitlines()
    assert [line.replace(" ", "") for line in lines] == [one.replace(" ", "") for one in expected]


def test_a_query_may_come_from_a_file(asked) -> None:
    assert asked("-", "--format", "csv", given=SEEN).output == "gate,entries,exits\ndoor,30,\n"


def test_a_wrong_query_is_told_as_the_database_tells_it_and_without_a_stack(asked) -> None:
    told = asked("SELECT entrys FROM gate_counts_15min")
    assert told.exit_code == 1
    assert '"entrys" not found' in told.output
    assert "Traceback" not in told.output


def test_what_a_terminal_would_obey_is_shown_and_not_obeyed(asked) -> None:
    told = asked("SELECT chr(27) || '[2J[red]a[/red]' AS x").output
    assert "\x1b" not in told
    assert "[2J[red]a[/red]" in told
