"""Where an export may go, and what a failed or killed one leaves."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import openpyxl
import pytest

from assets.marts.contracts import GATE_COUNTS_15MIN
from footfall_dagster.published_files.write import write
from footfall_dagster.settings import Settings
from tests.unit.published_mall import (
    CONTRACTS,
    NAMES,
    crowded,
    export,
    site_folder,
    two_sites,
)
from tests.unit.small_mall import DAY
from vision.processes import environment
from vision.site.load import load_site

REPOSITORY = Path(__file__).resolve().parents[3]
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


def started(settings: Settings, *arguments: object, largest: int = -1) -> subprocess.Popen[str]:
    """The command in a process of its own, which may write no file larger than `largest` bytes."""
    script = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({largest}, {largest})); "
        "from footfall_dagster.cli import main; main()"
    )
    return subprocess.Popen(
        [sys.executable, "-c", script, "export", *map(str, arguments)],
        cwd=REPOSITORY,
        env=environment(FOOTFALL_HOME=str(settings.home), FOOTFALL_SITE=str(settings.site)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


# --- where it may go ---


HOSTILE = "'; DROP TABLE x; --[red]=1+1\n"


def test_hostile_names_of_folders_and_of_the_site_are_only_names(
    made: Settings, tmp_path: Path
) -> None:
    root = tmp_path / HOSTILE
    site = site_folder(root / "site", name="""'=HYPERLINK("http://127.0.0.1:9/","x")'""")
    shutil.copytree(made.warehouse, root / "home" / "warehouse")
    out = root / "out"
    told = export(Settings(home=root / "home", site=site), out)
    assert told.exit_code == 0, told.output
    assert names_in(out) == NAMES
    book = openpyxl.load_workbook(out / "mall-footfall.xlsx")
    assert book["about"]["A1"].value.startswith("Footfall of =HYPERLINK")
    for sheet in book:
        for row in sheet.iter_rows():
            assert "f" not in {cell.data_type for cell in row}


def inside_home(settings: Settings, _elsewhere: Path) -> Path:
    return settings.home / "figures"


def home_itself(settings: Settings, _elsewhere: Path) -> Path:
    return settings.home


def the_warehouse(settings: Settings, _elsewhere: Path) -> Path:
    return settings.warehouse


def around_a_corner(settings: Settings, elsewhere: Path) -> Path:
    return elsewhere / ".." / settings.home.parent.name / settings.home.name / "lake"


def by_a_link(settings: Settings, elsewhere: Path) -> Path:
    (elsewhere / "link").symlink_to(settings.home)
    return elsewhere / "link" / "figures"


@pytest.mark.parametrize(
    "place", [inside_home, home_itself, the_warehouse, around_a_corner, by_a_link]
)
def test_nothing_is_written_where_every_file_has_to_be_ours(
    made: Settings, tmp_path: Path, place
) -> None:
    elsewhere = made.home.parent.parent / tmp_path.name
    elsewhere.mkdir(exist_ok=True)
    before = sorted(made.home.rglob("*"))
    told = export(made, place(made, elsewhere))
    assert told.exit_code == 1
    assert "(FOOTFALL_HOME), where the privacy report calls every file a stranger" in told.output
    assert sorted(made.home.rglob("*")) == before


@pytest.mark.parametrize("variable", ["DAGSTER_HOME", "FOOTFALL_RECORDINGS"])
def test_other_folders_that_are_looked_through_are_refused_too(
    made: Settings, out: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    told = export(made, out / "figures", **{variable: str(out)})
    assert told.exit_code == 1
    assert f"({variable})" in told.output
    assert not out.exists()


def test_beside_the_home_is_fine(made: Settings) -> None:
    assert export(made, made.home.with_name("home_figures"), *PARQUET).exit_code == 0


@pytest.mark.parametrize(
    "folder",
    [
        pytest.param(Path("/proc/figures"), id="cannot be made"),
        pytest.param(Path("/proc/self"), id="cannot be written"),
        pytest.param(Path("/dev/null/figures"), id="below a file"),
    ],
)
def test_a_folder_that_cannot_be_written_is_one_error(made: Settings, folder: Path) -> None:
    told = export(made, folder, *PARQUET)
    assert told.exit_code == 1
    assert f"cannot write into {folder}" in told.output
    assert "Traceback" not in told.output


def test_a_file_is_no_folder(made: Settings, out: Path) -> None:
    out.write_text("mine")
    assert export(made, out).exit_code == 2
    assert out.read_text() == "mine"


def test_a_folder_in_the_place_of_a_file_stops_it_before_anything_is_replaced(
    made: Settings, out: Path
) -> None:
    (out / "mall-footfall.xlsx").mkdir(parents=True)
    told = export(made, out)
    assert told.exit_code == 1
    assert "is a folder, and a file of that name is to be written" in told.output
    assert names_in(out) == ["mall-footfall.xlsx"]


def test_what_else_is_in_the_folder_stays_and_a_link_is_not_followed(
    made: Settings, out: Path, tmp_path: Path
) -> None:
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    (tmp_path / "elsewhere").write_text("mine too")
    (out / f"mall-{COUNTS}.parquet").symlink_to(tmp_path / "elsewhere")
    assert export(made, out, *PARQUET, "--mart", COUNTS).exit_code == 0
    assert names_in(out) == [f"mall-{COUNTS}.parquet", "notes.txt"]
    assert (out / "notes.txt").read_text() == "mine"
    assert (tmp_path / "elsewhere").read_text() == "mine too"
    assert not (out / f"mall-{COUNTS}.parquet").is_symlink()


# --- what a failed run leaves ---


@pytest.mark.parametrize("form", ["parquet", "csv", "xlsx"])
def test_without_room_nothing_is_replaced_and_nothing_left(
    made: Settings, out: Path, form: str
) -> None:
    assert export(made, out, "--until", DAY).exit_code == 0
    before = {path: path.read_bytes() for path in out.iterdir()}
    process = started(made, out, "--format", form, largest=3000)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 1
    assert f"cannot write into {out} (File too large): make room, or choose fewer days" in told
    assert "Traceback" not in told
    assert {path: path.read_bytes() for path in out.iterdir()} == before


def test_a_killed_run_leaves_what_was_there_and_the_next_cleans_up(
    tmp_path: Path, out: Path
) -> None:
    settings = crowded(tmp_path / "home", 200_000)
    out.mkdir()
    before = f"mall-{COUNTS}.csv", "mall-footfall.xlsx", "notes.txt"
    for name in before:
        (out / name).write_text("as it was")
    process = started(settings, out, "--mart", COUNTS)
    deadline = time.monotonic() + 120
    while not any(path.stat().st_size > 100_000 for path in out.rglob("*.csv")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (aside,) = set(names_in(out)) - set(before)
    assert aside.startswith(".footfall-export-")
    assert {(out / name).read_text() for name in before} == {"as it was"}

    assert export(settings, out, *PARQUET, "--mart", COUNTS).exit_code == 0
    assert names_in(out) == sorted([*before, f"mall-{COUNTS}.parquet"])
    assert {(out / name).read_text() for name in before} == {"as it was"}


def test_a_run_leaves_alone_what_another_one_is_writing(made: Settings, out: Path) -> None:
    def meanwhile(_done: int, _of: int) -> None:
        another = started(made, out, "--format", "csv", "--mart", COUNTS)
        assert another.communicate(timeout=120)[1] == ""

    site = load_site(made.site)
    marts = [CONTRACTS[COUNTS]]
    write(made, site, out, marts=marts, formats=["parquet"], progress=meanwhile)
    assert names_in(out) == [f"mall-{COUNTS}.csv", f"mall-{COUNTS}.parquet"]
