"""What a folder and a bucket list of their files, and which of them a camera-day is given."""

import datetime as dt
import os
import pickle
from pathlib import Path

import pytest

from tests.unit.vision.test_exports import put, site_day
from vision.exports.folder import Recordings, fingerprint
from vision.exports.limits import Limits
from vision.exports.patterns import NamePattern, prefixes
from vision.exports.places import MOST_BYTES, Folder, Source, Unreachable

MARCH = [dt.date(2026, 3, 14), dt.date(2026, 3, 15)]


@pytest.mark.parametrize(
    ("pattern", "of_days", "of_all"),
    [
        pytest.param(
            "cam/cam_%Y%m%d_%H%M%S.mp4",
            ["cam/cam_20260314_", "cam/cam_20260315_"],
            "cam/cam_",
            id="the date in the name of the file",
        ),
        pytest.param(
            "%Y-%m-%d/%H/cam/%M.%S.mp4",
            ["2026-03-14/", "2026-03-15/"],
            "",
            id="the date in the name of a folder",
        ),
        pytest.param("%Y/%m/cam_*.mp4", ["2026/03/cam_"], "", id="the month alone"),
        pytest.param("cam/*_%Y%m%d%H%M%S.mp4", ["cam/"], "cam/", id="anything before the date"),
        pytest.param("cam/*.mpg", ["cam/"], "cam/", id="no date at all"),
    ],
)
def test_only_names_that_can_be_of_the_day_are_looked_for(
    pattern: str, of_days: list[str], of_all: str
) -> None:
    patterns = [NamePattern.of(pattern)]
    assert prefixes(patterns, MARCH) == of_days
    assert prefixes(patterns) == [of_all]


def test_a_folder_is_listed_as_deep_as_names_go_and_no_deeper(tmp_path: Path) -> None:
    put(tmp_path, "cam/a.mp4", "cam/b.mp4", "cam/deep/c.mp4", "a.mp4", "other/a.mp4")
    names = {file.name for file in Folder(tmp_path).files("cam/", 1)}
    assert names == {"cam/a.mp4", "cam/b.mp4"}
    assert {file.name for file in Folder(tmp_path).files("cam/b", 1)} == {"cam/b.mp4"}
    assert {file.name for file in Folder(tmp_path).files("", 0)} == {"a.mp4"}
    assert len(list(Folder(tmp_path).files("", 2))) == 5


def test_what_lies_elsewhere_behind_a_link_says_so(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    put(root, "cam/a.mp4", "store/b.mp4")
    put(elsewhere, "c.mp4", "deep/d.mp4")
    (root / "cam" / "b.mp4").symlink_to(root / "store" / "b.mp4")
    (root / "cam" / "c.mp4").symlink_to(elsewhere / "c.mp4")
    (root / "linked").symlink_to(elsewhere)
    outside = {file.name: file.outside for file in Folder(root).files("", 2)}
    assert outside == {
        "cam/a.mp4": False,
        "cam/b.mp4": False,
        "cam/c.mp4": True,
        "linked/c.mp4": True,
        "linked/deep/d.mp4": True,
        "store/b.mp4": False,
    }


def test_what_lists_as_a_file_and_is_none_is_passed_over(tmp_path: Path) -> None:
    put(tmp_path, "cam/a.mp4")
    (tmp_path / "cam" / "b.mp4").mkdir()
    (tmp_path / "cam" / "c.mp4").symlink_to(tmp_path / "nowhere")
    assert [file.name for file in Folder(tmp_path).files("cam/", 1)] == ["cam/a.mp4"]


def test_a_file_of_holes_claims_no_more_than_may_be_stored(tmp_path: Path) -> None:
    put(tmp_path, "cam/a.mp4")
    try:
        os.truncate(tmp_path / "cam" / "a.mp4", 2 * MOST_BYTES)
    except OSError:
        pytest.skip("this file system has no such files")
    (file,) = Folder(tmp_path).files("cam/", 1)
    assert file.size_bytes == MOST_BYTES
    assert Limits().measuring_s(file.size_bytes) < 86_400


def test_a_link_to_itself_costs_nobody_else(tmp_path: Path) -> None:
    put(tmp_path, "cam/a.mp4")
    (tmp_path / "cam" / "b.mp4").symlink_to("b.mp4")
    (tmp_path / "loop").symlink_to("loop")
    assert [file.name for file in Folder(tmp_path).files("cam/", 1)] == ["cam/a.mp4"]
    assert [file.name for file in Folder(tmp_path).files("", 2)] == ["cam/a.mp4"]
    assert list(Folder(tmp_path).files("loop/", 1)) == []


def test_folders_of_the_disk_itself_are_not_looked_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "cam/a.mp4", "lost+found/a.mp4")
    scandir = os.scandir

    def only_root_may(path: str) -> object:
        if path.endswith("lost+found"):
            raise PermissionError(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", only_root_may)
    assert [file.name for file in Folder(tmp_path).files("", 2)] == ["cam/a.mp4"]


def test_a_folder_that_we_may_not_list_is_no_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "cam/a.mp4")

    def not_ours(path: str) -> object:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", not_ours)
    with pytest.raises(PermissionError):
        list(Folder(tmp_path).files("cam/", 1))


