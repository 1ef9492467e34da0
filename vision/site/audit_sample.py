"""Drawing at random which minutes are counted by eye.

Belongs here: which intervals there are, and which of them are drawn. Does not belong here: which
minutes were observed (sql/relations/whole_minutes.sql), what was counted (`vision.site.audits`).
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from vision.site.models import SiteDay

_MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Interval:
    """Minutes of one gate that somebody is asked to count.

    Attributes:
        after: How long after the start of the trading day it begins.
        gate: The gate.
        starts_at: UTC.
        minutes: Its length.
    """

    after: dt.timedelta
    gate: str
    starts_at: dt.datetime
    minutes: int

    @property
    def ends_at(self) -> dt.datetime:
        """The first instant after it, UTC."""
        return self.starts_at + self.minutes * _MINUTE


def intervals(
    site_day: SiteDay, gate: str, whole: Iterable[dt.datetime], length: int, random: Random
) -> list[Interval]:
    """Intervals of a gate that can be drawn: side by side, none with a minute of another.

    Each run of minutes is cut into intervals from a place on that is drawn, so that no minute of a
    long run is never counted. Runs that are shorter than an interval have none.

    Args:
        site_day: The site on the day.
        gate: One of the day's.
        whole: Starts of the minutes that its camera observed as a whole, UTC.
        length: Minutes of an interval.
        random: Draws.

    Returns:
        Intervals in order of time, in trading hours and clear of what audits.yaml has of the gate.
        One that begins where the site's clocks show an hour for the second time is left out: there
        is no way to write it down.
    """
    if site_day.trading_hours is None:
        return []
    opens, closes = site_day.trading_hours
    zone = site_day.site.zone_info
    counted = [one.window(zone) for one in site_day.audits if one.gate == gate]
    free = sorted(
        minute
        for minute in whole
        if opens <= minute
        and minute + _MINUTE <= closes
        and not any(minute < ends and minute + _MINUTE > starts for starts, ends in counted)
    )
    found = []
    for run in _runs(free):
        if len(run) < length:
            continue
        first = random.randint(0, len(run) % length)
        starts = run[first : len(run) - length + 1 : length]
        found += [
            Interval(at - site_day.window[0], gate, at, length)
            for at in starts
            if not at.astimezone(zone).fold
        ]
    return found


def draw(by_gate: Mapping[str, Sequence[Interval]], number: int, random: Random) -> list[Interval]:
    """Draw intervals, as many of each gate and from all over the day.

    A gate's intervals of all days are ordered by the time of day and cut into as many parts as are
    to be drawn, equal to one interval; one is drawn of each part. So each interval of a gate is
    about as likely as any other, as a ratio estimate wants it, and busy hours and quiet ones are
    both there.

    Args:
        by_gate: Intervals that can be drawn.
        number: How many in all; fewer where there are no more.
        random: Draws. In the same state it draws the same.

    Returns:
        In order of time, then of gates.
    """
    drawn = []
    for gate, share in _shares(by_gate, number, random).items():
        ordered = sorted(by_gate[gate], key=lambda one: (one.after, one.starts_at))
        bounds = [len(ordered) * part // share for part in range(share + 1)]
        drawn += [ordered[random.randrange(first, until)] for first, until in pairwise(bounds)]
    return sorted(drawn, key=lambda one: (one.starts_at, one.gate))


def _shares(
    by_gate: Mapping[str, Collection[Interval]], number: int, random: Random
) -> dict[str, int]:
    """How many are drawn of each gate: one in turn of each that has another, until all are."""
    turns = sorted(gate for gate, of_gate in by_gate.items() if of_gate)
    random.shuffle(turns)
    shares = dict.fromkeys(turns, 0)
    while turns and number:
        for gate in turns[:number]:
            shares[gate] += 1
        number -= len(turns[:number])
        turns = [gate for gate in turns if shares[gate] < len(by_gate[gate])]
    return {gate: share for gate, share in shares.items() if share}


def _runs(minutes: Sequence[dt.datetime]) -> list[list[dt.datetime]]:
    """Minutes in unbroken runs."""
    runs: list[list[dt.datetime]] = []
    for minute in minutes:
        if runs and minute - runs[-1][-1] == _MINUTE:
            runs[-1].append(minute)
        else:
            runs.append([minute])
    return runs
