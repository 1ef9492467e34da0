"""Reading a site directory: what comes out, and what is said about a file that is wrong."""

import datetime as dt
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.vision.site_directory import FILES, line_of, problems_after, problems_in, write
from vision.site.load import SiteFileError, load_site

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def test_a_site_is_read_as_it_is_written(tmp_path):
    site = load_site(write(tmp_path))

    assert site.id == "arcade"
    assert site.camera_ids == ("cam_a", "cam_b")
    assert site.file.trading_hours["mon"].opens == dt.time(9)
    assert site.file.trading_hours["mon"].closes == dt.time(21)
    assert site.file.opens == dt.date(2026, 3, 1)
    assert site.file.gates[0].line == ((4, 3), (8, 3))
    assert site.cameras[1].clock.starts == {"morning.mp4": dt.datetime(2026, 3, 2, 10)}


@pytest.mark.parametrize("name", ["arcade", "caviar"])
def test_the_examples_load(name):
    assert load_site(EXAMPLES / name).id == name


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("21:30", dt.time(21, 30), id="unquoted, which YAML 1.1 takes for 1290"),
        pytest.param('"21:30"', dt.time(21, 30), id="in double quotes"),
        pytest.param("'21:30:00'", dt.time(21, 30), id="with seconds of zero"),
        pytest.param("00:00", dt.time(0), id="midnight at the end of the day"),
    ],
)
def test_a_time_may_be_written(tmp_path, written, read):
    site = FILES["site.yaml"].replace("closes: 21:00", f"closes: {written}")

    assert load_site(write(tmp_path, site=site)).file.trading_hours["mon"].closes == read


@pytest.mark.parametrize("word", ["on", "no", "yes", "off", "y"])
def test_words_that_yaml_1_1_takes_for_truth_values_are_text(tmp_path, word):
    site = FILES["site.yaml"].replace("name: Test Arcade", f"name: {word}")

    assert load_site(write(tmp_path, site=site)).file.name == word


