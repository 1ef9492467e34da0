"""Arithmetic that figures share.

Belongs here: quantiles, rates and sums in which something may not be known. Does not belong here:
anything that knows of people or places.
"""

import math
from collections.abc import Iterable, Sequence


def quantile(values: Sequence[float], share: float) -> float | None:
    """Interpolated between the two nearest values (Hyndman and Fan 1996, type 7)."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def rate(part: float | None, whole: float | None) -> float | None:
    """NULL where either is not known or there is nothing to divide by."""
    return None if part is None or not whole else part / whole


def total(values: Iterable[float | None]) -> float | None:
    """Of those that are known; NULL where none is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def total_if_all_known(values: Iterable[float | None]) -> float | None:
    values = list(values)
    return None if None in values else sum(values)
