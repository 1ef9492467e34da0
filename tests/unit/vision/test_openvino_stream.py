from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from vision import openvino_stream
from vision.attention import Attention, Window
from vision.openvino_engine import Fit
from vision.openvino_stream import Stream, carried_on
from vision.protocols import Frame, Image

STANDING = [400.0, 100.0, 440.0, 220.0, 0.9]
WALKING = [100.0, 100.0, 140.0, 220.0, 0.8]
LEFT = Window(0, 0, 320, 384)
CHANGED = np.array([[90, 90, 160, 230]], np.float32)


def people(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 5)


def test_who_stands_outside_the_window_stays_as_they_were() -> None:
    moved = [110.0, 100.0, 150.0, 220.0, 0.7]
    found = carried_on(people(STANDING, WALKING), [LEFT], CHANGED, [people(moved)])
    assert found.tolist() == people(STANDING, moved).tolist()


def test_who_has_left_the_window_is_gone() -> None:
    assert carried_on(people(WALKING), [LEFT], CHANGED, [people()]).tolist() == []


def test_who_is_cut_by_a_border_of_the_window_and_did_not_move_stays() -> None:
    across = [300.0, 100.0, 340.0, 220.0, 0.9]
    assert (
        carried_on(people(across), [LEFT], CHANGED, [people()]).tolist() == people(across).tolist()
    )


def test_who_walks_across_the_border_of_a_window_leaves_nobody_behind() -> None:
    before, after = [290.0, 100.0, 330.0, 220.0, 0.9], [262.0, 100.0, 302.0, 220.0, 0.9]
    changed = np.array([[250, 90, 340, 230]], np.float32)
    found = carried_on(people(before), [LEFT], changed, [people(after)])
    assert found.tolist() == people(after).tolist()


def test_who_is_seen_in_two_windows_is_one_person() -> None:
    again = [101.0, 100.0, 141.0, 220.0, 0.7]
    windows = [LEFT, Window(0, 100, 320, 192)]
    found = carried_on(people(), windows, CHANGED, [people(WALKING), people(again)])
    assert found.tolist() == people(WALKING).tolist()


@pytest.mark.parametrize("frame", [(640, 360), (384, 288), (1920, 1080), (100, 80)])
def test_parts_of_a_frame_have_its_scale_and_fit_their_networks(frame: tuple[int, int]) -> None:
    whole = Fit.of(frame, 640)
    for part in whole.parts():
        assert part.scale == whole.scale
        assert all(side <= all_ for side, all_ in zip(part.frame, frame, strict=True))
        assert all(s <= n for s, n in zip(part.scaled, part.network, strict=True))
        assert np.prod(part.network) < np.prod(whole.network)


class PretendEngine:
    """Finds one person in each frame, whose height and left edge are its first pixels."""

    requests = 1
    sizes: ClassVar[list[int]] = []

    def __init__(self, model: Path, fit: Fit) -> None:
        self.fit = fit
        self.idle = self.requests

    @property
    def is_idle(self) -> bool:
        return self.idle > 0

    def start(self, image: Image) -> Image:
        self.idle -= 1
        self.sizes.append(max(self.fit.scaled))
        return image[0, :2, 0]

    def result(self, request: Image) -> np.ndarray:
        self.idle += 1
        tall, left = (float(number) for number in request)
        scale = self.fit.scale
        return people([*(scale * edge for edge in (left, 20, left + tall / 3, 20 + tall)), 0.9])


@pytest.mark.parametrize("requests", [1, 3, 7])
def test_a_size_begins_with_the_same_frame_however_many_are_on_their_way(
    requests: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino_stream, "Engine", PretendEngine)
    monkeypatch.setattr(openvino_stream, "_MOST_ON_THEIR_WAY", requests)
    monkeypatch.setattr(PretendEngine, "requests", requests)
    monkeypatch.setattr(PretendEngine, "sizes", [])

    def frames() -> Iterator[Frame]:
        for second in range(17 * 60):
            image = np.zeros((300, 320, 3), np.uint8)
            tall = 90 + second % 97 if second < 13 * 60 else 30
            image[0, :2, 0] = tall, 20 + 7 * second % 180
            yield Frame(second * 1_000_000, image)

    stream = Stream(Path("model.xml"), lambda output: output, None, look_at="all")
    assert len(list(stream.found(frames()))) == 17 * 60
    assert stream.sizes == [640, 384, 640]
    assert PretendEngine.sizes == [640] * 600 + [384] * 300 + [640] * 120


@pytest.mark.parametrize("ends", ["at the last frame", "before"])
def test_nothing_of_a_day_is_held_when_it_ends(ends: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino_stream, "Engine", PretendEngine)
    stream = Stream(
        Path("model.xml"), lambda found: found, None, look_at="changed_windows", int8=True
    )
    frames = (Frame(n * 1_000_000, np.full((300, 320, 3), 90, np.uint8)) for n in range(20))
    found = stream.found(frames)
    next(found)
    if ends == "before":
        found.close()
    else:
        list(found)
    held = [*vars(stream).values(), *vars(stream.eight_bits).values()]
    assert not [one for one in held if isinstance(one, np.ndarray) and one.size]
    assert not [one for one in held if isinstance(one, Attention | PretendEngine)]
    assert (stream._looks, stream._engines) == (deque(), {})
    assert stream.eight_bits._frames == []
    assert stream.sizes == [640]
