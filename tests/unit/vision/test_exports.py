"""Which files belong to a camera-day."""

import datetime as dt
import os
from pathlib import Path

import pytest

from vision.exports.folder import Recordings
from vision.site.hours import Hours
from vision.site.models import Camera, CamerasFile, Clock, Floor, Notice, Site, SiteDay, SiteFile

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
    ended = site_day().window[0].timestamp() - 60
    os.utime(tmp_path / "cam/cam_20260314_030000.mp4", (ended, ended))
    assert list(found(recordings, site_day())) == [
        "cam/cam_20260314_035900.mp4",
        "cam/cam_20260314_040000.mp4",
        "cam/cam_20260315_035959.mp4",
    ]


def test_a_file_that_was_still_written_to_reaches_into_the_day(tmp_path: Path) -> None:
    day = site_day()
    hour, clip = "cam/cam_20260314_033000.mp4", "cam/cam_20260314_035000.mp4"
    recordings = put(tmp_path, hour, clip)
    for name, ended in ((hour, 30), (clip, -9)):
        at = (day.window[0] + dt.timedelta(minutes=ended)).timestamp()
        os.utime(tmp_path / name, (at, at))
    assert list(found(recordings, day)) == [hour, clip]


def test_files_that_were_all_copied_later_say_nothing_of_when_they_ended(tmp_path: Path) -> None:
    names = [f"cam/cam_20260314_03{minute:02}00.mp4" for minute in range(20)]
    assert list(found(put(tmp_path, *names), site_day())) == names[-1:]


def test_a_long_file_reaches_into_the_day_past_a_short_one_that_began_later(
    tmp_path: Path,
) -> None:
    night = "cam/cam_20260314_010000-050000.mp4"
    short, copy = "cam/cam_20260314_030000-030100.mp4", "cam/cam_20260314_030000-030100_1.mp4"
    recordings = put(tmp_path, night, "cam/cam_20260314_020000-030000.mp4", short, copy)
    day = site_day(exports="cam/cam_%Y%m%d_%H%M%S-{end:%H%M%S}{copy}.mp4")
    assert list(found(recordings, day)) == [night, short, copy]


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
    told = {export.name: export.told for export in recordings.find(day, day.cameras["cam"])}
    start = dt.datetime(2026, 3, 14, 10, 35, 11, 317000, tzinfo=dt.UTC)
    # The other is opened, since its content may tell.
    assert told == {"cam/clip.mpg": {"site_file": start.timestamp() * 1e6}, "cam/unknown.mpg": {}}


def test_an_absent_folder_is_an_error_and_not_an_empty_day(tmp_path: Path) -> None:
    day = site_day()
    with pytest.raises(FileNotFoundError, match="FOOTFALL_RECORDINGS"):
        Recordings(tmp_path / "absent").find(day, day.cameras["cam"])
