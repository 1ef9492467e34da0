"""What is asked of an export: days, marts, formats, and a published file as it should be."""

import datetime as dt
import shutil
from collections.abc import Sequence
from pathlib import Path

import duckdb
import openpyxl
import polars as pl
import pytest

from assets.marts.contracts import GATE_COUNTS_15MIN, MARTS
from footfall_dagster.cli.export import _FORMATS
from footfall_dagster.privacy import vouched
from footfall_dagster.published_files.chosen import _BLOCK_ROWS
from footfall_dagster.published_files.workbook import MOST_ROWS
from footfall_dagster.published_files.write import FORMATS, write
from footfall_dagster.resources import warehouse
from footfall_dagster.settings import Settings
from tests.unit.published_mall import (
    CONTRACTS,
    NEXT_DAY,
    crowded,
    export,
    site_folder,
    stored,
    two_sites,
)
from tests.unit.small_mall import DAY
from vision.site.load import load_site

COUNTS = GATE_COUNTS_15MIN.name
PARQUET = ("--format", "parquet")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return two_sites(tmp_path_factory.mktemp("made"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "figures"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- what is asked for ---


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        pytest.param((), (DAY, NEXT_DAY), id="all days"),
        pytest.param(("--from", NEXT_DAY), (NEXT_DAY,), id="from a day on"),
        pytest.param(("--until", DAY), (DAY,), id="until a day, included"),
        pytest.param(("--from", DAY, "--until", DAY), (DAY,), id="one day"),
        pytest.param(("--from", "2020-01-01", "--until", "2030-01-01"), (DAY, NEXT_DAY), id="more"),
    ],
)
def test_days_are_those_that_are_asked_for(
    made: Settings, out: Path, asked: Sequence[object], days: Sequence[dt.date]
) -> None:
    told = export(made, out, *PARQUET, "--mart", COUNTS, *asked)
    assert told.exit_code == 0, told.output
    assert names_in(out) == [f"mall-{COUNTS}.parquet"]
    assert pl.read_parquet(out / f"mall-{COUNTS}.parquet").equals(stored(made, COUNTS, *days))


def test_marts_and_formats_are_those_that_are_asked_for(made: Settings, out: Path) -> None:
    asked = ("--mart", "occupancy_15min", "--mart", COUNTS, "--format", "csv", "--format", "xlsx")
    assert export(made, out, *asked).exit_code == 0
    assert names_in(out) == [
        "mall-footfall.xlsx",
        f"mall-{COUNTS}.csv",
        "mall-occupancy_15min.csv",
    ]
    book = openpyxl.load_workbook(out / "mall-footfall.xlsx")
    assert book.sheetnames == ["about", COUNTS, "occupancy_15min"]


@pytest.mark.parametrize(
    ("asked", "why", "code"),
    [
        pytest.param(
            ("--from", NEXT_DAY, "--until", DAY),
            f"{DAY} is before {NEXT_DAY}; give the earlier day to --from",
            2,
            id="days out of order",
        ),
        pytest.param(
            ("--from", "2026-04-01"), f"from {DAY} to {NEXT_DAY}, and none in", 1, id="no such days"
        ),
        pytest.param(("--from", "1st of May"), "does not match the format", 2, id="no day"),
        pytest.param(
            ("--mart", "gate_counts"), f"is no mart; did you mean {COUNTS}?", 2, id="nearly a mart"
        ),
        pytest.param(
            ("--mart", "weather"), f"is no mart; there are {COUNTS}, ", 2, id="no mart at all"
        ),
        pytest.param(("--format", "xls"), "'xls' is not one of", 2, id="no format"),
    ],
)
def test_what_cannot_be_had_is_one_error_and_leaves_nothing(
    made: Settings, out: Path, asked: Sequence[object], why: str, code: int
) -> None:
    told = export(made, out, *asked)
    assert told.exit_code == code
    assert why in " ".join(told.output.replace("│", " ").split())
    assert not out.exists()


def test_every_format_can_be_asked_for() -> None:
    # Said twice, so that `footfall export --help` need not import what writes.
    assert _FORMATS == FORMATS


