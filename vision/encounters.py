"""Tracklets cut where two people meet: after a meeting nobody knows for certain who is who.

Belongs here: finding meetings, and cutting the tracklets there. Does not belong here: who went on
as whom, which is decided with both sides of the meeting in hand (`vision.joining`).

Frame by frame, the one who walks past is easily taken for the one who stands. What each did before
and after tells them apart. Only short meetings of people who move differently are cut: of two who
walk side by side either may be taken for the other without a count being wrong. Where people are
followed on the floor (`vision.motion`), frame by frame is right more often than a later guess.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.boxes import paired_overlap
from vision.tracklets import Tracklet, measured

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

_MEET_IOU = 0.25
"""Overlap from which two boxes may be taken for each other."""
_LONGEST_S = 3.0
_SPEED_OVER_S = 1.0
"""Stretch before and after a meeting over which speeds are compared."""
_DIFFERENT = 0.35
"""Difference of two velocities that tells them apart, body heights a second."""
_FEWEST_BOXES = 3


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of one tracklet between meetings.

    Attributes:
        rows: Indices of its boxes, in order of time.
        tracklet: Number of the tracklet that it was cut from.
    """

    rows: list[int]
    tracklet: int


def uncut(tracklets: Sequence[Tracklet]) -> list[Part]:
    """Tracklets as they are."""
    return [Part(tracklet.rows, number) for number, tracklet in enumerate(tracklets)]


def cut(at_s: Array, xyxy: Array, tracklets: Sequence[Tracklet]) -> list[Part]:
    """Cut tracklets at their meetings, and leave out the boxes of the meetings themselves.

    Args:
        at_s: (n,) when each box was seen, seconds, ascending.
        xyxy: (n, 4) boxes, pixels.
        tracklets: By first appearance.

    Returns:
        What is left, by first appearance.
    """
    rows = [np.array(tracklet.rows) for tracklet in tracklets]
    meetings: list[list[tuple[float, float]]] = [[] for _ in rows]
    for one, other in _together(at_s, rows):
        for meeting in _meetings(at_s, xyxy, rows[one], rows[other]):
            meetings[one].append(meeting)
            meetings[other].append(meeting)
    parts = [
        Part(stretch.tolist(), number)
        for number, own in enumerate(rows)
        for stretch in _between(at_s, own, meetings[number])
    ]
    return sorted(parts, key=lambda part: part.rows[0])


def _together(at_s: Array, rows: Sequence[Rows]) -> Iterator[tuple[int, int]]:
    """Pairs of tracklets that share some time; they come by first appearance."""
    starts = np.array([at_s[own[0]] for own in rows])
    ends = np.array([at_s[own[-1]] for own in rows])
    for one in range(len(rows)):
        last = int(np.searchsorted(starts, ends[one], side="right"))
        yield from ((one, other) for other in range(one + 1, last))


def _between(at_s: Array, own: Rows, meetings: Sequence[tuple[float, float]]) -> Iterator[Rows]:
    times = at_s[own]
    met = np.zeros(len(own), dtype=bool)
    after = np.zeros(len(own), dtype=np.int64)
    for begin, end in meetings:
        met |= (times >= begin) & (times <= end)
        after += times > end
    for count in np.unique(after[~met]):
        yield own[~met & (after == count)]


def _meetings(at_s: Array, xyxy: Array, one: Rows, other: Rows) -> Iterator[tuple[float, float]]:
    """First and last moment of each short meeting of two who move differently."""
    times = np.union1d(at_s[one], at_s[other])
    first = max(at_s[one[0]], at_s[other[0]])
    last = min(at_s[one[-1]], at_s[other[-1]])
    times = times[(times >= first) & (times <= last)]
    boxes = [
        np.column_stack([np.interp(times, at_s[own], edge) for edge in xyxy[own].T])
        for own in (one, other)
    ]
    near = np.concatenate([[False], paired_overlap(*boxes) > _MEET_IOU, [False]])
    changes = np.flatnonzero(near[1:] != near[:-1])
    for begins, ends in zip(changes[::2], changes[1::2] - 1, strict=True):
        begin, end = float(times[begins]), float(times[ends])
        if end - begin <= _LONGEST_S and _differ(at_s, xyxy, (one, other), begin, end):
            yield begin, end


def _differ(at_s: Array, xyxy: Array, pair: tuple[Rows, Rows], begin: float, end: float) -> bool:
    """Whether the two moved differently before the meeting, or after it."""
    for low, high in ((begin - _SPEED_OVER_S, begin), (end, end + _SPEED_OVER_S)):
        inside = [own[(at_s[own] >= low) & (at_s[own] <= high)] for own in pair]
        inside = [own[(at_s[own] < begin) | (at_s[own] > end)] for own in inside]
        if min(map(len, inside)) < _FEWEST_BOXES:
            continue
        velocities = [_velocity(at_s[own], measured(xyxy[own])) for own in inside]
        if np.linalg.norm(velocities[0] - velocities[1]) > _DIFFERENT:
            return True
    return False


def _velocity(at_s: Array, shape: Array) -> Array:
    """Body heights a second, (2,)."""
    velocity: Array = np.polyfit(at_s - at_s[0], shape[:, :2], 1)[0] / np.exp(
        np.median(shape[:, 3])
    )
    return velocity
