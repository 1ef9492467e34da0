"""Stretches of a camera-day in which its frames do not show what its site file says they show.

Belongs here: watching the frames of a camera-day pass, and deciding afterwards from when to when
the camera was moved, was covered, or saw too little for want of light. Does not belong here:
comparing views (`vision.reference`), what follows for coverage (`vision.exports.coverage`).

A frame a second is made small and its gradients added up over some seconds; nothing else is
kept of it, and nothing is stored. Each such moment is judged against views that the camera had
before on that day, and a stretch is marked once moments have said the same for long enough:

- `camera_covered`: hardly a cell of the view has any detail left, and it is not dark: a hand, a
  bag, paint, a lens out of focus. For ten seconds.
- `too_dark`: the picture is dark, and hardly a cell shows the same from one moment to the next. A
  lens that is capped looks so as well and is called the same, since pixels cannot tell the two
  apart. Where the detector still sees people, in a fifteenth of the light or under infrared lamps,
  nothing is marked. For ten seconds.
- `camera_moved`: the view lies elsewhere in the frame by more than 2 % of its width, turned or
  enlarged maybe, for half a minute; or it is another one altogether, for three minutes. Until the
  view is what it was.

A crowd, somebody close to the camera, light that changes, or things that are put up leave enough of
a view where it was. What was moved before the first frame of the day cannot be told.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import cv2
import numpy as np

from vision.exports.reasons import SceneReason
from vision.masking import Polygon, blank
from vision.protocols import Frame, Image, Marked
from vision.reference import Likeness, Reference, View
from vision.structure import Field, Grey, agreement, gradients, thumbnail

_LOOK_EVERY_US = 1_000_000
_MOMENT_LOOKS = 5
_BLANK_MOMENTS = 2
_DISPLACED_MOMENTS = 6
_OTHER_MOMENTS = 36
_BACK_MOMENTS = 3
_LEARN_MOMENTS = 6
_MOST_REFERENCES = 6
_DARK = 40.0
"""Mean grey level below which a picture may be too dark."""
_BLIND = 0.1
"""Share of cells that may show something although nothing can be seen: a date, a lamp."""
_GREY = 3.0
_SAME, _OTHER = 0.5, 0.25
"""Share of cells from which a view is what it was, and below which it may be another one."""
_ENOUGH_CELLS = 8
"""With fewer that have any structure, nothing can be said to be another view."""
_BESIDE_US = 15_000_000
_FOREVER_US = 2**62

_AS_IT_WAS, _OTHER_LIGHT, _UNSURE, _DISPLACED, _ANOTHER, _COVERED, _TOO_DARK = range(7)
_BLANK: dict[int, SceneReason] = {_COVERED: "camera_covered", _TOO_DARK: "too_dark"}


class Scene:
    """Watches one camera-day.

    Holds a few small pictures, and some bytes for every five seconds of the day.

    Args:
        masks: Polygons that are painted over in each frame; their edges are no part of the view.
    """

    def __init__(self, masks: Sequence[Polygon] = ()) -> None:
        self._masks = masks
        self._unmasked: Grey | None = None
        self._judge = _Judge()
        self._moment = _Moment()
        self._looked_us: int | None = None
        self._begin, self._last, self._verdicts = array("q"), array("q"), bytearray()

    def watch(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The same frames, in order of time, each looked at as it passes."""
        for frame in frames:
            if self._looked_us is None or frame.at_us - self._looked_us >= _LOOK_EVERY_US:
                self._looked_us = frame.at_us
                self._look(frame)
            yield frame

    def marked(self) -> list[Marked]:
        """What is to be marked of the frames that have passed; disjoint for each reason.

        What begins or ends within some seconds of a change is taken for what is worse. What lasts
        until the last frame has no end.
        """
        return [*self._moved(), *self._blank()]

    def _look(self, frame: Frame) -> None:
        grey, coloured = thumbnail(frame.image)
        if self._unmasked is None:
            self._unmasked = _unmasked(frame.image, self._masks)
            self._judge.visible = max(float(self._unmasked.mean()), 1e-6)
        level = float((grey * self._unmasked).mean()) / self._judge.visible
        self._moment.add(frame.at_us, gradients(grey) * self._unmasked, level, coloured)
        if self._moment.looks == _MOMENT_LOOKS:
            self._begin.append(self._moment.begins_us)
            self._last.append(frame.at_us)
            self._verdicts.append(self._judge.judged(self._moment.view()))
            self._moment = _Moment()

    def _moved(self) -> Iterator[Marked]:
        first = back = back_from = displaced = other = 0
        for number, verdict in enumerate(self._verdicts):
            if verdict == _AS_IT_WAS:
                back_from = back_from if back else number
                back += 1
                lasting = _lasts(displaced, other)
                if back == _BACK_MOMENTS or not lasting:
                    if lasting:
                        yield self._stretch(first, back_from - 1, "camera_moved")
                    displaced = other = 0
            elif verdict in (_DISPLACED, _ANOTHER):
                first = first if displaced + other else number
                displaced += verdict == _DISPLACED
                other += verdict == _ANOTHER
                back = 0
        if _lasts(displaced, other):
            yield self._stretch(first, len(self._verdicts) - 1, "camera_moved")

    def _blank(self) -> Iterator[Marked]:
        for is_blank, run in groupby(range(len(self._verdicts)), self._is_blank):
            numbers = list(run)
            if is_blank and len(numbers) >= _BLANK_MOMENTS:
                said = Counter(self._verdicts[number] for number in numbers)
                reason = _BLANK[said.most_common(1)[0][0]]
                yield self._stretch(numbers[0], numbers[-1], reason)

    def _is_blank(self, number: int) -> bool:
        return self._verdicts[number] in _BLANK

    def _stretch(self, first: int, last: int, reason: SceneReason) -> Marked:
        """From the moment before the first to the one after the last: a change is within these."""
        before = first - 1 if first and self._beside(first - 1) else first
        if last == len(self._verdicts) - 1:
            return Marked(self._begin[before], _FOREVER_US, reason)
        after = last + 1 if self._beside(last) else last
        return Marked(self._begin[before], self._last[after] + _LOOK_EVERY_US, reason)

    def _beside(self, number: int) -> bool:
        """Whether the next moment follows without a pause."""
        return self._begin[number + 1] - self._last[number] <= _BESIDE_US