def test_a_mart_without_rows_in_these_days_has_a_header_only(
    made: Settings, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(made.warehouse, home / "warehouse")
    path = warehouse(Settings(home=home)).published
    changed = path.with_name("changed")
    shutil.copy(path, changed)
    with duckdb.connect(str(changed)) as connection:
        connection.execute("DELETE FROM heatmap_hourly")
    vouched.place(changed, path)
    told = export(Settings(home=home, site=made.site), tmp_path / "out")
    assert told.exit_code == 0, told.output
    contract = CONTRACTS["heatmap_hourly"]
    frame = pl.read_parquet(tmp_path / "out" / "mall-heatmap_hourly.parquet")
    assert frame.equals(contract.empty())
    content = (tmp_path / "out" / "mall-heatmap_hourly.csv").read_text()
    assert content.splitlines() == [",".join(contract.schema)]
    sheet = openpyxl.load_workbook(tmp_path / "out" / "mall-footfall.xlsx")["heatmap_hourly"]
    assert list(sheet.values) == [tuple(contract.schema)]


def test_a_site_of_which_nothing_is_published_is_told_so(made: Settings, tmp_path: Path) -> None:
    site = site_folder(tmp_path / "site")
    text = (site / "site.yaml").read_text().replace("id: mall", "id: elsewhere")
    (site / "site.yaml").write_text(text)
    told = export(Settings(home=made.home, site=site), tmp_path / "out")
    assert told.exit_code == 1
    assert "has nothing of elsewhere" in told.output


def test_a_home_without_published_figures_says_what_to_do(tmp_path: Path, out: Path) -> None:
    settings = Settings(home=tmp_path / "home", site=site_folder(tmp_path / "site"))
    told = export(settings, out)
    assert told.exit_code == 1
    assert "nothing has been published yet" in told.output
    assert names_in(tmp_path) == ["site"]


def test_a_site_file_that_is_wrong_is_told_as_everywhere(made: Settings, tmp_path: Path) -> None:
    told = export(Settings(home=made.home, site=tmp_path / "nowhere"), tmp_path / "out")
    assert told.exit_code == 1
    assert "site.yaml" in told.output
    assert "Traceback" not in told.output


# --- what somebody else has written ---


def test_a_file_that_was_changed_is_not_exported(made: Settings, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(made.warehouse, home / "warehouse")
    with duckdb.connect(str(warehouse(Settings(home=home)).published)) as connection:
        connection.execute(f"UPDATE {COUNTS} SET entries = 1000")
    told = export(Settings(home=home, site=made.site), tmp_path / "out")
    assert told.exit_code == 1
    assert "was changed since it was written" in told.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        pytest.param(
            f"UPDATE {COUNTS} SET gate = '=1+1' WHERE gate = 'door'",
            f"column gate of {COUNTS} holds a text that a spreadsheet would take for a formula",
            id="a formula",
        ),
        pytest.param(
            f"ALTER TABLE {COUNTS} ADD COLUMN mine INTEGER",
            f"table {COUNTS} of",
            id="other columns",
        ),
    ],
)
def test_a_forged_receipt_lets_no_formula_and_no_column_through(
    made: Settings, tmp_path: Path, sql: str, why: str
) -> None:
    home = tmp_path / "home"
    shutil.copytree(made.warehouse, home / "warehouse")
    path = warehouse(Settings(home=home)).published
    forged = path.with_name("forged")
    shutil.copy(path, forged)
    with duckdb.connect(str(forged)) as connection:
        connection.execute(sql)
    vouched.place(forged, path)
    out = tmp_path / "out"
    told = export(Settings(home=home, site=made.site), out)
    assert told.exit_code == 1
    assert why in told.output
    assert not out.exists() or names_in(out) == []


# --- many rows ---


@pytest.fixture(scope="module")
def too_many(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return crowded(tmp_path_factory.mktemp("too_many") / "home", MOST_ROWS + 1)


def test_more_rows_than_a_sheet_has_are_refused_before_anything_is_written(
    too_many: Settings, out: Path
) -> None:
    told = export(too_many, out)
    assert told.exit_code == 1
    assert f"{COUNTS} has 1,048,576 rows, and a sheet of Excel holds 1,048,575" in told.output
    assert "choose fewer days (--from, --until), or parquet and csv without xlsx" in told.output
    assert not out.exists()


def test_parquet_and_csv_have_them_all(too_many: Settings, out: Path) -> None:
    told = export(too_many, out, *PARQUET, "--format", "csv", "--mart", COUNTS)
    assert told.exit_code == 0, told.output
    frame = pl.read_parquet(out / f"mall-{COUNTS}.parquet")
    assert frame.height == MOST_ROWS + 1
    assert frame["interval_start"].is_sorted()
    with (out / f"mall-{COUNTS}.csv").open("rb") as file:
        assert sum(1 for _ in file) == MOST_ROWS + 2


def test_rows_come_in_blocks_of_whole_days_and_progress_tells_of_them(
    made: Settings, out: Path
) -> None:
    told: list[tuple[int, int]] = []
    written = write(
        made,
        load_site(made.site),
        out,
        marts=list(CONTRACTS.values()),
        formats=["csv"],
        progress=lambda done, of: told.append((done, of)),
    )
    rows = [one.rows for one in written.chosen if one.rows]
    assert max(rows) <= _BLOCK_ROWS
    assert told == [(sum(rows[: number + 1]), sum(rows)) for number in range(len(rows))]
    assert [path.name for path in written.files] == [f"mall-{name}.csv" for name in MARTS]
