"""Traits are taken of the frame that the detector answered, and of no other."""

from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from vision.protocols import Boxes, Frame
from vision.traits import Traits, looked_at

FRAMES = [Frame(n * 200_000, np.full((20, 30, 3), n, dtype=np.uint8)) for n in range(6)]


def brightness(image: np.ndarray, xyxy: np.ndarray) -> np.ndarray:
    return np.full((len(xyxy), 1), image[0, 0, 0], dtype=np.float32)


class Detector:
    """Sees two people in every second frame and nobody in the others, with some frames in flight.

    Args:
        in_flight: Frames that it takes before it answers the first.
        own: Appearance that it gives itself.
    """

    description = "made up"

    def __init__(self, in_flight: int = 3, own: np.ndarray | None = None) -> None:
        self._in_flight = in_flight
        self._own = own

    def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        waiting: list[Frame] = []
        for frame in frames:
            waiting.append(frame)
            if len(waiting) > self._in_flight:
                yield self._boxes(waiting.pop(0))
        yield from map(self._boxes, waiting)

    def _boxes(self, frame: Frame) -> Boxes:
        people = 2 * (frame.image[0, 0, 0] % 2)
        xyxy = np.tile(np.array([1, 1, 9, 19], dtype=np.float32), (people, 1))
        own = None if self._own is None else self._own[:people]
        return Boxes(frame.at_us, xyxy, np.ones(people, dtype=np.float32), own)


@pytest.mark.parametrize("in_flight", [0, 1, 3, 10])
def test_each_box_is_described_from_its_own_frame(in_flight: int) -> None:
    kept: list[Traits] = []
    found = list(
        looked_at(Detector(in_flight), FRAMES, kept.append, appearance=brightness, guess=None)
    )
    assert [boxes.at_us for boxes in found] == [frame.at_us for frame in FRAMES]
    assert [traits.appearance.ravel().tolist() for traits in kept] == [[1, 1], [3, 3], [5, 5]]
    assert all(traits.guesses.shape == (2, 0) for traits in kept)


def test_a_detectors_own_vectors_go_before_ours_and_no_further() -> None:
    own = np.array([[7.5], [8.5]], dtype=np.float32)
    kept: list[Traits] = []
    found = list(
        looked_at(Detector(own=own), FRAMES, kept.append, appearance=brightness, guess=brightness)
    )
    assert all(boxes.appearance is None for boxes in found)
    assert [traits.appearance.tolist() for traits in kept] == [own.tolist()] * 3
    assert [traits.guesses.ravel().tolist() for traits in kept] == [[1, 1], [3, 3], [5, 5]]


def test_a_detectors_own_vectors_are_not_kept_where_nobody_asked() -> None:
    kept: list[Traits] = []
    own = np.ones((2, 5), dtype=np.float32)
    list(looked_at(Detector(own=own), FRAMES, kept.append, appearance=None, guess=brightness))
    assert all(traits.appearance.shape == (2, 0) for traits in kept)


def test_a_detector_that_answers_out_of_order_is_refused() -> None:
    class Shuffling(Detector):
        def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
            return reversed(list(super().detect(frames)))

    with pytest.raises(RuntimeError, match="in order"):
        list(looked_at(Shuffling(), FRAMES, lambda _: None, appearance=brightness, guess=None))


def test_a_detector_that_answers_twice_is_refused() -> None:
    class Repeating(Detector):
        def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
            for boxes in super().detect(frames):
                yield boxes
            yield boxes

    with pytest.raises(RuntimeError, match="once"):
        list(looked_at(Repeating(), FRAMES, lambda _: None, appearance=brightness, guess=None))
