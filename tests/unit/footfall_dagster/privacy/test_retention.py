"""When a partition is past its retention, and what the purge then does to it."""

import datetime as dt
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import polars as pl
import pytest

from footfall_dagster.lake import PENDING, CameraDay, Lake, NotMaterialised, Purged
from footfall_dagster.locks import locked
from footfall_dagster.privacy import purge, wall
from footfall_dagster.privacy.ledger import FOLDER, PurgeReceipt
from footfall_dagster.privacy.retention import due_at, is_due, processed_at
from tests.unit.small_mall import DAY, NOON, crossings, site, walks
from vision.contracts import (
    ANONYMISED_TRAJECTORIES,
    DETECTIONS,
    GATE_EVENTS,
    LAKE,
    TRACKS,
    ZONE_DEMOGRAPHICS_DAILY,
)
from vision.contracts_ingest import CAMERA_EXPORTS, COVERAGE, TIMELINE
from vision.exports.coverage import coverage
from vision.exports.decoded import Decoded
from vision.site.retention import Retention, Rule

CAM = CameraDay(DAY, "cam_a")
PROCESSED = processed_at(site(), DAY)
HOUR, A_DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def boxes() -> pl.DataFrame:
    at = pl.Series([NOON], dtype=DETECTIONS.schema["frame_at"])
    figures = {"x_min": 10.0, "y_min": 10.0, "x_max": 50.0, "y_max": 90.0, "confidence": 0.5}
    return pl.DataFrame({"frame_at": at, **figures}).cast(dict(DETECTIONS.schema))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A camera-day that was made on time."""
    made = Lake(tmp_path / "lake", site())
    made.write(CAMERA_EXPORTS, CAM, CAMERA_EXPORTS.empty())
    made.write(TIMELINE, CAM, TIMELINE.empty())
    made.write(COVERAGE, CAM, coverage(CAMERA_EXPORTS.empty(), Decoded([]), made.site.on(DAY)))
    made.write(DETECTIONS, CAM, boxes())
    made.write(TRACKS, CAM, TRACKS.empty())
    made.write(ANONYMISED_TRAJECTORIES, CAM, walks((NOON, [(1.125, 1.125), (1.375, 1.125)])))
    made.write(GATE_EVENTS, CAM, crossings(("door", NOON, "in")))
    for part in made.root.rglob(wall.PART):
        written_at(part, PROCESSED)
    return made


def written_at(part: Path, moment: dt.datetime) -> None:
    os.utime(part, (moment.timestamp(), moment.timestamp()))


def purged(lake: Lake, now: dt.datetime) -> list[str]:
    with purge.only_purge(lake):
        outcomes = list(purge.forget_partitions(lake, now))
    return [one.dataset for one in outcomes if isinstance(one, PurgeReceipt)]


@pytest.mark.parametrize(
    ("after", "gone"),
    [
        pytest.param(dt.timedelta(0), [], id="nothing when a day has just been processed"),
        pytest.param(23 * HOUR, [], id="nothing an hour before"),
        pytest.param(24 * HOUR, ["detections", "tracks"], id="boxes and tracks after a day"),
        pytest.param(
            7 * A_DAY, ["detections", "tracks", "anonymised_trajectories"], id="paths after a week"
        ),
        pytest.param(
            400 * A_DAY,
            ["detections", "tracks", "anonymised_trajectories", "gate_events"],
            id="events after a year",
        ),
        pytest.param(3700 * A_DAY, [c for c in LAKE if c != "zone_visits"], id="all in the end"),
    ],
)
def test_exactly_what_is_past_its_retention_is_deleted(lake, after, gone) -> None:
    before = set(lake.root.rglob(wall.PART))
    assert purged(lake, PROCESSED + after) == gone
    left = set(lake.root.rglob(wall.PART))
    assert {p.relative_to(lake.root).parts[0] for p in before - left} == set(gone)
    assert purged(lake, PROCESSED + after) == []


def test_a_receipt_says_what_was_there_and_holds_nothing_of_it(lake: Lake) -> None:
    part = lake.folder("detections", CAM) / wall.PART
    content = part.read_bytes()
    now = PROCESSED + 25 * HOUR
    with purge.only_purge(lake):
        outcomes = list(purge.forget_partitions(lake, now))
    told = next(one for one in outcomes if one.dataset == "detections")
    assert isinstance(told, PurgeReceipt)
    assert (told.partition, told.bytes, told.rows) == ("cam_a|2026-03-11", len(content), 1)
    assert told.sha256 in {one.sha256 for one in lake.ledger.receipts()}
    assert told.rule == "detections_hours=24"
    assert told.purged_at == now.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert list(lake.folder("detections", CAM).iterdir()) == []
    assert lake.strangers(DETECTIONS, CAM) == []


def test_reading_what_was_purged_says_when_and_why_and_what_to_do(lake: Lake) -> None:
    purged(lake, PROCESSED + 8 * A_DAY)
    with pytest.raises(Purged, match=r"deleted by age on 2026-03-20T\S+ under trajectories_days=7"):
        lake.read(ANONYMISED_TRAJECTORIES, CAM)
    with pytest.raises(Purged, match="materialise the whole camera-day again"):
        lake.read(ANONYMISED_TRAJECTORIES, CAM)
    assert lake.purged("anonymised_trajectories", DAY) == {"cam_a"}
    assert lake.purged("gate_events", DAY) == frozenset()


def test_what_was_never_there_is_not_called_purged(lake: Lake) -> None:
    purged(lake, PROCESSED + 8 * A_DAY)
    with pytest.raises(NotMaterialised) as told:
        lake.read(DETECTIONS, CameraDay(DAY, "cam_b"))
    assert not isinstance(told.value, Purged)


def test_a_partition_that_is_written_again_is_there_again_and_goes_again(lake: Lake) -> None:
    now = PROCESSED + 2 * A_DAY
    purged(lake, now)
    lake.write(DETECTIONS, CAM, boxes())
    part = lake.folder("detections", CAM) / wall.PART
    written_at(part, now)
    assert lake.read(DETECTIONS, CAM).height == 1
    assert lake.purged("detections", DAY) == frozenset()
    assert purged(lake, now + 23 * HOUR) == []
    assert purged(lake, now + 24 * HOUR) == ["detections"]
    assert len([one for one in lake.ledger.receipts() if one.dataset == "detections"]) == 2


def test_writing_a_day_again_and_again_keeps_it_for_a_day_at_most() -> None:
    week = Retention().rule("trajectories_days")
    late = PROCESSED + 30 * A_DAY
    assert due_at(site(), week, DAY, late) == late + A_DAY
    hour = Rule("detections_hours", 1, "hours")
    assert due_at(site(), hour, DAY, late) == late + HOUR
    assert due_at(site(), week, DAY, PROCESSED - 2 * HOUR) == PROCESSED + 7 * A_DAY


def test_a_time_stamp_from_the_future_keeps_nothing() -> None:
    rule = Retention().rule("detections_hours")
    now = PROCESSED + 25 * HOUR
    assert is_due(site(), rule, DAY, now + 300 * A_DAY, now)


def test_what_a_run_in_progress_may_need_is_left(lake: Lake) -> None:
    now = PROCESSED + 8 * A_DAY
    with purge.only_purge(lake):
        assert list(purge.forget_partitions(lake, now, lambda day: day == CAM)) == []
    assert lake.read(DETECTIONS, CAM).height == 1


def test_a_partition_that_was_written_anew_since_it_was_listed_is_left(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = PROCESSED + 2 * A_DAY
    listed = list(purge.overdue(lake, now))
    lake.write(DETECTIONS, CAM, boxes())
    written_at(lake.folder("detections", CAM) / wall.PART, now - HOUR)
    monkeypatch.setattr(purge, "overdue", lambda *_: listed)
    with purge.only_purge(lake):
        gone = [receipt.dataset for receipt in purge.forget_partitions(lake, now)]
    assert gone == ["tracks"]
    assert lake.read(DETECTIONS, CAM).height == 1


def test_a_partition_that_is_in_use_is_left_to_the_next_purge(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "_PATIENCE_S", 0.0)
    now = PROCESSED + 2 * A_DAY
    with locked(lake.folder("detections", CAM), timeout_s=0):
        assert purged(lake, now) == ["tracks"]
    assert purged(lake, now) == ["detections"]


def test_one_partition_that_cannot_be_deleted_keeps_no_other(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, remove = PROCESSED + 2 * A_DAY, Path.unlink

    def unlink(self: Path, missing_ok: bool = False) -> None:
        if "detections" in self.parts and self.name == wall.PART:
            raise PermissionError
        remove(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    with purge.only_purge(lake):
        left, gone = purge.forget_partitions(lake, now)
    assert "detections of cam_a|2026-03-11" in str(left)
    assert isinstance(gone, PurgeReceipt)
    assert gone.dataset == "tracks"
    assert [told.dataset for _, told in lake.ledger.untold()] == ["tracks"]


def test_of_a_purge_that_was_killed_only_what_is_gone_is_told(lake: Lake) -> None:
    """The receipt comes before the deletion, and a run may come between two purges."""
    now = PROCESSED + 2 * A_DAY
    with pytest.MonkeyPatch.context() as patch, purge.only_purge(lake):

        def die(_self: Path, missing_ok: bool = False) -> None:
            raise KeyboardInterrupt(missing_ok)

        patch.setattr(Path, "unlink", die)
        with pytest.raises(KeyboardInterrupt):
            list(purge.forget_partitions(lake, now))
    assert [told.dataset for _, told in lake.ledger.untold()] == ["detections"]
    purge.finish(lake)
    assert list(lake.ledger.untold()) == []
    assert lake.read(DETECTIONS, CAM).height == 1


def test_what_the_lake_did_not_write_keeps_nothing_from_being_forgotten(lake: Lake) -> None:
    tracks = lake.root / "tracks" / "site=mall"
    for folder in ("date=yesterday/camera=cam_a", "date=20260311/camera=cam_a"):
        (tracks / folder).mkdir(parents=True)
        (tracks / folder / wall.PART).write_bytes(b"boxes")
    pipe, link = (tracks / f"date={DAY}" / f"camera={name}" / wall.PART for name in ("b", "c"))
    for path in (pipe, link):
        path.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    link.symlink_to(lake.folder("tracks", CAM) / wall.PART)
    odd = lake.root / PENDING / f"tracks-mall-2026-99-99-cam_a.{'0' * 32}.parquet"
    odd.write_bytes(b"boxes")
    assert purged(lake, PROCESSED + 2 * A_DAY) == ["detections", "tracks"]
    assert purge.sweep_pending(lake) == 0


def test_what_a_site_no_longer_asks_for_ages_as_well(lake: Lake) -> None:
    counts = ZONE_DEMOGRAPHICS_DAILY
    lake.write(counts, CAM, counts.empty())
    written_at(lake.folder(counts.name, CAM) / wall.PART, PROCESSED)
    assert lake.site.file.privacy.age_gender is None
    assert counts.name in purged(lake, PROCESSED + 400 * A_DAY)


def test_a_second_purge_at_the_same_time_is_kept_out(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "_PATIENCE_S", 0.0)
    with purge.only_purge(lake), pytest.raises(TimeoutError), purge.only_purge(lake):
        pass


def test_what_dead_writers_left_before_the_wall_is_swept(lake: Lake) -> None:
    pending = lake.root / PENDING
    dead = pending / f"detections-mall-{DAY}-cam_a.{'0' * 32}.parquet"
    living = pending / f"tracks-mall-{DAY}-cam_a.{'0' * 32}.parquet"
    elsewhere = pending / f"tracks-other-{DAY}-cam_a.{'0' * 32}.parquet"
    for path in (dead, living, elsewhere):
        path.write_bytes(b"boxes")
    with locked(lake.folder("tracks", CAM), timeout_s=0), pytest.MonkeyPatch.context() as patch:
        patch.setattr(purge, "_PATIENCE_S", 0.0)
        assert purge.sweep_pending(lake) == 1
    assert (dead.exists(), living.exists(), elsewhere.exists()) == (False, True, True)


@pytest.mark.parametrize("moment", ["fsync", "replace", "unlink"])
def test_a_purge_killed_at_any_step_is_done_by_the_next(lake: Lake, moment: str) -> None:
    """Kill the purge with SIGKILL at the first call of `moment` after it has begun."""
    now = PROCESSED + 2 * A_DAY
    code = f"""
        import datetime as dt, os, signal, sys
        from pathlib import Path
        from footfall_dagster.lake import Lake
        from footfall_dagster.privacy import purge
        from tests.unit.small_mall import site

        def die(*_args, **_kwargs):
            os.kill(os.getpid(), signal.SIGKILL)

        lake = Lake(Path(sys.argv[1]), site())
        with purge.only_purge(lake):
            if {moment!r} == "fsync":
                os.fsync = die
            else:
                setattr(Path, {moment!r}, die)
            list(purge.forget_partitions(lake, dt.datetime.fromisoformat(sys.argv[2])))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(lake.root), now.isoformat()],
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )
    assert done.returncode == -signal.SIGKILL
    # Until it is gone it is there, and can be read.
    assert lake.read(DETECTIONS, CAM).height == 1
    assert purged(lake, now) == ["detections", "tracks"]
    purge.finish(lake)
    assert lake.strangers(DETECTIONS, CAM) == []
    assert lake.ledger.strangers() == []
    with pytest.raises(Purged):
        lake.read(DETECTIONS, CAM)


