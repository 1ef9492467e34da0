"""When files began: the best of several clocks, what the others say, drift, and files that join.

Belongs here: choosing, comparing and correcting starts of the files of one camera-day. Does not
belong here: reading a clock (`vision.exports.names`, `vision.exports.probe`), overlaps
(`vision.exports.timeline`).

All times here are microseconds since the epoch, UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from vision.contracts_ingest import ClockSource
from vision.site.models import Clock

_SECOND = 1_000_000
_MOST_APART_S = 86_400.0
_MOST_CORRECTED_S = _MOST_APART_S - 60
_FEWEST_FOR_DRIFT = 8
_SHORTEST_FOR_DRIFT_US = 3600 * _SECOND
"""Clocks that tell whole seconds say nothing of drift over a few minutes."""
_FEWEST_TO_JUDGE_CUTS = 5


@dataclass(frozen=True, slots=True)
class Started:
    """When one file began, and how that is known.

    Attributes:
        at_us: When its first frame was taken, after all corrections.
        lasts_us: From its first frame to the end of its last.
        source: Whose word was taken.
        told_us: Its word.
        compared_with: The other source that is farthest from it; None where there is no other.
        apart_s: By how much that one is later, at most a day.
    """

    at_us: int
    lasts_us: int
    source: ClockSource
    told_us: int
    compared_with: ClockSource | None = None
    apart_s: float | None = None

    @property
    def corrected_s(self) -> float:
        """By how much `at_us` is later than `source` says."""
        return (self.at_us - self.told_us) / _SECOND


@dataclass(frozen=True, slots=True)
class _Line:
    """By how much another clock is ahead: `slope` a microsecond since `origin`, and `offset`."""

    slope: float
    offset: float
    origin: int

    def at(self, at_us: int) -> float:
        return self.offset + self.slope * (at_us - self.origin)


def choose(told: Mapping[ClockSource, int], lasts_us: int, clock: Clock) -> Started | None:
    """The start by the first source in the camera's order that says something.

    Args:
        told: What each source says of the start of the file.
        lasts_us: How long the file is.
        clock: The order of sources of the camera.

    Returns:
        The start, beside the source that is farthest from it; None where no source says anything.
    """
    known = [source for source in clock.order if source in told]
    if not known:
        return None
    first, *others = known
    began = Started(told[first], lasts_us, first, told[first])
    if not others:
        return began
    farthest = max(others, key=lambda source: abs(told[source] - told[first]))
    apart = (told[farthest] - told[first]) / _SECOND
    apart = round(max(-_MOST_APART_S, min(_MOST_APART_S, apart)), 3)
    return replace(began, compared_with=farthest, apart_s=apart)


def begins_at_creation(
    created_us: int, lasts_us: int, told: Mapping[ClockSource, int], clock: Clock
) -> bool:
    """Whether the creation time of a container can be the start of its recording.

    Many recorders write the moment at which the file was closed or exported. By any other clock
    that is not before the end of the file.
    """
    before_end = lasts_us - min(round(clock.tolerance_s * _SECOND), lasts_us // 2)
    return all(created_us < at + before_end for source, at in told.items() if source != "container")


def drift_s_per_day(starts: Sequence[Started], clock: Clock) -> float | None:
    """By how much the other clock gains on the chosen one in a day; None where nobody can tell.

    Where a camera has one clock only, the lengths of its files are the other one.
    """
    line = _against_the_other(starts) or _against_the_frames(starts, clock)
    return None if line is None else round(line.slope * 86_400, 3)


def corrected(starts: Sequence[Started], clock: Clock) -> list[Started]:
    """Starts after correction for drift, where the camera asks for it, and joined where they meet.

    Args:
        starts: In order of time.
        clock: How much the camera lets us correct.
    """
    line = _against_the_other(starts) if clock.correct_drift else None
    if line is not None:
        starts = [replace(one, at_us=one.at_us + round(line.at(one.at_us))) for one in starts]
    return _joined(starts, clock)


def _joined(starts: Sequence[Started], clock: Clock) -> list[Started]:
    """A file that begins about where the one before ended begins exactly there.

    Names tell whole seconds, frames are a few hundredths apart: without this, each cut between two
    files would lose or repeat part of a second. Joined files follow the clock of their frames; once
    that is farther from the camera's than `join_within_s`, the camera's is taken again. Where cuts
    overlap or leave a gap again and again, that is how the recorder works, and nothing is moved.
    """
    within = round(clock.join_within_s * _SECOND)
    near = [
        later.at_us - earlier.at_us - earlier.lasts_us
        for earlier, later in pairwise(starts)
        if abs(later.at_us - earlier.at_us - earlier.lasts_us) <= within
    ]
    if len(near) >= _FEWEST_TO_JUDGE_CUTS and abs(float(np.median(near))) > within / 2:
        return list(starts)
    joined: list[Started] = []
    for one in starts:
        end = joined[-1].at_us + joined[-1].lasts_us if joined else None
        # One that began with the file before repeats it.
        follows = end is not None and one.at_us > joined[-1].at_us + joined[-1].lasts_us / 2
        meets = end is not None and follows and abs(one.at_us - end) <= within
        joined.append(replace(one, at_us=end) if meets and end is not None else one)
    return joined


def _against_the_other(starts: Sequence[Started]) -> _Line | None:
    """The line that the other clock follows, where all files have the same two."""
    compared = {one.compared_with for one in starts}
    if len(compared) != 1 or None in compared:
        return None
    line = _line(starts, [(one.apart_s or 0.0) * _SECOND for one in starts])
    # Of a clock that was never set only that is known, and nothing follows it.
    wild = line is not None and any(
        abs(line.at(one.at_us)) >= _MOST_CORRECTED_S * _SECOND for one in starts
    )
    return None if wild else line


def _against_the_frames(starts: Sequence[Started], clock: Clock) -> _Line | None:
    """The line that the frames' own clock follows, where files follow each other."""
    within = clock.join_within_s * _SECOND
    elapsed = starts[0].told_us if starts else 0
    apart = [0.0]
    for earlier, later in pairwise(starts):
        if abs(later.told_us - earlier.told_us - earlier.lasts_us) > within:
            return None
        elapsed += earlier.lasts_us
        apart.append(float(elapsed - later.told_us))
    return _line(starts, apart)


def _line(starts: Sequence[Started], apart: Sequence[float]) -> _Line | None:
    """Theil-Sen: the median of slopes, which a third of the files may contradict."""
    if len(starts) < _FEWEST_FOR_DRIFT:
        return None
    origin = starts[0].told_us
    if starts[-1].told_us - origin < _SHORTEST_FOR_DRIFT_US:
        return None
    from scipy.stats import theilslopes

    # Slopes are of all pairs: some hundred files say as much as ten thousand.
    few = np.linspace(0, len(starts) - 1, min(len(starts), 300)).round().astype(np.intp)
    since = np.array([one.told_us - origin for one in starts], dtype=np.float64)[few]
    slope, offset, *_ = theilslopes(np.array(apart)[few], since)
    return _Line(float(slope), float(offset), origin)
