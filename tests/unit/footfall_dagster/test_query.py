"""Whoever asks the published file gets its figures, and nothing else of this machine."""

import datetime as dt
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl
import pytest
from click.testing import CliRunner, Result

import footfall_dagster.published
from assets.marts.contracts import MARTS
from assets.marts.of_gates import GATE_COUNTS_15MIN
from assets.marts.release import release
from footfall_dagster.cli import main
from footfall_dagster.published import QueryError, ask, shut_off
from footfall_dagster.resources import warehouse
from footfall_dagster.settings import Settings
from tests.unit import small_mall
from tests.unit.small_mall import DAY, NOON
from vision.contracts import GATE_EVENTS
from vision.processes import environment


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
    answer = ask(published, SEEN)
    assert answer.rows == [("door", "30", None)]
    assert answer.numeric == [False, True, True]


@pytest.mark.parametrize("sql", ["SHOW TABLES", "DESCRIBE gate_counts_15min", "SUMMARIZE gates"])
def test_one_can_ask_what_there_is(published: Path, sql: str) -> None:
    assert len(ask(published, sql.replace("gates", "gate_counts_15min")).rows) > 0


def test_times_are_in_utc_wherever_the_machine_is(published: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from footfall_dagster.published import ask; "
        "print(ask(Path(sys.argv[1]), sys.argv[2]).rows[0][0])"
    )
    sql = "SELECT interval_start FROM gate_counts_15min WHERE entries > 0"
    done = subprocess.run(
        [sys.executable, "-c", script, str(published), sql],
        env=environment(TZ="America/New_York"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "2026-03-11 12:00:00+00"


NO_FILE, LOCKED, READ_ONLY = "LocalFileSystem|Permission", "has been locked", "read-only"
HOSTILE = {
    "another file": ("FROM read_text('{home}/secret.csv')", NO_FILE),
    "another file by its name": ("FROM '{home}/secret.csv'", NO_FILE),
    "a list of files": ("FROM glob('{home}/*')", NO_FILE),
    "the exact figures": ("ATTACH '{home}/warehouse/core.duckdb' AS core", NO_FILE),
    "the exact figures as bytes": ("FROM read_blob('{home}/warehouse/core.duckdb')", NO_FILE),
    "the file as bytes": ("FROM read_blob('{published}')", NO_FILE),
    "a file of one's own": ("COPY (SELECT 1) TO '{home}/out.csv'", NO_FILE),
    "the file itself": (
        "COPY (SELECT 1) TO '{published}' (FORMAT csv, USE_TMP_FILE false)",
        NO_FILE,
    ),
    "the file itself, explained": (
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{published}' (FORMAT csv, USE_TMP_FILE false)",
        NO_FILE,
    ),
    "the log of the file": (
        "COPY (SELECT 1) TO '{published}.wal' (FORMAT csv, USE_TMP_FILE false)",
        NO_FILE,
    ),
    "a copy of everything": ("EXPORT DATABASE '{home}/out'", NO_FILE),
    "the network": ("FROM read_csv('http://127.0.0.1:9/x.csv')", "HTTP|Permission|httpfs"),
    "an extension": ("INSTALL httpfs", NO_FILE),
    "an extension by its place": ("LOAD '{home}/secret.csv'", "disabled through configuration"),
    "a setting": ("SET enable_external_access = true", LOCKED),
    "the disabled file system": ("SET disabled_filesystems = ''", LOCKED),
    "the lock": ("RESET lock_configuration", LOCKED),
    "a secret": ("CREATE PERSISTENT SECRET mine (TYPE s3)", NO_FILE),
    "a table": ("CREATE TABLE mine AS SELECT 1", READ_ONLY),
    "rows": ("INSERT INTO gate_counts_15min SELECT * FROM gate_counts_15min", READ_ONLY),
    "no rows": ("DELETE FROM gate_counts_15min", READ_ONLY),
    "no table": ("DROP TABLE gate_counts_15min", READ_ONLY),
    "a variable of this process": ("FROM here", "does not exist"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_the_file_is_opened_so_that_no_statement_reaches_anything_else(
    home: Path, published: Path, what: str
) -> None:
    (home / "secret.csv").write_text("embedding\n0.25\n")
    before = sorted(home.rglob("*")), published.read_bytes()
    here = pl.DataFrame({"embedding": [0.25]})
    sql, why = HOSTILE[what]
    with shut_off(published) as connection, pytest.raises(duckdb.Error, match=why) as refused:
        connection.execute(sql.format(home=home, published=published)).fetchall()
    assert "0.25" in str(here)
    assert "0.25" not in str(refused.value)
    assert (sorted(home.rglob("*")), published.read_bytes()) == before


@pytest.mark.parametrize("sql", [sql for sql, _ in HOSTILE.values()])
def test_what_is_refused_is_told_as_an_answer(home: Path, published: Path, sql: str) -> None:
    with pytest.raises(QueryError):
        ask(published, sql.format(home=home, published=published))


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        pytest.param("SELECT 1; SELECT 2", "2 statements", id="two statements"),
        pytest.param("  -- ", "0 statements", id="none"),
        pytest.param("CREATE TEMP TABLE mine AS SELECT 1", "no rows", id="a table in memory"),
        pytest.param("EXPLAIN ANALYZE SELECT 1", "no rows", id="a query that is explained"),
        pytest.param(
            "PIVOT gate_counts_15min ON gate USING sum(entries)",
            "give a PIVOT its values",
            id="a pivot without values",
        ),
    ],
)
def test_one_query_is_asked_at_a_time(published: Path, sql: str, why: str) -> None:
    with pytest.raises(QueryError, match=why):
        ask(published, sql)


def test_a_pivot_with_values_is_one_query(published: Path) -> None:
    pivot = "PIVOT gate_counts_15min ON gate IN ('door') USING sum(entries) GROUP BY site"
    assert ask(published, pivot).rows == [("mall", "30")]


def test_a_sort_larger_than_memory_fails_and_writes_nothing(
    home: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ("SET memory_limit = '40MB'", *footfall_dagster.published._SHUT_OFF)
    monkeypatch.setattr("footfall_dagster.published._SHUT_OFF", settings)
    before = sorted(home.rglob("*"))
    with pytest.raises(QueryError, match="Out of Memory"):
        ask(published, "SELECT hash(range) AS h FROM range(20_000_000) ORDER BY h")
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


def test_a_wide_table_loses_no_figure(asked) -> None:
    told = asked("FROM gate_counts_15min WHERE entries > 0").output
    for figure in ("observed_minutes", "15.0", "2026-03-11 12:00:00+00", "NULL"):
        assert figure in told


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("csv", ["gate,entries,exits", "door,30,"]),
        ("json", ['{"gate":"door","entries":30,"exits":null}']),
    ],
)
def test_rows_go_into_other_programs(asked, shape: str, expected: Sequence[str]) -> None:
    assert asked(SEEN, "--format", shape).output.splitlines() == expected


@pytest.mark.parametrize("shape", ["table", "csv", "json"])
def test_values_of_every_type_are_answered(asked, shape: str) -> None:
    sql = (
        "SELECT max(interval_start) - min(interval_start) AS lasts, list(DISTINCT gate) AS gates, "
        "'ab'::BLOB AS bytes, 'infinity'::TIMESTAMP AS never FROM gate_counts_15min"
    )
    told = asked(sql, "--format", shape)
    assert told.exit_code == 0
    assert "23:45:00" in told.output
    assert "infinity" in told.output


def test_a_query_may_come_from_a_file(asked) -> None:
    assert asked("-", "--format", "csv", given=SEEN).output == "gate,entries,exits\ndoor,30,\n"


def test_a_wrong_query_is_told_as_the_database_tells_it_and_without_a_stack(asked) -> None:
    told = asked("SELECT entrys FROM gate_counts_15min")
    assert told.exit_code == 1
    assert '"entrys" not found' in told.output
    assert "Traceback" not in told.output


def test_a_value_that_a_terminal_would_obey_is_shown_and_not_obeyed(asked) -> None:
    told = asked("SELECT chr(27) || '[2J[red]a[/red]' AS x").output
    assert "\x1b" not in told
    assert "[2J[red]a[/red]" in told
