"""Instants as whole microseconds since the epoch, UTC, and back.

Belongs here: the one way in which they are converted. Does not belong here: spans
(`vision.exports.intervals`), time zones (`vision.exports.local_time`).
"""

import datetime as dt

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def us_of(at: dt.datetime) -> int:
    """Microseconds of an instant that has an offset."""
    return (at - EPOCH) // _MICROSECOND


def at_of(us: int) -> dt.datetime:
    """The instant, UTC."""
    return EPOCH + us * _MICROSECOND


def window_us(window: tuple[dt.datetime, dt.datetime]) -> tuple[int, int]:
    """Both ends of a window."""
    begin, end = window
    return us_of(begin), us_of(end)
