"""A camera-day's files: each measured once, each recorded moment used once, by the best clock."""

import datetime as dt
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pytest

from tests.unit.vision.exports import media
from tests.unit.vision.test_exports import site_day
from vision.contract_check import Bounds, violations
from vision.contracts_ingest import CAMERA_EXPORTS, TIMELINE
from vision.exports.catalogue import Catalogue, catalogue, measured
from vision.exports.folder import Export, Recordings
from vision.exports.pool import Probed, SetAside
from vision.site.models import Clock, SiteDay

TEN = range(0, 10_000, 200)
"""Ten seconds at five frames a second."""


def camera_day(clock: Clock | None = None, exports: str = "cam/*%Y%m%d_%H%M%S*.mkv") -> SiteDay:
    return site_day(exports=exports, frame=media.SIZE, clock=clock or Clock())


def put(
    root: Path, name: str, stamps_ms: Sequence[int] = TEN, metadata: dict[str, str] | None = None
) -> Path:
    (root / "cam").mkdir(parents=True, exist_ok=True)
    kind = "mkv with H.265" if name.endswith(".mkv") else "mp4 with H.264"
    return media.write(root / "cam", kind, stamps_ms, name=name, metadata=metadata)


def made(root: Path, day: SiteDay, before: pl.DataFrame | None = None) -> Catalogue:
    """The catalogue, which keeps its contracts."""
    camera = day.cameras["cam"]
    found = catalogue(Recordings(root).find(day, camera), camera, day, before=before)
    for frame, contract in ((found.exports, CAMERA_EXPORTS), (found.timeline, TIMELINE)):
        assert violations(frame, contract, Bounds.of(day, "cam")) == []
    return found


def told(found: Catalogue, *columns: str) -> list[tuple[object, ...]]:
    return found.exports.select(pl.col("file_name").str.split("/").list.last(), *columns).rows()


def stretches(found: Catalogue) -> list[tuple[str, str]]:
    return [
        (f"{begins:%H:%M:%S.%f}"[:-3], f"{ends:%H:%M:%S.%f}"[:-3])
        for begins, ends in found.timeline.select("begins_at", "ends_at").iter_rows()
    ]


def test_files_that_follow_each_other_are_one_timeline(tmp_path: Path) -> None:
    for second in ("00", "11", "19"):
        put(tmp_path, f"20260314_1200{second}.mkv")
    found = made(tmp_path, camera_day())
    assert told(found, "corrected_s", "used_s") == [
        ("20260314_120000.mkv", 0.0, 10.0),
        ("20260314_120011.mkv", -1.0, 10.0),
        ("20260314_120019.mkv", 1.0, 10.0),
    ]
    assert stretches(found) == [
        ("12:00:00.000", "12:00:10.000"),
        ("12:00:10.000", "12:00:20.000"),
        ("12:00:20.000", "12:00:30.000"),
    ]


def test_a_pause_within_a_file_is_not_on_the_timeline(tmp_path: Path) -> None:
    put(tmp_path, "20260314_120000.mkv", [*TEN, *range(60_000, 65_000, 200)])
    found = made(tmp_path, camera_day())
    assert told(found, "paused_s", "used_s") == [("20260314_120000.mkv", 50.0, 15.0)]
    assert stretches(found) == [
        ("12:00:00.000", "12:00:10.000"),
        ("12:01:00.000", "12:01:05.000"),
    ]


def test_the_same_recording_exported_again_changes_nothing_that_is_made_of_it(
    tmp_path: Path,
) -> None:
    first = put(tmp_path, "20260314_120000.mkv")
    before = made(tmp_path, camera_day())
    shutil.copy(first, first.with_name("20260314_120000_again.mkv"))
    after = made(tmp_path, camera_day())
    assert after.timeline.equals(before.timeline)
    assert told(after, "status", "reason") == [
        ("20260314_120000.mkv", "catalogued", None),
        ("20260314_120000_again.mkv", "repeated", "same_content"),
    ]


