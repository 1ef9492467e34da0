"""What cannot be read says what it is, and what to export instead."""

import io
import zipfile
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.vision.exports import media
from vision.contracts_ingest import CAMERA_EXPORTS
from vision.exports.container import Reason
from vision.exports.foreign import HEAD_BYTES, KINDS, recognised


def zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("clip.mp4", "video")
    return content.getvalue()


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"IMKH\x01\x01", "ch01.mp4", "hikvision"),
        (b"DHAV\xfd\x00", "a.dav", "dahua"),
        (zipped(), "export.zip", "zip"),
        (zipped()[:6] + b"\x01" + zipped()[7:], "clip.mp4", "encrypted_zip"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "clip.mp4", "seven_zip"),
        (b"Rar!\x1a\x07\x01\x00", "clip.avi", "rar"),
        (b"MZ\x90\x00", "Exported.exe", "program"),
        (b"SQLite format 3\x00", "index.mp4", "sqlite"),
        (b"\0\0\0\x18ftypmp42" + bytes(40) + b"encv", "clip.mp4", "protected_mp4"),
        (bytes(64), "Camera 1.g64x", "genetec"),
        (bytes(64), "00001.BLK", "milestone"),
        (bytes(64), "lobby.ave", "avigilon"),
        (bytes(64), "2040-00160380.ps", "exacq"),
    ],
)
def test_a_foreign_file_is_recognised(head: bytes, name: str, kind: str) -> None:
    found = recognised(head, name)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize("name", ["clip.mp4", "clip", ".g64x/clip", "clip.txt", ""])
def test_what_nobody_knows_is_nothing(name: str) -> None:
    assert recognised(bytes(100), name) is None


@pytest.mark.parametrize("kind", media.KINDS)
def test_what_can_be_read_is_not_taken_for_foreign(tmp_path: Path, kind: str) -> None:
    path = media.write(tmp_path, kind)
    assert recognised(path.read_bytes()[:HEAD_BYTES], path.name) is None


def test_every_kind_has_a_reason_that_may_be_stored_and_advice_in_whole_sentences() -> None:
    for kind, known in KINDS.items():
        assert kind == known.kind
        assert known.advice[0].isupper()
        assert known.advice.endswith(".")
        assert all(ending.startswith(".") and ending.islower() for ending in known.endings)


def test_every_reason_may_be_stored() -> None:
    (column,) = (column for column in CAMERA_EXPORTS.columns if column.name == "reason")
    assert set(get_args(Reason)) <= set(column.domain.values)


@given(st.binary(max_size=80), st.text(max_size=20))
def test_no_bytes_and_no_name_are_too_much(head: bytes, name: str) -> None:
    recognised(head, name)
