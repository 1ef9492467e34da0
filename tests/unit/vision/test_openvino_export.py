from pathlib import Path

import pytest

from vision import openvino_export
from vision.openvino_export import ExportFailed, exported


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


def test_a_model_that_another_process_finished_meanwhile_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights, cache = tmp_path / "w.pt", tmp_path / "cache"
    weights.write_text("one")
    pretend = _pretend_export([])

    def overtaken(weights: Path, scratch: Path) -> None:
        monkeypatch.setattr(openvino_export, "_export_aside", pretend)
        exported(weights, cache)
        pretend(weights, scratch)  # type: ignore[operator]

    monkeypatch.setattr(openvino_export, "_export_aside", overtaken)
    assert exported(weights, cache).xml.read_text() == "one"
    assert [entry.name[0] for entry in cache.iterdir() if entry.name.startswith(".")] == []


def test_a_killed_export_leaves_nothing_that_is_taken_for_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights, cache = tmp_path / "w.pt", tmp_path / "cache"
    weights.write_text("one")

    def killed(weights: Path, scratch: Path) -> None:
        (scratch / "model_openvino_model").mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(openvino_export, "_export_aside", killed)
    with pytest.raises(KeyboardInterrupt):
        exported(weights, cache)
    monkeypatch.setattr(openvino_export, "_export_aside", _pretend_export([]))
    assert exported(weights, cache).xml.read_text() == "one"


def test_a_file_that_is_no_checkpoint_is_refused_by_name(tmp_path: Path) -> None:
    weights = tmp_path / "words.pt"
    weights.write_text("these are words")
    with pytest.raises(ExportFailed, match=r"words\.pt could not be exported"):
        exported(weights, tmp_path / "cache")
