"""When a partition is past its retention.

Belongs here: the moment from which retention counts. Does not belong here: the numbers
(`vision.site.retention`), deleting (`purge`).

Retention counts from the planned end of the trading day's processing: the end of the trading day
and `marts_minutes`. Counting from the moment of writing instead would let whoever runs a day again
keep its people for ever. What is written later than planned (a backfill, a late recorder) is left
for its retention from then on, and for a day at most, so that a run finds what its own steps wrote.
"""

import datetime as dt

from vision.site.models import Site
from vision.site.retention import Rule

_LATE = dt.timedelta(days=1)


def processed_at(site: Site, day: dt.date) -> dt.datetime:
    """The planned end of the processing of a trading day, UTC."""
    return site.day_window(day)[1] + dt.timedelta(minutes=site.file.marts_minutes)


def due_at(site: Site, rule: Rule, day: dt.date, written: dt.datetime) -> dt.datetime:
    """The moment from which a partition is past its retention, UTC.

    Args:
        site: The site.
        rule: How long it is kept.
        day: Its trading day.
        written: When it was written, by the time stamp of its file.
    """
    return max(rule.after(processed_at(site, day)), min(rule.after(written), written + _LATE))


def is_due(site: Site, rule: Rule, day: dt.date, written: dt.datetime, now: dt.datetime) -> bool:
    """Whether a partition is past its retention at `now`.

    A file that claims to be from the future would never come of age: its time stamp is not
    believed.
    """
    if written > now:
        return rule.after(processed_at(site, day)) <= now
    return due_at(site, rule, day, written) <= now
