"""How large a picture a detector's network is given, by how tall the people of a camera are in it.

Belongs here: the size to begin with, what is remembered of people's heights, and the size that
follows. Does not belong here: fitting a frame to a size (`vision.openvino_engine`), or having
networks of another one (`vision.openvino_stream`).

Half the size costs a quarter, and finds people as well who stay tall enough. A size that is too
small is not noticed, since whoever is missed leaves no height: two people at the lens look like a
camera of large people. So all of it errs towards large. A day begins at the largest size; it is the
small ones of the people who decide, in the minutes when they were smallest; people must have been
at many places, in many minutes; and whoever turns up smaller than those puts the size up again.
Only what frames show and when they were taken goes into it, so a day that is computed again, from
files cut elsewhere, has the same sizes.
"""

import math
from collections import deque
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

LARGEST_PX = 640
"""Small frames are enlarged to it: in frames of 384 px, people were found better for that. Nothing
larger is chosen: of people who are 70 px tall at 640, 960 px brought one point of MOTA for 1.6
times the cost."""
_SMALLEST_PX = 384
_STEP_PX = 64
"""Few sizes, since each is networks to compile, and boxes that are drawn a little differently."""
_TALL_PX = 100.0
"""Height in the network that the small ones of the people keep."""
_TOO_SMALL = 0.75
"""Of that height, below which the size goes up again. Down to 40 px three in four are still found
for sure, so that whoever is too small is not missed but seen to be so."""
_SMALL_ONES = 0.1
"""Which of the places of a minute, and which of the minutes, by their heights."""
_SURE = 0.5
_BORDER_PX = 2.0
_MINUTE_US = 60_000_000
_FEWEST_PLACES = 5
"""In a minute with fewer nobody walked."""
_PLACES, _MINUTES = 25, 10
"""What has to be known: so many places, where people were seen in so many minutes."""
_REMEMBERED = 60
"""Minutes that are not forgotten, so that a noon of crowds counts beside a quiet morning."""
_TALLER = math.log(1.1)
_ASIDE = 0.25

Place = tuple[int, int]
"""How tall people are there, in tenths; how far across, in quarters of that height. On the floor
that is half a metre across and a metre or so in depth, near and far."""


class InputSize:
    """The size for one camera's frames of one shape, in order of time.

    Args:
        frame: Width and height of the frames, pixels.
        fixed: The size, where it is not to be chosen.

    Attributes:
        longer_side: Of the picture that the network is given, pixels.
    """

    def __init__(self, frame: tuple[int, int], fixed: int | None = None) -> None:
        self.longer_side = fixed or LARGEST_PX
        self._frame = frame
        self._fixed = fixed is not None
        self._lowered = False
        self._minute: int | None = None
        self._places: set[Place] = set()
        self._all_places: set[Place] = set()
        self._small_ones: deque[float] = deque(maxlen=_REMEMBERED)

    def is_due(self, at_us: int) -> bool:
        """Whether a frame is the first of another minute, so that the size is to be chosen."""
        return not self._fixed and at_us // _MINUTE_US != self._minute

    def see(self, found: NDArray[np.float32]) -> None:
        """Remember how tall people are.

        Args:
            found: (n, 5) corners in pixels of the frame, and score.
        """
        if self._fixed:
            return
        left, top, right, bottom, score = found.astype(np.float64).T
        width, height = self._frame
        # Who is cut by the edge of the view is taller than that.
        whole = (top > _BORDER_PX) & (bottom < height - _BORDER_PX)
        whole &= (left > _BORDER_PX) & (right < width - _BORDER_PX) & (bottom - top > 1)
        tall = (bottom - top)[whole & (score >= _SURE)]
        middle = (left + right)[whole & (score >= _SURE)] / 2
        # Each place counts once in a minute, however long somebody stands there.
        tenths = np.floor(np.log(tall) / _TALLER).astype(int)
        across = np.floor(middle / (_ASIDE * tall)).astype(int)
        self._places.update(zip(tenths.tolist(), across.tolist(), strict=True))

    def choose(self, at_us: int) -> bool:
        """Begin a minute; return whether the size is another one from now on."""
        self._minute = at_us // _MINUTE_US
        if len(self._places) >= _FEWEST_PLACES:
            self._small_ones.append(math.exp(_TALLER * _low(tenths for tenths, _ in self._places)))
            self._all_places |= self._places
        self._places = set()
        if len(self._small_ones) < _MINUTES or len(self._all_places) < _PLACES:
            return False
        tall = _low(self._small_ones) / max(self._frame)
        wanted = _size(_TALL_PX / tall)
        lower = wanted < self.longer_side and not self._lowered
        higher = wanted > self.longer_side and tall * self.longer_side < _TOO_SMALL * _TALL_PX
        if lower or higher:
            self.longer_side, self._lowered = wanted, True
        return lower or higher


def _low(values: Iterable[float]) -> float:
    return float(np.quantile(list(values), _SMALL_ONES, method="lower"))


def _size(least: float) -> int:
    return min(LARGEST_PX, max(_SMALLEST_PX, math.ceil(least / _STEP_PX) * _STEP_PX))
