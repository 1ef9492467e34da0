"""Weights that cannot be had: one clear error that names both remedies."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from footfall_dagster import weights
from footfall_dagster.cli.weights import command
from footfall_dagster.settings import Settings
from footfall_dagster.weights import FALLBACK, PREFERRED, WeightsMissing, at_hand, fetch


def settings(home: Path, given: Path | None = None) -> Settings:
    return Settings(home=home, weights=given)


def test_the_setting_comes_first(tmp_path: Path) -> None:
    given = tmp_path / "mine.pt"
    given.touch()
    assert at_hand(settings(tmp_path, given)) == given


def test_the_better_of_two_fetched_ones_is_taken(tmp_path: Path) -> None:
    models = settings(tmp_path).models
    models.mkdir()
    (models / FALLBACK).touch()
    assert at_hand(settings(tmp_path)).name == FALLBACK
    (models / PREFERRED).touch()
    assert at_hand(settings(tmp_path)).name == PREFERRED


@pytest.mark.parametrize("named", [True, False], ids=["named but absent", "never fetched"])
def test_none_at_hand_names_both_remedies(tmp_path: Path, named: bool) -> None:
    with pytest.raises(WeightsMissing) as error:
        at_hand(settings(tmp_path, tmp_path / "absent.pt" if named else None))
    assert "footfall weights" in str(error.value)
    assert "FOOTFALL_WEIGHTS" in str(error.value)


def test_a_fetch_that_fails_names_both_remedies_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A program that is not there stands in for a network that is not there.
    monkeypatch.setattr(weights.sys, "executable", "/bin/false")
    monkeypatch.setenv("FOOTFALL_HOME", str(tmp_path))
    monkeypatch.delenv("FOOTFALL_WEIGHTS", raising=False)
    result = CliRunner().invoke(command)
    assert result.exit_code == 1
    assert "FOOTFALL_WEIGHTS" in result.output
    assert "footfall weights" in result.output
    assert list((tmp_path / "models").iterdir()) == []


def test_a_named_file_that_is_absent_is_not_replaced_by_another(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing):
        fetch(settings(tmp_path, tmp_path / "absent.pt"), lambda _line: None)