def test_a_whole_export_replaces_the_half_that_came_first(tmp_path: Path) -> None:
    put(tmp_path, "a20260314_120000.mkv", list(TEN)[:25])
    put(tmp_path, "b20260314_120000.mkv")
    found = made(tmp_path, camera_day())
    assert told(found, "status", "reason", "used_s") == [
        ("a20260314_120000.mkv", "repeated", "seen_elsewhere", 0.0),
        ("b20260314_120000.mkv", "catalogued", None, 10.0),
    ]


def test_what_two_files_show_is_used_once(tmp_path: Path) -> None:
    put(tmp_path, "20260314_120000.mkv")
    put(tmp_path, "20260314_120005.mkv", list(TEN)[:-1])
    found = made(tmp_path, camera_day())
    assert stretches(found) == [
        ("12:00:00.000", "12:00:10.000"),
        ("12:00:10.000", "12:00:14.800"),
    ]


class Counting:
    """Opens files, and counts them."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    def __call__(self, exports: Sequence[Export]) -> Iterator[Probed | SetAside]:
        self.opened += [export.name for export in exports]
        return measured(exports)


def test_what_is_known_is_not_opened_again_and_comes_to_the_same(tmp_path: Path) -> None:
    day = camera_day()
    for second in ("00", "10", "20"):
        put(tmp_path, f"20260314_1200{second}.mkv", [*range(0, 10_010, 33)])
    put(tmp_path, "20260314_130000.mkv", [*TEN, *range(60_000, 65_000, 200)])
    (tmp_path / "cam" / "20260314_140000.mkv").write_bytes(b"no video")
    first = made(tmp_path, day)
    put(tmp_path, "20260314_120030.mkv")
    changed = tmp_path / "cam" / "20260314_120010.mkv"
    os.utime(changed, (1, 1_700_000_000))
    open_files = Counting()
    camera = day.cameras["cam"]
    found = Recordings(tmp_path).find(day, camera)
    again = catalogue(found, camera, day, open_files, first.exports)
    # A new one, a changed one, one whose pauses are not known, one that could not be read.
    assert open_files.opened == [
        "cam/20260314_120010.mkv",
        "cam/20260314_120030.mkv",
        "cam/20260314_130000.mkv",
        "cam/20260314_140000.mkv",
    ]
    afresh = catalogue(found, camera, day)
    assert again.exports.equals(afresh.exports)
    assert again.timeline.equals(afresh.timeline)
    assert again.opened == 4


@pytest.mark.parametrize(
    ("clock", "created", "expected"),
    [
        pytest.param({}, "2026-03-14T12:00:03Z", ("container", "name", -3.0), id="container first"),
        pytest.param(
            {"order": ("name", "container")},
            "2026-03-14T12:00:03Z",
            ("name", "container", 3.0),
            id="as the site has it",
        ),
        pytest.param({}, "2026-03-14T12:00:10Z", ("name", None, None), id="written at its end"),
        pytest.param({}, "2026-03-16T09:00:00Z", ("name", None, None), id="exported days later"),
        pytest.param({}, "1970-01-01T00:00:00Z", ("name", None, None), id="a clock never set"),
    ],
)
def test_a_container_is_believed_if_it_can_tell_the_start(
    tmp_path: Path, clock: dict[str, object], created: str, expected: tuple[object, ...]
) -> None:
    put(tmp_path, "20260314_120000.mp4", metadata={"creation_time": created})
    day = camera_day(Clock.model_validate(clock), "cam/%Y%m%d_%H%M%S.mp4")
    (row,) = told(made(tmp_path, day), "clock_source", "compared_with", "clocks_apart_s")
    assert row[1:] == expected


def test_a_sidecar_tells_what_names_do_not(tmp_path: Path) -> None:
    put(tmp_path, "clip.mkv")
    put(tmp_path, "other.mkv")
    (tmp_path / "cam" / "times.csv").write_text("file,start\nclip.mkv,2026-03-14T12:00:00.250\n")
    day = camera_day(Clock(sidecar="cam/times.csv"), "cam/*.mkv")
    found = made(tmp_path, day)
    assert told(found, "clock_source") == [("clip.mkv", "sidecar")]
    assert stretches(found) == [("12:00:00.250", "12:00:10.250")]


def test_files_follow_each_other_by_name_where_the_site_asks_for_it(tmp_path: Path) -> None:
    for number in range(3):
        put(tmp_path, f"clip{number}.mkv", list(range(0, 10_000 + number, 200)))
    start = dt.datetime(2026, 3, 14, 12)
    clock = Clock(starts={"clip0.mkv": start}, order=("site_file", "order"))
    found = made(tmp_path, camera_day(clock, "cam/*.mkv"))
    assert told(found, "clock_source", "status") == [
        ("clip0.mkv", "site_file", "catalogued"),
        ("clip1.mkv", "order", "catalogued"),
        ("clip2.mkv", "order", "catalogued"),
    ]
    assert stretches(found)[-1][1] == "12:00:30.400"


def test_a_file_that_its_best_clock_puts_elsewhere_stays_visible(tmp_path: Path) -> None:
    put(tmp_path, "20260314_120000.mp4", metadata={"creation_time": "2026-03-12T12:00:00Z"})
    found = made(tmp_path, camera_day(exports="cam/%Y%m%d_%H%M%S.mp4"))
    assert told(found, "status", "reason") == [("20260314_120000.mp4", "quarantined", "other_day")]
    assert found.timeline.is_empty()


def test_another_frame_size_than_the_cameras_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "20260314_120000.mkv")
    found = made(tmp_path, site_day(exports="cam/%Y%m%d_%H%M%S.mkv", frame=(640, 360)))
    assert told(found, "status", "reason") == [
        ("20260314_120000.mkv", "quarantined", "wrong_frame_size")
    ]
    assert found.timeline.is_empty()


def test_what_lies_elsewhere_is_not_opened(tmp_path: Path) -> None:
    elsewhere = put(tmp_path / "elsewhere", "20260314_120000.mkv")
    root = tmp_path / "root"
    (root / "cam").mkdir(parents=True)
    (root / "cam" / elsewhere.name).symlink_to(elsewhere)
    found = made(root, camera_day())
    assert told(found, "status", "reason", "frames") == [
        ("20260314_120000.mkv", "quarantined", "outside_root", None)
    ]


def test_the_last_file_before_the_day_reaches_into_it(tmp_path: Path) -> None:
    put(tmp_path, "20260314_035955.mkv")
    put(tmp_path, "20260315_035955.mkv")
    found = made(tmp_path, camera_day())
    assert told(found, "used_s") == [
        ("20260314_035955.mkv", 5.0),
        ("20260315_035955.mkv", 5.0),
    ]
    assert stretches(found) == [
        ("04:00:00.000", "04:00:05.000"),
        ("03:59:55.000", "04:00:00.000"),
    ]


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(0, id="as a mounted bucket has it"),
        pytest.param(315_532_800, id="as an archive has it that noted none"),
        pytest.param(7_258_118_400, id="in another century"),
    ],
)
def test_a_time_of_writing_that_was_never_set_costs_nothing(tmp_path: Path, written: int) -> None:
    os.utime(put(tmp_path, "20260314_120000.mkv"), (written, written))
    first = made(tmp_path, camera_day())
    assert told(first, "status") == [("20260314_120000.mkv", "catalogued")]
    again = made(tmp_path, camera_day(), before=first.exports)
    assert again.opened == 0
    assert again.exports.equals(first.exports)


def test_a_file_whose_time_nobody_noted_is_found_by_what_it_says_itself(tmp_path: Path) -> None:
    created = {"creation_time": "2026-03-14T12:00:00.000000Z"}
    os.utime(put(tmp_path, "export.mp4", metadata=created), (0, 0))
    assert told(made(tmp_path, camera_day(exports="cam/export*.mp4")), "clock_source") == [
        ("export.mp4", "container")
    ]


def test_a_file_that_ends_as_the_day_begins_is_none_of_its_files(tmp_path: Path) -> None:
    put(tmp_path, "20260314_035950.mkv")
    put(tmp_path, "20260314_040000.mkv")
    assert told(made(tmp_path, camera_day()), "status", "used_s") == [
        ("20260314_040000.mkv", "catalogued", 10.0)
    ]
