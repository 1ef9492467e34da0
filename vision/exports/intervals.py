"""Spans of time as whole microseconds: joining them, taking one from another, counting minutes.

Belongs here: arithmetic of half-open intervals. Does not belong here: what a span means.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Interval = tuple[int, int]
"""From, included, to, left out: microseconds since the epoch, UTC."""

MINUTE_US = 60_000_000


def merged(intervals: Iterable[Interval], across_us: int = 0) -> list[Interval]:
    """Disjoint intervals in order that cover the same; holes of up to `across_us` are covered."""
    found: list[Interval] = []
    for begins, ends in sorted(one for one in intervals if one[0] < one[1]):
        if found and begins - found[-1][1] <= across_us:
            found[-1] = (found[-1][0], max(ends, found[-1][1]))
        else:
            found.append((begins, ends))
    return found


def without(intervals: Iterable[Interval], taken: Iterable[Interval]) -> list[Interval]:
    """What is left of `intervals`, disjoint and in order, where `taken` does not cover them."""
    left: list[Interval] = []
    away = merged(taken)
    first = 0
    for begins, ends in merged(intervals):
        at = begins
        while first < len(away) and away[first][1] <= begins:
            first += 1
        for hole_begins, hole_ends in away[first:]:
            if hole_begins >= ends:
                break
            if hole_begins > at:
                left.append((at, hole_begins))
            at = hole_ends
        if at < ends:
            left.append((at, ends))
    return left


def seconds_by_minute(
    intervals: Sequence[Interval], start_us: int, minutes: int
) -> NDArray[np.float64]:
    """Seconds of disjoint intervals within each of so many minutes, to the hundredth.

    Args:
        intervals: Disjoint.
        start_us: Start of the first minute.
        minutes: How many there are; what lies outside of them is left out.
    """
    edges = start_us + MINUTE_US * np.arange(minutes + 1)
    spent = np.zeros(minutes + 1, np.int64)
    for begins, ends in intervals:
        spent += np.clip(edges, begins, ends) - begins
    return np.round(np.diff(spent) / 10_000) / 100
