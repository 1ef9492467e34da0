"""What is published leaves as Parquet, CSV and a workbook, with the values that it has."""

import csv
import datetime as dt
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.marts.contracts import GATE_COUNTS_15MIN, HEATMAP_HOURLY, MARTS
from assets.marts.metrics import header
from assets.marts.queries import query
from assets.marts.release import NOTE
from assets.marts.schema import _DUCKDB_TYPES, MartColumn, MartContract
from footfall_dagster.published_files.about import About
from footfall_dagster.published_files.chosen import Chosen
from footfall_dagster.published_files.columnar import csv_file, parquet_file
from footfall_dagster.published_files.workbook import _sheet_name, workbook
from footfall_dagster.settings import Settings
from tests.unit.published_mall import CONTRACTS, NAMES, NEXT_DAY, export, stored, two_sites
from tests.unit.small_mall import DAY, NOON
from vision.contract_terms import INSTANT


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return two_sites(tmp_path_factory.mktemp("made"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "figures"


# --- reading it back, with other readers than wrote it ---

Rows = list[tuple[Any, ...]]

_FROM_TEXT: Mapping[str, Callable[[str], Any]] = {
    "BOOLEAN": {"true": True, "false": False}.__getitem__,
    "DATE": dt.date.fromisoformat,
    "TIMESTAMP": dt.datetime.fromisoformat,
    "TIMESTAMP WITH TIME ZONE": dt.datetime.fromisoformat,
    "DOUBLE": float,
    "INTEGER": int,
    "VARCHAR": str,
}


def from_parquet(path: Path) -> Rows:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return (
            connection.execute("SELECT * FROM read_parquet($path)", {"path": str(path)}).pl().rows()
        )


def from_csv(path: Path, mart: MartContract) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file, strict=True)
    assert header == list(mart.schema)
    parse = [_FROM_TEXT[column.duckdb_type] for column in mart.columns]
    return [
        tuple(None if text == "" else one(text) for one, text in zip(parse, line, strict=True))
        for line in lines
    ]


def from_sheet(path: Path, mart: MartContract, sheet: str = "") -> Rows:
    book = openpyxl.load_workbook(path, read_only=True)
    header, *lines = book[sheet or mart.name].iter_rows(max_col=len(mart.columns), values_only=True)
    book.close()
    assert list(header) == list(mart.schema)
    return [
        tuple(
            _from_cell(value, column.dtype)
            for value, column in zip(line, mart.columns, strict=True)
        )
        for line in lines
    ]


def _from_cell(value: Any, dtype: pl.DataType) -> Any:
    """A cell has no zone, and its dates are midnights."""
    if value is None:
        return None
    if dtype == INSTANT:
        return value.replace(tzinfo=dt.UTC)
    if dtype == pl.Date():
        assert value.time() == dt.time()
        return value.date()
    return value


# --- the same values ---


@pytest.fixture(scope="module")
def exported(made: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("shared") / "figures"
    told = export(made, out)
    assert told.exit_code == 0, told.output
    assert f"wrote {len(NAMES)} files into {out}" in told.output
    assert stored(made, HEATMAP_HOURLY.name).height > 0
    return out


def test_every_mart_is_written_in_all_formats_and_nothing_else(exported: Path) -> None:
    assert sorted(path.name for path in exported.iterdir()) == NAMES


@pytest.mark.parametrize("mart", MARTS)
def test_values_are_those_that_are_published(made: Settings, exported: Path, mart: str) -> None:
    contract, wanted = CONTRACTS[mart], stored(made, mart)
    assert pl.read_parquet(exported / f"mall-{mart}.parquet").equals(wanted)
    assert from_parquet(exported / f"mall-{mart}.parquet") == wanted.rows()
    assert from_csv(exported / f"mall-{mart}.csv", contract) == wanted.rows()
    assert from_sheet(exported / "mall-footfall.xlsx", contract) == wanted.rows()


@pytest.mark.parametrize("mart", MARTS)
def test_types_are_kept(exported: Path, mart: str) -> None:
    contract = CONTRACTS[mart]
    assert pl.read_parquet_schema(exported / f"mall-{mart}.parquet") == contract.schema
    sheet = openpyxl.load_workbook(exported / "mall-footfall.xlsx")[mart]
    kinds = {"DATE": "d", "TIMESTAMP": "d", "TIMESTAMP WITH TIME ZONE": "d", "BOOLEAN": "b"}
    kinds |= {"INTEGER": "n", "DOUBLE": "n", "VARCHAR": "s"}
    for column, cells in zip(contract.columns, sheet.iter_cols(min_row=2), strict=True):
        found = {cell.data_type for cell in cells if cell.value is not None}
        assert found <= {kinds[column.duckdb_type]}, column.name
        if column.dtype == INSTANT:
            formats = {cell.number_format for cell in cells}
            assert formats == ({'yyyy-mm-dd hh:mm:ss "UTC"'} if cells else set())


def test_what_is_kept_back_is_empty_and_what_is_nobody_is_0(exported: Path) -> None:
    contract = CONTRACTS[GATE_COUNTS_15MIN.name]
    where = {name: number for number, name in enumerate(contract.schema)}
    file = exported / f"mall-{contract.name}"
    for rows in (
        from_parquet(file.with_suffix(".parquet")),
        from_csv(file.with_suffix(".csv"), contract),
        from_sheet(exported / "mall-footfall.xlsx", contract),
    ):
        (seen, *_) = (row for row in rows if row[where["entries"]])
        figures = [seen[where[name]] for name in ("entries", "exits", "approximate_crossings")]
        assert figures == [30, None, None]
        assert seen[where["suppressed"]] is True
        assert sum(row[where["entries"]] is None for row in rows) == 2 * (2 * 96 - 1)


def test_a_csv_is_as_rfc_4180_has_it(exported: Path) -> None:
    content = (exported / "mall-gate_counts_15min.csv").read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n") == 2 * 2 * 96 + 1
    assert content.endswith(b"\r\n")
    assert b",2026-03-11T12:00:00Z,2026-03-11T12:00:00,true,30,," in content


def test_parquet_says_what_its_columns_mean(exported: Path) -> None:
    file = exported / "mall-zone_visits_hourly.parquet"
    schema = pq.read_schema(file)
    told = {key.decode(): text.decode() for key, text in schema.metadata.items()}
    assert told["footfall.release"] == NOTE
    assert told["footfall.site"] == "mall"
    assert told["footfall.time_zone"] == "Europe/London"
    assert told["footfall.definition"] == header(query("zone_visits_hourly"))["Definition"]
    column = schema.field("dwell_median_s")
    assert column.metadata[b"unit"] == b"s"
    assert column.metadata[b"description"].endswith(b"NULL also where it was blanked")
    assert column.nullable
    assert not schema.field("zone").nullable
    assert pl.read_parquet_metadata(file)["footfall.grain"] == told["footfall.grain"]


def test_the_first_sheet_says_what_the_workbook_is(exported: Path, made: Settings) -> None:
    book = openpyxl.load_workbook(exported / "mall-footfall.xlsx")
    assert book.sheetnames == ["about", *MARTS]
    lines = [[value for value in row if value is not None] for row in book["about"].values]
    assert lines[0] == ["Footfall of Small Mall"]
    told = {line[0]: line[1] for line in lines if len(line) == 2}
    assert told["trading days"] == f"{DAY} to {NEXT_DAY}, 2 with figures"
    assert told["release"] == NOTE
    assert "Europe/London" in told["times"]
    described = {tuple(line[:2]) for line in lines}
    for mart, contract in CONTRACTS.items():
        assert (mart, stored(made, mart).height) in described
        assert {(mart, column.name) for column in contract.columns} <= described


def test_sheets_have_a_fixed_header_and_filters(exported: Path) -> None:
    book = openpyxl.load_workbook(exported / "mall-footfall.xlsx")
    for mart, contract in CONTRACTS.items():
        sheet = book[mart]
        assert sheet.freeze_panes == "A2"
        last = openpyxl.utils.get_column_letter(len(contract.columns))
        assert sheet.auto_filter.ref == f"A1:{last}{sheet.max_row}"


def test_a_second_run_gives_the_same_bytes(made: Settings, exported: Path, out: Path) -> None:
    assert export(made, out).exit_code == 0
    for name in NAMES:
        assert (out / name).read_bytes() == (exported / name).read_bytes(), name


def test_the_exact_figures_are_never_opened(made: Settings, tmp_path: Path, out: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(made.warehouse, home / "warehouse")
    (home / "warehouse" / "core.duckdb").write_bytes(b"no database")
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    assert export(Settings(home=home, site=made.site), out).exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before


# --- any values ---

KINDS = tuple(_DUCKDB_TYPES)
ANY = MartContract(
    name=GATE_COUNTS_15MIN.name,
    grain="",
    description="",
    columns=tuple(
        MartColumn(f"column_{number}", dtype, "1", "", nullable=True)
        for number, dtype in enumerate(KINDS)
    ),
    key=("column_0",),
)
_MOMENTS = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1))
_VALUES = {
    pl.Boolean(): st.booleans(),
    pl.Date(): st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)),
    pl.Datetime("us"): _MOMENTS,
    INSTANT: _MOMENTS.map(lambda moment: moment.replace(tzinfo=dt.UTC)),
    pl.Float64(): st.floats(-1e100, 1e100),
    pl.Int32(): st.integers(-(2**31), 2**31 - 1),
    pl.String(): st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True),
}


