"""`footfall audit score`: what spreadsheets do to a sheet, and what is said of a wrong one."""

import csv
import datetime as dt
import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from footfall_dagster.audits import AuditError, sheet
from footfall_dagster.cli import main
from footfall_dagster.cli import run as running
from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.settings import Settings
from tests.unit import small_mall
from tests.unit.published_mall import publish
from tests.unit.vision.site_directory import write as write_site
from vision.contracts import GATE_EVENTS
from vision.contracts_ingest import COVERAGE
from vision.site.load import load_site
from vision.site.models import Site

MONDAY = dt.date(2026, 3, 2)
TEN = dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
Rows = list[dict[str, str]]


def below(folder: Path) -> Settings:
    return Settings(site=folder / "site", home=folder / "home", recordings=folder / "seen")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cameras saw from ten to twelve; each ten minutes three came in by the entrance, one left."""
    folder = tmp_path_factory.mktemp("made")
    settings = below(folder)
    settings.site.mkdir()
    (folder / "seen").mkdir()
    write_site(settings.site)
    site = load_site(settings.site)
    lake = Lake(settings.lake, site)
    crossings = [
        ("entrance", TEN + (10 * n + after) * MINUTE, way)
        for n in range(12)
        for after, way in ((1, "in"), (2, "in"), (3, "in"), (4, "out"))
    ]
    for camera, gates in (("cam_a", crossings), ("cam_b", [])):
        one = CameraDay(MONDAY, camera)
        seen = small_mall.coverage(site.on(MONDAY), (TEN, TEN + 120 * MINUTE))
        lake.write(COVERAGE, one, seen)
        lake.write(GATE_EVENTS, one, small_mall.crossings(*gates))
    publish(settings, site, MONDAY)
    return folder


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Settings:
    """A copy of it."""
    shutil.copytree(made, tmp_path / "own")
    return below(tmp_path / "own")


def footfall(settings: Settings, *arguments: object) -> Result:
    variables = {
        "FOOTFALL_SITE": str(settings.site),
        "FOOTFALL_HOME": str(settings.home),
        "FOOTFALL_RECORDINGS": str(settings.recordings),
        "DAGSTER_HOME": "",
        "COLUMNS": "200",
    }
    return CliRunner(env=variables).invoke(main, ["audit", *map(str, arguments)])


def sampled(settings: Settings, *arguments: object) -> tuple[Path, Rows]:
    """A sheet of twelve tens of minutes, six of each gate."""
    path = settings.site.parent / "sheet.csv"
    asked = ("sample", "--minutes", 10, "--seed", 1, "--out", path)
    result = footfall(settings, *asked, *arguments)
    assert result.exit_code == 0, result.output
    return path, list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def filled(rows: Rows) -> Rows:
    """Everybody counts as the gates do."""
    return [
        {**row, "entries": "3", "exits": "1"}
        if row["gate"] == "entrance"
        else {**row, "entries": "0", "exits": "0"}
        for row in rows
    ]


def saved(path: Path, rows: Rows, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    text = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, names, delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def audits(settings: Settings) -> int:
    return len(load_site(settings.site).audits)


def one_line(result: Result) -> str:
    return " ".join(result.output.split())


def excel(settings: Settings, path: Path, rows: Rows) -> Path:
    """Dates as British Excel shows them, semicolons, columns moved, a row of nothing."""
    moved = [
        {
            name: row[name]
            for name in ("exits", "entries", "starts", "code", "gate", "minutes", "camera")
        }
        | {"starts": f"{dt.datetime.fromisoformat(row['starts']):%d/%m/%Y %H:%M}"}
        for row in reversed(rows)
    ]
    return saved(path, [*moved[:3], dict.fromkeys(moved[0], ""), *moved[3:]], ";", "utf-8-sig")


SAVED: dict[str, Callable[[Settings, Path, Rows], Path]] = {
    "as it is": lambda _, path, rows: saved(path, rows),
    "by Excel": excel,
    "with dates as Americans write them": lambda _, path, rows: saved(
        path,
        [
            {**row, "starts": f"{dt.datetime.fromisoformat(row['starts']):%m/%d/%Y %I:%M %p}"}
            for row in rows
        ],
    ),
    "by LibreOffice in German": lambda _, path, rows: saved(
        path,
        [
            {
                **row,
                "starts": f"{dt.datetime.fromisoformat(row['starts']):%d.%m.%y %H:%M}",
                "minutes": f"{row['minutes']},0",
                "recordings": "Tür",
            }
            for row in rows
        ],
        ";",
        "cp1252",
    ),
    "as Unicode text": lambda _, path, rows: saved(path, rows, "\t", "utf-16"),
    "with times as numbers": lambda _, path, rows: saved(
        path,
        [
            {
                **row,
                "starts": str(
                    (dt.datetime.fromisoformat(row["starts"]) - dt.datetime(1899, 12, 30))
                    / dt.timedelta(days=1)
                ),
            }
            for row in rows
        ],
    ),
    "with spaces and other capitals": lambda _, path, rows: saved(
        path,
        [
            {
                f" {name.upper()} ": f" {cell.upper()} " if name == "code" else f" {cell} "
                for name, cell in row.items()
            }
            for row in rows
        ],
    ),
}


@pytest.mark.parametrize("save", [pytest.param(save, id=name) for name, save in SAVED.items()])
def test_a_sheet_is_read_however_a_spreadsheet_saved_it(
    home: Settings, save: Callable[[Settings, Path, Rows], Path]
):
    path, rows = sampled(home)
    result = footfall(home, "score", save(home, path, filled(rows)))
    assert result.exit_code == 0, result.output
    found = load_site(home.site).audits
    assert sorted(f"{one.gate} {one.starts:%Y-%m-%d %H:%M}" for one in found) == sorted(
        f"{row['gate']} {row['starts']}" for row in rows
    )
    assert {one.entries for one in found if one.gate == "entrance"} == {3}


def test_a_sheet_is_drawn_again_by_its_seed_and_never_written_over(home: Settings):
    path, rows = sampled(home)
    before = path.read_bytes()
    result = footfall(home, "sample", "--out", path)
    assert result.exit_code == 1
    assert "is there already and may hold counts" in one_line(result)
    assert path.read_bytes() == before
    path.unlink()
    assert sampled(home)[1] == rows
    path.unlink()
    assert sampled(home, "--seed", 2)[1] != rows


def test_neither_list_nor_sheet_tells_what_the_gate_counted(home: Settings):
    path = home.site.parent / "own.csv"
    told = footfall(home, "sample", "--gate", "entrance", "--seed", 3, "--out", path).output
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    assert {(row["entries"], row["exits"]) for row in rows} == {("", "")}
    assert {row["gate"] for row in rows} == {"entrance"}
    header = next(line for line in told.splitlines() if "starts" in line)
    assert not {"entries", "exits"} & set(header.split())
    assert "seed 3" in told


def test_a_sheet_does_not_go_where_every_file_has_to_be_ours(home: Settings):
    home.home.mkdir(exist_ok=True)
    result = footfall(home, "sample", "--out", home.home / "sheet.csv")
    assert result.exit_code == 1
    assert "choose a folder outside" in one_line(result)
    assert not (home.home / "sheet.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        pytest.param(("--gate", "entrace"), 2, "did you mean entrance?", id="no such gate"),
        pytest.param(("--day", "2026-03-09"), 1, "there are marts from 2026-03-02", id="no marts"),
        pytest.param(("--minutes", "120", "--gate", "back_door"), 0, "1 of 12", id="few"),
        pytest.param(("--day", "2026-03-02", "--from", "2026-03-01"), 2, "either", id="both"),
        pytest.param(
            ("--from", "2026-03-05", "--until", "2026-03-01"), 2, "the earlier day", id="backwards"
        ),
    ],
)
def test_what_cannot_be_drawn_is_said(
    home: Settings, arguments: tuple[str, ...], code: int, says: str
):
    result = footfall(home, "sample", "--out", home.site.parent / "own.csv", *arguments)
    assert result.exit_code == code, result.output
    assert says in one_line(result)


def test_once_all_is_counted_there_is_nothing_to_draw(home: Settings):
    path, rows = sampled(home, "--intervals", 100)
    assert len(rows) == 24
    assert footfall(home, "score", saved(path, filled(rows))).exit_code == 0
    result = footfall(home, "sample", "--out", home.site.parent / "own.csv")
    assert result.exit_code == 1
    assert "no gate was observed for 5 minutes on end" in one_line(result)


def changed(number: int, **cells: str) -> Callable[[Site, Rows], Rows]:
    """A sheet of which the row of that number, as spreadsheets count, was changed."""

    def change(_site: Site, rows: Rows) -> Rows:
        at = number - 2
        return [*rows[:at], {**rows[at], **cells}, *rows[at + 1 :]]

    return change


def repeated(_site: Site, rows: Rows) -> Rows:
    return [*rows, rows[0]]


def unobserved(site: Site, rows: Rows) -> Rows:
    """A row of minutes of which nobody drew any, with the code that they would have."""
    starts = dt.datetime(2026, 3, 2, 15)
    told = sheet.code(site.id, "entrance", starts, 10)
    return [*rows, {**rows[0], "code": told, "gate": "entrance", "starts": str(starts)}]


@pytest.mark.parametrize(
    ("change", "what", "remedy"),
    [
        pytest.param(
            changed(3, gate="entrace"),
            "row 3: there is no gate entrace",
            "did you mean entrance?",
            id="a gate that is not there",
        ),
        pytest.param(
            changed(4, starts="2026-03-02 10:01"),
            "row 4: code",
            "put it back as it was drawn",
            id="another time",
        ),
        pytest.param(changed(4, minutes="11"), "row 4: code", "put it back", id="another length"),
        pytest.param(
            changed(5, starts="soon"), "row 5: starts is 'soon'", "2026-03-14 10:05", id="no time"
        ),
        pytest.param(
            changed(5, minutes="ten"), "row 5: minutes is 'ten'", "--seed", id="no length"
        ),
        pytest.param(
            changed(2, entries="-3"),
            "row 2: entries is -3, which is less than nobody",
            "write how many people",
            id="fewer than nobody",
        ),
        pytest.param(
            changed(2, exits=""),
            "row 2: exits is empty and the other count is not",
            "write 0 if there was nobody",
            id="one direction alone",
        ),
        pytest.param(
            changed(2, exits="about 5"),
            "row 2: exits is 'about 5', which is no whole number",
            "in digits",
            id="a word",
        ),
        pytest.param(
            changed(2, exits="2.5"), "row 2: exits is '2.5'", "in digits", id="half a person"
        ),
        pytest.param(
            changed(2, exits="1234567"), "row 2: exits is 1234567", "a digit", id="a crowd"
        ),
        pytest.param(
            changed(2, code=""), "row 2: it has no code", "audits.yaml by hand", id="no code"
        ),
        pytest.param(
            repeated, "row 14: row 2 counts the same minutes of", "keep one", id="a row twice"
        ),
        pytest.param(
            unobserved,
            "row 14: entrance was not observed as a whole",
            "materialise the camera-day again",
            id="minutes that were not observed",
        ),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_kept(
    home: Settings, change: Callable[[Site, Rows], Rows], what: str, remedy: str
):
    path, rows = sampled(home)
    saved(path, change(load_site(home.site), filled(rows)))
    result = footfall(home, "score", path)
    assert result.exit_code == 1
    assert what in one_line(result)
    assert remedy in one_line(result)
    assert audits(home) == 0


def test_all_wrong_rows_are_named_at_once(home: Settings):
    path, rows = sampled(home)
    wrong = changed(9, gate="gone")(load_site(home.site), filled(rows))
    saved(path, changed(3, exits="?")(load_site(home.site), wrong))
    told = footfall(home, "score", path).output
    assert told.index("row 3: exits") < told.index("row 9: there is no gate gone")


def test_rows_left_blank_are_not_counted_and_said_so(home: Settings):
    path, rows = sampled(home)
    result = footfall(home, "score", saved(path, [*filled(rows)[:5], *rows[5:]]))
    assert result.exit_code == 0, result.output
    assert "7 rows not counted" in one_line(result)
    assert audits(home) == 5
    result = footfall(home, "score", saved(path, rows))
    assert result.exit_code == 1
    assert "has no counts" in one_line(result)


def test_a_count_that_audits_yaml_tells_otherwise_is_not_added(home: Settings):
    path, rows = sampled(home)
    assert footfall(home, "score", saved(path, filled(rows))).exit_code == 0
    again = footfall(home, "score", path)
    assert again.exit_code == 0
    assert "added 0 counts" in one_line(again)
    otherwise = changed(2, entries="4")(load_site(home.site), filled(rows))
    result = footfall(home, "score", saved(path, otherwise))
    assert result.exit_code == 1
    assert "row 2: audits.yaml has" in one_line(result)
    assert audits(home) == 12


def test_accuracy_is_told_of_each_gate_and_direction(home: Settings):
    path, rows = sampled(home, "--gate", "entrance", "--intervals", 4)
    seen = changed(3, entries="5")(load_site(home.site), filled(rows))
    told = one_line(footfall(home, "score", saved(path, seen)))
    # Of eighteen people two were missed, all of them among the fourteen who came in.
    assert "│ entrance │ 4 │ 40 │ 14 │ 12 │ 4 │ 4 │" in told
    assert "│ 86 % (" in told
    assert "│ 100 % (25 % to 100 %) │" in told
    assert "│ 89 % (" in told


def test_it_says_which_days_to_make_again_or_has_them_made(
    home: Settings, monkeypatch: pytest.MonkeyPatch
):
    site = load_site(home.site)
    for after in (4, 27, 28):
        publish(home, site, MONDAY + dt.timedelta(days=after))
    path, rows = sampled(home, "--day", MONDAY)
    told = one_line(footfall(home, "score", saved(path, filled(rows))))
    wanted = [MONDAY + dt.timedelta(days=after) for after in (0, 4, 27)]
    asked = [f"footfall run {home.site} --day {day}" for day in wanted]
    assert told.endswith(" ".join(asked))
    made: list[dt.date] = []
    monkeypatch.setattr(running, "run_and_print", lambda _settings, day, _console: made.append(day))
    assert footfall(home, "score", path, "--run").exit_code == 0
    assert made == wanted


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "no column code, gate", id="nothing"),
        pytest.param(b"gate,starts\n", "no column code, minutes", id="another table"),
        pytest.param(b"PK\x03\x04", "save the sheet as CSV", id="a workbook"),
        pytest.param(b"x" * 6_000_000, "larger than 5 MB", id="something large"),
    ],
)
def test_what_is_no_sheet_is_said_to_be_none(tmp_path: Path, content: bytes, says: str):
    path = tmp_path / "sheet.csv"
    path.write_bytes(content)
    with pytest.raises(AuditError, match=says):
        sheet.read(path)


def test_a_file_that_is_not_there_is_said_not_to_be(home: Settings):
    result = footfall(home, "score", home.site / "no.csv")
    assert result.exit_code == 1
    assert "cannot read" in one_line(result)
