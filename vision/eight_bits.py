"""A network in numbers of eight bits, made for the camera that it will look at, and guarded.

Belongs here: frames to calibrate with, quantising, and refusing a network that finds other people
than the original. Does not belong here: when it takes over (`vision.openvino_stream`).

NNCF notes which values the network computes with on frames of the camera itself, and picks the
steps of the small numbers by them. Those frames, and the network that is made of them, live in
memory and end with the camera-day.
"""

import io
import logging
import re
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.boxes import overlap
from vision.openvino_engine import Engine, Fit, Found, fitted
from vision.protocols import Image

_EVERY_US = 12_000_000
_FRAMES = 60
"""Twelve minutes of them, so that a size of the picture has been settled by then."""
_HELD_OUT = 3
"""Each third frame is compared and not calibrated with."""
_SURE, _FEWEST_SURE = 0.5, 20
"""Fewer sure boxes in the frames that are compared say nothing, and others are waited for."""
_AGREEMENT = 0.97
"""Share of sure boxes that the two networks have in common; with less, the new one is refused."""
_SAME_IOU, _SAME_SCORE = 0.7, 0.2
_NOT_YET = "not yet INT8"
_LAYER = re.compile(r"\bmodel\.(\d+)[./]")


class EightBits:
    """Makes and judges a network of eight bits while a camera-day goes on.

    Args:
        model: The original, OpenVINO IR as for `vision.openvino_engine.Engine`.
        read: From a network's raw output to people in pixels of its input, (n, 5).

    Attributes:
        network: What is to be looked with: the original, later maybe the one of eight bits.
        agreement: Share of sure boxes in common, 0..1; None while nothing was compared.
        description: What became of it, in words.
    """

    def __init__(self, model: Path, read: Callable[[NDArray[np.float32]], Found]) -> None:
        self.network: Any = model
        self.agreement: float | None = None
        self.description = _NOT_YET
        self._model, self._read = model, read
        self._fit: Fit | None = None
        self._frames: list[Image] = []
        self._latest_us: int | None = None

    def begin(self, fit: Fit) -> None:
        """Frames lie in the network like this from now on, and all begins anew.

        What was found at another size says nothing of this one.
        """
        self.forget()
        self._fit = fit
        self.agreement, self.description = None, _NOT_YET

    def forget(self) -> None:
        """Let go of frames and of what was made of them."""
        self.network, self._frames = self._model, []

    @property
    def is_ready(self) -> bool:
        """Whether there are frames enough to go on."""
        return len(self._frames) >= _FRAMES

    def collect(self, at_us: int, image: Image) -> None:
        """Keep a frame now and then, until it is decided."""
        due = self._latest_us is None or at_us - self._latest_us >= _EVERY_US
        if self.agreement is None and due and self._fit is not None:
            self._latest_us = at_us
            self._frames.append(fitted(image, self._fit))

    def decide(self) -> bool:
        """Quantise and compare; return whether `network` is another one from now on."""
        assert self._fit is not None
        frames, self._frames = self._frames, []
        sides = self._fit.network
        as_it_is = Fit(sides, sides, sides, 1.0)
        held_out = frames[::_HELD_OUT]
        before = self._found(self._model, as_it_is, held_out)
        if sum(_sure(found).sum() for found in before) < _FEWEST_SURE:
            return False
        calibrating = [frame for number, frame in enumerate(frames) if number % _HELD_OUT]
        try:
            quantised = _quantised(self._model, calibrating)
            after = self._found(quantised, as_it_is, held_out)
        except Exception as failure:
            # Only of which kind: what it says might quote what it was given.
            self.agreement = 0.0
            self.description = f"INT8 could not be made ({type(failure).__name__})"
            return False
        self.agreement = agreement(before, after)
        refused = self.agreement < _AGREEMENT
        self.description = f"INT8{' refused' if refused else ''} at {self.agreement:.1%} agreement"
        if not refused:
            self.network = quantised
        return not refused

    def _found(self, network: Any, fit: Fit, frames: list[Image]) -> list[Found]:
        engine = Engine(network, fit)
        return [self._read(engine.result(engine.start(frame))) for frame in frames]


def agreement(left: list[Found], right: list[Found]) -> float:
    """Share of the sure boxes of either side that the other has too, 0..1.

    Args:
        left: (n, 5) corners and score, for each frame.
        right: The same frames, looked at otherwise.
    """
    common = np.concatenate(
        [
            _also_in(one, other)
            for ours, theirs in zip(left, right, strict=True)
            for one, other in ((ours, theirs), (theirs, ours))
        ]
    )
    return float(common.mean()) if len(common) else 1.0


def _also_in(found: Found, other: Found) -> NDArray[np.bool_]:
    """Which of the sure boxes another one covers, with a score that is not much less."""
    sure = found[_sure(found)].astype(np.float64)
    place = overlap(sure[:, :4], other[:, :4].astype(np.float64)) >= _SAME_IOU
    score = other[None, :, 4] >= sure[:, 4:] - _SAME_SCORE
    result: NDArray[np.bool_] = np.any(place & score, axis=1)
    return result


def _sure(found: Found) -> NDArray[np.bool_]:
    result: NDArray[np.bool_] = found[:, 4] >= _SURE
    return result


def _quantised(model: Path, frames: list[Image]) -> Any:
    import openvino as ov

    nncf = _nncf()
    network = ov.Core().read_model(model)
    network.reshape([1, 3, *frames[0].shape[:2]])
    # The last layer is little of the work, and its numbers are places and scores.
    names = [_LAYER.search(operation.get_friendly_name()) for operation in network.get_ops()]
    last = max(int(found[1]) for found in names if found)
    spared = nncf.IgnoredScope(patterns=[rf".*model\.{last}[./].*"])
    # Its bars of progress are for a terminal.
    with redirect_stdout(io.StringIO()):
        return nncf.quantize(
            network,
            nncf.Dataset(frames, _as_input),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(frames),
            ignored_scope=spared,
        )


def _as_input(frame: Image) -> NDArray[np.float32]:
    result: NDArray[np.float32] = cv2.dnn.blobFromImage(frame, 1 / 255, swapRB=True)
    return result


def _nncf() -> Any:
    """NNCF without torch, which it takes two seconds and 200 MB for where it finds it."""
    hidden = "torch" not in sys.modules
    if hidden:
        sys.modules["torch"] = None  # type: ignore[assignment]
    try:
        import nncf
    finally:
        if hidden:
            del sys.modules["torch"]
    nncf.set_log_level(logging.ERROR)
    return nncf
