"""From the local times in file names to UTC, for all files of a camera at once.

Belongs here: the hour that the clocks skip, the hour that they show twice, and ends without a date.
Does not belong here: reading a name (`vision.exports.names`), other clocks than the name
(`vision.exports.clocks`).

One name from the night with 25 hours fits two moments. The file's neighbours tell which: a recorder
writes one file after another. What decides, the first that can:

1. `end`: from one of the two moments, the end in the name comes sooner.
2. `modified`: a file is not written before it begins, and recorders close it when it ends.
3. `twin`: of two files with the same start, the one whose name sorts first was there first.
4. `order`: the file begins where another ends, or ends where another begins.
5. `first`: nothing speaks for the second time round, so the first is meant.
"""

import datetime as dt
import posixpath
import re
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal
from zoneinfo import ZoneInfo

from vision.exports.patterns import NameTimes

Decided = Literal["skipped", "end", "modified", "twin", "order", "first"]

_CLOCKS_APART = dt.timedelta(minutes=1)
"""By how much the clock of a file system may differ from the recorder's."""
_CLOSED_WITHIN = dt.timedelta(minutes=2)
"""A file is modified for the last time about when it ends."""
_JOINS_WITHIN = dt.timedelta(seconds=2)
"""Names tell whole seconds."""
_LONGEST = dt.timedelta(hours=25)

Modified = Callable[[str], dt.datetime | None]


@dataclass(frozen=True, slots=True)
class UtcTimes:
    """When a file begins and ends by its name, UTC.

    Attributes:
        start: When it begins.
        end: When it ends; None where the name does not say.
        decided_by: What decided, where the name fits two moments or, as one from the hour that is
            skipped, none; None for all others.
    """

    start: dt.datetime
    end: dt.datetime | None = None
    decided_by: Decided | None = None

    @property
    def guessed(self) -> bool:
        """Whether nothing but a convention decided."""
        return self.decided_by in {"skipped", "first"}


def to_utc(
    named: Mapping[str, NameTimes],
    zone: ZoneInfo,
    modified: Modified = lambda _name: None,
) -> dict[str, UtcTimes]:
    """The times of files of one camera in UTC; those whose names tell no start are left out.

    A name from the hour that is skipped is taken to come from a clock not yet put forward.

    Args:
        named: What each name says.
        zone: The zone of times without an offset.
        modified: When a file was last modified, UTC, by its name; asked only about names that fit
            two moments. None where it is not known or means nothing, as after a copy.
    """
    settled: dict[str, UtcTimes] = {}
    open_names: dict[str, tuple[UtcTimes, UtcTimes]] = {}
    for name, times in named.items():
        readings = _readings(times, zone)
        if len(readings) == 2:
            open_names[name] = (readings[0], readings[1])
        elif readings:
            settled[name] = readings[0]
    if not open_names:
        return settled
    night = _Night(settled, open_names)
    for name, both in open_names.items():
        night.settle(name, _by_end(both), "end")
    for name in open_names:
        night.settle(name, night.by_modified(name, modified(name)), "modified")
    night.settle_twins()
    night.settle_neighbours()
    for name in open_names:
        night.settle(name, 0, "first")
    return {name: settled[name] for name in named if name in settled}


def _readings(times: NameTimes, zone: ZoneInfo) -> list[UtcTimes]:
    """The moments that the start fits, in order, each with the first end that comes after it."""
    if times.start is None:
        return []
    first, second = _both(times.start, zone)
    skipped = second < first
    return [
        UtcTimes(start, _end(times, start, zone), "skipped" if skipped else None)
        for start in _once_each(first, second)
    ]