# file, what is changed, into what, the field, the text that marks its line, part of the remedy
SITE, CAMERAS = "site.yaml", "cameras.yaml"
BAD_FIELDS = [
    pytest.param(
        SITE, "time_zone:", "timezone:", "timezone", "timezone:", "did you mean time_zone?",
        id="a misspelt field names the right one",
    ),
    pytest.param(
        SITE, "    inside: [6, 5]", "    insde: [6, 5]", "gates[0].insde", "insde",
        "did you mean inside?", id="a misspelt field of an entry names the right one",
    ),
    pytest.param(
        SITE, "closes: 2026-03-31", "cameras: []", "cameras", "cameras: []",
        "described in cameras.yaml", id="a field of the other file is sent there",
    ),
    pytest.param(
        SITE, "name: Test Arcade\n", "", "name", "id: arcade", "name: Riverside Arcade",
        id="a missing field comes with an example",
    ),
    pytest.param(
        SITE, "    kind: store\n", "", "zones[0].kind", "id: shop", "kind: store",
        id="a missing field of an entry stands on the entry's line",
    ),
    pytest.param(
        SITE, "kind: store", "kind: stroe", "zones[0].kind", "kind: stroe", "did you mean store?",
        id="an unknown kind names the nearest and all others",
    ),
    pytest.param(
        SITE, "  mon:", "  monday:", "trading_hours.monday", "monday", "did you mean mon?",
        id="a weekday written out is shortened",
    ),
    pytest.param(
        SITE, "id: arcade", "id: 12", "id", "id: 12", "put the value in quotes",
        id="a number where text is wanted is to be quoted",
    ),
    pytest.param(
        SITE, "id: shop", "id: The Shop", "zones[0].id", "The Shop", "small letters",
        id="an id with capitals and spaces is explained",
    ),
    pytest.param(
        SITE, "closes: 21:00", "closes: 2100", "trading_hours.mon.closes", "2100", "as 09:30",
        id="a number is not a time",
    ),
    pytest.param(
        SITE, "closes: 21:00", "closes: 24:00", "trading_hours.mon.closes", "24:00", "00:00",
        id="24:00 is written 00:00",
    ),
    pytest.param(
        SITE, "closes: 21:00", "closes: 21:00:30", "trading_hours.mon.closes", "21:00:30",
        "hours and minutes", id="a time to the second is refused",
    ),
    pytest.param(
        SITE, "start: 04:00", "start: 04:00+01:00", "trading_day_start", "04:00+01:00",
        "in the site's time zone", id="a time with an offset is refused",
    ),
    pytest.param(
        SITE, "opens: 2026-03-01", "opens: 01.03.2026", "opens", "01.03.2026",
        "year-month-day", id="a date in another order is refused",
    ),
    pytest.param(
        SITE, "opens: 2026-03-01", "opens: 2026-02-30", "opens", "2026-02-30", "such as",
        id="a date that does not exist is refused",
    ),
    pytest.param(
        SITE, "Europe/London", "Europe/Londno", "time_zone", "Londno",
        "did you mean Europe/London?", id="a misspelt time zone names the nearest",
    ),
    pytest.param(
        SITE, "[[4, 3], [8, 3]]", "[[4, 3], [8]]", "gates[0].line[1][1]", "[8]", "line: [[",
        id="a point with one number is refused",
    ),
    pytest.param(
        SITE, "[[4, 3], [8, 3]]", "[[4, 3], [8, 3, 0]]", "gates[0].line[1]", "[8, 3, 0]",
        "give 2", id="a point with three numbers is refused",
    ),
    pytest.param(
        SITE, "[[4, 3], [8, 3]]", "[[4 m, 3], [8, 3]]", "gates[0].line[0][0]", "4 m",
        "without quotes or unit", id="a number with a unit is refused",
    ),
    pytest.param(
        SITE, "[[4, 3], [8, 3]]", "[[.inf, 3], [8, 3]]", "gates[0].line[0][0]", ".inf",
        "digits", id="an endless number is refused",
    ),
    pytest.param(
        SITE, "[[5, 5], [9, 5], [9, 9], [5, 9]]", "[[5, 5], [9, 5]]", "zones[0].polygon",
        "[[5, 5], [9, 5]]", "give 3 or more", id="a polygon of two corners is refused",
    ),
    pytest.param(
        SITE, "    polygon: [[5", "    polygon_px: [[1, 1], [2, 1], [2, 2]]\n    polygon: [[5",
        "zones[0]", "id: shop", "not both", id="a zone in metres and in pixels is refused",
    ),
    pytest.param(
        SITE, "    inside: [6, 5]\n", "", "gates[0]", "id: entrance", "line and inside",
        id="a gate without its inside is refused",
    ),
    pytest.param(
        SITE, "notice:\n  controller", "privacy: {k: 1}\nnotice:\n  controller", "privacy.k",
        "privacy:", "from 3 up", id="a number below its bound names the bound",
    ),
    pytest.param(
        SITE, "notice:\n  controller", "settling_minutes: 1.5\nnotice:\n  controller",
        "settling_minutes", "settling", "digits only", id="a fraction is not a whole number",
    ),
    pytest.param(
        SITE, "zones:\n  - id: shop", "zones:\n  - nothing\n  - id: shop", "zones[0]",
        "- nothing", "examples", id="a word where fields are wanted is refused",
    ),
    pytest.param(
        CAMERAS, "frame: [720, 480]", "frame: 720x480", "cameras[0].frame", "720x480",
        "frame: [960, 540]", id="a frame size as one word is refused",
    ),
    pytest.param(
        CAMERAS, "2026-03-02 10:00:00", "2026-03-02 10:00:00Z",
        "cameras[1].clock.starts.morning.mp4", "10:00:00Z", "without",
        id="a start with an offset is refused",
    ),
    pytest.param(
        CAMERAS, "  - id: cam_b", "  - id: cam_b\n    id: cam_c", "cameras[1].id", "id: cam_c",
        "keep one", id="a field given twice is refused",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "field", "mark", "remedy"), BAD_FIELDS)
def test_a_wrong_field(tmp_path, file, old, new, field, mark, remedy):
    problems = problems_after(tmp_path, file, old, new)

    found = next(problem for problem in problems if problem.field == field)
    assert found.file == file
    assert found.line == line_of(FILES[file].replace(old, new), mark)
    assert remedy in found.remedy
    assert len(problems) <= 2, "one mistake makes at most the mistake and what is missing for it"


BAD_TEXT = [
    pytest.param(b"", None, "empty", "examples/arcade", id="an empty file"),
    pytest.param(b"# nothing\n", None, "empty", "examples/arcade", id="a file of comments"),
    pytest.param(b"- a\n- b\n", 1, "not a list of fields", "name: value", id="a list"),
    pytest.param(b"id: a\n\tname: b\n", 2, "tab", "spaces", id="a tab"),
    pytest.param(b"id: a\nname: b: c\n", 2, "colon", "quote", id="a colon too many"),
    pytest.param(b"id: a\nfloors: [[1, 2]\n\n", 2, "bracket", "close", id="an open bracket"),
    pytest.param(b"id: a\nname: 'b\n\n", 2, "quoted text", "close", id="an open quote"),
    pytest.param(b"id: a\nname: @b\n", 2, "character", "quotes", id="a reserved character"),
    pytest.param(b"id: a\n---\nid: b\n", 2, "second document", "---", id="a second document"),
    pytest.param(b"id: a\nname: M\xe4rz\n", 2, "not UTF-8", "UTF-8", id="another encoding"),
    pytest.param(b"id: a\nname: \x00\n", None, "does not allow", "UTF-8", id="a zero byte"),
    pytest.param(b'id: "\\UFFFFFFFF"\n', None, "not allow", "UTF-8", id="an impossible escape"),
    pytest.param(b'id: a\nname: "\\ud800"\n', 2, "half", "character", id="half a character"),
    pytest.param(b"id: &a x\nname: *a\n", 2, "alias", "write the value out", id="an alias"),
    pytest.param(b"id: a\nname: *no\n", 2, "alias", "write the value out", id="an unknown alias"),
    pytest.param(b"id: a\nx: " + b"[" * 5000, 2, "nested", "bracket", id="endless nesting"),
    pytest.param(b"id: !!python/name:os.system x\n", 1, "tag", "leave", id="a Python tag"),
    pytest.param(b"id: a\n[1, 2]: b\n", 2, "not a word", "name: value", id="a list as a name"),
    pytest.param(b"id: a\n" + b"#" * 1_000_000, None, "1 MB", "kB", id="a file of over 1 MB"),
]


