"""What is in a folder: each file's clock, content and fate, by camera, and what no camera reads."""

import datetime as dt
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.vision.exports import media
from tests.unit.vision.test_exports import site_day
from vision.exports.advice import advice, entry, offset
from vision.exports.explain import Opening, explain
from vision.exports.folder import Recordings
from vision.exports.sidecar import SidecarError
from vision.exports.told import Group, Told
from vision.site.models import Clock, Site

TEN = range(0, 10_000, 200)
"""Ten seconds at five frames a second."""


def put(root: Path, name: str, stamps_ms: Sequence[int] = TEN, **kept: dict[str, str]) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = "mkv with H.265" if name.endswith(".mkv") else "mp4 with H.264"
    return media.write(root, kind, stamps_ms, name=name, **kept)


def site(clock: Clock | None = None, **camera: object) -> Site:
    given = {"exports": "cam/%Y%m%d_%H%M%S.mp4", "frame": media.SIZE, "clock": clock or Clock()}
    return site_day(**given | camera).site


def found(root: Path, of: Site | None, most: int | None = None) -> list[Group]:
    return explain(Recordings(root), of, Opening(most))


def of_camera(root: Path, of: Site, most: int | None = None) -> dict[str, Told]:
    group = found(root, of, most)[0]
    assert group.camera is not None
    return {one.name.rpartition("/")[2]: one for one in group.files}


def said(root: Path, of: Site | None) -> dict[str, list[str]]:
    return {
        one.name: [matter.what for matter in advice(one, group)]
        for group in found(root, of)
        for one in group.files
    }


def test_a_file_says_when_it_began_by_each_clock_and_what_it_holds(tmp_path: Path) -> None:
    put(tmp_path, "cam/20260314_120000.mp4", metadata={"creation_time": "2026-03-14T12:00:03Z"})
    told = of_camera(tmp_path, site())["20260314_120000.mp4"]
    at = dt.datetime(2026, 3, 14, 12, tzinfo=dt.UTC)
    assert told.starts == {"container": at + dt.timedelta(seconds=3), "name": at}
    assert (told.taken, told.compared_with, told.apart_s) == ("container", "name", -3.0)
    assert told.day == dt.date(2026, 3, 14)
    assert told.state == "used"
    assert told.used_s == 10.0
    assert told.video is not None
    assert (told.video.width, told.video.height, told.video.frames) == (*media.SIZE, 50)


def test_a_file_that_takes_no_part_says_why(tmp_path: Path) -> None:
    first = put(tmp_path, "cam/20260314_120000.mp4")
    shutil.copy(first, tmp_path / "cam/20260314_130000.mp4")
    (tmp_path / "cam/20260314_140000.mp4").write_bytes(b"IMKH" + bytes(500))
    (tmp_path / "cam/20260314_150000.mp4").write_bytes(b"")
    (tmp_path / "cam/20260314_160000.mp4").write_bytes(b"no video")
    put(tmp_path, "cam/20250314_170000.mp4")
    elsewhere = put(tmp_path.parent, f"{tmp_path.name}_elsewhere.mp4")
    (tmp_path / "cam/20260314_180000.mp4").symlink_to(elsewhere)
    told = of_camera(tmp_path, site())
    assert {name[:11]: (one.state, one.reason) for name, one in told.items()} == {
        "20250314_17": ("set_aside", "not_open"),
        "20260314_12": ("used", None),
        "20260314_13": ("repeated", "same_content"),
        "20260314_14": ("set_aside", "encrypted"),
        "20260314_15": ("set_aside", "empty_file"),
        "20260314_16": ("set_aside", "unreadable"),
        "20260314_18": ("set_aside", "outside_root"),
    }
    words = said(tmp_path, site())
    assert words["cam/20260314_140000.mp4"][0].startswith("It is a Hikvision recording")
    assert words["cam/20260314_150000.mp4"] == ["It is empty."]


def test_frames_of_another_size_are_said_beside_the_camera_s(tmp_path: Path) -> None:
    put(tmp_path, "cam/20260314_120000.mp4")
    words = said(tmp_path, site(frame=(640, 480)))
    assert words["cam/20260314_120000.mp4"] == ["Its frames are 64 x 48, the camera's 640 x 480."]


def test_a_file_of_which_no_clock_tells_is_not_passed_over(tmp_path: Path) -> None:
    put(tmp_path, "cam/clip.mkv")
    (told,) = of_camera(tmp_path, site(exports="cam/*.mkv")).values()
    assert told.state == "no_clock"
    assert said(tmp_path, site(exports="cam/*.mkv")) == {
        "cam/clip.mkv": ["No clock tells when it began."]
    }


