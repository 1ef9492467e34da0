"""The commands of the privacy wall, before they do anything."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from footfall_dagster.cli import main


@pytest.mark.parametrize(
    "arguments", [["search"], ["verify"], ["purge"], ["prove", "--day", "2026-03-14"]], ids=" ".join
)
def test_a_wrong_site_is_told_with_a_remedy_and_no_stack(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTFALL_SITE", str(tmp_path / "nowhere"))
    monkeypatch.setenv("FOOTFALL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    told = CliRunner().invoke(main, ["privacy", *arguments])
    assert told.exit_code == 1
    assert "give the folder that holds site.yaml" in told.output
    assert list(tmp_path.iterdir()) == []


def test_every_command_is_listed_with_a_whole_sentence() -> None:
    told = CliRunner().invoke(main, ["privacy", "--help"]).output
    commands = told.partition("Commands:")[2].strip().splitlines()
    assert len(commands) == 4
    assert all(line.endswith(".") and not line.endswith("...") for line in commands), told
