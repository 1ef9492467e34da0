"""A detector's network over the frames of a camera, through OpenVINO: what is computed, and when.

Belongs here: keeping requests in flight, looking only where something changed, and carrying on what
was found elsewhere. Does not belong here: where something changed (`vision.attention`), how large a
picture is given to the network (`vision.input_size`), what its output means (`vision.yolo`), one
request (`vision.openvino_engine`).

OpenVINO is driven here rather than by ultralytics, which waits for each frame before it prepares
the next: two requests in flight take 22 ms a frame where one at a time takes 34.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.attention import Attention, Window, touched
from vision.boxes import overlap
from vision.eight_bits import EightBits
from vision.input_size import InputSize
from vision.openvino_engine import Engine, Fit, Found
from vision.protocols import Frame, LookAt

SAME_PERSON_IOU = 0.6
"""Overlap above which two boxes of one frame are one person, in models that leave duplicates."""
_HANDED_OVER_IOU = 0.3
"""Overlap from which somebody found in a window is somebody known from before."""
_MOST_ON_THEIR_WAY = 4
_BORDER_PX = 2.0
"""Nearer than that to a border within the frame, a box is of somebody who is cut in two."""


@dataclass(slots=True)
class _Look:
    """One frame on its way: where it is looked at, and the requests that do so."""

    at_us: int
    windows: list[Window]
    changed: Found
    begun: list[tuple[Window, Engine, Any]] = field(default_factory=list)


class Stream:
    """Finds people in frames one after the other.

    Args:
        model: OpenVINO IR, as for `vision.openvino_engine.Engine`.
        read: From a network's raw output to people in pixels of its input.
        longer_side: Of the image that the network sees, pixels; None for one that suits people.
        look_at: Every frame, those that changed, or only what of them changed.
        int8: Make a network of eight bits while frames pass (`vision.eight_bits`), and go on with
            that.

    Attributes:
        eight_bits: What became of that; None where it was not asked for.
        sizes: Longer sides that were used, one after the other.
    """

    def __init__(
        self,
        model: Path,
        read: Callable[[NDArray[np.float32]], Found],
        longer_side: int | None,
        *,
        look_at: LookAt,
        int8: bool = False,
    ) -> None:
        self._model, self._read = model, read
        self.eight_bits = EightBits(model, read) if int8 else None
        self._longer_side, self._look_at = longer_side, look_at
        self._fits: dict[tuple[int, int], Fit] = {}
        self._engines: dict[tuple[int, int], Engine] = {}
        self._looks: deque[_Look] = deque()
        self._attention: Attention | None = None
        self._found: Found = np.zeros((0, 5), np.float32)
        self._input_size = InputSize((0, 0), longer_side)
        self.frame = (0, 0)
        self.sizes: list[int] = []

    def found(self, frames: Iterable[Frame]) -> Iterator[tuple[int, Found, tuple[int, int]]]:
        """Yield when each frame was taken, the people in it, and its width and height.

        Nothing that was looked at, and no network, is held once this ends in any way.
        """
        try:
            for frame in frames:
                if self._is_to_change(frame):
                    # However many frames may be on their way at once, the same ones decide.
                    yield from self._finish_down_to(0)
                    self._change(frame)
                yield from self._begin_to_look(frame)
                # Frames that nobody looks at wait for no request, and would pile up.
                yield from self._finish_down_to(_MOST_ON_THEIR_WAY)
            yield from self._finish_down_to(0)
        finally:
            self._looks.clear()
            self._engines, self._attention = {}, None
            self._found = np.zeros((0, 5), np.float32)
            if self.eight_bits:
                self.eight_bits.forget()

    def _finish_down_to(self, count: int) -> Iterator[tuple[int, Found, tuple[int, int]]]:
        while len(self._looks) > count:
            yield self._finish()

    def _begin_to_look(self, frame: Frame) -> Iterator[tuple[int, Found, tuple[int, int]]]:
        if self.eight_bits:
            self.eight_bits.collect(frame.at_us, frame.image)
        look = _Look(frame.at_us, *self._windows(frame))
        for window in look.windows:
            engine = self._engine((window.width, window.height))
            # There are more requests than a frame has windows, so some are of earlier frames.
            while not engine.is_idle:
                yield self._finish()
            part = frame.image[
                window.top : window.top + window.height,
                window.left : window.left + window.width,
            ]
            look.begun.append((window, engine, engine.start(part)))
        self._looks.append(look)

    def _is_to_change(self, frame: Frame) -> bool:
        return (
            _size(frame) != self.frame
            or self._input_size.is_due(frame.at_us)
            or (self.eight_bits is not None and self.eight_bits.is_ready)
        )

    def _change(self, frame: Frame) -> None:
        if _size(frame) != self.frame:
            self._input_size = InputSize(_size(frame), self._longer_side)
            self._begin(_size(frame))
        if self._input_size.is_due(frame.at_us) and self._input_size.choose(frame.at_us):
            self._begin(self.frame)
        if self.eight_bits and self.eight_bits.is_ready and self.eight_bits.decide():
            self._engines = {}

    def _begin(self, frame: tuple[int, int]) -> None:
        self.frame = frame
        self._engines = {}
        self._found = np.zeros((0, 5), np.float32)
        longer_side = self._input_size.longer_side
        if self.sizes[-1:] != [longer_side]:
            self.sizes.append(longer_side)
        whole = Fit.of(frame, longer_side)
        parts = whole.parts() if self._look_at == "changed_windows" else ()
        self._fits = {fit.frame: fit for fit in (*parts, whole)}
        self._attention = Attention(frame, list(self._fits))
        if self.eight_bits:
            self.eight_bits.begin(whole)

    def _windows(self, frame: Frame) -> tuple[list[Window], Found]:
        assert self._attention is not None
        if self._look_at == "all":
            return [Window(0, 0, *self.frame)], np.array([[0, 0, *self.frame]], np.float32)
        return self._attention.windows(frame.at_us, frame.image, self._found[:, :4])

    def _engine(self, size: tuple[int, int]) -> Engine:
        if size not in self._engines:
            network = self.eight_bits.network if self.eight_bits else self._model
            self._engines[size] = Engine(network, self._fits[size])
        return self._engines[size]

    def _finish(self) -> tuple[int, Found, tuple[int, int]]:
        look = self._looks.popleft()
        fresh: list[Found] = []
        for window, engine, request in look.begun:
            found = self._read(engine.result(request))
            found[:, :4] /= engine.fit.scale
            found[:, :4] += np.array([window.left, window.top] * 2, np.float32)
            fresh.append(found[_uncut(found, window, self.frame)])
        if look.windows:
            self._found = carried_on(self._found, look.windows, look.changed, fresh)
            self._input_size.see(self._found)
        return look.at_us, self._found, self.frame


def _size(frame: Frame) -> tuple[int, int]:
    return frame.image.shape[1], frame.image.shape[0]


def carried_on(
    before: Found, windows: Sequence[Window], changed: Found, fresh: Sequence[Found]
) -> Found:
    """What is known of a frame: what was found in its windows, and elsewhere what was known before.

    Whoever stood in a window was looked for there, and is known anew or gone. Only who lies across
    its border, where a detector sees half of them, stays as they were if nothing changed there.

    Args:
        before: (n, 5) people of the frame before.
        windows: What was looked at.
        changed: (m, 4) areas that differ from what was seen before.
        fresh: People found in each window.
    """
    unchanged = ~touched(before[:, :4], changed)
    stays = np.ones(len(before), dtype=bool)
    for window in windows:
        stays &= ~window.holds(before[:, :4]) & (unchanged | ~window.centres(before[:, :4]))
    found = _once(np.vstack(fresh))
    known = before[stays]
    if len(known) and len(found):
        known = known[(_overlap(known, found) <= _HANDED_OVER_IOU).all(axis=1)]
    return np.vstack([known, found])


def _once(found: Found) -> Found:
    """Without those who were found in a window before."""
    if len(found) < 2:
        return found
    again = np.triu(_overlap(found, found) > SAME_PERSON_IOU, 1).any(axis=0)
    return found[~again]


def _overlap(left: Found, right: Found) -> NDArray[np.float64]:
    return overlap(left[:, :4].astype(np.float64), right[:, :4].astype(np.float64))


def _uncut(found: Found, window: Window, frame: tuple[int, int]) -> NDArray[np.bool_]:
    """Which people are not cut in two by a border of the window that is none of the frame."""
    right, bottom = window.left + window.width, window.top + window.height
    result: NDArray[np.bool_] = (
        ((found[:, 0] > window.left + _BORDER_PX) | (window.left == 0))
        & ((found[:, 1] > window.top + _BORDER_PX) | (window.top == 0))
        & ((found[:, 2] < right - _BORDER_PX) | (right >= frame[0]))
        & ((found[:, 3] < bottom - _BORDER_PX) | (bottom >= frame[1]))
    )
    return result
