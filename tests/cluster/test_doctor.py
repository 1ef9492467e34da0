"""The doctor where store and locks are elsewhere: what answers, what does not, and what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from footfall_dagster.doctor import places, services
from footfall_dagster.settings import Settings
from footfall_dagster.store import below
from tests.cluster.postgres import Postgres

Grown = Callable[[Path, str], Settings]


@pytest.fixture(scope="module")
def settings(grown: Grown, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return grown(tmp_path_factory.mktemp("home"), "doctor")


def test_all_is_well_and_nothing_is_left_behind(settings: Settings) -> None:
    assert services.catalog(settings).what.endswith(", as footfall")
    assert places.store(settings).verdict == "well"
    assert places.marts(settings).what.endswith("is empty still")
    clock = places.clock(settings, lambda: services.clock_of_catalog(settings))
    assert clock.verdict == "well"
    assert clock.what.endswith("of PostgreSQL, the home, the store")
    assert below(settings.kept) == []


def test_a_bucket_that_is_not_there_is_told_and_not_made(settings: Settings) -> None:
    wrong = settings.model_copy(update={"store": "s3://no-such-bucket/footfall"})
    found = places.store(wrong)
    assert found.verdict == "broken"
    assert found.what == "there is no bucket of s3://no-such-bucket/footfall"
    root = wrong.kept
    assert not root.fs.exists("no-such-bucket")  # type: ignore[union-attr]


def test_keys_that_may_not_write_are_told_without_being_quoted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    settings.kept.fs.clear_instance_cache()  # type: ignore[union-attr]
    found = places.store(settings)
    settings.kept.fs.clear_instance_cache()  # type: ignore[union-attr]
    assert found.verdict == "broken"
    assert "PermissionError" in found.what or "Forbidden" in found.what
    assert "secret" not in found.what + found.remedy


def test_postgresql_that_is_away_is_told_without_its_address(
    settings: Settings, postgres: Postgres
) -> None:
    postgres.stop()
    try:
        found = services.catalog(settings)
        assert services.clock_of_catalog(settings) == {}
    finally:
        postgres.start()
    assert found.verdict == "broken"
    assert "FOOTFALL_CATALOG" in found.remedy
    assert str(postgres.port) not in found.what + found.remedy
