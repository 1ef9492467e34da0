"""The files of a camera-day as one reads them."""

from zoneinfo import ZoneInfo

import pytest

from assets.export_table import COLUMNS, MOST_ROWS, export_table
from tests.unit import camera_days
from tests.unit.camera_days import SHAPES, CameraDay


def rows(day: CameraDay, tolerance_s: float = 2.0) -> list[tuple[object, ...]]:
    table = export_table(day.exports, ZoneInfo("Europe/London"), tolerance_s)
    assert [column.name for column in table.schema.columns] == [one.name for one in COLUMNS]
    return [tuple(record.data.values()) for record in table.records]


def test_files_of_one_kind_that_follow_each_other_are_one_row_in_local_time() -> None:
    assert rows(camera_days.whole()) == [
        ("04:00:00", "04:00:00", 24, "catalogued", None, "name", None, None)
    ]


def test_a_file_of_another_kind_stands_between_those_before_and_after_it() -> None:
    day = camera_days.of().file(5, 6).broken(6, 7).file(7, 8)
    assert [row[3:5] for row in rows(day)] == [
        ("catalogued", None),
        ("quarantined", "unreadable"),
        ("catalogued", None),
    ]


def test_a_file_whose_length_nobody_knows_has_no_end() -> None:
    assert rows(camera_days.of().broken(5))[0][:3] == ("09:00:00", None, 1)


def test_of_clocks_that_agree_the_worst_stands_and_those_that_do_not_stand_apart() -> None:
    day = camera_days.of()
    for hour, apart in ((5, 0.4), (6, -1.2), (7, 3600.0), (8, 0.1)):
        day.file(hour, hour + 1, compared_with="site_file", clocks_apart_s=apart)
    told = [(row[2], *row[5:]) for row in rows(day)]
    assert told == [
        (2, "name", "site_file", -1.2),
        (1, "name", "site_file", 3600.0),
        (1, "name", "site_file", 0.1),
    ]


def test_of_very_many_changes_each_kind_is_one_row() -> None:
    day = camera_days.of()
    for number in range(200):
        (day.broken if number % 2 else day.file)(number / 10, number / 10 + 0.05)
    assert [(row[2], row[3]) for row in rows(day)] == [(100, "catalogued"), (100, "quarantined")]


@pytest.mark.parametrize("shape", SHAPES)
def test_no_day_has_too_many_rows_and_no_file_is_lost(shape: str) -> None:
    day = SHAPES[shape]()
    told = rows(day)
    assert len(told) <= MOST_ROWS
    assert sum(row[2] for row in told) == day.exports.height  # type: ignore[misc]
