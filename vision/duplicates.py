"""One person seen as two: boxes and tracklets that repeat another one.

Belongs here: how a repetition is told from a second person. Does not belong here: association
(`vision.tracklets`, `vision.joining`).

Detectors report some people twice, most often a part of the body inside the whole figure. A part
shares its head or its feet with the whole; somebody who stands behind has their own.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vision.boxes import area, common_area, overlap

Array = NDArray[np.float64]

_SAME_IOU = 0.65
_INSIDE = 0.8
"""Share of the smaller box that lies in the larger one."""
_SAME_EDGE = 0.12
"""Distance of the upper, or of the lower, edges, heights of the larger box."""
_SAME_CENTRE = 0.3
"""Distance of the centres across, widths of the larger box."""
_BELIEVED = 0.3
"""A larger box that scores less does not swallow a smaller one."""
_WHOLE = 1.15
"""A box of that many times the height of a person who stands there, or less, down to the inverse,
is taken for a whole person."""
MERGED = 1.25
"""A box this much taller than a person who stands there holds two people."""
_SHADOWED = 0.6
"""Share of the frames in which a tracklet repeats another one."""
_LONGEST_HANDOVER_S = 2.0
_FEWEST_TURNS = 2


def once_each(xyxy: Array, confidence: Array, tallness: Array) -> tuple[NDArray[np.bool_], Array]:
    """Which of one frame's boxes to keep so that nobody is in it twice, and their scores.

    A box that is kept scores as high as the surest of its parts: who shows a body is there.

    Args:
        xyxy: (n, 4) boxes, pixels.
        confidence: (n,) scores.
        tallness: (n,) height of each box beside that of a person who stands there; NaN if unknown.
    """
    merged = tallness > MERGED
    # A faint box of just the height that a person has there is the whole of what looks surer.
    whole = (tallness < _WHOLE) & (tallness > 1 / _WHOLE)
    believed = (confidence >= _BELIEVED) | whole
    same = overlap(xyxy, xyxy) > _SAME_IOU
    repeated = repeats(xyxy, xyxy)
    parts = repeated.copy()
    # Two people in one box: whoever of them has a box of their own is believed instead.
    keep = ~(merged & (parts & believed[:, None] & ~merged[:, None]).any(axis=0))
    parts &= (believed & keep)[None, :]
    for index in np.argsort(-confidence, kind="stable"):
        if keep[index]:
            weaker = same[index] & (confidence <= confidence[index])
            weaker[index] = False
            keep &= ~weaker
    keep &= ~(parts & keep[None, :]).any(axis=1)
    of_parts = np.where(repeated & ~keep[:, None], confidence[:, None], 0.0)
    return keep, np.maximum(confidence, of_parts.max(axis=0, initial=0.0))


def repeats(small: Array, large: Array) -> NDArray[np.bool_]:
    """Whether each of (n, 4) boxes is a part of the person in each of (m, 4) boxes, (n, m)."""
    own, other = area(small)[:, None], area(large)[None, :]
    size = large[:, 2:] - large[:, :2]
    edges = np.abs(small[:, None, 1::2] - large[None, :, 1::2]).min(axis=2) / size[None, :, 1]
    centres = np.abs(small[:, None, ::2].mean(axis=2) - large[None, :, ::2].mean(axis=2))
    result: NDArray[np.bool_] = (
        (own < other)
        & (common_area(small, large) > _INSIDE * own)
        & (edges < _SAME_EDGE)
        & (centres < _SAME_CENTRE * size[None, :, 0])
    )
    return result


def without_shadows(
    at_s: Array, xyxy: Array, tracklets: Sequence[Sequence[int]]
) -> list[list[int]]:
    """The tracklets without what in them repeats another one.

    A tracklet that is for most of its frames a part of somebody is dropped. One that begins as a
    repetition of another and outlives it keeps only what comes after: it takes the other one over.
    Two that take turns at one person's boxes become one.
    A box is compared with the other tracklet read at the same instant, because detectors choose now
    the one, now the other.

    Args:
        at_s: (n,) when each box was seen, seconds, ascending.
        xyxy: (n, 4) boxes, pixels.
        tracklets: Indices of each one's boxes, in order of time; by first appearance.
    """
    kept = [np.array(rows) for rows in tracklets]
    areas = [float(np.median(area(xyxy[rows]))) for rows in kept]
    starts = np.array([at_s[rows[0]] for rows in kept])
    ends = np.array([at_s[rows[-1]] for rows in kept])
    for i in range(len(kept)):
        for j in np.flatnonzero((starts <= ends[i]) & (ends >= starts[i])):
            rows = kept[i]
            if j == i or not len(rows) or not len(kept[j]):
                continue
            shared = rows[(at_s[rows] >= starts[j]) & (at_s[rows] <= ends[j])]
            takes_over = (
                starts[j] < starts[i] <= ends[j] < ends[i]
                and ends[j] - starts[i] <= _LONGEST_HANDOVER_S
            )
            alike = _alike(at_s[shared], xyxy[shared], at_s[kept[j]], xyxy[kept[j]])
            if _take_turns(at_s, shared, kept[j]) and alike.sum() >= _SHADOWED * len(shared):
                kept[j] = np.sort(np.concatenate([kept[j], rows]))
                kept[i] = rows[:0]
                starts[j], ends[j] = at_s[kept[j][0]], at_s[kept[j][-1]]
            elif areas[i] < areas[j] and alike[0] >= _SHADOWED * len(rows):
                kept[i] = rows[:0]
            elif takes_over and alike.sum() >= _SHADOWED * len(shared):
                kept[i] = rows[at_s[rows] > ends[j]]
                starts[i] = at_s[kept[i][0]]
    return [rows.tolist() for rows in kept if len(rows)]


def _take_turns(at_s: Array, shared: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
    """Whether two tracklets alternate over a time that they share, and never are seen together."""
    if not len(shared):
        return False
    others = at_s[other]
    between = (others >= at_s[shared[0]]) & (others <= at_s[shared[-1]])
    return (
        len(shared) >= _FEWEST_TURNS
        and between.sum() >= _FEWEST_TURNS
        and not np.isin(at_s[shared], others).any()
    )


def _alike(at_s: Array, xyxy: Array, others_s: Array, others: Array) -> NDArray[np.int64]:
    """In how many frames boxes are a part of the other person, and otherwise the same, (2,)."""
    read = np.column_stack([np.interp(at_s, others_s, edge) for edge in others.T])
    part = whole = 0
    # Of two hundred people in view nearly all are nowhere near each other.
    near = (xyxy[:, :2] < read[:, 2:]).all(axis=1) & (read[:, :2] < xyxy[:, 2:]).all(axis=1)
    for box, other in zip(xyxy[near], read[near], strict=True):
        if repeats(box[None], other[None])[0, 0]:
            part += 1
        elif repeats(other[None], box[None])[0, 0] or overlap(box[None], other[None]) > _SAME_IOU:
            whole += 1
    return np.array([part, whole])
