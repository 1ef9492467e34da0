"""Counts by eye, with which the counts of gates are compared.

Belongs here: the fields of audits.yaml. Does not belong here: how far the counts are apart
(sql/data_quality_daily.sql).
"""

import datetime as dt
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, NaiveDatetime

from vision.site.entry import Entry

LONGEST_MINUTES = 120
"""Nobody counts well for longer."""

People = Annotated[int, Field(ge=0, le=100_000)]


def _in_our_time(moment: dt.datetime) -> dt.datetime:
    if not 2000 <= moment.year < 2100:
        raise ValueError(f"{moment} lies in another century; write it as 2026-03-14 10:00:00")
    if moment.microsecond:
        raise ValueError(f"{moment} is not to the second; write it as 2026-03-14 10:00:00")
    return moment


Moment = Annotated[NaiveDatetime, AfterValidator(_in_our_time)]


class Audit(Entry):
    """How many people somebody saw crossing a gate in some minutes, at the place or on a recording.

    `starts` is on the site's clocks; in the hour that they show twice it is the first.
    """

    gate: str
    starts: Moment
    minutes: Annotated[int, Field(ge=1, le=LONGEST_MINUTES)]
    entries: People
    exits: People

    def window(self, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
        """From when until when was counted, UTC."""
        starts = self.starts.replace(tzinfo=zone).astimezone(dt.UTC)
        return starts, starts + dt.timedelta(minutes=self.minutes)


class AuditsFile(Entry):
    """audits.yaml as written."""

    audits: tuple[Audit, ...] = ()
