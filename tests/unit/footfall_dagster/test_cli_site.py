"""`footfall site`: what is printed, where it goes, and the exit code."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from footfall_dagster.cli import main
from tests.unit.vision.site_directory import FILES, write

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
PNG = b"\x89PNG\r\n\x1a\n"


def footfall_site(*arguments):
    return CliRunner().invoke(main, ["site", *map(str, arguments)], env={"COLUMNS": "160"})


def test_check_lists_what_a_good_site_holds(tmp_path):
    result = footfall_site("check", write(tmp_path))

    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0].startswith("OK  Test Arcade (arcade), Europe/London, open from 2026-03-01")
    words = [line.split() for line in lines]
    assert ["ground", "gate", "entrance", "cam_a", "metres"] in words
    assert ["upper", "frontage", "window", "cam_b", "pixels", "of", "cam_b"] in words
    assert "5 pairs, 0.0 cm off on average, 0.0 cm at worst" in result.stdout
    assert "no trajectories" in result.stdout


def test_check_says_how_far_calibration_pairs_are_off(tmp_path):
    cameras = FILES["cameras.yaml"].replace("floor: [10, 6]", "floor: [10.2, 6]")

    result = footfall_site("check", write(tmp_path, cameras=cameras))

    assert result.exit_code == 0
    assert "5 pairs, 0.0 cm" not in result.stdout
    assert "cm at worst" in result.stdout


def test_check_shows_what_names_a_recorder_gives_and_in_which_zone(tmp_path):
    cameras = FILES["cameras.yaml"].replace(
        "cam_a/cam_a_%Y%m%d_%H%M%S.mp4", "{recorder: frigate, folder: nvr, channel: hall}"
    )

    result = footfall_site("check", write(tmp_path, cameras=cameras))

    assert result.exit_code == 0, result.stderr
    words = [line.split() for line in result.stdout.splitlines()]
    assert ["cam_a", "ground", "as", "frigate", "names", "them:", "UTC"] in [w[:7] for w in words]
    assert ["nvr/%Y-%m-%d/%H/hall/%M.%S.mp4"] in words
    assert "no times in names" in result.stdout


def test_brackets_in_a_pattern_are_printed_as_they_are(tmp_path):
    cameras = FILES["cameras.yaml"].replace("exports: cam_b/*.mp4", "exports: '[red]cam_b/*.mp4'")

    result = footfall_site("check", write(tmp_path, cameras=cameras))

    assert result.exit_code == 0, result.stderr
    assert "[red]cam_b/*.mp4" in result.stdout


def test_check_prints_every_problem_to_stderr_and_fails(tmp_path):
    site = FILES["site.yaml"].replace("kind: store", "kind: stroe").replace("[6, 5]", "[6]")

    result = footfall_site("check", write(tmp_path, site=site))

    assert result.exit_code == 1
    assert result.stdout == ""
    first, second, last = result.stderr.splitlines()
    assert first.startswith("site.yaml:17  zones[0].kind  ")
    assert second.startswith("site.yaml:31  gates[0].inside")
    assert last == f"2 problems in {tmp_path}"


def test_check_refuses_a_release_that_there_is_not(tmp_path):
    asked = "privacy:\n  release: {marts: {gate_count: rounded}}\n"

    result = footfall_site("check", write(tmp_path, site=FILES["site.yaml"] + asked))

    assert result.exit_code == 1
    assert result.stdout == ""
    first, last = result.stderr.splitlines()
    assert first.startswith("site.yaml  privacy.release.marts names gate_count, which is no mart; ")
    assert last == f"1 problem in {tmp_path}"


@pytest.mark.parametrize("verb", ["check", "picture"])
def test_a_directory_that_does_not_exist_ends_with_one_message(tmp_path, verb):
    result = footfall_site(verb, tmp_path / "mall")

    assert result.exit_code == 1
    assert "there is no such folder" in result.stderr
    assert "Traceback" not in result.output


def test_a_day_shows_the_entries_of_that_day(tmp_path):
    site = FILES["site.yaml"].replace(
        "notice:",
        "  - id: side_door\n    valid_from: 2026-03-20\n    camera: cam_a\n    floor: ground\n"
        "    line: [[12, 3], [14, 3]]\n    inside: [13, 5]\nnotice:",
    )
    directory = write(tmp_path, site=site)

    assert "side_door" in footfall_site("check", directory).stdout
    assert "side_door" not in footfall_site("check", directory, "--day", "2026-03-19").stdout
    assert "side_door" in footfall_site("check", directory, "--day", "2026-03-20").stdout


def test_a_day_outside_the_life_of_the_site_is_refused(tmp_path):
    result = footfall_site("check", write(tmp_path), "--day", "2026-04-01")

    assert result.exit_code == 2
    assert "open from 2026-03-01 to 2026-03-31" in result.stderr


@pytest.mark.parametrize("name", ["arcade", "caviar"])
def test_picture_draws_the_examples(tmp_path, name):
    target = tmp_path / "plan.png"

    result = footfall_site("picture", EXAMPLES / name, "--out", target)

    assert result.exit_code == 0, result.output
    assert result.stdout == f"wrote {target}\n"
    assert target.read_bytes().startswith(PNG)


def test_picture_goes_to_a_file_named_after_the_site(tmp_path, monkeypatch):
    directory = write(tmp_path)
    monkeypatch.chdir(tmp_path)

    result = footfall_site("picture", directory)

    assert result.exit_code == 0, result.output
    assert (tmp_path / "arcade_floorplan.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        pytest.param("plan.doc", "write .png", id="an ending that is no picture"),
        pytest.param("plan", "write .png", id="no ending"),
        pytest.param("nowhere/plan.png", "name a folder that exists", id="a folder that is absent"),
    ],
)
def test_picture_refuses(tmp_path, target, said):
    result = footfall_site("picture", write(tmp_path), "--out", tmp_path / target)

    assert result.exit_code in {1, 2}
    assert said in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("verb", [(), ("check",), ("picture",)])
def test_help_says_what_a_site_directory_is_for(verb):
    result = footfall_site(*verb, "--help")

    assert result.exit_code == 0
    assert "DIR" in result.output


def test_check_advises_against_age_and_gender_where_a_site_asks_for_them(tmp_path):
    asked = FILES["site.yaml"] + "privacy:\n  age_gender: {}\n"

    result = footfall_site("check", write(tmp_path, site=asked))

    assert result.exit_code == 0
    assert "we advise against it" in result.stdout
    assert "docs/age_gender.md" in " ".join(result.stdout.split())
    assert "advise" not in footfall_site("check", write(tmp_path)).stdout


def many_cameras(tmp_path, number, more=""):
    one = "  - {{id: cam_{n}, floor: ground, exports: c{n}/%Y%m%d_%H%M%S.mp4, frame: [720, 480]}}\n"
    recorded = FILES["cameras.yaml"].replace("morning.mp4: 2026-", "morning.mp4: 2011-")
    cameras = recorded + "".join(one.format(n=n) for n in range(number - 2))
    site = FILES["site.yaml"].replace("opens: 2026-03-01", "opens: 2010-01-01") + more
    return write(
        tmp_path, site=site.replace("closes: 2026-03-31", "closes: 2012-12-31"), cameras=cameras
    )


def test_check_says_what_to_write_where_dagster_would_become_slow(tmp_path):
    slow = footfall_site("check", many_cameras(tmp_path, 100))
    assert slow.exit_code == 0
    assert "100 cameras since 2010-01-01 are 109,600 camera-days" in slow.stdout
    assert "write `recomputed_days: 969` into site.yaml" in slow.stdout

    advised = footfall_site("check", many_cameras(tmp_path, 100, "recomputed_days: 969\n"))
    assert advised.exit_code == 0
    assert "camera-days" not in advised.stdout


def test_check_says_what_stands_in_the_way_of_fewer_days(tmp_path):
    slow = footfall_site("check", many_cameras(tmp_path, 300))
    told = " ".join(slow.stdout.split())
    assert "write `recomputed_days: 403` into site.yaml, the fewest while events" in told
    assert "keep them for fewer months (privacy.retention), or make two sites" in told
