"""The real detector: what is looked at less, smaller or in fewer bits must not be lost."""

import datetime as dt
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import av
import numpy as np
import pytest

from tests.unit.vision.simulated import arcade
from vision import eight_bits
from vision.boxes import overlap
from vision.openvino_stream import Stream
from vision.protocols import Boxes, Frame, LookAt
from vision.simulate import simulate
from vision.yolo import YoloDetector, cuda_at_hand

STEP_US = 200_000
SURE = 0.5
LESS: tuple[LookAt, ...] = ("changed_frames", "changed_windows")


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> list[np.ndarray]:
    """Twenty seconds of the arcade's shops, five frames a second."""
    out = tmp_path_factory.mktemp("recordings")
    summary = simulate(
        arcade(), out, start=dt.time(12), minutes=1 / 3, seed=5, people_per_minute=20, fps=5
    )
    with av.open(out / summary.files["cam_shops"][0]) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


@pytest.fixture(scope="module")
def found(
    frames: list[np.ndarray], weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[LookAt, list[Boxes]]:
    """People in these frames, by what was looked at."""
    cache = tmp_path_factory.mktemp("models")
    return {
        look_at: list(
            YoloDetector(weights, cache=cache, device="cpu", look_at=look_at).detect(
                Frame(number * STEP_US, image) for number, image in enumerate(frames)
            )
        )
        for look_at in get_args(LookAt)
    }


def _sure(boxes: Boxes) -> np.ndarray:
    return boxes.xyxy[boxes.confidence >= SURE].astype(np.float64)


def _hits(wanted: list[Boxes], given: list[Boxes]) -> Iterator[bool]:
    for one, other in zip(wanted, given, strict=True):
        assert one.at_us == other.at_us
        if len(_sure(one)):
            alike = overlap(_sure(one), other.xyxy.astype(np.float64))
            yield from (alike.max(axis=1, initial=0) > 0.5).tolist()


@pytest.mark.parametrize("look_at", LESS)
def test_nearly_everybody_is_found_who_is_found_by_looking_everywhere(
    look_at: LookAt, found: dict[LookAt, list[Boxes]]
) -> None:
    hits = list(_hits(found["all"], found[look_at]))
    assert len(hits) > 100
    assert np.mean(hits) > 0.95


@pytest.mark.parametrize("look_at", LESS)
def test_nearly_nobody_is_made_up(look_at: LookAt, found: dict[LookAt, list[Boxes]]) -> None:
    assert np.mean(list(_hits(found[look_at], found["all"]))) > 0.95


@pytest.mark.skipif(not cuda_at_hand(), reason="no CUDA device at hand")
def test_a_gpu_finds_whom_a_processor_finds(
    frames: list[np.ndarray],
    found: dict[LookAt, list[Boxes]],
    weights: Path,
    tmp_path: Path,
) -> None:
    of_gpu = list(
        YoloDetector(weights, cache=tmp_path, device="cuda").detect(
            Frame(number * STEP_US, image) for number, image in enumerate(frames)
        )
    )
    assert np.mean(list(_hits(found["all"], of_gpu))) > 0.98
    assert np.mean(list(_hits(of_gpu, found["all"]))) > 0.98


def test_who_stands_still_for_a_minute_stays(
    frames: list[np.ndarray], found: dict[LookAt, list[Boxes]], weights: Path, tmp_path: Path
) -> None:
    busiest = max(range(len(frames)), key=lambda number: len(_sure(found["all"][number])))
    people = len(_sure(found["all"][busiest]))
    assert people > 1
    rng = np.random.default_rng(1)

    def still() -> Iterator[Frame]:
        for number in range(300):
            grain = rng.normal(0, 2, frames[busiest].shape)
            image = np.clip(frames[busiest] + grain, 0, 255).astype(np.uint8)
            yield Frame(number * STEP_US, image)

    detector = YoloDetector(weights, cache=tmp_path, device="cpu")
    counts = [len(_sure(boxes)) for boxes in detector.detect(still())]
    assert min(counts) >= people - 1
    assert np.median(counts) == people


def test_a_minute_in_which_nothing_moves_is_looked_at_twelve_times(
    frames: list[np.ndarray], monkeypatch: pytest.MonkeyPatch, weights: Path, tmp_path: Path
) -> None:
    looked: list[int] = []
    windows = Stream._windows

    def noted(self: Stream, frame: Frame) -> object:
        chosen = windows(self, frame)
        looked.append(len(chosen[0]))
        return chosen

    monkeypatch.setattr(Stream, "_windows", noted)
    detector = YoloDetector(weights, cache=tmp_path, device="cpu")
    still = (Frame(number * STEP_US, frames[0]) for number in range(300))
    assert len(list(detector.detect(still))) == 300
    assert sum(looked) == 12


@pytest.mark.footage
def test_a_camera_of_tall_people_is_looked_at_in_a_smaller_picture_and_nobody_is_lost(
    footage: Path, weights: Path, tmp_path: Path
) -> None:
    with av.open(footage / "tud-stadtmitte" / "TUD-Stadtmitte_640x480.mp4") as container:
        images = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    # Every four seconds, so that seven seconds become twelve minutes.
    frames = [Frame(number * 4_000_000, image) for number, image in enumerate(images)]
    chooses = YoloDetector(weights, cache=tmp_path, device="cpu")
    fixed = YoloDetector(weights, cache=tmp_path, device="cpu", input_size=640)
    found, wanted = (list(one.detect(iter(frames))) for one in (chooses, fixed))
    assert ", 640 then 576 px, " in chooses.description
    assert ", 640 px, " in fixed.description
    smaller = slice(10 * 60 // 4, None)
    hits = list(_hits(wanted[smaller], found[smaller]))
    assert len(hits) > 100
    assert np.mean(hits) > 0.95


@pytest.mark.skipif(find_spec("nncf") is None, reason="no NNCF: pip install '.[int8]' brings it")
@pytest.mark.parametrize("spoilt", [False, True], ids=["calibrated", "calibrated on darkness"])
def test_eight_bits_are_used_only_if_they_find_the_same_people_and_leave_nothing_on_disk(
    spoilt: bool,
    frames: list[np.ndarray],
    weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if spoilt:
        as_input = eight_bits._as_input
        monkeypatch.setattr(eight_bits, "_as_input", lambda frame: as_input(frame) * 0)
    places = {name: tmp_path / name for name in ("HOME", "TMPDIR", "here")}
    for name, place in places.items():
        place.mkdir()
        monkeypatch.setenv(name, str(place))
    monkeypatch.setattr(tempfile, "tempdir", str(places["TMPDIR"]))
    monkeypatch.chdir(places["here"])
    # Backwards, since people are few at first.
    spaced = [Frame(number * 12_000_000, image) for number, image in enumerate(frames[::-1])]
    plain = YoloDetector(weights, cache=tmp_path / "models", device="cpu")
    wanted = list(plain.detect(iter(spaced)))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    detector = YoloDetector(weights, cache=tmp_path / "models", device="cpu", int8=True)
    found = list(detector.detect(iter(spaced)))

    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert ("INT8 refused at " if spoilt else "INT8 at ") in detector.description
    alike = [
        one.xyxy.tolist() == other.xyxy.tolist() for one, other in zip(wanted, found, strict=True)
    ]
    assert all(alike[:60])
    assert all(alike) == spoilt
    assert np.mean(list(_hits(wanted[60:], found[60:]))) > 0.95