def _both(at: dt.datetime, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """What a clock meant that was not changed yet, and one that was.

    The same for nearly every moment; in the hour that is skipped the second comes before the first.
    """
    if at.tzinfo is not None:
        told = at.astimezone(dt.UTC)
        return told, told
    first = at.replace(tzinfo=zone).astimezone(dt.UTC)
    return first, at.replace(tzinfo=zone, fold=1).astimezone(dt.UTC)


def _once_each(first: dt.datetime, second: dt.datetime) -> list[dt.datetime]:
    """The moments that a time can be; one from the hour that is skipped is of a clock unchanged."""
    return [first, second] if first < second else [first]


def _end(times: NameTimes, start: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
    if times.end is None or times.start is None:
        return None
    if isinstance(times.end, dt.datetime):
        told = [times.end]
    else:
        day = times.start.date()
        told = [dt.datetime.combine(day + dt.timedelta(days=n), times.end) for n in (0, 1)]
    ends = [moment for at in told for moment in _once_each(*_both(at, zone))]
    after = [end for end in ends if start < end <= start + _LONGEST]
    return min(after, default=None)


def _by_end(readings: tuple[UtcTimes, UtcTimes]) -> int | None:
    lengths = [None if r.end is None else r.end - r.start for r in readings]
    first, second = lengths
    if first is None or second is None:
        return None if first == second else lengths.index(first or second)
    return None if first == second else int(second < first)


_Edge = Callable[[UtcTimes], dt.datetime | None]


class _Night:
    """Files of which some have two readings, and what the others say of them.

    Attributes:
        settled: Files whose moment is known; grows.
        open: The two readings of every other file.
    """

    def __init__(
        self, settled: dict[str, UtcTimes], open_names: dict[str, tuple[UtcTimes, UtcTimes]]
    ) -> None:
        self.settled = settled
        self.open = open_names
        # A name without an end lasts as long as files of this recorder usually do.
        self._usual = _usual_length(settled.values()) if open_names else None

    def settle(self, name: str, reading: int | None, by: Decided) -> None:
        """Take one of the two readings of a file, unless it is None."""
        if reading is None or name in self.settled:
            return
        chosen = self.open[name][reading]
        self.settled[name] = UtcTimes(chosen.start, chosen.end, by)

    def by_modified(self, name: str, modified: dt.datetime | None) -> int | None:
        """Which reading the time of the last modification leaves or points to."""
        if modified is None or name in self.settled:
            return None
        first, second = self.open[name]
        if modified + _CLOCKS_APART < second.start:
            return 0
        near = [
            number
            for number, reading in enumerate((first, second))
            if (end := self._end(reading)) and abs(modified - end) <= _CLOSED_WITHIN
        ]
        return near[0] if len(near) == 1 else None

    def settle_twins(self) -> None:
        """Of files with the same local start the first by name has the first reading."""
        twins: dict[dt.datetime, list[str]] = defaultdict(list)
        for name, (first, _) in self.open.items():
            twins[first.start].append(name)
        for names in twins.values():
            if len(names) == 1:
                continue
            for number, name in enumerate(sorted(names, key=recording_order)):
                taken = {self.settled[twin].start for twin in names if twin in self.settled}
                free = [k for k in (0, 1) if self.open[name][k].start not in taken]
                self.settle(name, free[0] if len(free) == 1 else min(number, 1), "twin")

    def settle_neighbours(self) -> None:
        """Chain files that join: first onwards from the past, then back from what came later."""
        self._chain(lambda times: times.start, self._end, backwards=False)
        self._chain(self._end, lambda times: times.start, backwards=True)

    def _chain(self, joins: _Edge, goes_on: _Edge, *, backwards: bool) -> None:
        """Settle files one of whose readings `joins` where a settled one `goes_on`."""
        met = _edges(self.settled.values(), joins)
        edges = [
            edge for edge in _edges(self.settled.values(), goes_on) if _nearest(met, edge) is None
        ]
        candidates = [(r[k].start, name, k) for name, r in self.open.items() for k in (0, 1)]
        for _, name, number in sorted(candidates, reverse=backwards):
            reading = self.open[name][number]
            edge = joins(reading)
            place = None if edge is None or name in self.settled else _nearest(edges, edge)
            if place is None:
                continue
            # Only one file goes on where another ends.
            edges.pop(place)
            self.settle(name, number, "order")
            if (grown := goes_on(reading)) is not None:
                insort(edges, grown)

    def _end(self, times: UtcTimes) -> dt.datetime | None:
        if times.end is not None:
            return times.end
        return None if self._usual is None else times.start + self._usual


def _edges(settled: Iterable[UtcTimes], edge_of: _Edge) -> list[dt.datetime]:
    return sorted(edge for times in settled if (edge := edge_of(times)) is not None)


def _nearest(edges: list[dt.datetime], at: dt.datetime) -> int | None:
    """Place of the edge that is nearest to `at`; None where none is near."""
    place = bisect_left(edges, at)
    near = [
        p for p in (place - 1, place) if 0 <= p < len(edges) and abs(edges[p] - at) <= _JOINS_WITHIN
    ]
    return min(near, key=lambda p: abs(edges[p] - at), default=None)


def _usual_length(settled: Iterable[UtcTimes]) -> dt.timedelta | None:
    starts = sorted({times.start for times in settled})
    steps = [(after - before).total_seconds() for before, after in pairwise(starts)]
    return dt.timedelta(seconds=median(steps)) if steps else None


def recording_order(name: str) -> tuple[object, ...]:
    """Sorts names as a recorder gives them: `a` before `a_1`, `a_2` before `a_10`."""
    stem, suffix = posixpath.splitext(name)
    parts = re.split(r"(\d+)", stem)
    return (*((int(part), "") if part.isdigit() else (-1, part) for part in parts), suffix)
