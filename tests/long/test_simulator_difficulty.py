"""The simulated crowd is as hard for a tracker as a real one, and no harder to see."""

import datetime as dt
import shutil

import av
import polars as pl
import pytest

from tests.unit.vision.simulated import arcade
from vision.evaluate.mot import FOUND, Counts, read_truth
from vision.evaluate.scores import pool, score
from vision.simulate import DEMO_PEOPLE_PER_MINUTE, DENSEST_PEOPLE_PER_MINUTE, simulate

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def model_path(weights, tmp_path_factory):
    """The detector as a CPU runs it, at the network's usual 640 pixels."""
    from ultralytics import YOLO

    copy = shutil.copy(weights, tmp_path_factory.mktemp("weights") / weights.name)
    return YOLO(copy).export(format="openvino", imgsz=640, nms=False)


def _frames(summary, camera, every):
    number = 0
    for name in summary.files[camera]:
        with av.open(summary.out / name) as container:
            for frame in container.decode(video=0):
                number += 1
                if number % every == 0:
                    yield number, frame.to_ndarray(format="bgr24")


def _rows(number, boxes):
    # Boxes that nobody follows each have an id of their own.
    ids = boxes.id.tolist() if boxes.id is not None else range(len(boxes))
    return [(number, int(one), *edges) for one, edges in zip(ids, boxes.xyxy.tolist(), strict=True)]


@pytest.mark.timeout(1800)
def test_at_its_densest_a_usual_tracker_scores_as_on_real_clips(model_path, tmp_path):
    from ultralytics import YOLO

    summary = simulate(
        arcade(),
        tmp_path,
        start=dt.time(12),
        minutes=1.5,
        seed=1,
        people_per_minute=DENSEST_PEOPLE_PER_MINUTE,
    )
    scores = []
    for camera in sorted(summary.files):
        model = YOLO(model_path, task="detect")
        rows = []
        for number, image in _frames(summary, camera, every=1):
            boxes = model.track(
                image, persist=True, classes=[0], imgsz=640, nms=False, verbose=False
            )[0].boxes
            # Boxes that the tracker has not confirmed carry no number.
            rows += _rows(number, boxes) if boxes.id is not None else []
        found = pl.DataFrame(rows, schema=FOUND, orient="row")
        scores.append(score(read_truth(summary.truth / f"{camera}_gt.txt"), found))
    assert 0.45 <= pool(scores).idf1 <= 0.75, scores


@pytest.mark.timeout(900)
def test_at_the_demo_s_density_the_detector_finds_nearly_everybody_in_sight(model_path, tmp_path):
    from ultralytics import YOLO

    summary = simulate(
        arcade(), tmp_path, minutes=3, seed=1, people_per_minute=DEMO_PEOPLE_PER_MINUTE
    )
    model = YOLO(model_path, task="detect")
    scores, in_sight = [], 0
    for camera in sorted(summary.files):
        rows, looked_at = [], []
        for number, image in _frames(summary, camera, every=7):
            looked_at.append(number)
            result = model.predict(
                image, conf=0.25, classes=[0], imgsz=640, nms=False, verbose=False
            )
            rows += _rows(number, result[0].boxes)
        found = pl.DataFrame(rows, schema=FOUND, orient="row")
        truth = read_truth(summary.truth / f"{camera}_gt.txt", visible=0.5)
        truth = truth.filter(pl.col("frame").is_in(looked_at))
        in_sight += truth.filter(pl.col("counts") == Counts.PERSON).height
        scores.append(score(truth, found))
    assert in_sight > 200
    assert pool(scores).recall > 0.9
