import pytest
from click.testing import CliRunner

from footfall_dagster.cli.simulate import command
from tests.unit.vision.simulated import ARCADE


def _run(*arguments):
    return CliRunner().invoke(command, [str(ARCADE), *map(str, arguments)])


def test_recordings_and_truth_appear_where_asked_for(tmp_path):
    asked = ("--out", tmp_path, "--day", "2026-03-14", "--minutes", 0.05, "--fps", 4)
    result = _run(*asked)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "cam_shops" / "cam_shops_20260314_100000.mp4").is_file()
    assert (tmp_path / "truth" / "gate_crossings.parquet").is_file()
    assert "2 recordings rendered" in result.output
    assert "2 recordings already there" in _run(*asked).output


def test_a_day_of_trajectories_needs_no_pictures(tmp_path):
    result = _run("--out", tmp_path, "--day", "2026-03-14", "--trajectories-only", "--people", 20)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "gate_events" / "camera=cam_entrance" / "part.parquet").is_file()
    assert not list(tmp_path.rglob("*.mp4"))


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        pytest.param(("--size", "large"), "write it as 960x540", id="a size in words"),
        pytest.param(("--size", "961x541"), "even width and height", id="an odd size"),
        pytest.param(("--start", "ten"), "write it as 10:00", id="a start in words"),
        pytest.param(("--day", "2026-04-01"), "outside the days", id="a day after closing"),
    ],
)
def test_wrong_options_are_refused_with_a_remedy(tmp_path, arguments, remedy):
    result = _run("--out", tmp_path / "new", *arguments)
    assert result.exit_code == 2
    assert remedy in " ".join(result.output.replace("│", " ").split())
    assert not (tmp_path / "new").exists()
