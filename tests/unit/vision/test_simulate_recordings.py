"""Recordings of the simulation: files, frames and boxes."""

import datetime as dt
import hashlib
import shutil

import av
import numpy as np
import polars as pl
import pytest

from tests.unit.vision.simulated import arcade
from vision.evaluate.mot import read_rows
from vision.exports.folder import Recordings
from vision.simulate import simulate
from vision.simulate.cutouts import look, photographed_people
from vision.simulate.record import file_names
from vision.simulate.truth import FOLDER
from vision.site.models import Camera

SECONDS = 64


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    out = tmp_path_factory.mktemp("recordings")
    seen = []
    summary = simulate(
        arcade(),
        out,
        start=dt.time(10),
        minutes=SECONDS / 60,
        seed=5,
        people_per_minute=25,
        fps=5,
        processes=1,
        progress=lambda *report: seen.append(report),
    )
    return summary, seen


def _digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_files_are_named_as_the_recorder_would_and_found_again(simulated):
    summary, _ = simulated
    for camera in arcade().cameras.values():
        found = Recordings(summary.out).find(arcade(), camera)
        starts = [export.started_at for export in found]
        first = dt.datetime(2026, 3, 14, 10, tzinfo=dt.UTC)
        assert starts == [first, first + dt.timedelta(minutes=1)]
        assert len(summary.files[camera.id]) == 2


@pytest.mark.parametrize(
    ("exports", "last"),
    [
        ({"recorder": "frigate", "folder": "nvr", "channel": "a"}, "nvr/2026-07-14/09/a/01.00.mp4"),
        (
            {"recorder": "dahua", "channel": "001"},
            "2026-07-14/001/dav/10/10.01.00-10.01.04[R][0@0][0].mp4",
        ),
        ({"recorder": "axis"}, "20260714_100100_0000_000000000000.mp4"),
        ("a/*_%s.{mp4|mkv}", "a/sim_1784019660.mp4"),
    ],
)
def test_files_are_named_as_any_recorder_would(exports, last):
    day = arcade()
    camera = Camera(id="a", floor="ground", frame=(640, 360), exports=exports)
    names = file_names(day, camera, dt.datetime(2026, 7, 14, 9, tzinfo=dt.UTC), SECONDS)
    assert len(names) == 2
    assert names[-1] == last


def test_frames_come_at_the_rate_asked_for_from_nought_on(simulated):
    summary, _ = simulated
    for names in summary.files.values():
        lengths = []
        for name in names:
            with av.open(summary.out / name) as container:
                stream = container.streams.video[0]
                assert (stream.width, stream.height) == (640, 360)
                assert stream.codec_context.name == "h264"
                times = [frame.time for frame in container.decode(stream)]
            assert times == pytest.approx(np.arange(len(times)) / 5)
            lengths.append(len(times))
        assert lengths == [60 * 5, (SECONDS - 60) * 5]


def test_boxes_lie_inside_the_frame_and_say_how_much_is_seen(simulated):
    summary, _ = simulated
    for camera in arcade().cameras:
        boxes = read_rows(summary.truth / f"{camera}_gt.txt")
        assert boxes.height > 50
        assert boxes["frame"].is_between(1, SECONDS * 5).all()
        assert boxes["x_min"].min() >= 0
        assert boxes["y_min"].min() >= 0
        assert boxes["x_max"].max() <= 640
        assert boxes["y_max"].max() <= 360
        assert boxes["visible"].is_between(0, 1).all()
        assert boxes["visible"].max() > 0.95
        assert boxes.select("frame", "id").is_duplicated().sum() == 0


def test_somebody_in_the_dense_crowd_hides_somebody(simulated):
    summary, _ = simulated
    boxes = pl.concat([read_rows(path) for path in summary.truth.glob("*_gt.txt")])
    inner = boxes.filter((pl.col("x_min") > 2) & (pl.col("x_max") < 638))
    assert (inner["visible"] < 0.7).any()


def test_no_crossing_is_cut_by_the_ends_of_the_recordings(simulated):
    summary, _ = simulated
    crossed = pl.read_parquet(summary.truth / "gate_crossings.parquet")
    begin = dt.datetime(2026, 3, 14, 10, tzinfo=dt.UTC)
    assert crossed.height > 0
    assert crossed["at"].min() >= begin + dt.timedelta(seconds=2)
    assert crossed["at"].max() <= begin + dt.timedelta(seconds=SECONDS - 2)
    counted = crossed.group_by("gate", "direction").len()
    for gate, direction, number in counted.iter_rows():
        assert summary.crossings[gate][direction] == number


def test_paths_of_the_truth_are_whole(simulated):
    summary, _ = simulated
    paths = pl.read_parquet(summary.truth / "paths.parquet")
    assert paths["person"].n_unique() == summary.people
    gaps = paths.sort("person", "at").with_columns(
        gap=pl.col("at").diff().over("person").dt.total_microseconds()
    )
    assert set(gaps["gap"].drop_nulls().unique()) == {100_000}


