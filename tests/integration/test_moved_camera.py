"""A camera that is moved while it records, and nights, from the file to the marts."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import dagster as dg
import numpy as np
import polars as pl
import pytest

from footfall_dagster.lake import CameraDay
from tests.integration.test_bad_input import CAMERA, DAY, Place, SeesNobody
from tests.unit.vision import views
from tests.unit.vision.simulated import arcade
from vision.contracts import DETECTIONS, TRACKS
from vision.contracts_ingest import COVERAGE
from vision.protocols import Boxes, Frame, Image
from vision.simulate.api import simulate
from vision.yolo import YoloDetector

ARCADE = Path("examples/arcade")
DAY_OF_CAMERA = CameraDay(DAY, CAMERA)
BEGAN = dt.datetime(2026, 3, 14, 10, 5, tzinfo=dt.UTC)


class SeesOne:
    """A detector that finds somebody in the middle of each frame."""

    description = "sees one"

    def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        box = np.array([[300, 150, 330, 240]], np.float32)
        for frame in frames:
            yield Boxes(frame.at_us, box, np.full(1, 0.9, np.float32))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> list[Image]:
    """Half a minute of the arcade in its own size, a frame a second."""
    out = tmp_path_factory.mktemp("plain")
    made = simulate(arcade(), out, minutes=0.5, people_per_minute=20, fps=1, processes=1)
    return [image for name in made.files[CAMERA] for image in views.decoded(out / name)]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def record(place: Place, images: Sequence[Image]) -> None:
    """A recording of these images, one a second."""
    path = place.recordings / CAMERA / f"{CAMERA}_{BEGAN:%Y%m%d_%H%M%S}.mp4"
    path.parent.mkdir()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=1, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1)
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, 1)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def figures(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    """What is told of the two assets, by name."""
    told = result.asset_materializations_for_node("arcade_detect")
    return {name: value.value for one in told for name, value in one.metadata.items()}


def test_a_camera_that_is_moved_in_the_middle_of_a_file(
    plain: list[Image], tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    place = Place(tmp_path, instance, ARCADE, detector=SeesOne())
    minutes, moved_after = 26, 5
    before, after = (views.lasting(plain, 60 * length) for length in (moved_after, minutes - 5))
    record(place, [*before, *map(views.displaced(x=0.08), after)])
    result = place.camera_day()
    assert result.success

    coverage = place.lake.read(COVERAGE, DAY_OF_CAMERA).filter(pl.col("recorded_s") > 0)
    lost = coverage.filter(pl.col("reason") == "camera_moved")
    assert (coverage["recorded_s"] > 59).all()
    assert lost["minute"].min() in {BEGAN + dt.timedelta(minutes=length) for length in (4, 5)}
    assert lost.height >= minutes - moved_after
    assert coverage.filter(pl.col("reason").is_null())["readable_s"].unique().to_list() == [60]

    boxes = place.lake.read(DETECTIONS, DAY_OF_CAMERA)["frame_at"]
    moved_at = BEGAN + dt.timedelta(minutes=moved_after)
    assert boxes.min() == BEGAN
    assert moved_at - dt.timedelta(seconds=15) < boxes.max() < moved_at
    assert place.lake.read(TRACKS, DAY_OF_CAMERA)["frame_at"].max() < moved_at
    told = figures(result)
    assert told["minutes_camera_moved"] == pytest.approx(minutes - moved_after, abs=0.5)
    assert (told["minutes_camera_covered"], told["minutes_too_dark"]) == (0, 0)
    assert told["boxes_left_out"] == 60 * minutes - len(boxes)

    (check,) = [one for one in result.get_asset_check_evaluations() if one.check_name == "view"]
    assert not check.passed
    assert check.severity == dg.AssetCheckSeverity.WARN
    assert "the rest of the day, 21 min, is not counted" in (check.description or "")

    assert place.site_day().success
    counts = place.counts().filter(pl.col("gate") == "entrance")
    quarters = {
        row["interval_start"]: row["entries"]
        for row in counts.filter(pl.col("interval_start").dt.hour() == 10).iter_rows(named=True)
    }
    known = [entries is not None for _, entries in sorted(quarters.items())]
    assert known == [True, False, False, False]


def test_a_night_that_can_be_seen_is_analysed_and_one_that_cannot_is_not_counted(
    plain: list[Image], tmp_path: Path, instance: dg.DagsterInstance, weights: Path
) -> None:
    place = Place(tmp_path, instance, ARCADE, detector=YoloDetector(weights, cache=tmp_path / "m"))
    dim, out = views.dimmed(0.2), views.dimmed(0.0, noise=3.0)
    record(place, [*map(dim, views.lasting(plain, 120)), *map(out, views.lasting(plain, 120))])
    result = place.camera_day()
    assert result.success
    coverage = place.lake.read(COVERAGE, DAY_OF_CAMERA).filter(pl.col("recorded_s") > 0)
    assert coverage["reason"].to_list() in (
        [None, None, "too_dark", "too_dark"],
        [None, "too_dark", "too_dark", "too_dark"],
    )
    assert 100 < coverage["readable_s"].sum() <= 120
    assert place.lake.read(DETECTIONS, DAY_OF_CAMERA).height > 20


def test_a_day_on_which_nobody_comes_is_zero_and_not_null(
    plain: list[Image], tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    place = Place(tmp_path, instance, ARCADE, detector=SeesNobody())
    record(place, views.lasting(plain, 120))
    result = place.camera_day()
    assert result.success
    assert all(one.passed for one in result.get_asset_check_evaluations())
    coverage = place.lake.read(COVERAGE, DAY_OF_CAMERA)
    assert coverage["readable_s"].sum() == 120
    assert place.site_day().success
    counts = place.counts().filter(pl.col("gate") == "entrance")
    assert counts["entries"].drop_nulls().to_list() == [0]


def test_frames_that_fail_to_decode_in_the_middle_of_a_file_are_not_observed(
    plain: list[Image], tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    place = Place(tmp_path, instance, ARCADE, detector=SeesOne())
    spoiled = place.recordings / CAMERA / f"{CAMERA}_{BEGAN:%Y%m%d_%H%M%S}.mp4"
    whole = tmp_path / "whole.mkv"
    spoiled.parent.mkdir()
    with av.open(str(whole), "w") as container:
        stream = container.add_stream("libx264", rate=5, options={"g": "5", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for image in views.lasting(plain, 300):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    with av.open(str(whole)) as source, av.open(str(spoiled), "w") as target:
        copied = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.pts is None:
                continue
            at_s = float(packet.pts * (packet.time_base or 0))
            junk = av.Packet(bytes(packet.size) if 20 <= at_s < 40 else bytes(packet))
            junk.pts, junk.dts, junk.time_base = packet.pts, packet.dts, packet.time_base
            junk.is_keyframe, junk.stream = packet.is_keyframe, copied
            target.mux(junk)
    assert place.camera_day().success
    (minute,) = (
        place.lake.read(COVERAGE, DAY_OF_CAMERA).filter(pl.col("recorded_s") > 0).rows(named=True)
    )
    assert (minute["recorded_s"], minute["reason"]) == (60, "unreadable")
    assert minute["readable_s"] == pytest.approx(40, abs=1)
    seconds = place.lake.read(DETECTIONS, DAY_OF_CAMERA)["frame_at"].dt.second()
    assert len(seconds) == pytest.approx(200, abs=5)
    assert not seconds.is_between(21, 39).any()
