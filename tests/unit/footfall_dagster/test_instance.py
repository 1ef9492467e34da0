"""DAGSTER_HOME is there whole or not at all."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from footfall_dagster.instance import open_instance, prepare_home
from footfall_dagster.settings import Settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    return tmp_path


def tables(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}


def test_a_home_has_databases_that_dagster_opens_as_they_are(home: Path) -> None:
    made = prepare_home(Settings(home=home))
    index = made / "history" / "runs" / "index.db"
    assert {"event_logs", "dynamic_partitions", "alembic_version"} <= tables(index)
    before = tables(index), tables(made / "history" / "runs.db")
    with open_instance(Settings(home=home)) as instance:
        assert instance.get_dynamic_partitions("cameras") == []
        assert not instance.all_asset_keys()
    assert (tables(index), tables(made / "history" / "runs.db")) == before
    assert sorted(path.name for path in made.iterdir()) == ["dagster.yaml", "history", "schedules"]


def test_what_somebody_left_who_was_killed_while_making_them_is_made_again(home: Path) -> None:
    left = home / "dagster" / ".making" / "history" / "runs"
    left.mkdir(parents=True)
    with closing(sqlite3.connect(left / "index.db")) as connection:
        connection.execute("CREATE TABLE event_logs (id INTEGER)")
    made = prepare_home(Settings(home=home))
    assert "dynamic_partitions" in tables(made / "history" / "runs" / "index.db")
    assert not (made / ".making").exists()


def test_databases_that_are_there_stay(home: Path) -> None:
    with open_instance(Settings(home=home)) as instance:
        instance.add_dynamic_partitions("cameras", ["cam_a"])
    (home / "dagster" / "schedules").rename(home / "moved")
    with open_instance(Settings(home=home)) as instance:
        assert instance.get_dynamic_partitions("cameras") == ["cam_a"]


def test_settings_of_ones_own_are_left_alone(home: Path) -> None:
    (home / "dagster").mkdir()
    (home / "dagster" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    made = prepare_home(Settings(home=home))
    assert [path.name for path in made.iterdir()] == ["dagster.yaml"]
