"""Which camera-days are run for files that arrive, which are told of, and which are left alone."""

import datetime as dt
import json
import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from footfall_dagster.arrivals import late_window
from footfall_dagster.checks.arrivals import NOTHING_CAME_LATE
from footfall_dagster.lake import CameraDay
from tests.arrivals import CAMERAS, Desk, desk, site_at_noon
from tests.unit.small_mall import site
from vision.contracts_ingest import CAMERA_EXPORTS
from vision.site.models import Clock


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as one:
        yield one


def made(at: Desk, day: dt.date | None = None, *, times: tuple[str, ...] = ("120000",)) -> None:
    """A day with files of both cameras, worked through."""
    for camera in CAMERAS:
        for time in times:
            at.put(camera, day or at.day, time)
        at.make(CameraDay(day or at.day, camera))


def test_a_day_that_was_made_from_these_files_is_quiet(at: Desk) -> None:
    made(at)
    assert [at.tick() for _ in range(4)] == [[], [], [], []]
    assert at.said == "every file is known"


def test_a_late_file_runs_its_camera_day_and_no_other(at: Desk) -> None:
    made(at)
    at.put("cam_b", at.day, "130000")
    assert at.tick() == []
    assert at.tick() == [f"cam_b|{at.day}"]
    assert at.tick() == []
    at.finish()
    assert [at.tick() for _ in range(3)] == [[], [], []]
    assert len(at.asked) == 1


def test_a_camera_day_that_the_schedule_never_made_is_run(at: Desk) -> None:
    at.put("cam_a", at.day, "120000")
    at.tick()
    assert at.tick() == [f"cam_a|{at.day}"]


def test_a_file_that_grows_is_waited_for(at: Desk) -> None:
    made(at)
    path = at.put("cam_a", at.day, "130000", b"1")
    for length in range(2, 6):
        assert at.tick() == []
        path.write_bytes(b"1" * length)
    assert at.tick() == []
    assert "have not settled" in at.said
    assert at.tick() == [f"cam_a|{at.day}"]


def test_a_file_younger_than_the_settling_time_is_waited_for(at: Desk) -> None:
    made(at)
    at.put("cam_a", at.day, "130000")
    at.tick(1)
    assert at.tick(60) == []
    assert at.tick(600) == [f"cam_a|{at.day}"]


def test_a_recorder_whose_clock_is_ahead_is_not_waited_for_until_then(at: Desk) -> None:
    made(at)
    path = at.put("cam_a", at.day, "130000")
    ahead = (at.now + dt.timedelta(days=30)).timestamp()
    os.utime(path, (ahead, ahead))
    at.tick()
    assert at.tick() == [f"cam_a|{at.day}"]


def test_files_that_a_run_in_progress_takes_in_are_not_run_again(at: Desk) -> None:
    made(at)
    at.launch("cam_a", at.day)
    at.put("cam_a", at.day, "140000")
    assert [at.tick() for _ in range(3)] == [[], [], []]
    assert "a run goes on" in at.said
    at.finish()
    assert [at.tick() for _ in range(3)] == [[], [], []]


def test_a_file_that_the_run_in_progress_did_not_find_is_run_once_that_has_ended(at: Desk) -> None:
    made(at)
    at.launch("cam_a", at.day)
    at.make(CameraDay(at.day, "cam_a"))
    at.put("cam_a", at.day, "140000")
    assert [at.tick() for _ in range(3)] == [[], [], []]
    at.finish(make=False)
    assert at.tick() == [f"cam_a|{at.day}"]


def test_a_run_that_failed_is_not_requested_again_for_the_same_files(at: Desk) -> None:
    at.put("cam_a", at.day, "120000")
    at.tick()
    assert at.tick() == [f"cam_a|{at.day}"]
    at.finish(make=False)
    assert [at.tick() for _ in range(3)] == [[], [], []]
    at.put("cam_a", at.day, "130000")
    at.tick()
    assert at.tick() == [f"cam_a|{at.day}"]


@pytest.mark.parametrize("cursor", [None, "", "[]", "gibberish", '{"waiting": {"a": 1}}'])
def test_a_lost_cursor_runs_nothing_twice_and_misses_nothing(at: Desk, cursor: str | None) -> None:
    at.restart()
    made(at)
    at.put("cam_a", at.day, "130000")
    at.tick()
    assert at.tick() == [f"cam_a|{at.day}"]
    at.cursor = cursor
    at.put("cam_b", at.day, "130000")
    at.restart()
    at.tick()
    assert at.tick() == [f"cam_b|{at.day}"]
    at.finish(make=False)
    at.cursor = cursor
    assert [at.tick() for _ in range(3)] == [[], [], []]


def test_days_that_have_not_ended_and_settled_are_left_to_the_schedule(at: Desk) -> None:
    made(at)
    today = at.day + dt.timedelta(days=1)
    for camera in CAMERAS:
        at.put(camera, today, "050000")
    assert [at.tick(10) for _ in range(3)] == [[], [], []]
    assert json.loads(at.cursor or "")["waiting"] == {}


def test_a_file_that_is_gone_requests_nothing(at: Desk) -> None:
    made(at, times=("120000", "130000"))
    (at.root / "recordings" / "cam_a" / f"{at.day:%Y%m%d}_120000.mp4").unlink()
    assert [at.tick() for _ in range(3)] == [[], [], []]