def as_a_cell_has_it(value: Any) -> Any:
    """Excel's numbers have fifteen digits, and a day is one."""
    if isinstance(value, float):
        return pytest.approx(value, rel=1e-14, abs=0)
    if isinstance(value, dt.datetime):
        # Milliseconds are what Excel shows.
        return pytest.approx(value, abs=dt.timedelta(milliseconds=1))
    return value


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    # Every row has its day.
    rows=st.lists(
        st.tuples(_VALUES[KINDS[0]], *(st.none() | _VALUES[kind] for kind in KINDS[1:])),
        max_size=12,
    ),
    cut=st.integers(0, 12),
)
def test_any_values_come_back_as_they_were(tmp_path: Path, rows: Rows, cut: int) -> None:
    frame = pl.DataFrame(rows, schema=ANY.schema, orient="row")
    chosen = Chosen(ANY, {DAY: len(rows)})
    about = About("mall", "Mall", "Europe/London", NOON)
    with (
        parquet_file(tmp_path / "a.parquet", ANY, {}) as parquet,
        csv_file(tmp_path / "a.csv", ANY) as comma_separated,
        workbook(tmp_path / "a.xlsx", about, [chosen]) as book,
        book(chosen) as sheet,
    ):
        for write_rows in (parquet, comma_separated, sheet):
            write_rows(frame[:cut])
            write_rows(frame[cut:])
    assert pl.read_parquet(tmp_path / "a.parquet").equals(frame)
    assert from_csv(tmp_path / "a.csv", ANY) == rows
    cells = from_sheet(tmp_path / "a.xlsx", ANY)
    assert cells == [tuple(map(as_a_cell_has_it, row)) for row in rows]


def test_names_that_are_too_long_for_a_sheet_are_told_apart() -> None:
    long = "a" * 40
    names = [_sheet_name(number, long) for number in (9, 10)]
    assert len(set(names)) == 2
    assert {len(name) for name in names} == {31}
    assert _sheet_name(9, "a" * 31) == "a" * 31