def test_admission_receipts_that_a_killed_purge_left_are_removed(lake: Lake) -> None:
    folder = lake.folder("detections", CAM)
    receipt = next(folder.glob(f"*{wall.RECEIPT_SUFFIX}"))
    content = receipt.read_text()
    purged(lake, PROCESSED + 2 * A_DAY)
    receipt.write_text(content)
    purge.finish(lake)
    assert list(folder.iterdir()) == []


def test_only_receipts_may_stand_in_the_ledger(lake: Lake) -> None:
    purged(lake, PROCESSED + 8 * A_DAY)
    ledger = lake.root / FOLDER
    assert lake.ledger.strangers() == []
    good = next(path for path in ledger.rglob("*.json"))
    planted = {
        "a picture under the name of a receipt": (good.with_name("20260101T000000Z.json"), b"\xff"),
        "a receipt of another moment": (
            good.with_name("20260101T000001Z.json"),
            good.read_bytes(),
        ),
        "a receipt in another folder": (ledger / good.name, good.read_bytes()),
        "a byte more": (
            good.with_name(good.name.replace("T", "T", 1).replace(".untold", "")),
            good.read_bytes() + b" ",
        ),
    }
    for path, content in planted.values():
        path.write_bytes(content)
    link = good.with_name("20260101T000002Z.json")
    link.symlink_to(good)
    assert set(lake.ledger.strangers()) == {link, *(path for path, _ in planted.values())}


@pytest.mark.parametrize(
    "changed",
    [
        {"dataset": "faces"},
        {"sha256": "0" * 63},
        {"bytes": -1},
        {"rows": 2.5},
        {"rows": True},
        {"rule": "detections_hours=24 and a word"},
        {"purged_at": "2026-03-13 09:00"},
    ],
    ids=lambda changed: f"{next(iter(changed))} that no purge writes",
)
def test_a_receipt_has_no_room_for_more(lake: Lake, changed: dict[str, object]) -> None:
    fields = {
        "dataset": "detections",
        "partition": str(CAM),
        "sha256": "0" * 64,
        "bytes": 1,
        "rows": 1,
        "purged_at": "2026-03-13T09:00:00Z",
        "rule": "detections_hours=24",
    }
    sound = lake.ledger.add(PurgeReceipt(**fields))  # type: ignore[arg-type]
    assert lake.ledger.strangers() == []
    sound.write_text(PurgeReceipt(**(fields | changed)).text)  # type: ignore[arg-type]
    assert lake.ledger.strangers() == [sound]
