"""Hours on a site's clocks: when it is open, and when nothing is to be looked at.

Belongs here: those entries of site.yaml, and times as they are written there. Does not belong here:
what instants they are on a day (`vision.site.models`, `vision.site.quiet_hours`).
"""

import datetime as dt
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from vision.site.entry import Entry


def _to_the_minute(time: dt.time) -> dt.time:
    if time.tzinfo or time.second or time.microsecond:
        raise ValueError(
            f"{time.isoformat()} is not a local time to the minute; write hours and minutes in "
            "the site's time zone, such as 09:30"
        )
    return time


def _on_a_quarter(time: dt.time) -> dt.time:
    if _to_the_minute(time).minute % 15:
        raise ValueError(
            f"{time.isoformat('minutes')} is not on a quarter of an hour, by which figures are "
            "counted; write minutes 00, 15, 30 or 45"
        )
    return time


LocalTime = Annotated[dt.time, AfterValidator(_to_the_minute)]
QuarterTime = Annotated[dt.time, AfterValidator(_on_a_quarter)]

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Hours(Entry):
    """Opening hours of one weekday, local time; `closes` 24:00 is written 00:00."""

    opens: LocalTime
    closes: LocalTime


class QuietHours(Entry):
    """A part of the day in which nothing is analysed, local time; `ends` 24:00 is written 00:00.

    `on` names the weekdays that clocks show when it begins; without it, every day. It holds from
    trading day `valid_from` to `valid_until`, both included, where they are given.
    """

    begins: QuarterTime
    ends: QuarterTime
    on: Annotated[tuple[Weekday, ...], Field(min_length=1)] = WEEKDAYS
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None

    @model_validator(mode="after")
    def _some_time(self) -> "QuietHours":
        if self.begins == self.ends:
            raise ValueError(
                "begins and ends are the same; for a whole day, write it as two: from 00:00 to "
                "12:00 and from 12:00 to 00:00"
            )
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError("valid_until is before valid_from; swap the two")
        return self

    def holds_at(self, local: dt.datetime) -> bool:
        """Whether it is quiet while clocks show `local`, whatever the trading day."""
        time, today = local.time(), local.weekday()
        begins_today = WEEKDAYS[today] in self.on and time >= self.begins
        if self.begins < self.ends:
            return begins_today and time < self.ends
        return begins_today or (WEEKDAYS[today - 1] in self.on and time < self.ends)

    def holds_on(self, day: dt.date) -> bool:
        """Whether it is valid on trading day `day`."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_until is None or day <= self.valid_until)