def test_what_would_be_computed_from_less_is_not_requested(at: Desk) -> None:
    made(at, times=("120000", "130000"))
    (at.root / "recordings" / "cam_a" / f"{at.day:%Y%m%d}_120000.mp4").unlink()
    at.put("cam_a", at.day, "140000")
    assert [at.tick() for _ in range(3)] == [[], [], []]
    assert "1 of its files is gone" in at.said


def test_a_file_of_the_eve_that_ended_before_the_day_requests_nothing(at: Desk) -> None:
    eve = at.day - dt.timedelta(days=1)
    made(at, eve, times=("120000", "230000"))
    made(at)
    assert [at.tick() for _ in range(3)] == [[], [], []]


def test_a_file_of_an_eve_that_was_never_made_counts_only_if_it_came_later(
    tmp_path: Path,
) -> None:
    plain = site_at_noon()
    opening = late_window(plain, dt.datetime.now(dt.UTC))[-1]
    file = plain.file.model_copy(update={"opens": opening})
    at = Desk(tmp_path, site=plain.model_copy(update={"file": file}))
    with at.instance:
        at.put("cam_a", opening - dt.timedelta(days=1), "230000")
        made(at)
        catalogue = at.lake.folder("camera_exports", CameraDay(opening, "cam_a")) / "part.parquet"
        long_after = at.now.timestamp() + 3600
        os.utime(catalogue, (long_after, long_after))
        assert [at.tick() for _ in range(3)] == [[], [], []]
        os.utime(catalogue, (0, 0))
        at.tick()
        assert at.tick() == [f"cam_a|{opening}"]


def test_a_late_file_of_an_old_day_is_told_and_not_run(at: Desk) -> None:
    old = at.day - dt.timedelta(days=10)
    brought_too_late(at, old)
    evaluation = last_check(at)
    assert evaluation.partition == f"cam_b|{old}"
    assert (evaluation.passed, evaluation.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "1 file came more than 48 hours" in (evaluation.description or "")
    told = at.instance.fetch_observations(at.plan.key("recordings"), limit=9).records
    assert [one.partition_key for one in told] == [f"cam_b|{old}"]
    at.now += dt.timedelta(hours=1)
    assert at.tick() == []
    assert at.said == "every file is known"
    at.cursor = None
    at.restart()
    assert at.tick() == []
    assert len(at.instance.fetch_observations(at.plan.key("recordings"), limit=9).records) == 1


def brought_too_late(at: Desk, old: dt.date) -> None:
    """A file comes for a day that was made long ago, and nothing is run for it."""
    at.restart()
    made(at, old)
    made(at)
    at.tick()
    at.now += dt.timedelta(hours=1)
    at.put("cam_b", old, "130000")
    assert at.tick() == []


def last_check(at: Desk) -> dg.AssetCheckEvaluation:
    key = dg.AssetCheckKey(at.plan.key(CAMERA_EXPORTS.name), NOTHING_CAME_LATE)
    history = at.instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
    event = history[0].event
    assert event is not None
    assert event.dagster_event is not None
    return event.dagster_event.asset_check_evaluation_data


def test_a_late_file_of_a_day_that_can_be_made_no_more_is_told_as_well(tmp_path: Path) -> None:
    whole = site_at_noon()
    changed = {"opens": dt.date(2020, 1, 1), "recomputed_days": 20}
    rolls = whole.model_copy(update={"file": whole.file.model_copy(update=changed)})
    with desk(tmp_path, rolls) as at:
        old = at.day - dt.timedelta(days=60)
        assert old < at.plan.first_day < at.day
        brought_too_late(at, old)
        assert last_check(at).partition == f"cam_b|{old}"
        (told,) = at.instance.fetch_observations(at.plan.key("recordings"), limit=9).records
        assert told.partition_key == f"cam_b|{old}"


def test_an_absent_folder_is_an_error_and_not_a_site_without_files(at: Desk) -> None:
    (at.root / "recordings").rmdir()
    with pytest.raises(FileNotFoundError, match="FOOTFALL_RECORDINGS"):
        at.tick()


@pytest.mark.parametrize(
    ("now", "days"),
    [
        pytest.param("2026-03-13T04:59:59+00:00", ["11"], id="an hour after the day, not yet"),
        pytest.param("2026-03-13T05:00:00+00:00", ["11", "12"], id="when the schedule has run"),
        pytest.param("2026-03-14T04:00:00+00:00", ["12"], id="two days after the eleventh"),
        pytest.param("2026-01-02T05:00:00+00:00", ["01"], id="after opening day"),
        pytest.param("2026-01-01T05:00:00+00:00", [], id="on opening day"),
    ],
)
def test_the_late_window_runs_from_the_schedule_to_the_hours_of_the_site_file(
    now: str, days: list[str]
) -> None:
    window = late_window(site(), dt.datetime.fromisoformat(now))
    assert [f"{day:%d}" for day in window] == days


def test_a_sidecar_that_cannot_be_believed_keeps_no_other_camera_waiting(tmp_path: Path) -> None:
    plain, with_sidecar = site_at_noon(), Clock(sidecar="cam_b/times.csv")
    cameras = tuple(
        one.model_copy(update={"clock": with_sidecar}) if one.id == "cam_b" else one
        for one in plain.cameras
    )
    at = Desk(tmp_path, site=plain.model_copy(update={"cameras": cameras}))
    made(at)
    (tmp_path / "recordings" / "cam_b" / "times.csv").write_text("file,start\na.mp4,yesterday\n")
    at.put("cam_a", at.day, "130000")
    at.tick()
    assert "cam_b waits for its sidecar: line 2" in at.said
    assert at.tick() == [f"cam_a|{at.day}"]
