"""`footfall exports explain`: what is printed, and the exit code."""

import json
import shutil

import pytest
from click.testing import CliRunner

from footfall_dagster.cli import main
from tests.unit.vision.exports import media
from tests.unit.vision.site_directory import FILES, write

TEN = range(0, 10_000, 200)
NAMES = [f"cam_a/cam_a_20260314_1000{second:02}.mp4" for second in range(0, 60, 10)]


def explain(*arguments, columns=80):
    environment = {"COLUMNS": str(columns), "FOOTFALL_SITE": ""}
    return CliRunner().invoke(main, ["exports", "explain", *map(str, arguments)], env=environment)


@pytest.fixture
def recordings(tmp_path):
    root = tmp_path / "recordings"
    (root / "cam_a").mkdir(parents=True)
    first = media.write(root, stamps_ms=TEN, name=NAMES[0])
    for number, name in enumerate(NAMES[1:], 1):
        shutil.copy(first, root / name)
        # Other bytes, the same video.
        with (root / name).open("ab") as file:
            file.write(bytes([0, 0, 0, 9, *b"free", number]))
    return root


@pytest.fixture
def site(tmp_path):
    (tmp_path / "site").mkdir()
    cameras = FILES["cameras.yaml"].replace("frame: [720, 480]", "frame: [64, 48]", 1)
    cameras = (
        cameras[: cameras.index("    calibration")] + cameras[cameras.index("  - id: cam_b") :]
    )
    zones = FILES["site.yaml"]
    return write(
        tmp_path / "site",
        cameras=cameras,
        site=zones[: zones.index("zones:")] + zones[zones.index("notice:") :],
    )


def test_files_alike_are_one_row_and_all_used_is_exit_code_0(recordings, site):
    result = explain(recordings, "--site", site)

    assert result.stderr == ""
    assert result.exit_code == 0
    (row,) = [line for line in result.stdout.splitlines() if line.startswith("2026-03-14")]
    assert row.split()[1:] == ["10:00:00", "10:01:00", "6", "0:01:00", "name", "64x48", "h264"]
    assert "6 files: 6 used" in result.stdout


@pytest.mark.parametrize("columns", [80, 120])
def test_no_line_is_wider_than_the_terminal(recordings, site, columns):
    (recordings / NAMES[2]).write_bytes(b"IMKH" + bytes(100))
    (recordings / "cam_a/cam_a_20260314_110000.mp4").write_bytes(b"")

    result = explain(recordings, "--site", site, columns=columns)

    assert max(map(len, result.stdout.splitlines())) <= columns


def test_a_file_that_cannot_be_used_is_named_with_a_remedy_and_is_exit_code_1(recordings, site):
    (recordings / NAMES[2]).write_bytes(b"IMKH" + bytes(100))

    result = explain(recordings, "--site", site, columns=200)

    assert result.exit_code == 1
    assert "It is a Hikvision recording that is encrypted" in result.stdout
    assert "download as MP4" in result.stdout
    assert NAMES[2] in result.stdout


def test_each_file_is_one_line_where_that_is_asked_for(recordings, site):
    result = explain(recordings, "--site", site, "--each", columns=160)

    assert [line.split()[0] for line in result.stdout.splitlines()[3:9]] == NAMES


def test_json_has_one_object_per_file(recordings, site):
    (recordings / "notes.txt").write_text("")

    told = [
        json.loads(line)
        for line in explain(recordings, "--json", "--site", site).stdout.splitlines()
    ]

    assert [one["name"] for one in told] == [*NAMES, "notes.txt"]
    assert told[0]["start"] == "2026-03-14T10:00:00+00:00"
    assert told[0]["video"]["frames"] == 50
    assert told[0]["state"] == "used"


def test_without_a_site_it_says_what_to_write_into_cameras_yaml(recordings):
    result = explain(recordings, "--no-open")

    assert result.exit_code == 0
    assert 'exports: "cam_a/cam_a_%Y%m%d_%H%M%S.mp4"' in result.stdout
    assert "not opened" in result.stdout


def test_a_name_that_would_move_the_cursor_is_shown_as_it_is_spelt(recordings):
    media.write(recordings, stamps_ms=TEN, name="evil\x1b[2J[red].mp4")

    result = explain(recordings, columns=120)

    assert "\x1b" not in result.stdout
    assert r"evil\x1b[2J[red].mp4" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["/no/such/folder"], 1, "does not exist"),
        (["s3://"], 2, "s3://bucket/prefix"),
        (["."], 2, "--most"),
    ],
    ids=["absent folder", "no bucket", "usage"],
)
def test_what_cannot_be_looked_at_is_one_message(arguments, code, words):
    result = explain(*arguments, *(["--most", "-1"] if words == "--most" else []))

    assert result.exit_code == code
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_a_broken_site_file_is_told_with_file_and_line(recordings, tmp_path):
    (tmp_path / "broken").mkdir()
    broken = write(tmp_path / "broken", cameras=FILES["cameras.yaml"].replace("720", "x"))

    result = explain(recordings, "--site", broken)

    assert result.exit_code == 1
    assert "cameras.yaml" in result.stderr
