"""What may stand in an event, a run, a tick; and what is left of one that holds more."""

import base64
import json

import dagster as dg
import pytest
from dagster._serdes import serialize_value

from footfall_dagster.privacy.serialized import closed

VECTOR = [n / 7 for n in range(128)]
TEXT = base64.b64encode(bytes(range(256))).decode()


def materialisation(**metadata: object) -> dict[str, object]:
    event = dg.AssetMaterialization("gate_events", metadata=metadata)  # type: ignore[arg-type]
    found: dict[str, object] = json.loads(serialize_value(event))
    return found


CLEAN: dict[str, object] = {
    "rows": 12,
    "share": 0.25,
    "note": "every camera delivered the day",
    "cameras": ["cam_a", "cam_b"],
    "seen": True,
}


def test_figures_words_and_names_stand() -> None:
    event = materialisation(**CLEAN)
    assert closed(event) == (event, [])


LEAKS: dict[str, object] = {
    "a list of floats": VECTOR,
    "a list of whole numbers": [int(100 * value) for value in VECTOR],
    "a dictionary": {"v": VECTOR},
    "a float with all its digits": 0.12345678901234,
    "a number of seventy bits": 2**70,
    "base64": TEXT,
    "a Markdown picture": dg.MetadataValue.md(f"![x](data:image/png;base64,{TEXT})"),
    "a URL that is a picture": dg.MetadataValue.url(f"data:image/png;base64,{TEXT}"),
    "a path that is none": dg.MetadataValue.path(TEXT),
    "a table of floats": dg.MetadataValue.table(
        [dg.TableRecord({"v": value / 3}) for value in VECTOR]
    ),
    "a schema whose columns spell it": dg.TableSchema([dg.TableColumn(TEXT[:80])]),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_in_metadata_is_withheld_and_the_rest_stays(leak: str) -> None:
    clean, found = closed(materialisation(**CLEAN, planted=LEAKS[leak]))
    assert len(found) >= 1
    written = json.dumps(clean)
    assert TEXT[40:60] not in written
    assert str(VECTOR[100]) not in written
    assert "every camera delivered the day" in written
    assert closed(clean)[1] == []


def test_many_numbered_entries_are_a_vector() -> None:
    event = materialisation(**{f"f{n}": 1 for n in range(20)})
    assert closed(event)[1] == [
        ("AssetMaterialization.metadata_entries", "row of metadata entries")
    ]


@pytest.mark.parametrize(
    "tags",
    [{"a": TEXT}, {TEXT: "a"}, {f"part_{n}": "word" for n in range(9)}, {"a": "ab" * 32}],
    ids=["in a value", "in a key", "over numbered keys", "a hash where none belongs"],
)
def test_a_leak_in_tags_is_withheld(tags: dict[str, str]) -> None:
    clean, found = closed(tags, "tags")
    assert found
    assert closed(clean, "tags")[1] == []


def test_the_hash_of_a_data_version_stands() -> None:
    tags = {"dagster/data_version": "ab" * 32, "dagster/partition/camera": "cam_a"}
    assert closed(tags, "tags") == (tags, [])


def test_json_in_text_and_deep_nesting_are_looked_into() -> None:
    assert closed(json.dumps(VECTOR))[1] != []
    deep: object = 1
    for _ in range(500):
        deep = [deep]
    assert closed(deep)[1] == [("", "deep nesting")]
