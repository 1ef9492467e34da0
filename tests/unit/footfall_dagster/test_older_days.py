"""Days that can be made no more: `footfall run` says so, and what they have is asked as ever."""

from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from footfall_dagster.cli import main
from footfall_dagster.day import DayFailed, materialise_day
from footfall_dagster.settings import Settings
from tests.notices import issue_notice
from tests.unit.published_mall import publish
from tests.unit.small_mall import DAY, site
from tests.unit.vision.site_directory import FILES, write

ROLLS = "opens: 2026-01-01\nrecomputed_days: 62"
KEPT = """privacy:
  retention: {gate_events_months: 1, zone_visits_months: 1, zone_demographics_months: 1}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A mall whose published day is longer ago than days are made again."""
    folder = tmp_path / "site"
    folder.mkdir()
    text = FILES["site.yaml"].replace("id: arcade", "id: mall")
    text = text.replace("opens: 2026-03-01", ROLLS).replace("closes: 2026-03-31\n", "") + KEPT
    settings = Settings(home=tmp_path / "home", site=write(folder, site=text))
    issue_notice(folder)
    return settings


def test_a_day_from_long_ago_is_not_made_again_and_its_figures_are_there(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(settings, site(), DAY)
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(DayFailed) as refused:
        materialise_day(settings, instance, DAY, print)
    assert f"{DAY} stands as it was made" in str(refused.value)
    assert "recomputed_days" in str(refused.value)
    monkeypatch.setenv("FOOTFALL_HOME", str(settings.home))
    monkeypatch.setenv("FOOTFALL_SITE", str(settings.site))
    asked = CliRunner().invoke(main, ["query", "SELECT count(*) AS n FROM gate_counts_15min"])
    assert asked.exit_code == 0, asked.output
