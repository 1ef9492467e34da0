"""When a site wants nothing to be looked at, as instants of a trading day.

Belongs here: from hours on the site's clocks to spans of time. Does not belong here: what follows
for a camera-day (`vision.exports`), or for figures (`assets.marts.inputs`).
"""

import datetime as dt
from itertools import groupby

from vision.site.models import SiteDay

Spans = tuple[tuple[dt.datetime, dt.datetime], ...]

_MINUTE = dt.timedelta(minutes=1)


def quiet_spans(site_day: SiteDay) -> Spans:
    """Spans of the trading day in which nothing is analysed, disjoint and in order, UTC.

    It is quiet whenever clocks at the site show such a time. So an hour that they show twice is
    quiet twice, and one that they leave out is not missed.
    """
    entries = [one for one in site_day.site.file.quiet_hours if one.holds_on(site_day.day)]
    if not entries:
        return ()
    begins, ends = site_day.window
    zone = site_day.site.zone_info

    def is_quiet(minute: dt.datetime) -> bool:
        return any(one.holds_at(minute.astimezone(zone)) for one in entries)

    minutes = [begins + number * _MINUTE for number in range((ends - begins) // _MINUTE)]
    runs = ((quiet, list(run)) for quiet, run in groupby(minutes, is_quiet))
    return tuple((run[0], run[-1] + _MINUTE) for quiet, run in runs if quiet)
