"""Which frames of a camera-day are looked at: those nearest to a regular grid.

Belongs here: choosing by time alone. Does not belong here: files. Frames come as one sequence,
wherever they were cut, so a recording in thirty files gives the frames that it gives in one.
"""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from vision.exports.bounds import PAUSE_US

T = TypeVar("T")


def nearest_to_grid(frames: Iterable[tuple[int, T]], fps: float) -> Iterator[tuple[int, T]]:
    """Yield for each point of the grid the frame nearest to it, at its own time.

    The grid begins with the first frame, and anew with the first after a pause; between pauses it
    never drifts. Where there are fewer frames than points, each frame is given once.

    Args:
        frames: (microseconds, frame); one that is not later than the one before is left out.
        fps: Points of the grid a second.
    """
    step = 1e6 / fps
    best: tuple[int, T] | None = None
    origin = last = cell = 0
    for at_us, frame in frames:
        if best is not None and at_us <= last:
            continue
        paused = best is None or at_us - last > PAUSE_US
        if paused:
            origin = at_us
        # Half a step on either side of a grid point belongs to it.
        here = round((at_us - origin) / step)
        if best is not None and (paused or here != cell):
            yield best
            best = None
        if best is None or _off(at_us, origin, here, step) < _off(best[0], origin, here, step):
            best = (at_us, frame)
        last, cell = at_us, here
    if best is not None:
        yield best


def _off(at_us: int, origin: int, cell: int, step: float) -> float:
    return abs(at_us - origin - cell * step)
