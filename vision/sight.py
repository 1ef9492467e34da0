"""Whether somebody would have been seen: what explains that a person has no box for a while.

Belongs here: what hides people from a detector, judged by everybody's boxes. Does not belong here:
which tracklets are joined (`vision.joining`).

A person in full view is found in nearly every frame. Who is to have been there without a box must
have stood behind somebody, or out of the picture.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vision.boxes import area, common_area
from vision.protocols import View

Array = NDArray[np.float64]

_SEEN = 0.3
"""Score from which a box shows somebody who can hide others."""
_COVERED = 0.35
"""Share of a person that is covered, from which detectors miss them."""
_OUTSIDE = 0.5
"""Share of a person that lies beyond the picture's edge, from which they do."""
_NEARER = 0.02
"""Who ends lower in the picture by that many body heights, or not higher, stands nearer."""
UNWATCHED_GAP_S = 2.0
"""Longest time in which no frame shows anybody: the recording itself may have stopped."""
_FREE_S = 0.25
"""Misses of that length happen to everybody."""
_LEAST_MISSED, _MOST_MISSED = 0.08, 0.7
DEAREST = 8.0
"""What an absence may cost. A pillar hides people, and nobody says where pillars are: who comes out
behind one just as they went in is believed."""
_BURST_S = 0.3
"""Misses come in bursts: so long a time counts as one of them."""


def absence_cost(unexplained_s: float, missed: float) -> float:
    """What it costs to have been in full view and not been found for so long.

    Args:
        unexplained_s: As `Sight.unexplained_s`.
        missed: Share of frames in which these people are missed elsewhere.
    """
    likely = float(np.clip(missed, _LEAST_MISSED, _MOST_MISSED))
    bursts = max(0.0, unexplained_s - _FREE_S) / _BURST_S
    return float(min(-2 * np.log(likely) * bursts, DEAREST))


class Sight:
    """Everybody's boxes of a camera-day, as what may hide others.

    Args:
        at_s: (n,) when each box was seen, seconds, ascending.
        xyxy: (n, 4) boxes, pixels.
        confidence: (n,) scores.
        view: Size of the frame.
    """

    def __init__(self, at_s: Array, xyxy: Array, confidence: Array, view: View) -> None:
        self._at_s, self._xyxy, self._view = at_s, xyxy, view
        self._seen = confidence >= _SEEN
        self._frames = np.unique(at_s)

    def is_watched(self, start_s: float, end_s: float) -> bool:
        """Whether frames show somebody all the way between two of them."""
        first, end = np.searchsorted(self._frames, [start_s, end_s])
        return bool(np.diff(self._frames[first : end + 1]).max(initial=0) <= UNWATCHED_GAP_S)

    def missed_share(self, rows: Sequence[int]) -> float:
        """Share of the frames between a tracklet's ends in which it has no box."""
        first, last = np.searchsorted(self._frames, self._at_s[[rows[0], rows[-1]]])
        frames = int(last - first) + 1
        return 1 - len(rows) / frames

    def unexplained_s(self, tail: int, head: int) -> float:
        """How long somebody who went from box `tail` to box `head` was in full view, seconds."""
        start_s, end_s = self._at_s[tail], self._at_s[head]
        first, end = np.searchsorted(self._frames, [start_s, end_s])
        times = self._frames[first + 1 : end]
        if not len(times):
            return 0.0
        share = ((times - start_s) / (end_s - start_s))[:, None]
        boxes = self._xyxy[tail] * (1 - share) + self._xyxy[head] * share
        open_ = sum(not self._hidden(time, box) for time, box in zip(times, boxes, strict=True))
        return float(open_ / len(times) * (end_s - start_s))

    def _hidden(self, time: float, box: Array) -> bool:
        inside = np.clip(box, 0, [self._view.width, self._view.height] * 2)
        whole = area(box[None])[0]
        if area(inside[None])[0] < (1 - _OUTSIDE) * whole:
            return True
        first, end = np.searchsorted(self._at_s, [time, time + 1e-9])
        others = self._xyxy[first:end][self._seen[first:end]]
        nearer = others[others[:, 3] >= box[3] - _NEARER * (box[3] - box[1])]
        if not len(nearer):
            return False
        return bool((common_area(box[None], nearer)[0] / whole).max() >= _COVERED)