def test_progress_tells_of_every_frame(simulated):
    _, seen = simulated
    last = {camera: (done, total) for camera, done, total in seen}
    assert last == dict.fromkeys(arcade().cameras, (SECONDS * 5, SECONDS * 5))


def test_nothing_unfinished_is_left(simulated):
    summary, _ = simulated
    assert not list(summary.out.rglob("*.part"))


def _short(out, seed=2, fps=4):
    return simulate(
        arcade(), out, minutes=0.1, seed=seed, people_per_minute=60, fps=fps, processes=1
    )


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """What `_short` makes, made once; not to be written into."""
    return _short(tmp_path_factory.mktemp("short"))


@pytest.fixture
def again(short, tmp_path):
    """A folder that holds what `short` made."""
    return shutil.copytree(short.out, tmp_path / "again")


def test_the_same_arguments_give_the_same_bytes(short, tmp_path):
    _short(tmp_path)
    assert _digests(short.out) == _digests(tmp_path)


def test_another_seed_gives_other_pictures(short, tmp_path):
    other = _short(tmp_path, seed=3)
    names = next(iter(short.files.values()))
    assert (short.out / names[0]).read_bytes() != (other.out / names[0]).read_bytes()


def test_a_second_run_does_nothing(short, again):
    before = {path: path.stat().st_mtime_ns for path in again.rglob("*") if path.is_file()}
    second = _short(again)
    assert not short.already_there
    assert second.already_there
    assert second.crossings == short.crossings
    assert second.people == short.people
    after = {path: path.stat().st_mtime_ns for path in again.rglob("*") if path.is_file()}
    assert after == before


def test_a_missing_recording_is_made_again(short, again):
    name = next(iter(short.files.values()))[0]
    (again / name).unlink()
    assert not _short(again).already_there
    assert (again / name).read_bytes() == (short.out / name).read_bytes()


def test_other_arguments_replace_what_was_there(again):
    summary = simulate(arcade(), again, start=dt.time(11), minutes=0.1, fps=4, processes=1)
    names = {name for names in summary.files.values() for name in names}
    found = {path.relative_to(again).as_posix() for path in again.rglob("*.mp4")}
    assert found == names


def test_names_that_would_collide_are_refused_with_a_remedy():
    camera = arcade().cameras["cam_shops"].model_copy(update={"exports": "shops_%Y%m%d.mp4"})
    with pytest.raises(ValueError, match=r"%Y%m%d_%H%M%S"):
        file_names(arcade(), camera, dt.datetime(2026, 3, 14, 10, tzinfo=dt.UTC), 120)


def test_a_kind_of_file_that_cannot_be_written_is_refused_with_a_remedy():
    camera = arcade().cameras["cam_shops"].model_copy(update={"exports": "shops_%H%M%S.m*"})
    with pytest.raises(ValueError, match=r"end it in one of \.mp4"):
        file_names(arcade(), camera, dt.datetime(2026, 3, 14, 10, tzinfo=dt.UTC), 60)


def test_a_site_without_calibrated_cameras_is_refused(tmp_path):
    blind = {
        name: camera.model_copy(update={"calibration": ()})
        for name, camera in arcade().cameras.items()
    }
    with pytest.raises(ValueError, match="no camera with calibration"):
        simulate(arcade().model_copy(update={"cameras": blind}), tmp_path)
    assert not (tmp_path / FOLDER).exists()


def test_people_are_cut_out_from_head_to_foot():
    for sprite in photographed_people():
        alpha = sprite[..., 3]
        assert 0.3 < (alpha > 128).mean() < 0.8
        assert alpha[: len(alpha) // 10].max() > 200
        assert alpha[-len(alpha) // 10 :].max() > 200
        assert (sprite[..., :3].max(axis=2) <= alpha.astype(int) + 1).all()


def test_looks_differ_from_person_to_person_and_repeat_with_the_seed():
    one, again, other = (look(np.random.default_rng([1, number])) for number in (1, 1, 2))
    assert np.array_equal(one.left[0], again.left[0])
    assert one.left[0].shape != other.left[0].shape or (one.left[0] != other.left[0]).any()


def test_other_people_walk_the_same_ways(short, tmp_path):
    other = simulate(
        arcade(), tmp_path, minutes=0.1, seed=2, people_per_minute=60, fps=4, cast=9, processes=1
    )
    paths = [pl.read_parquet(made.truth / "paths.parquet") for made in (short, other)]
    assert paths[0].equals(paths[1])
    names = next(iter(short.files.values()))
    assert (short.out / names[0]).read_bytes() != (other.out / names[0]).read_bytes()