def test_files_that_follow_by_order_do(tmp_path: Path) -> None:
    for number in range(3):
        put(tmp_path, f"cam/clip{number}.mkv", list(range(0, 10_000 + number, 200)))
    clock = Clock(starts={"clip0.mkv": dt.datetime(2026, 3, 14, 12)}, order=("site_file", "order"))
    told = of_camera(tmp_path, site(clock, exports="cam/*.mkv"))
    assert [one.taken for one in told.values()] == ["site_file", "order", "order"]


def test_the_night_with_25_hours_says_what_decided(tmp_path: Path) -> None:
    put(tmp_path, "cam/20261025_005950.mp4")
    put(tmp_path, "cam/20261025_013000.mp4", range(0, 9000, 200))
    words = said(tmp_path, site())
    assert words["cam/20261025_005950.mp4"] == []
    assert words["cam/20261025_013000.mp4"] == [
        "Its local time comes twice that night; the first is taken, which is a guess."
    ]


def test_clocks_whole_hours_apart_look_like_a_wrong_zone(tmp_path: Path) -> None:
    put(tmp_path, "cam/20260314_120000.mp4", metadata={"creation_time": "2026-03-14T11:00:00Z"})
    (words,) = said(tmp_path, site()).values()
    assert words == ["By name it began at another time than by container: 1 h apart."]


def test_each_file_goes_by_the_entry_of_its_day(tmp_path: Path) -> None:
    put(tmp_path, "old/20260314_120000.mp4")
    put(tmp_path, "new/20260320_120000.mp4")
    put(tmp_path, "new/20260314_130000.mp4")
    one = site(exports="old/%Y%m%d_%H%M%S.mp4")
    later = one.cameras[0].model_copy(
        update={"exports": "new/%Y%m%d_%H%M%S.mp4", "valid_from": dt.date(2026, 3, 18)}
    )
    both = Site(file=one.file, cameras=(*one.cameras, later))
    camera, other = found(tmp_path, both)
    assert [file.name for file in camera.files] == [
        "old/20260314_120000.mp4",
        "new/20260320_120000.mp4",
    ]
    assert [file.name for file in other.files] == ["new/20260314_130000.mp4"]


def test_files_of_no_camera_come_with_what_would_read_them(tmp_path: Path) -> None:
    put(tmp_path, "nvr/2026-06-15/14/door/30.45.mp4")
    put(tmp_path, "below/cam/20260314_120000.mp4")
    put(tmp_path, "holiday.mkv")
    (tmp_path / "list.csv").write_text("x")
    camera, below, frigate, holiday, left = found(tmp_path, site())
    assert camera.files == ()
    assert below.like == "cam"
    assert entry(frigate) == [
        "exports: {recorder: frigate, folder: nvr, channel: door}",
        "frame: [64, 48]",
    ]
    assert entry(holiday) == []
    assert holiday.files[0].state == "no_clock"
    assert left.files[0].state == "left_alone"


def test_what_the_files_say_tells_the_zone_of_names(tmp_path: Path) -> None:
    for hour in (10, 11):
        created = {"creation_time": f"2026-07-14T{hour - 1:02}:00:10Z"}
        put(tmp_path, f"cam/20260714_{hour}0000.mp4", metadata=created)
    (group,) = found(tmp_path, None)
    assert offset(group) == ("+01:00", 2)


def test_so_many_files_of_a_group_are_opened_and_no_more(tmp_path: Path) -> None:
    for second in range(10, 20):
        put(tmp_path, f"cam/20260314_1200{second}.mp4", range(0, 1000, 200))
    told = of_camera(tmp_path, site(), most=3)
    opened = [name for name, one in told.items() if one.video is not None]
    assert opened == ["20260314_120010.mp4", "20260314_120013.mp4", "20260314_120016.mp4"]
    assert sum(one.state == "unopened" for one in told.values()) == 7


def test_a_broken_sidecar_is_named_with_its_line(tmp_path: Path) -> None:
    put(tmp_path, "cam/20260314_120000.mp4")
    (tmp_path / "cam/times.csv").write_text("file,start\na.mp4,noon\n")
    with pytest.raises(SidecarError, match=r"cam/times\.csv, the sidecar of cam: line 2"):
        found(tmp_path, site(Clock(sidecar="cam/times.csv")))
