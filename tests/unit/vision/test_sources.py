import numpy as np
from numpy.typing import NDArray

from vision.ground import Ground
from vision.protocols import View
from vision.sources import Sources

VIEW = View(640, 360, 5)
GROUND = Ground(None, None)
Array = NDArray[np.float64]


def test_who_begins_or_ends_in_the_middle_of_the_way_of_others_does_so_abruptly() -> None:
    sources, paths = _sources([*[(0, 640)] * 8, (0, 300)])
    assert sources.abrupt_ends([paths[-1][-1]])[0] > 3
    assert sources.abrupt_starts([paths[-1][0]])[0] == 0


def test_a_door_in_the_middle_of_the_picture_is_no_abrupt_end() -> None:
    sources, paths = _sources([*[(0, 640)] * 3, *[(0, 300)] * 4])
    assert sources.abrupt_ends([path[-1] for path in paths[3:]]).tolist() == [0] * 4


def test_a_start_does_not_make_its_place_one_where_people_end() -> None:
    sources, paths = _sources([*[(0, 640)] * 4, *[(300, 640)] * 4, (0, 300)])
    assert sources.abrupt_starts([paths[4][0]])[0] == 0
    assert sources.abrupt_ends([paths[-1][-1]])[0] > 3


def test_the_edge_of_the_picture_is_never_abrupt() -> None:
    sources, paths = _sources([*[(0, 640)] * 8, (620, 640), (0, 20)])
    assert sources.abrupt_starts([path[0] for path in paths]).tolist() == [0] * 10
    assert sources.abrupt_ends([path[-1] for path in paths]).tolist() == [0] * 10


def test_places_that_are_unknown_say_nothing() -> None:
    xyxy, paths = _boxes([*[(0, 640)] * 8, (0, 300)])
    sources = Sources(xyxy, np.full((len(xyxy), 2), np.nan), GROUND, VIEW, paths)
    assert sources.abrupt_ends([paths[-1][-1]])[0] == 0


def test_where_nobody_has_been_yet_an_end_counts_for_little_less() -> None:
    xyxy, paths = _boxes([(0, 300)])
    sources = Sources(xyxy, _places(xyxy), GROUND, VIEW, [])
    assert 3 < sources.abrupt_ends([paths[0][-1]])[0] < 4


def _sources(walks: list[tuple[int, int]]) -> tuple[Sources, list[list[int]]]:
    xyxy, paths = _boxes(walks)
    return Sources(xyxy, _places(xyxy), GROUND, VIEW, paths), paths


def _places(xyxy: Array) -> Array:
    result: Array = np.column_stack([(xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 1]])
    return result


def _boxes(walks: list[tuple[int, int]]) -> tuple[Array, list[list[int]]]:
    """Boxes of people who walk along the middle of the picture, from left to right."""
    boxes: list[tuple[float, float, float, float]] = []
    paths: list[list[int]] = []
    for begin, end in walks:
        across = np.arange(begin, end + 1, 20)
        paths.append([*range(len(boxes), len(boxes) + len(across))])
        boxes += [(max(x - 15, 0), 130, min(x + 15, 640), 220) for x in across.tolist()]
    return np.array(boxes, dtype=np.float64), paths
