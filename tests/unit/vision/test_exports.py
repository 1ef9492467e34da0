"""Which files belong to a camera-day, and what each minute of it observed."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from vision.contracts import CAMERA_EXPORTS
from vision.exports.coverage import coverage
from vision.exports.folder import Recordings
from vision.site.models import (
    Camera,
    CamerasFile,
    Clock,
    Floor,
    Hours,
    Notice,
    Site,
    SiteDay,
    SiteFile,
)

DAY = dt.date(2026, 3, 14)


def site_day(day: dt.date = DAY, **camera: object) -> SiteDay:
    given = {"id": "cam", "floor": "ground", "frame": (640, 360), **camera}
    given.setdefault("exports", "cam/cam_%Y%m%d_%H%M%S.mp4")
    cameras = CamerasFile(cameras=(Camera.model_validate(given),))
    file = SiteFile(
        id="site",
        name="Site",
        time_zone="Europe/London",
        opens=dt.date(2026, 1, 1),
        trading_hours={"sat": Hours(opens=dt.time(9), closes=dt.time(18))},
        floors=(Floor(id="ground", outline=((0, 0), (5, 0), (5, 5))),),
        notice=Notice(controller="c", contact="c@example.org"),
    )
    return Site(file=file, cameras=cameras.cameras).on(day)


def put(root: Path, *names: str) -> Recordings:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    return Recordings(root)


def found(recordings: Recordings, day: SiteDay) -> dict[str, str]:
    return {
        export.name: export.started_at.strftime("%d %H:%M:%S")
        for export in recordings.find(day, day.cameras["cam"])
    }


def test_names_are_read_as_local_time(tmp_path: Path) -> None:
    recordings = put(tmp_path, "cam/cam_20260701_100000.mp4")
    day = site_day(dt.date(2026, 7, 1))
    assert found(recordings, day) == {"cam/cam_20260701_100000.mp4": "01 09:00:00"}


def test_names_are_read_in_the_zone_of_the_recorder(tmp_path: Path) -> None:
    recordings = put(tmp_path, "cam/cam_20260701_100000.mp4")
    day = site_day(dt.date(2026, 7, 1), clock=Clock(time_zone="UTC"))
    assert found(recordings, day) == {"cam/cam_20260701_100000.mp4": "01 10:00:00"}


def test_a_day_runs_from_trading_day_start_and_takes_the_file_that_reaches_into_it(
    tmp_path: Path,
) -> None:
    recordings = put(
        tmp_path,
        "cam/cam_20260314_030000.mp4",
        "cam/cam_20260314_035900.mp4",
        "cam/cam_20260314_040000.mp4",
        "cam/cam_20260315_035959.mp4",
        "cam/cam_20260315_040000.mp4",
    )
    assert list(found(recordings, site_day())) == [
        "cam/cam_20260314_035900.mp4",
        "cam/cam_20260314_040000.mp4",
        "cam/cam_20260315_035959.mp4",
    ]


def test_files_of_other_shapes_are_not_taken(tmp_path: Path) -> None:
    recordings = put(
        tmp_path,
        "cam/cam_20260314_120000.mp4",
        "cam/cam_20260314_120000.mp4.part",
        "cam/cam_20261314_120000.mp4",
        "cam/other_20260314_120000.mp4",
    )
    assert list(found(recordings, site_day())) == ["cam/cam_20260314_120000.mp4"]


def test_folders_may_carry_parts_of_the_time(tmp_path: Path) -> None:
    recordings = put(tmp_path, "2026-03-14/12/cam/05.30.mp4")
    day = site_day(exports="%Y-%m-%d/%H/cam/%M.%S.mp4")
    assert found(recordings, day) == {"2026-03-14/12/cam/05.30.mp4": "14 12:05:30"}


def test_a_recorder_may_be_named_instead_of_a_pattern(tmp_path: Path) -> None:
    recordings = put(
        tmp_path,
        "nvr/2026-07-01/09/hall/05.30.mp4",
        "nvr/2026-07-01/09/door/05.30.mp4",
        "nvr/2026-07-01/09/hall/05.30.jpg",
    )
    exports = {"recorder": "frigate", "folder": "nvr", "channel": "hall"}
    day = site_day(dt.date(2026, 7, 1), exports=exports)
    assert found(recordings, day) == {"nvr/2026-07-01/09/hall/05.30.mp4": "01 09:05:30"}


def test_brackets_in_names_are_no_sets_of_letters(tmp_path: Path) -> None:
    name = "2026-03-14/001/dav/21/21.04.49-21.05.14[M][0@0][0].dav"
    day = site_day(exports={"recorder": "dahua", "channel": "001"})
    assert found(put(tmp_path, name), day) == {name: "14 21:04:49"}


def test_the_hour_that_is_written_twice_is_two_hours_of_the_day(tmp_path: Path) -> None:
    hour = [f"cam/cam_20261025_01{minute:02d}00{{}}.mp4" for minute in range(0, 60, 10)]
    names = [name.format(copy) for copy in ("", "_1") for name in hour]
    day = site_day(dt.date(2026, 10, 24), exports="cam/cam_%Y%m%d_%H%M%S{copy}.mp4")
    assert found(put(tmp_path, *names), day) == {
        name: f"25 {hour:02d}:{minute:02d}:00"
        for name, (hour, minute) in zip(
            names, [(h, m) for h in (0, 1) for m in range(0, 60, 10)], strict=True
        )
    }


def test_starts_of_the_site_file_count_where_names_say_nothing(tmp_path: Path) -> None:
    recordings = put(tmp_path, "cam/clip.mpg", "cam/unknown.mpg")
    starts = {"clip.mpg": dt.datetime(2026, 3, 14, 10, 35, 11, 317000)}
    day = site_day(exports="cam/*.mpg", clock=Clock(starts=starts))
    (export,) = recordings.find(day, day.cameras["cam"])
    assert export.started_at == dt.datetime(2026, 3, 14, 10, 35, 11, 317000, tzinfo=dt.UTC)
    assert export.clock_source == "site_file"


def test_an_absent_folder_is_an_error_and_not_an_empty_day(tmp_path: Path) -> None:
    day = site_day()
    with pytest.raises(FileNotFoundError, match="FOOTFALL_RECORDINGS"):
        Recordings(tmp_path / "absent").find(day, day.cameras["cam"])


def exports(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """Rows of (start, end, status), times of day in UTC."""
    at = [dt.datetime.fromisoformat(f"2026-03-14T{row[0]}+00:00") for row in rows]
    end = [dt.datetime.fromisoformat(f"2026-03-14T{row[1]}+00:00") for row in rows]
    return pl.DataFrame(
        {
            "export": range(len(rows)),
            "started_at": at,
            "ended_at": end,
            "status": [row[2] for row in rows],
        },
        schema_overrides=dict(CAMERA_EXPORTS.schema),
    )


def observed(frame: pl.DataFrame) -> dict[str, tuple[float, float, str | None]]:
    rows = frame.filter((pl.col("recorded_s") > 0) | (pl.col("reason") == "quarantined"))
    return {
        minute.strftime("%H:%M"): (recorded, readable, reason)
        for minute, recorded, readable, reason in rows.iter_rows()
    }


def test_coverage_counts_seconds_and_says_why_not() -> None:
    frame = coverage(
        exports(
            ("12:00:30", "12:02:00", "catalogued"),
            ("12:05:00", "12:05:30", "quarantined"),
        ),
        site_day(),
    )
    assert frame.height == 24 * 60
    assert observed(frame) == {
        "12:00": (30, 30, "gap"),
        "12:01": (60, 60, None),
        "12:05": (30, 0, "quarantined"),
    }


def test_overlapping_files_count_once() -> None:
    frame = coverage(
        exports(("12:00:00", "12:00:40", "catalogued"), ("12:00:20", "12:01:00", "catalogued")),
        site_day(),
    )
    assert observed(frame) == {"12:00": (60, 60, None)}


@pytest.mark.parametrize(
    ("day", "hours"),
    [(dt.date(2026, 3, 28), 23), (dt.date(2026, 3, 14), 24), (dt.date(2026, 10, 24), 25)],
    ids=["the day that loses an hour", "an ordinary day", "the day that gains an hour"],
)
def test_coverage_has_every_minute_of_the_day(day: dt.date, hours: int) -> None:
    frame = coverage(CAMERA_EXPORTS.empty(), site_day(day))
    assert frame.height == hours * 60
    assert frame["reason"].unique().to_list() == ["gap"]
