"""What text is plain, and what was made to look like text."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall_dagster.privacy.text import Lines, Together, packed, trouble

ENCODINGS = {
    "base64": lambda content: base64.b64encode(content).decode(),
    "base64 for URLs": lambda content: base64.urlsafe_b64encode(content).decode(),
    "base64 in short lines": lambda content: base64.encodebytes(content).decode(),
    "base32": lambda content: base64.b32encode(content).decode(),
    "base85": lambda content: base64.b85encode(content).decode(),
    "hex": bytes.hex,
    "hex in groups": lambda content: content.hex(" ", 4),
    "numbers": lambda content: ", ".join(map(str, content)),
    "numbers below each other": lambda content: "\n".join(map(str, content)),
    "JSON": lambda content: json.dumps([byte / 256 for byte in content]),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(content=st.binary(min_size=100, max_size=400).filter(lambda made: len(set(made)) > 60))
def test_encoded_bytes_are_not_plain(encoding: str, content: bytes) -> None:
    assert trouble(f"found {ENCODINGS[encoding](content)} in it") is not None


@pytest.mark.parametrize(
    "text",
    [
        "cam_entrance|2026-03-14: 35% of about 1200 frames, 31 a second",
        'Started execution of run for "camera_day".',
        'Handled input "tracks" using input manager "lake_io"',
        "zone_visits of cam_a|2026-03-14 is not there; materialise it first",
        "Asset check 'observation' on 'arcade/gate_counts_15min' passed.",
        "run 78a9fb7b-d73f-4e57-9781-5d72001c9918 began at 2026-03-14T10:00:00.123456+00:00",
        "dagster/_core/execution/plan.py, line 243, in dagster_event_sequence_for_step",
        "AssetCheckEvaluationTargetMaterializationData",
        "yolo26n_deq, 640 then 512 px, OpenVINO on CPU",
    ],
)
def test_what_the_project_and_dagster_write_is_plain(text: str) -> None:
    assert trouble(text) is None


def test_hashes_stand_only_where_they_are_expected() -> None:
    text = f"version {'0123456789abcdef' * 4}"
    assert trouble(text) is not None
    assert trouble(text, hashes=1) is None


def test_a_component_a_line_is_a_row_of_figures() -> None:
    lines = Lines()
    kinds = [lines.trouble(f"frame {n}: drift {n / 7:.4f}") for n in range(128)]
    assert kinds[0] is None
    assert kinds[-1] == "row of figures"


def test_a_long_day_may_tell_of_its_progress() -> None:
    lines = Lines()
    told = [lines.trouble(f"{n}% of about 1200 frames, {30 + n} a second") for n in range(101)]
    assert told == [None] * 101


def test_what_is_no_packed_text_is_none() -> None:
    assert packed("plain words") is None
    assert packed(base64.b64encode(b"not packed").decode()) is None


def test_pieces_that_are_plain_by_themselves_are_not_together() -> None:
    words = ["cam_entrance", "gate_counts_15min", "2026-03-14", "78a9fb7b", "v2", "12 s"]
    pieces = [f"c{number * 2654435761 % 2**32:08x}" for number in range(1, 30)]
    together = Together()
    assert {together.trouble(word) for word in words} == {None}
    assert [together.trouble(piece) for piece in pieces][-1] == "encoded text"
