"""Who went on as whom after people met: the second thought that only the whole day allows.

Belongs here: finding meetings of tracks, and choosing anew who came out of each. Does not belong
here: frame by frame association (`vision.tracklets`), joins across gaps (`vision.joining`).

Frame by frame, the one who walks past is easily taken for the one who stands. People walk on as
they came: of the two ways to continue two tracks that met, the one is true that leaves both of them
with the smoother way.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vision.tracklets import measured

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

_NEAR = 0.4
"""Two whose boxes' centres are nearer than so many body heights may be taken for each other."""
_IN_SIGHT = 1.2
"""Who meets has been as near as that just before, when both had boxes."""
_AROUND_S = 1.6
"""How much of what came before and after is looked at."""
_FEWEST_BOXES = 3
_ROUNDS = 3
_BETTER = 6.0
"""How much better the other way must explain what is seen, than what was believed at first."""
# Standard deviations: of a box's centre and top, body heights, and height, as a logarithm; and of
# how people change their speed, body heights a second, each second.
_PLACE, _HEIGHT = 0.05, 0.10
_CURVED = 0.30
_ROBUST_ROUNDS = 3


def settle(at_s: Array, xyxy: Array, tracks: Sequence[list[int]]) -> list[list[int]]:
    """Tracks in which everybody goes on from each meeting as they came.

    Args:
        at_s: (n,) when each box was seen, seconds, ascending.
        xyxy: (n, 4) boxes, pixels.
        tracks: Indices of each one's boxes, in order of time.
    """
    shape = measured(xyxy)[:, [0, 1, 3]]
    rows = [np.array(track) for track in tracks if len(track)]
    if not rows:
        return []
    for _ in range(_ROUNDS):
        if not _round(at_s, shape, rows):
            break
    return sorted((own.tolist() for own in rows if len(own)), key=lambda own: own[0])


def _round(at_s: Array, shape: Array, rows: list[Rows]) -> bool:
    changed = False
    for one, other in _neighbours(at_s, shape, rows):
        for begin, end in _meetings(at_s, shape, rows[one], rows[other]):
            swapped = _exchanged(at_s, shape, rows[one], rows[other], begin, end)
            if swapped is not None:
                rows[one], rows[other] = swapped
                changed = True
    return changed


def _exchanged(
    at_s: Array, shape: Array, one: Rows, other: Rows, begin: float, end: float
) -> tuple[Rows, Rows] | None:
    """Both tracks with their futures exchanged at the best moment, if that explains them better."""
    best, found = _BETTER, None
    moments = np.union1d(at_s[one], at_s[other])
    for moment in moments[(moments > begin - 1e-9) & (moments <= end)]:
        around = [_around(at_s, own, moment) for own in (one, other)]
        sides = [(at_s[own] < moment).sum() for own in around]
        if any(
            min(before, len(own) - before) < _FEWEST_BOXES
            for before, own in zip(sides, around, strict=True)
        ):
            continue
        kept = sum(_roughness(at_s[own], shape[own]) for own in around)
        crossed = _crossed(at_s, around[0], around[1], moment)
        gain = kept - sum(_roughness(at_s[own], shape[own]) for own in crossed)
        if gain > best:
            best, found = gain, moment
    return None if found is None else _crossed(at_s, one, other, found)


def _around(at_s: Array, own: Rows, moment: float) -> Rows:
    first, end = np.searchsorted(at_s[own], [moment - _AROUND_S, moment + _AROUND_S])
    return own[first:end]


def _crossed(at_s: Array, one: Rows, other: Rows, moment: float) -> tuple[Rows, Rows]:
    i, j = np.searchsorted(at_s[one], moment), np.searchsorted(at_s[other], moment)
    return np.concatenate([one[:i], other[j:]]), np.concatenate([other[:j], one[i:]])


def _roughness(at_s: Array, shape: Array) -> float:
    """Minus twice the log-likelihood of boxes as those of one person, up to what all share.

    A robust fit of place at an acceleration that is near none, and of one height.
    """
    times = at_s - at_s.mean()
    height = float(np.exp(np.median(shape[:, 2])))
    design = np.column_stack([np.ones_like(times), times, times**2 / 2])
    ridge = np.diag([0.0, 0.0, 1.0]) / _CURVED**2
    weight = np.ones(len(times))
    places = (shape[:, :2] - shape[:, :2].mean(axis=0)) / height
    for _ in range(_ROBUST_ROUNDS):
        scaled = design * (weight / _PLACE**2)[:, None]
        solution = np.linalg.solve(design.T @ scaled + ridge + 1e-9 * np.eye(3), scaled.T @ places)
        miss = ((places - design @ solution) ** 2).sum(axis=1) / _PLACE**2
        weight = 1 / (1 + miss / 4)
    rough = float(4 * np.log1p(miss / 4).sum() + (solution[2] ** 2).sum() / _CURVED**2)
    grown = (shape[:, 2] - np.median(shape[:, 2])) / _HEIGHT
    return rough + float(4 * np.log1p(grown**2 / 4).sum())


def _neighbours(at_s: Array, shape: Array, rows: Sequence[Rows]) -> list[tuple[int, int]]:
    """Pairs of tracks that come so near each other in some frame that they may have met."""
    track = np.concatenate([np.full(len(own), number) for number, own in enumerate(rows)])
    every = np.concatenate(rows)
    order = np.argsort(at_s[every], kind="stable")
    track, every = track[order], every[order]
    pairs: set[tuple[int, int]] = set()
    # Frame by frame, so that a crowded day needs no more memory than its fullest frame.
    for frame in np.split(np.arange(len(every)), np.flatnonzero(np.diff(at_s[every])) + 1):
        if len(frame) < 2:
            continue
        boxes = shape[every[frame]]
        apart = np.linalg.norm(boxes[:, None, :2] - boxes[None, :, :2], axis=2)
        reach = _IN_SIGHT * np.exp(np.maximum(boxes[:, None, 2], boxes[None, :, 2]))
        for i, j in np.argwhere(np.triu(apart < reach, 1)).tolist():
            one, other = sorted((int(track[frame[i]]), int(track[frame[j]])))
            pairs.add((one, other))
    return sorted(pairs)


def _meetings(at_s: Array, shape: Array, one: Rows, other: Rows) -> list[tuple[float, float]]:
    """First and last moment of each meeting of two tracks."""
    times = np.union1d(at_s[one], at_s[other])
    first = max(at_s[one[0]], at_s[other[0]])
    last = min(at_s[one[-1]], at_s[other[-1]])
    times = times[(times >= first) & (times <= last)]
    if not len(times):
        return []
    places = [
        np.column_stack([np.interp(times, at_s[own], edge) for edge in shape[own].T])
        for own in (one, other)
    ]
    height = np.exp((places[0][:, 2] + places[1][:, 2]) / 2)
    apart = np.linalg.norm(places[0][:, :2] - places[1][:, :2], axis=1) / height
    near = np.concatenate([[False], apart < _NEAR, [False]])
    changes = np.flatnonzero(near[1:] != near[:-1])
    return [
        (float(times[i]), float(times[j - 1]))
        for i, j in zip(changes[::2], changes[1::2], strict=True)
    ]
