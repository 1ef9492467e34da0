"""What names look like: the line of cameras.yaml that reads them."""

import pytest
import yaml

from vision.exports.guess import looks, may_be_video
from vision.exports.names import Naming
from vision.exports.recorders import RECORDERS
from vision.site.models import RecorderExports

ANY_NAME = {"milestone", "onvif"}
TELLING = [name for name in RECORDERS if name not in ANY_NAME]


def line(*names: str) -> str | None:
    """The one line for files that are of one camera."""
    (only,) = {look.line for look in looks(names).values()}
    return only


@pytest.mark.parametrize("folder", ["", "nvr/", "a/b/"])
@pytest.mark.parametrize("recorder", TELLING)
def test_every_recorder_is_known_by_its_names_in_any_folder(recorder: str, folder: str) -> None:
    name = folder + RECORDERS[recorder].example
    (look,) = looks([name]).values()
    assert look.recorder == recorder
    assert look.exports.folder == folder.rstrip("/")
    assert look.read(name).start is not None


@pytest.mark.parametrize("recorder", TELLING)
def test_the_line_is_yaml_that_reads_the_name(recorder: str) -> None:
    name = "my nvr/" + RECORDERS[recorder].example
    told = yaml.safe_load(line(name))["exports"]
    assert Naming.as_written(RecorderExports.model_validate(told)).read(name) is not None


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("front/front_20260314_100000.mp4", "front/front_%Y%m%d_%H%M%S.mp4"),
        (
            "a/b_2026.03.14 10.00.00 to 2026.03.14 10.10.00.avi",
            "a/b_%Y.%m.%d %H.%M.%S to {end:%Y.%m.%d %H.%M.%S}.avi",
        ),
        ("x/clip_1680140457.mp4", "x/clip_%s.mp4"),
        ("x/clip_1680140457123.mp4", "x/clip_%Q.mp4"),
        ("2026-03-14/cam_20260314_100000.ts", "%Y-%m-%d/cam_%Y%m%d_%H%M%S.ts"),
        ("50%/a{b}_20260314_100000.ts", "50*/a*b*_%Y%m%d_%H%M%S.ts"),
    ],
)
def test_a_pattern_of_its_own_is_put_together_for_names_with_a_date(
    name: str, pattern: str
) -> None:
    assert yaml.safe_load(line(name)) == {"exports": pattern}


def test_folders_of_a_day_are_one_camera_and_not_one_each() -> None:
    names = [f"2026-03-{day}/cam_2026-03-{day}_10-00-00.mp4" for day in (14, 15, 16)]
    told = line(*names)
    assert told is not None
    assert told.startswith('exports: "%Y-%m-%d/cam_')


def test_a_number_that_counts_files_may_be_any_and_one_of_a_camera_stays() -> None:
    counted = [f"seq{number}_20260314_1000{number:02}.mp4" for number in range(9)]
    assert line(*counted) == 'exports: "seq{digits}_%Y%m%d_%H%M%S.mp4"'
    cameras = [f"cam{n}_20260314_10000{second}.mp4" for n in (1, 2) for second in range(4)]
    assert {look.line for look in looks(cameras).values()} == {
        'exports: "cam1_%Y%m%d_%H%M%S.mp4"',
        'exports: "cam2_%Y%m%d_%H%M%S.mp4"',
    }


@pytest.mark.parametrize(
    "name", ["holiday.mp4", "export_0001.mp4", "a/20261399_996099.mp4", "v_12345678901234567890.ts"]
)
def test_names_without_a_date_say_nothing(name: str) -> None:
    assert line(name) is None


def test_what_no_recording_ends_like_is_left_alone() -> None:
    names = ["a.mp4", "b.DAV", "c.g64x", "d.csv", "e.mp4.part", "f.dav_", "g.jpg", "h"]
    assert [name for name in names if may_be_video(name)] == ["a.mp4", "b.DAV", "c.g64x"]
