"""Where a path ends or begins, and how well one end fits another.

Belongs here: motion at the ends of stretches of a path, and across what is between two of them.
Does not belong here: which stretches are tried (`vision.joining`, `vision.meetings`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.ground import Ground

Array = NDArray[np.float64]

_SPEED_OVER_S = 1.2
"""Stretch at the end of a path over which its speed is measured."""
# Standard deviations in body heights, body heights a second, and as a logarithm.
_DRIFT = 0.30
_SIZE, _SIZE_A_SECOND = 0.15, 0.05
_TURN = 0.35
_TURN_A_SECOND = 0.4
_SHORT = 0.8
"""A box of less than that much of the height of a person who stands there shows no legs."""
_HALVED, _SHORTENING = 0.8, 0.35
"""Up to which logarithm a box without legs may be shorter, and how little is made of that."""
_CERTAIN, _STRANGERS = 0.2, 0.5
"""Standard deviation of a place at which nobody else is expected, body heights, and what each
doubling of the area beyond is worth against a join."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of a stretch: when, where, how fast (NaN: unknown), log height.

    Places and speeds are on the plane of `vision.ground`; `doubt` is the (2, 2) covariance of the
    place; `short` says that legs are hidden there.
    """

    at_s: float
    place: Array
    speed: Array
    height: float
    doubt: Array
    short: bool


def end_of(at_s: Array, shape: Array, tallness: Array, ground: Ground, *, last: bool) -> End:
    """The last or the first end of a stretch.

    Args:
        at_s: (n,) when each box was seen, seconds, ascending.
        shape: (n, 4) boxes as (centre x, top, log width, log height).
        tallness: (n,) height of each box beside that of a person who stands there; NaN if unknown.
        ground: The plane in which motion is judged.
        last: Which end.
    """
    near = at_s >= at_s[-1] - _SPEED_OVER_S if last else at_s <= at_s[0] + _SPEED_OVER_S
    times, boxes = at_s[near], shape[near]
    places, doubts = ground.places(boxes)
    here = -1 if last else 0
    moment = float(times[here])
    known = tallness[near][np.isfinite(tallness[near])]
    short = bool(len(known) and np.median(known) < _SHORT)
    if len(times) < 3 or not np.isfinite(places).all():
        unknown = np.full(2, np.nan)
        return End(moment, places[here], unknown, float(boxes[:, 3].mean()), doubts[here], short)
    speed, place = np.polyfit(times - moment, places, 1)
    return End(moment, place, speed, float(np.median(boxes[:, 3])), doubts[here], short)


def miss_cost(tail: End, head: End, ground: Ground) -> float:
    """Squared normalised distance by which `tail` misses `head`, and turns and grows to fit it."""
    gap_s = head.at_s - tail.at_s
    body = ground.body(np.exp((tail.height + head.height) / 2))
    # Meeting in the middle: each side is asked to predict only half the gap.
    forward = tail.place + np.nan_to_num(tail.speed) * gap_s / 2
    backward = head.place - np.nan_to_num(head.speed) * gap_s / 2
    doubt = tail.doubt + head.doubt
    spread = doubt + (body * _DRIFT * gap_s) ** 2 * np.eye(2)
    miss = forward - backward
    turn = np.nan_to_num(head.speed - tail.speed)
    turned = doubt + (body * (_TURN + _TURN_A_SECOND * gap_s)) ** 2 * np.eye(2)
    # The wider the place where somebody may be by now, the likelier it is a stranger who is there.
    wide = np.linalg.slogdet(spread)[1] - 4 * np.log(body * _CERTAIN)
    return float(
        miss @ np.linalg.solve(spread, miss)
        + grown(tail, head)
        + turn @ np.linalg.solve(turned, turn)
        + max(0.0, wide) * _STRANGERS
    )


def grown(tail: End, head: End) -> float:
    """Squared normalised difference of heights across a gap."""
    taller = abs(head.height - tail.height)
    shorter = tail if tail.height < head.height else head
    if shorter.short and taller < _HALVED:
        taller *= _SHORTENING
    return float((taller / (_SIZE + _SIZE_A_SECOND * (head.at_s - tail.at_s))) ** 2)
