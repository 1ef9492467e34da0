import numpy as np
import pytest

from vision.openvino_engine import Fit
from vision.yolo import person_classes, rows_of_end_to_end, rows_of_raw


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param({0: "person", 1: "bicycle"}, (0,), id="a model of many things has a person"),
        pytest.param({0: "Normal", 1: "Fall"}, (0, 1), id="otherwise every class is a person"),
    ],
)
def test_person_classes(names: dict[int, str], expected: tuple[int, ...]) -> None:
    assert person_classes(names) == expected


def test_an_end_to_end_output_keeps_people_above_the_threshold() -> None:
    output = np.array(
        [[0, 0, 9, 9, 0.9, 0], [1, 1, 8, 8, 0.9, 2], [2, 2, 7, 7, 0.05, 0]], dtype=np.float32
    )
    assert rows_of_end_to_end(output, (0,), 0.1).tolist() == output[:1, :5].tolist()


def test_one_person_seen_as_two_classes_is_reported_once() -> None:
    centre_and_size = [[50, 50, 20, 40], [51, 50, 20, 40], [150, 50, 20, 40]]
    scores = [[0.8, 0.1], [0.1, 0.7], [0.2, 0.6]]
    output = np.hstack([centre_and_size, scores]).T.astype(np.float32)
    found = rows_of_raw(output, (0, 1), 0.25)
    assert found[:, 4].tolist() == pytest.approx([0.8, 0.6])
    assert found[0, :4].tolist() == [40, 30, 60, 70]


@pytest.mark.parametrize(
    ("frame", "scaled", "network"),
    [((640, 360), (640, 360), (640, 384)), ((384, 288), (640, 480), (640, 480))],
)
def test_a_frame_fits_the_network_with_its_shape_kept(
    frame: tuple[int, int], scaled: tuple[int, int], network: tuple[int, int]
) -> None:
    fit = Fit.of(frame, 640)
    assert (fit.scaled, fit.network) == (scaled, network)
