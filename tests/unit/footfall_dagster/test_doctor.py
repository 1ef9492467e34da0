"""The doctor tries what a run would use, says what to do, and quotes no secret."""

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from footfall_dagster.cli import main
from footfall_dagster.doctor import places, services, sight
from footfall_dagster.doctor.trial import Trial, carried_out, well
from footfall_dagster.settings import Settings
from tests.unit.published_mall import site_folder

AHEAD = dt.timedelta(minutes=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "recordings").mkdir()
    return Settings(
        site=site_folder(tmp_path / "site"),
        home=tmp_path / "home",
        recordings=tmp_path / "recordings",
    )


def told(settings: Settings, **more: str) -> Result:
    named = {
        "FOOTFALL_HOME": str(settings.home),
        "FOOTFALL_SITE": str(settings.site),
        "FOOTFALL_RECORDINGS": str(settings.recordings),
        "FOOTFALL_WEIGHTS": str(settings.home / "absent.pt"),
        "DAGSTER_HOME": str(settings.home / "dagster"),
        "COLUMNS": "200",
    }
    return CliRunner(env=named | more).invoke(main, ["doctor", "--json"])


def test_every_part_is_tried_and_a_broken_one_ends_with_1(settings: Settings) -> None:
    result = told(settings)
    parts = {one["part"]: one for one in map(json.loads, result.output.splitlines())}
    assert result.exit_code == 1
    broken = {name for name, one in parts.items() if one["verdict"] == "broken"}
    assert broken == {"weights", "detector"}
    assert "run `footfall weights` once" in parts["weights"]["what"]
    assert parts["catalog"]["verdict"] == "not used"
    assert parts["site"]["what"].startswith("mall, 2 cameras")
    assert "H.265" in parts["decoders"]["what"]
    assert [path for path in settings.home.rglob("*") if path.is_file()] == []


def test_settings_that_cannot_be_are_told_without_what_was_given(settings: Settings) -> None:
    wrong = told(
        settings, FOOTFALL_CATALOG="postgresql://footfall:hush@db/x", FOOTFALL_INPUT_SIZE="9"
    )
    assert wrong.exit_code == 1
    assert "FOOTFALL_CATALOG: leave the password out of the address" in wrong.output
    assert "FOOTFALL_INPUT_SIZE" in wrong.output
    assert "hush" not in wrong.output
    assert "Traceback" not in wrong.output


def test_the_file_of_the_settings_is_named_and_what_wins_over_it(settings: Settings) -> None:
    file = settings.home.parent / "centre.yaml"
    file.write_text("look_at: all\nvision_gpus: 0.5\n")
    named = {"FOOTFALL_SETTINGS": str(file), "FOOTFALL_VISION_GPUS": "1"}
    parts = {
        one["part"]: one for one in map(json.loads, told(settings, **named).output.splitlines())
    }
    assert parts["settings"]["verdict"] == "well"
    assert parts["settings"]["what"].startswith(f"read from {file}; the environment wins with ")
    assert "FOOTFALL_VISION_GPUS" in parts["settings"]["what"]
    assert "LOOK_AT" not in parts["settings"]["what"]


def test_a_part_that_breaks_as_nobody_foresaw_is_told_and_the_next_is_tried() -> None:
    def quotes_a_key() -> None:
        raise RuntimeError("hush")

    trials = [Trial("one", quotes_a_key), Trial("two", lambda: well("fine"))]  # type: ignore[arg-type]
    one, two = carried_out(trials)
    assert one.found.what == "failed with RuntimeError"
    assert two.found == well("fine")


def test_places_that_cannot_be_used_are_told_with_a_remedy(
    settings: Settings, tmp_path: Path
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    wrong = settings.model_copy(
        update={"home": in_the_way / "home", "recordings": tmp_path / "absent", "site": tmp_path}
    )
    home, recordings = places.home(wrong), places.recordings(wrong)
    assert home.verdict == recordings.verdict == "broken"
    assert "does not take a file (Not a directory)" in home.what
    assert "FOOTFALL_HOME is right" in home.remedy
    assert "FOOTFALL_RECORDINGS" in recordings.remedy
    assert places.site(wrong).verdict == "broken"
    assert places.recordings(settings).verdict == "doubtful"


@pytest.mark.parametrize(
    ("apart", "verdict"), [(0.0, "well"), (1.0, "doubtful"), (-1.0, "doubtful"), (60.0, "broken")]
)
def test_clocks_are_held_against_each_other(settings: Settings, apart: float, verdict: str) -> None:
    then = dt.datetime.now(dt.UTC) + apart * AHEAD
    found = places.clock(settings, lambda: {"PostgreSQL": then})
    assert found.verdict == verdict
    assert ("NTP" in found.remedy) == (verdict != "well")


def test_films_that_nobody_can_decode_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sight, "_FILMS", (("h264", "H.264"), ("no_such_codec", "Nothing")))
    found = sight.decoders()
    assert found.verdict == "broken"
    assert found.what == "Nothing cannot be decoded"


def test_dagsters_storage_is_opened_where_it_is(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = settings.home / "dagster"
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    assert "is made by the first run" in services.dagster(settings).what
    home.mkdir(parents=True)
    assert services.dagster(settings).what == f"{home}, 0 runs"
