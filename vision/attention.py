"""Where a frame has to be looked at again: where it differs from what was seen there last.

Belongs here: finding change in small grey pictures, and covering it with windows. Does not belong
here: what a detector finds in a window (`vision.yolo`).

Change is measured from the pixels that a detector saw last at a place, never from the frame before:
who moves by less than the noise in each frame is noticed as soon as all of it is more. Nothing is
forgotten where nothing changes, so somebody who stands still stays. Every few seconds all of the
frame is looked at, come what may. Small pictures live in memory, and no longer than the day.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.boxes import common_area
from vision.protocols import Image

Array = NDArray[np.float32]

_SMALL_PX = 192
"""Longer side of the small pictures."""
_REFRESH_US = 5_000_000
_LEAST_CHANGE = 5.0
"""Levels of 255 below which a difference is noise, however quiet the camera."""
_NOISES = 6.0
"""How many times the usual difference of still places a change is."""
_FEWEST_CELLS = 3
"""Changed places that hang together; fewer are specks."""
_MARGIN = 0.06
"""What is looked at around a change, longer sides of the frame."""
_AROUND_BOX = 0.15
"""What is looked at around a person who is touched by a change, heights of their box."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the frame: left, top, width and height in pixels."""

    left: int
    top: int
    width: int
    height: int

    def holds(self, boxes: Array) -> NDArray[np.bool_]:
        """Which of (n, 4) boxes lie within."""
        result: NDArray[np.bool_] = (
            (boxes[:, 0] >= self.left)
            & (boxes[:, 1] >= self.top)
            & (boxes[:, 2] <= self.left + self.width)
            & (boxes[:, 3] <= self.top + self.height)
        )
        return result

    def centres(self, boxes: Array) -> NDArray[np.bool_]:
        """Which of (n, 4) boxes have their centre within."""
        middle = (boxes[:, :2] + boxes[:, 2:4]) / 2
        return self.holds(np.hstack([middle, middle]))


class Attention:
    """Looks at frames of one size and says which parts of each differ from what was seen.

    Args:
        frame: Width and height of the frames, pixels.
        windows: Sizes of windows that a detector takes, smallest area first; the last is the frame.
    """

    def __init__(self, frame: tuple[int, int], windows: Sequence[tuple[int, int]]) -> None:
        self._frame = frame
        self._windows = windows
        self._step = max(1, round(max(frame) / _SMALL_PX))
        self._seen: Array | None = None
        self._all_seen_us = 0

    def windows(self, at_us: int, image: Image, boxes: Array) -> tuple[list[Window], Array]:
        """Parts of `image` to look at: none where nothing differs, and often the whole.

        Args:
            at_us: When it was taken, microseconds since the epoch.
            image: (height, width, 3), BGR.
            boxes: (n, 4) people as far as they are known.

        Returns:
            The windows, and the corners of the areas in them that differ, (n, 4).
        """
        small = self._small(image)
        if self._seen is None or at_us - self._all_seen_us >= _REFRESH_US:
            areas = np.array([[0, 0, *self._frame]], np.float32)
        else:
            areas = self._changed(small, self._seen)
        if not len(areas):
            return [], areas
        chosen = self._cover(_with_people(areas, boxes))
        if self._seen is None or chosen == [Window(0, 0, *self._frame)]:
            self._seen, self._all_seen_us = small, at_us
        else:
            for window in chosen:
                rows, columns = self._cells(window)
                self._seen[rows, columns] = small[rows, columns]
        return chosen, areas

    def _small(self, image: Image) -> Array:
        width, height = (max(1, side // self._step) for side in self._frame)
        # Every few pixels at full size would alias; the mean of an area is a quieter sensor.
        reduced = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        grey: Array = cv2.cvtColor(reduced, cv2.COLOR_BGR2GRAY).astype(np.float32)
        return grey

    def _changed(self, small: Array, seen: Array) -> Array:
        """Areas of the frame that differ, and a margin around them, (n, 4) corners in pixels."""
        gain = float(seen.mean() + 1) / float(small.mean() + 1)
        apart = cv2.blur(np.abs(small * gain - seen), (3, 3))
        limit = max(_LEAST_CHANGE, _NOISES * float(np.median(apart)))
        changed = (apart > limit).astype(np.uint8)
        count, _, stats, _ = cv2.connectedComponentsWithStats(changed, connectivity=8)
        found = [stats[one] for one in range(1, count) if stats[one, 4] >= _FEWEST_CELLS]
        if not found:
            return np.zeros((0, 4), np.float32)
        areas = np.array([(x, y, x + w, y + h) for x, y, w, h, _ in found], np.float32)
        margin = _MARGIN * max(self._frame)
        grown: Array = areas * self._step + margin * np.array([-1, -1, 1, 1], np.float32)
        return grown

    def _cells(self, window: Window) -> tuple[slice, slice]:
        step = self._step
        rows = slice(window.top // step, -(-(window.top + window.height) // step))
        columns = slice(window.left // step, -(-(window.left + window.width) // step))
        return rows, columns

    def _cover(self, areas: Array) -> list[Window]:
        """The windows of the smallest area in all that hold every area: one, or two of a size."""
        best, smallest = [Window(0, 0, *self._frame)], float(np.prod(self._frame))
        for parts in _splits(areas):
            windows: list[Window] = []
            for part in parts:
                window = self._holding(part)
                if window is None:
                    break
                windows.append(window)
            else:
                size = sum(window.width * window.height for window in windows)
                if size < smallest:
                    best, smallest = windows, size
        return best

    def _holding(self, areas: Array) -> Window | None:
        frame = np.array(self._frame, np.float32)
        low = np.clip(areas[:, :2].min(axis=0), 0, frame)
        high = np.clip(areas[:, 2:].max(axis=0), 0, frame)
        for width, height in self._windows:
            if (high - low <= (width, height)).all():
                room = frame - (width, height)
                middle = (low + high - (width, height)) / 2
                left, top = np.clip(np.round(middle), 0, room).astype(int).tolist()
                return Window(left, top, width, height)
        return None


def _splits(areas: Array) -> list[list[Array]]:
    """All of them together; and on either side of each gap between them, across and down."""
    splits = [[areas]]
    for axis in (0, 1):
        order = np.argsort((areas[:, axis] + areas[:, axis + 2]) / 2, kind="stable")
        splits += [[areas[order[:cut]], areas[order[cut:]]] for cut in range(1, len(order))]
    return splits


def _with_people(areas: Array, boxes: Array) -> Array:
    """Areas grown so that whoever is touched by one is looked at from head to foot."""
    if not len(boxes):
        return areas
    around = _AROUND_BOX * (boxes[:, 3:4] - boxes[:, 1:2])
    people = boxes + around * np.array([-1, -1, 1, 1], np.float32)
    return np.vstack([areas, people[touched(people, areas)]])


def touched(boxes: Array, areas: Array) -> NDArray[np.bool_]:
    """Which of (n, 4) boxes have a part in any of (m, 4) areas."""
    common = common_area(boxes.astype(np.float64), areas.astype(np.float64))
    result: NDArray[np.bool_] = np.any(common > 0, axis=1)
    return result
