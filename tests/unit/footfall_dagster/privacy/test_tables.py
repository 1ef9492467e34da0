"""Which tables may stand in metadata: two that are known, with cells of known domains."""

import base64
import copy
import json
import math
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._serdes import serialize_value

from assets.export_table import export_table
from footfall_dagster.privacy.metadata import refuse_metadata
from footfall_dagster.privacy.serialized import may_stand
from footfall_dagster.privacy.tables import is_export_table, is_known_table
from footfall_dagster.privacy.wall import Refused
from tests.unit.camera_days import SHAPES
from vision.contracts_ingest import CAMERA_EXPORTS

TEXT = base64.b64encode(bytes(range(60))).decode()
Data = dict[str, Any]


def serialized(value: dg.MetadataValue[Any]) -> Data:
    data: Data = json.loads(serialize_value(value))
    return data


def table(shape: str = "untidy") -> dg.TableMetadataValue:
    return export_table(SHAPES[shape]().exports, ZoneInfo("Europe/London"), 2.0)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_files_of_a_day_of_any_shape_may_stand(shape: str) -> None:
    told = table(shape)
    assert is_export_table(serialized(told))
    assert may_stand(serialized(told))
    refuse_metadata({"files": told}, CAMERA_EXPORTS)


def put(column: str, cell: object) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        data["records"][0]["data"][column] = cell

    return change


def many(data: Data) -> None:
    data["records"] = data["records"] * 40


def out_of_order(data: Data) -> None:
    first = data["records"][0]["data"]
    times = ("09:00:00", "08:00:00", "07:00:00", "06:00:00")
    data["records"] = [
        {"__class__": "TableRecord", "data": first | {"from": time}} for time in times
    ]


def more_columns(data: Data) -> None:
    for record in data["records"]:
        record["data"]["vector"] = 1
    column = copy.deepcopy(data["schema"]["columns"][0]) | {"name": "vector", "type": "int"}
    data["schema"]["columns"].append(column)


def told(place: str, text: object) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        data["schema"]["columns"][0][place] = text

    return change


PLANTS: dict[str, Callable[[Data], None]] = {
    "text for a time": put("from", TEXT),
    "a time that is none": put("until", "25:61:00"),
    "a time with a fraction": put("from", "09:00:00.123456"),
    "text for a clock": put("clock", TEXT),
    "a word of no list": put("clock", "face"),
    "text for the other clock": put("compared_with", TEXT),
    "text for a status": put("status", TEXT),
    "text for a reason": put("reason", TEXT),
    "a figure with all its digits": put("apart_s", math.pi),
    "a figure beyond a day": put("apart_s", 1e9),
    "no number": put("apart_s", math.nan),
    "a long count": put("files", 2**50),
    "a count below none": put("files", -1),
    "a truth for a count": put("files", True),
    "a list in a cell": put("files", [1, 2, 3]),
    "a cell of no column": put("vector", 1),
    "a column more": more_columns,
    "very many rows": many,
    "times in any order": out_of_order,
    "a column described": told("description", TEXT),
    "a column of another name": told("name", TEXT),
    "a column of another type": told("type", TEXT),
    "tags of a column": told("tags", {"a": TEXT}),
    "rules of a column": lambda data: data["schema"]["columns"][0]["constraints"].update(
        other=[TEXT]
    ),
    "rules of the table": lambda data: data["schema"]["constraints"].update(other=[TEXT]),
    "more than a table": lambda data: data.update(more=TEXT),
    "a record that is none": lambda data: data["records"].append(TEXT),
    "a record with more": lambda data: data["records"][0].update(more=TEXT),
    "no schema": lambda data: data.update(schema=None),
}


@pytest.mark.parametrize("plant", PLANTS)
def test_a_table_that_holds_anything_else_is_refused(plant: str) -> None:
    data = serialized(table())
    PLANTS[plant](data)
    assert not is_known_table(data)
    assert not may_stand(data)


def test_the_table_of_rules_stands_and_is_no_table_of_files() -> None:
    columns = [("rule", "string"), ("rows", "int"), ("rows_failed", "int")]
    rules = serialized(
        dg.MetadataValue.table(
            [dg.TableRecord({"rule": "entries are counts", "rows": 96, "rows_failed": 0})],
            schema=dg.TableSchema([dg.TableColumn(*column) for column in columns]),
        )
    )
    assert is_known_table(rules)
    assert not is_export_table(rules)
    rules["records"][0]["data"]["rule"] = TEXT
    assert not is_known_table(rules)


def test_a_camera_day_may_tell_of_no_other_table() -> None:
    other = dg.MetadataValue.table([dg.TableRecord({"rule": "rows", "rows": 1, "rows_failed": 0})])
    with pytest.raises(Refused, match="metadata entry number 1"):
        refuse_metadata({"by_rule": other}, CAMERA_EXPORTS)
