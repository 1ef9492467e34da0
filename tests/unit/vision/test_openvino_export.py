from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from vision import openvino_export
from vision.openvino_export import ExportedModel, ExportFailed, exported


def _pretend_export(calls: list[Path]) -> object:
    def export(weights: Path, scratch: Path) -> None:
        calls.append(scratch)
        folder = scratch / "model_openvino_model"
        folder.mkdir()
        (folder / "model.xml").write_text(weights.read_text())
        (folder / "metadata.yaml").write_text("names: {0: person}\nend2end: true\n")

    return export


def test_a_checkpoint_is_exported_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Path] = []
    monkeypatch.setattr(openvino_export, "_export_aside", _pretend_export(calls))
    weights = tmp_path / "w.pt"
    weights.write_text("one")
    first = exported(weights, tmp_path / "cache")
    assert exported(weights, tmp_path / "cache") == first
    assert first.end_to_end
    assert first.names == {0: "person"}
    assert len(calls) == 1


def test_other_weights_of_the_same_name_are_another_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino_export, "_export_aside", _pretend_export([]))
    weights = tmp_path / "w.pt"
    models = []
    for content in ("one", "two"):
        weights.write_text(content)
        models.append(exported(weights, tmp_path / "cache").xml)
    assert [model.read_text() for model in models] == ["one", "two"]


def test_of_two_that_want_a_model_at_once_one_exports_and_the_other_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights, cache = tmp_path / "w.pt", tmp_path / "cache"
    weights.write_text("one")
    calls: list[Path] = []
    pretend = _pretend_export(calls)
    with ThreadPoolExecutor() as others:
        waiting: list[Future[ExportedModel]] = []

        def while_another_asks(weights: Path, scratch: Path) -> None:
            waiting.append(others.submit(exported, weights, cache))
            pretend(weights, scratch)  # type: ignore[operator]

        monkeypatch.setattr(openvino_export, "_export_aside", while_another_asks)
        ours = exported(weights, cache)
        assert waiting[0].result() == ours
    assert len(calls) == 1


def test_what_a_killed_export_left_is_no_model_and_is_cleared_up_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights, cache = tmp_path / "w.pt", tmp_path / "cache"
    weights.write_text("one")
    left = cache / ".export-of_somebody_dead" / "model_openvino_model"
    left.mkdir(parents=True)
    (left / "model.xml").write_text("half")
    monkeypatch.setattr(openvino_export, "_export_aside", _pretend_export([]))
    assert exported(weights, cache).xml.read_text() == "one"
    assert [entry.name for entry in cache.iterdir() if entry.name.startswith(".")] == []


def test_a_file_that_is_no_checkpoint_is_refused_by_name(tmp_path: Path) -> None:
    weights = tmp_path / "words.pt"
    weights.write_text("these are words")
    with pytest.raises(ExportFailed, match=r"words\.pt could not be exported"):
        exported(weights, tmp_path / "cache")
