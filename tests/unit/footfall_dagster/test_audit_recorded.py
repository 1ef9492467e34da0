"""Where an auditor finds an interval: which files, and how far into them."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from footfall_dagster.audits.recorded import Finder
from footfall_dagster.lake import CameraDay, Lake
from tests.unit import small_mall
from tests.unit.small_mall import DAY, NOON
from vision.contracts_ingest import CAMERA_EXPORTS, TIMELINE
from vision.exports.folder import Recordings

MINUTE = dt.timedelta(minutes=1)
FIRST, SECOND, AGAIN = (
    "cam_a/20260311_120000.mp4",
    "cam_a/20260311_123000.mp4",
    "cam_a/20260311_123001.mp4",
)


def row(number: int, name: str, after: int, told: str, **more: object) -> dict[str, object]:
    """A file of half an hour that begins so many minutes after noon."""
    starts = NOON + after * MINUTE
    plain = dict.fromkeys(CAMERA_EXPORTS.schema)
    return plain | {
        "export": number,
        "file_name": name,
        "sha256": told * 64,
        "size_bytes": 1000,
        "started_at": starts,
        "ended_at": starts + 30 * MINUTE,
        "clock_source": "name",
        "corrected_s": 0.0,
        "used_s": 1800.0,
        "status": "catalogued",
        **more,
    }


@pytest.fixture
def finder(tmp_path: Path) -> Finder:
    """Two files of half an hour, of which the first is there; the second was exported twice."""
    lake = Lake(tmp_path / "lake", small_mall.site())
    repeated = {"status": "repeated", "reason": "seen_elsewhere", "used_s": 0.0}
    files = [
        row(0, FIRST, 0, "a"),
        row(1, SECOND, 30, "b", paused_s=90.0),
        row(2, AGAIN, 30, "b", **repeated),
    ]
    one = CameraDay(DAY, "cam_a")
    lake.write(CAMERA_EXPORTS, one, pl.DataFrame(files, schema=CAMERA_EXPORTS.schema))
    stretches = [(NOON + after * MINUTE, NOON + (after + 30) * MINUTE) for after in (0, 30)]
    taken = [(*span, told * 64) for span, told in zip(stretches, "ab", strict=True)]
    lake.write(TIMELINE, one, pl.DataFrame(taken, schema=TIMELINE.schema, orient="row"))
    recorded = tmp_path / "recordings" / FIRST
    recorded.parent.mkdir(parents=True)
    recorded.touch()
    return Finder(lake, Recordings(tmp_path / "recordings"))


def found(finder: Finder, after: int, camera: str = "cam_a") -> list[tuple[str, bool]]:
    """Of five minutes that begin so many after noon."""
    starts = NOON + after * MINUTE
    told = finder.recorded(DAY, camera, starts, starts + 5 * MINUTE)
    return [(str(one), one.is_there) for one in told]


def test_an_interval_is_found_by_how_far_into_its_file_it_begins(finder: Finder):
    assert found(finder, 12) == [(f"{FIRST} at 0:12:00", True)]


def test_a_file_that_pauses_and_is_gone_is_said_to(finder: Finder):
    assert found(finder, 40) == [(f"{SECOND} at 0:10:00 or up to 90 s before (it pauses)", False)]


def test_an_interval_over_the_end_of_a_file_goes_on_in_the_next(finder: Finder):
    (first, second) = found(finder, 28)
    assert first == (f"{FIRST} at 0:28:00", True)
    assert second[0].startswith(f"{SECOND} at 0:00:00")


def test_of_a_camera_of_which_nothing_is_stored_there_is_no_file(finder: Finder):
    assert found(finder, 12, "cam_b") == []