@pytest.mark.parametrize("file", [SITE, CAMERAS])
@pytest.mark.parametrize(("text", "line", "what", "remedy"), BAD_TEXT)
def test_a_file_that_is_no_site_file(tmp_path, file, text, line, what, remedy):
    (write(tmp_path) / file).write_bytes(text)

    (problem,) = problems_in(tmp_path)

    assert (problem.file, problem.line) == (file, line)
    assert what in problem.what
    assert remedy in problem.remedy


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    (write(tmp_path) / SITE).write_bytes(b"\xef\xbb\xbf" + FILES[SITE].encode())

    assert problems_in(tmp_path) == ()


def test_a_missing_file_is_named(tmp_path):
    (write(tmp_path) / CAMERAS).unlink()

    (problem,) = problems_in(tmp_path)

    assert (problem.file, problem.line, problem.what) == (CAMERAS, None, "the file is missing")


def test_a_file_with_another_ending_is_to_be_renamed(tmp_path):
    (write(tmp_path) / SITE).rename(tmp_path / "site.yml")

    (problem,) = problems_in(tmp_path)

    assert problem.remedy == "rename site.yml to site.yaml"


def test_a_folder_in_a_file_s_place_is_named(tmp_path):
    (write(tmp_path) / SITE).unlink()
    (tmp_path / SITE).mkdir()

    (problem,) = problems_in(tmp_path)

    assert "folder" in problem.what


@pytest.mark.parametrize("kind", ["absent", "file"])
def test_a_directory_that_is_none_is_named(tmp_path, kind):
    path = tmp_path / "mall"
    if kind == "file":
        path.write_text("id: mall")

    (problem,) = problems_in(path)

    assert problem.file == str(path)
    assert "site.yaml and cameras.yaml" in problem.remedy


def test_both_files_are_read_before_anything_is_said(tmp_path):
    site = FILES[SITE].replace("kind: store", "kind: shop").replace("mon: ", "mno: ")
    cameras = FILES[CAMERAS].replace("exports: cam_b", "export: cam_b")

    problems = problems_in(write(tmp_path, site=site, cameras=cameras))

    assert {(problem.file, problem.field) for problem in problems} == {
        (SITE, "zones[0].kind"),
        (SITE, "trading_hours.mno"),
        (CAMERAS, "cameras[1].export"),
        (CAMERAS, "cameras[1].exports"),
    }


def test_a_problem_reads_as_one_line(tmp_path):
    (problem,) = problems_after(tmp_path, SITE, "[[4, 3], [8, 3]]", "[[4, 3], [4, 3]]")

    assert str(problem) == (
        "site.yaml:30  gates[0].line  the gate has zero length; give two different points"
    )


def test_the_error_survives_a_process_boundary(tmp_path):
    with pytest.raises(SiteFileError) as raised:
        load_site(tmp_path)

    copy = pickle.loads(pickle.dumps(raised.value))

    assert copy.problems == raised.value.problems
    assert str(copy).count("\n") == 1


def test_reading_a_site_imports_nothing_heavy():
    script = (
        "import sys, vision.site.load\n"
        "heavy = {'cv2', 'av', 'torch', 'ultralytics', 'openvino', 'great_expectations',"
        " 'matplotlib', 'dagster', 'duckdb'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


_SOUP = st.text(alphabet=" \n:-[]{}&*!#'\"|>%@,?abc0.~\t", max_size=60)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.one_of(st.binary(max_size=80), _SOUP.map(str.encode)))
def test_no_text_gets_past_the_error_that_is_meant_for_it(tmp_path, text):
    (write(tmp_path) / SITE).write_bytes(text)

    assert problems_in(tmp_path)


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    file=st.sampled_from([SITE, CAMERAS]),
    at=st.integers(0, 1000),
    drop=st.integers(0, 12),
    put=_SOUP.map(lambda text: text[:6]),
)
def test_a_slip_of_the_pen_never_ends_in_a_traceback(tmp_path, file, at, drop, put):
    text = FILES[file]
    at %= len(text)
    write(tmp_path)
    (tmp_path / file).write_text(text[:at] + put + text[at + drop :], encoding="utf-8")

    for problem in problems_in(tmp_path):
        assert problem.what
        assert problem.remedy
