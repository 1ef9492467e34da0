from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from vision import eight_bits
from vision.eight_bits import EightBits, agreement
from vision.openvino_engine import Fit
from vision.protocols import Image

FIT = Fit.of((64, 64), 64)
ORIGINAL = Path("model.xml")
NEAR, FAR = [10.0, 10.0, 30.0, 60.0, 0.9], [40.0, 10.0, 45.0, 22.0, 0.6]
STEP_US = 12_000_000


def people(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 5)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param([NEAR, FAR], 1.0, id="the same people"),
        pytest.param([NEAR], 2 / 3, id="one is lost"),
        pytest.param([NEAR, [*FAR[:4], 0.45]], 1.0, id="a score that is a little less"),
        pytest.param([[*NEAR[:4], 0.6], FAR], 3 / 4, id="a score that is much less"),
        pytest.param([NEAR, [42.0, 10.0, 47.0, 22.0, 0.6]], 2 / 4, id="somewhere else"),
        pytest.param([NEAR, FAR, [0.0, 0.0, 9.0, 9.0, 0.4]], 1.0, id="one more who is not sure"),
        pytest.param([NEAR, FAR, [0.0, 0.0, 9.0, 9.0, 0.8]], 4 / 5, id="one more who is sure"),
    ],
)
def test_agreement_is_the_share_of_sure_people_in_common(
    other: list[list[float]], expected: float
) -> None:
    assert agreement([people(NEAR, FAR)], [people(*other)]) == pytest.approx(expected)


class PretendEngine:
    """Finds what is written down for its network."""

    finds: ClassVar[dict[object, np.ndarray]] = {}

    def __init__(self, network: object, fit: Fit) -> None:
        self.found = self.finds[network]

    def start(self, image: Image) -> None:
        assert image.shape == (64, 64, 3)

    def result(self, request: None) -> np.ndarray:
        return self.found.copy()


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> EightBits:
    """All frames collected, and a quantised network that finds who stands near."""
    monkeypatch.setattr(eight_bits, "Engine", PretendEngine)
    monkeypatch.setattr(eight_bits, "_quantised", lambda model, frames: f"of {len(frames)} frames")
    found = {ORIGINAL: people(NEAR, FAR), "of 40 frames": people(NEAR, FAR)}
    monkeypatch.setattr(PretendEngine, "finds", found)
    made = EightBits(ORIGINAL, lambda output: output)
    made.begin(FIT)
    watch(made, 60)
    return made


def watch(made: EightBits, frames: int, since: int = 0) -> None:
    for number in range(since, since + frames):
        made.collect(number * STEP_US, np.zeros((64, 64, 3), np.uint8))
        made.collect(number * STEP_US + 1, np.zeros((64, 64, 3), np.uint8))


def test_a_network_that_finds_the_same_people_takes_over(waiting: EightBits) -> None:
    assert waiting.is_ready
    assert waiting.decide()
    assert waiting.network == "of 40 frames"
    assert waiting.description == "INT8 at 100.0% agreement"
    watch(waiting, 60, since=60)
    assert not waiting.is_ready


def test_a_network_that_loses_people_is_refused_for_good(waiting: EightBits) -> None:
    PretendEngine.finds["of 40 frames"] = people(NEAR)
    assert not waiting.decide()
    assert waiting.network == ORIGINAL
    assert waiting.description == "INT8 refused at 66.7% agreement"
    watch(waiting, 60, since=60)
    assert not waiting.is_ready


def test_where_nobody_was_seen_other_frames_are_waited_for(waiting: EightBits) -> None:
    PretendEngine.finds[ORIGINAL] = people()
    assert not waiting.decide()
    assert waiting.description == "not yet INT8"
    watch(waiting, 59, since=60)
    assert not waiting.is_ready
    watch(waiting, 1, since=119)
    assert waiting.is_ready


def test_frames_of_another_size_are_forgotten(waiting: EightBits) -> None:
    waiting.begin(Fit.of((64, 64), 32))
    assert not waiting.is_ready


def test_at_another_size_the_original_is_back_until_it_is_judged_again(waiting: EightBits) -> None:
    assert waiting.decide()
    waiting.begin(FIT)
    assert waiting.network == ORIGINAL
    assert waiting.description == "not yet INT8"
    watch(waiting, 60, since=60)
    assert waiting.decide()
    assert waiting.network == "of 40 frames"


def test_a_network_that_cannot_be_made_costs_the_saving_and_not_the_day(
    waiting: EightBits, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_model: Path, frames: list[Image]) -> None:
        raise ValueError(f"cannot be calibrated with {frames}")

    monkeypatch.setattr(eight_bits, "_quantised", fails)
    assert not waiting.decide()
    assert waiting.network == ORIGINAL
    assert waiting.description == "INT8 could not be made (ValueError)"


def test_nothing_is_left_of_frames_and_networks_that_are_forgotten(waiting: EightBits) -> None:
    assert waiting.decide()
    watch(waiting, 10, since=60)
    waiting.forget()
    assert waiting.network == ORIGINAL
    assert waiting.description == "INT8 at 100.0% agreement"
    assert not any(isinstance(one, np.ndarray) for one in _held(waiting))


def _held(made: EightBits) -> list[object]:
    return [
        part for one in vars(made).values() for part in (one if isinstance(one, list) else [one])
    ]
