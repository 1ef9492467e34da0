"""Raw exports go only where the site says so, and only what was worked through."""

import datetime as dt
import os
from pathlib import Path

import polars as pl
import pytest

from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.privacy import purge, wall
from footfall_dagster.privacy.ledger import RECORDINGS, PurgeReceipt
from footfall_dagster.privacy.purge import LeftAlone
from footfall_dagster.privacy.purge_recordings import (
    _sha256,
    forget_recordings,
    overdue_recordings,
    vanished,
)
from footfall_dagster.privacy.retention import processed_at
from tests.unit.small_mall import DAY, NOON, site
from vision.contracts import GATE_EVENTS
from vision.contracts_ingest import CAMERA_EXPORTS, TIMELINE
from vision.exports.folder import Recordings
from vision.site.models import Site
from vision.site.retention import Recordings as MayDelete

CAM = CameraDay(DAY, "cam_a")
NAMES = ("cam_a/20260311_120000.mp4", "cam_a/20260311_130000.mp4")
PROCESSED = processed_at(site(), DAY)
LATER = PROCESSED + dt.timedelta(hours=73)


AFTER_72_HOURS = MayDelete()


def mall(may_delete: MayDelete | None = AFTER_72_HOURS) -> Site:
    plain = site()
    kept = plain.file.privacy.retention.model_copy(update={"recordings": may_delete})
    privacy = plain.file.privacy.model_copy(update={"retention": kept})
    return plain.model_copy(update={"file": plain.file.model_copy(update={"privacy": privacy})})


def catalogue(folder: Path, last_ends: dt.datetime = NOON + dt.timedelta(hours=2)) -> pl.DataFrame:
    rows = [
        {
            "export": number,
            "file_name": name,
            "sha256": _sha256(folder / name),
            "size_bytes": (folder / name).stat().st_size,
            "started_at": NOON + dt.timedelta(hours=number),
            "ended_at": last_ends if number else NOON + dt.timedelta(hours=1),
            "clock_source": "name",
            "corrected_s": 0.0,
            "used_s": 3600.0,
            "status": "catalogued",
        }
        for number, name in enumerate(NAMES)
    ]
    return pl.DataFrame(rows, schema=CAMERA_EXPORTS.schema)


@pytest.fixture
def recordings(tmp_path: Path) -> Recordings:
    for number, name in enumerate(NAMES):
        path = tmp_path / "recordings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"frames " * (number + 1))
    return Recordings(tmp_path / "recordings")


def lake_of_day(
    recordings: Recordings,
    rows: pl.DataFrame,
    *,
    with_events: bool = True,
    site: Site | None = None,
) -> Lake:
    lake = Lake(recordings.root.parent / "lake", site or mall())
    lake.write(CAMERA_EXPORTS, CAM, rows)
    lake.write(TIMELINE, CAM, TIMELINE.empty())
    if with_events:
        # Events name the timeline through tracks and detections, which may be gone by now.
        lake.write(GATE_EVENTS, CAM, GATE_EVENTS.empty())
        _vouch_for(lake)
    for part in lake.root.rglob(wall.PART):
        os.utime(part, (PROCESSED.timestamp(), PROCESSED.timestamp()))
    return lake


def _vouch_for(lake: Lake) -> None:
    """Give the events the source that they get when a camera-day is made in order."""
    _, timeline = lake.read_with_receipt(TIMELINE, CAM)
    folder = lake.folder(GATE_EVENTS.name, CAM)
    _, made = lake.read_with_receipt(GATE_EVENTS, CAM)
    told = wall.Receipt(**{**_fields(made), "source": timeline.sha256})
    next(folder.glob(f"*{wall.RECEIPT_SUFFIX}")).write_text(told.text)


def _fields(receipt: wall.Receipt) -> dict[str, object]:
    return {name: getattr(receipt, name) for name in receipt.__dataclass_fields__}


def outcomes(lake: Lake, recordings: Recordings, now: dt.datetime = LATER) -> list[object]:
    with purge.only_purge(lake):
        found = list(forget_recordings(lake, recordings, now))
        for path, _ in list(lake.ledger.untold()):
            lake.ledger.told(path)
    return found


def there(recordings: Recordings) -> list[bool]:
    return [(recordings.root / name).exists() for name in NAMES]


def test_files_that_were_worked_through_go_after_their_hours(recordings: Recordings) -> None:
    lake = lake_of_day(recordings, catalogue(recordings.root))
    assert outcomes(lake, recordings, LATER - dt.timedelta(hours=2)) == []
    assert there(recordings) == [True, True]
    (told,) = outcomes(lake, recordings)
    assert isinstance(told, PurgeReceipt)
    assert (told.dataset, told.rows, told.bytes) == (RECORDINGS, 2, 21)
    assert told.rule == "recordings.delete_after_hours=72"
    assert there(recordings) == [False, False]
    assert lake.ledger.strangers() == []
    assert outcomes(lake, recordings) == []


def test_where_the_site_does_not_say_so_no_file_is_touched(recordings: Recordings) -> None:
    lake = lake_of_day(recordings, catalogue(recordings.root), site=mall(None))
    assert outcomes(lake, recordings, LATER + dt.timedelta(days=1000)) == []
    assert there(recordings) == [True, True]