def test_a_file_that_keeps_its_time_of_writing_still_arrives_now(tmp_path: Path) -> None:
    before = dt.datetime.now(dt.UTC).replace(microsecond=0)
    put(tmp_path, "cam/a.mp4")
    os.utime(tmp_path / "cam" / "a.mp4", (1_000_000_000, 1_000_000_000))
    (file,) = Folder(tmp_path).files("cam/", 1)
    assert file.modified_at == dt.datetime(2001, 9, 9, 1, 46, 40, tzinfo=dt.UTC)
    assert file.arrived_at >= before


def test_a_start_given_by_the_site_file_counts_more_than_the_date_in_the_name(
    tmp_path: Path,
) -> None:
    recordings = put(tmp_path, "cam/cam_20000101_000000.mp4")
    starts = {"cam_20000101_000000.mp4": dt.datetime(2026, 3, 14, 10)}
    day = site_day(clock={"starts": starts})
    assert [one.name for one in recordings.find(day, day.cameras["cam"])] == [
        "cam/cam_20000101_000000.mp4"
    ]


def test_a_source_pickles_and_opens_as_what_the_decoder_takes(tmp_path: Path) -> None:
    recordings = put(tmp_path, "cam/a.mp4")
    source = pickle.loads(pickle.dumps(recordings.source("cam/a.mp4")))
    assert source.path == tmp_path / "cam" / "a.mp4"
    assert source.file().size_bytes == 0
    with source.reading() as file:
        assert file.read() == b""


def test_a_source_of_a_bucket_pickles_without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-to-be-told")
    source = Recordings("s3://exports/site", "http://127.0.0.1:9").source("cam/a.mp4")
    assert b"not-to-be-told" not in pickle.dumps(source)
    assert isinstance(source, Source)


def test_a_store_that_does_not_answer_is_no_empty_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("s3fs", reason="s3fs is not installed: pip install '.[s3]'")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "recorder")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-to-be-told")
    day = site_day()
    with pytest.raises(Unreachable, match="FOOTFALL_S3_ENDPOINT") as failure:
        Recordings("s3://exports", "http://127.0.0.1:9").find(day, day.cameras["cam"])
    assert "not-to-be-told" not in str(failure.value)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda path: path.write_bytes(b"longer"), id="grows"),
        pytest.param(lambda path: os.utime(path, (0, 0)), id="is written again"),
        pytest.param(
            lambda path: path.rename(path.with_name("cam_20260314_130000.mp4")), id="moves"
        ),
        pytest.param(lambda path: path.unlink(), id="goes"),
    ],
)
def test_the_fingerprint_of_a_camera_day_changes_where_a_file_of_it(
    tmp_path: Path, change: object
) -> None:
    recordings = put(tmp_path, "cam/cam_20260314_120000.mp4", "cam/cam_20260314_140000.mp4")
    day = site_day()

    def now() -> str:
        return fingerprint(recordings.find(day, day.cameras["cam"]))

    before = now()
    put(tmp_path, "cam/cam_20260317_120000.mp4", "cam/cam_20260314_120000.mp4.part")
    assert now() == before
    change(tmp_path / "cam" / "cam_20260314_120000.mp4")  # type: ignore[operator]
    assert now() != before
    assert now().isdigit()
