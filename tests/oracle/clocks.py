"""The quarters and hours of a trading day, found by walking through its minutes.

Belongs here: parts of the day by the site's clocks. Does not belong here: what was observed in
them (`tests.oracle.day`).
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from vision.site.models import SiteDay

MINUTE = 60


@dataclass(frozen=True)
class Span:
    """A part of the trading day.

    Attributes:
        start: Epoch seconds; the first second of it.
        end: Epoch seconds; the first second after it.
        local: What the site's clocks show at its start.
        is_open: Whether the site is open, and not quiet, in some part of it.
        is_quiet: Whether it is open, and quiet, in some part of it.
    """

    start: int
    end: int
    local: dt.datetime
    is_open: bool
    is_quiet: bool = False

    @property
    def seconds(self) -> int:
        return self.end - self.start

    def holds(self, second: int) -> bool:
        return self.start <= second < self.end


def quarters(site_day: SiteDay) -> tuple[Span, ...]:
    """Each stretch of minutes between two quarters of an hour on the site's clocks."""
    return _spans(site_day, lambda local: (_hour(local), local.minute // 15))


def hours(site_day: SiteDay) -> tuple[Span, ...]:
    """Each stretch of minutes for which the clocks show one hour, twice shown being two."""
    return _spans(site_day, _hour)


def instant(second: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(second, dt.UTC)


def holding(spans: Iterable[Span], second: int) -> Span | None:
    """The one that holds `second`."""
    return next((span for span in spans if span.holds(second)), None)


def _hour(local: dt.datetime) -> tuple:
    return local.date(), local.hour, local.utcoffset()


def _quiet(site_day: SiteDay, second: int) -> bool:
    """Whether the clocks show a time of quiet hours; those of the tests do not pass midnight."""
    local = instant(second).astimezone(site_day.site.zone_info)
    return any(
        one.begins <= local.time() < one.ends and f"{local:%a}".lower() in one.on
        for one in site_day.site.file.quiet_hours
    )


def _spans(site_day: SiteDay, told_by) -> tuple[Span, ...]:
    """Minutes side by side of which the clocks tell the same."""
    begin, end = (int(moment.timestamp()) for moment in site_day.window)
    opening = site_day.trading_hours
    opens, closes = (int(moment.timestamp()) for moment in opening) if opening else (end, end)
    parts: list[list[int]] = []
    told = None
    for minute in range(begin, end, MINUTE):
        tells = told_by(instant(minute).astimezone(site_day.site.zone_info))
        if tells != told:
            parts.append([])
            told = tells
        parts[-1].append(minute)
    return tuple(
        Span(
            minutes[0],
            minutes[-1] + MINUTE,
            instant(minutes[0]).astimezone(site_day.site.zone_info).replace(tzinfo=None),
            any(opens <= minute < closes and not _quiet(site_day, minute) for minute in minutes),
            any(opens <= minute < closes and _quiet(site_day, minute) for minute in minutes),
        )
        for minutes in parts
    )