def test_files_of_a_day_that_was_not_worked_through_are_left_and_said(
    recordings: Recordings,
) -> None:
    lake = lake_of_day(recordings, catalogue(recordings.root), with_events=False)
    (told,) = outcomes(lake, recordings)
    assert isinstance(told, LeftAlone)
    assert "not worked through" in told.why
    assert there(recordings) == [True, True]


def test_events_of_another_timeline_do_not_count(recordings: Recordings) -> None:
    rows = catalogue(recordings.root)
    lake = lake_of_day(recordings, rows)
    first = rows.head(1).select(begins_at="started_at", ends_at="ended_at", sha256="sha256")
    lake.write(TIMELINE, CAM, first)
    (told,) = outcomes(lake, recordings, LATER + dt.timedelta(days=400))
    assert isinstance(told, LeftAlone)
    assert there(recordings) == [True, True]


def test_a_file_that_has_changed_since_keeps_all_of_its_day(recordings: Recordings) -> None:
    lake = lake_of_day(recordings, catalogue(recordings.root))
    (recordings.root / NAMES[1]).write_bytes(b"other frames")
    (told,) = outcomes(lake, recordings)
    assert isinstance(told, LeftAlone)
    assert there(recordings) == [True, True]


def test_a_file_behind_a_link_is_left(recordings: Recordings) -> None:
    lake = lake_of_day(recordings, catalogue(recordings.root))
    elsewhere = recordings.root.parent / "archive.mp4"
    (recordings.root / NAMES[0]).rename(elsewhere)
    (recordings.root / NAMES[0]).symlink_to(elsewhere)
    (told,) = outcomes(lake, recordings)
    assert isinstance(told, LeftAlone)
    assert elsewhere.exists()


def test_where_nothing_may_be_deleted_nothing_is_said_to_be(recordings: Recordings) -> None:
    lake = lake_of_day(recordings, catalogue(recordings.root))
    with pytest.MonkeyPatch.context() as patch:
        remove = Path.unlink

        def unlink(self: Path, missing_ok: bool = False) -> None:
            if self.is_relative_to(recordings.root):
                raise PermissionError
            remove(self, missing_ok)

        patch.setattr(Path, "unlink", unlink)
        (told,) = outcomes(lake, recordings)
    assert isinstance(told, LeftAlone)
    assert "cannot be deleted (PermissionError)" in told.why
    assert lake.ledger.last(RECORDINGS, str(CAM)) is None
    assert list(overdue_recordings(lake, recordings, LATER)) == [CAM]
    (told,) = outcomes(lake, recordings)
    assert isinstance(told, PurgeReceipt)
    assert list(overdue_recordings(lake, recordings, LATER)) == []


def test_a_file_that_nobody_catalogued_is_never_touched(recordings: Recordings) -> None:
    lake = lake_of_day(recordings, catalogue(recordings.root))
    other = recordings.root / "cam_a/20260311_140000.mp4"
    other.write_bytes(b"late")
    outcomes(lake, recordings)
    assert other.exists()


def test_a_file_that_reaches_into_the_next_day_waits_for_it(recordings: Recordings) -> None:
    into_next = mall().day_window(DAY)[1] + dt.timedelta(minutes=10)
    lake = lake_of_day(recordings, catalogue(recordings.root, last_ends=into_next))
    (told,) = outcomes(lake, recordings)
    assert isinstance(told, PurgeReceipt)
    assert there(recordings) == [False, True]


def test_a_file_that_the_next_day_was_made_without_does_not_wait_for_it(
    recordings: Recordings,
) -> None:
    into_next = mall().day_window(DAY)[1] + dt.timedelta(minutes=10)
    lake = lake_of_day(recordings, catalogue(recordings.root, last_ends=into_next))
    lake.write(
        CAMERA_EXPORTS, CameraDay(DAY + dt.timedelta(days=1), "cam_a"), CAMERA_EXPORTS.empty()
    )
    (told,) = outcomes(lake, recordings)
    assert isinstance(told, PurgeReceipt)
    assert there(recordings) == [False, False]


def test_a_purge_killed_between_two_files_deletes_the_other_next_time(
    recordings: Recordings,
) -> None:
    lake = lake_of_day(recordings, catalogue(recordings.root))
    with purge.only_purge(lake), pytest.MonkeyPatch.context() as patch:
        removed: list[Path] = []
        remove = Path.unlink

        def unlink(self: Path, missing_ok: bool = False) -> None:
            if removed:
                raise KeyboardInterrupt
            removed.append(self)
            remove(self, missing_ok)

        patch.setattr(Path, "unlink", unlink)
        with pytest.raises(KeyboardInterrupt):
            list(forget_recordings(lake, recordings, LATER))
    assert there(recordings) == [False, True]
    outcomes(lake, recordings)
    assert there(recordings) == [False, False]


def test_files_that_are_gone_are_missed_and_new_ones_are_not(recordings: Recordings) -> None:
    lake = lake_of_day(recordings, catalogue(recordings.root))
    assert vanished(lake, CAM, [*NAMES, "cam_a/20260311_140000.mp4"]) == 0
    assert vanished(lake, CAM, NAMES[:1]) == 1
    assert vanished(lake, CameraDay(DAY, "cam_b"), []) == 0