def _lasts(displaced: int, other: int) -> bool:
    return displaced >= _DISPLACED_MOMENTS or displaced + other >= _OTHER_MOMENTS


def _unmasked(image: Image, masks: Sequence[Polygon]) -> Grey:
    """1 where a picture is not painted over, 0 where it is and next to it."""
    painted, _ = thumbnail(blank(np.zeros_like(image), masks))
    grown = cv2.dilate(painted, np.ones((7, 7), np.uint8))
    return np.asarray(grown == 0, np.float32)


@dataclass
class _Moment:
    """What is added up over some seconds."""

    begins_us: int = 0
    field: Field | float = 0.0
    level: float = 0.0
    coloured: float = 0.0
    looks: int = 0

    def add(self, at_us: int, field: Field, level: float, coloured: float) -> None:
        self.begins_us = self.begins_us if self.looks else at_us
        self.field = self.field + field
        self.level += level
        self.coloured += coloured
        self.looks += 1

    def view(self) -> View:
        field = np.asarray(self.field / self.looks, np.complex64)
        return View(field, self.level / self.looks, self.coloured / self.looks < _GREY)


class _Judge:
    """Compares each moment with the views that the camera had before on the day.

    Attributes:
        visible: Share of the picture that is not masked.
    """

    def __init__(self) -> None:
        self.visible = 1.0
        self._references: list[Reference] = []
        self._latest: Reference | None = None
        self._fresh: list[View] = []
        self._before: Field | None = None

    def judged(self, view: View) -> int:
        verdict = self._verdict(view)
        self._before = view.field
        if verdict == _OTHER_LIGHT:
            self._fresh.append(view)
            if len(self._fresh) == _LEARN_MOMENTS:
                self._learn()
        else:
            self._fresh.clear()
        return verdict

    def _verdict(self, view: View) -> int:
        # In little light contrast is little too, and says nothing of what is before the lens.
        if view.level < _DARK:
            if self._shows_nothing(view):
                return _TOO_DARK
        elif self._is_covered(view):
            return _COVERED
        found = []
        for reference in sorted(self._references, key=lambda one: one is not self._latest):
            likeness = reference.compare(view)
            if likeness.share >= _SAME and not likeness.displaced:
                self._latest = reference
                return _AS_IT_WAS
            found.append(likeness)
        return _DISPLACED if any(one.displaced for one in found) else self._unlike(view, found)

    def _unlike(self, view: View, found: Sequence[Likeness]) -> int:
        """What a view is that is unlike all that were before, and none of them moved."""
        # Between daylight and infrared light a view may look quite another.
        comparable = [one for one in self._references if one.view.grey == view.grey]
        if not comparable or any(likeness.aligned for likeness in found):
            return _OTHER_LIGHT
        enough = any(one.view.structured.sum() >= _ENOUGH_CELLS for one in comparable)
        another = enough and max(likeness.share for likeness in found) < _OTHER
        return _ANOTHER if another and not any(one.near for one in found) else _UNSURE

    def _shows_nothing(self, view: View) -> bool:
        """Whether hardly a cell has more than noise, which is another one at each moment."""
        known = [one.view.field for one in self._references]
        steady = np.zeros(view.structured.shape, bool)
        for field in known if self._before is None else [*known, self._before]:
            steady |= agreement(view.field, field) > _SAME
        return float((view.structured & steady).mean()) <= _BLIND * self.visible

    def _is_covered(self, view: View) -> bool:
        if not self._references:
            return float(view.structured.mean()) <= _BLIND * self.visible
        return max(reference.sees(view) for reference in self._references) <= _BLIND

    def _learn(self) -> None:
        """Remember what was neither moved nor another view, and yet not what it was before."""
        field = np.mean([view.field for view in self._fresh], axis=0, dtype=np.complex64)
        level = float(np.mean([view.level for view in self._fresh]))
        reference = Reference(View(np.asarray(field, np.complex64), level, self._fresh[-1].grey))
        self._fresh.clear()
        if len(self._references) == _MOST_REFERENCES:
            # The view that the day began with stays.
            del self._references[1]
        self._references.append(reference)
