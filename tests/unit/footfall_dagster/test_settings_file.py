"""Settings that stand in a file: what wins over it, and how it is told when it is wrong."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from footfall_dagster.cli import main
from footfall_dagster.settings import Settings
from footfall_dagster.settings_file import SettingsFileError

PROFILES = Path(__file__).resolve().parent.parent.parent.parent / "deploy" / "settings"


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"FOOTFALL_{name.upper()}", raising=False)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is named and holds nothing yet."""
    file = tmp_path / "centre.yaml"
    file.write_text("")
    monkeypatch.setenv("FOOTFALL_SETTINGS", str(file))
    return file


def test_arguments_win_over_the_environment_and_that_over_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("site: /srv/site\nhome: /srv/var\ninput_size: 640\nint8:\nweights: ''\n")
    assert Settings() == Settings(site=Path("/srv/site"), home=Path("/srv/var"), input_size=640)
    # What is not set follows from what the file says, as it would from the environment.
    assert Settings().recordings == Path("/srv/var/recordings")
    monkeypatch.setenv("FOOTFALL_INPUT_SIZE", "320")
    assert Settings().input_size == 320
    assert Settings(input_size=480).input_size == 480
    monkeypatch.setenv("FOOTFALL_INPUT_SIZE", "")
    assert Settings().input_size == 640
    monkeypatch.setenv("FOOTFALL_SETTINGS", "")
    assert Settings().home != Path("/srv/var")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sites: /srv/site\n", "sites is no setting; did you mean site"),
        ("FOOTFALL_HOME: /srv\n", "FOOTFALL_HOME is no setting; did you mean home"),
        ("colour: hush\n", "colour is no setting; known are site, home"),
        ("settings: /etc/other.yaml\n", "settings is no setting"),
        ("aws_secret_access_key: hush\n", "a secret must not stand in this file"),
        ("pgpassword: hush\n", "PGPASSFILE"),
        ("home: [hush\nsite: x\n", "line 2: this is no YAML"),
        ("- hush\n", "write `name: value`"),
        ("hush\n", "write `name: value`"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_a_remedy_and_without_what_it_says(
    file: Path, text: str, why: str
) -> None:
    file.write_text(text)
    with pytest.raises(SettingsFileError) as wrong:
        Settings()
    assert str(file) in str(wrong.value)
    assert why in str(wrong.value)
    assert "hush" not in str(wrong.value)


def test_a_file_that_is_not_there_is_told(file: Path) -> None:
    file.unlink()
    with pytest.raises(SettingsFileError, match="which is no file; write it"):
        Settings()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("input_size: 9\n", "{file}, input_size: "),
        ("catalog: postgresql://footfall:hush@db/x\n", "{file}, catalog: leave the password out"),
        ("store: s3://key:hush@bucket\n", "{file}, store: leave keys out of the URL"),
        ("store: s3://bucket\n", "set FOOTFALL_CATALOG to a PostgreSQL database"),
        ("vision_gpus: 0\n", "{file}, vision_gpus: "),
    ],
)
def test_every_command_says_which_setting_of_which_file_is_wrong(
    file: Path, text: str, why: str
) -> None:
    file.write_text(text)
    for command in (["doctor"], ["weights"], ["query", "SELECT 1"]):
        told = CliRunner().invoke(main, command)
        assert told.exit_code == 1
        assert why.format(file=file) in told.output
        assert "hush" not in told.output
        assert isinstance(told.exception, SystemExit)


def test_a_wrong_variable_is_told_by_its_own_name(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("input_size: 640\n")
    monkeypatch.setenv("FOOTFALL_INPUT_SIZE", "9")
    told = CliRunner().invoke(main, ["doctor"])
    assert "FOOTFALL_INPUT_SIZE: " in told.output
    assert str(file) not in told.output


def test_the_file_is_found_from_any_folder(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOOTFALL_SETTINGS", file.name)
    assert Settings().settings == file


@pytest.mark.parametrize("path", sorted(PROFILES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_profiles_load_and_say_where_the_store_is(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTFALL_SETTINGS", str(path))
    loaded = Settings()
    assert loaded.is_apart is (path.stem == "grown")
    told = yaml.safe_load(path.read_text())
    assert {name for name in told if getattr(loaded, name) is None} == set()
    assert loaded.model_fields_set == {*told, "settings"}


def test_there_is_a_profile_of_either_kind() -> None:
    assert {path.stem for path in PROFILES.glob("*.yaml")} == {"embedded", "grown"}
