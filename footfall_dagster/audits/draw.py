"""Which intervals somebody is asked to count, by what was observed.

Belongs here: going through days and gates. Does not belong here: drawing
(`vision.site.audit_sample`), the sheet (`footfall_dagster.audits.sheet`).
"""

import datetime as dt
from collections.abc import Callable, Sequence
from random import Random

import polars as pl

from footfall_dagster.audits import AuditError, observed
from footfall_dagster.audits.recorded import Finder, Recorded
from footfall_dagster.lake import Lake
from footfall_dagster.settings import Settings
from vision.site.audit_sample import Interval, draw, intervals
from vision.site.models import Site

Found = tuple[Interval, str, Sequence[Recorded]]
"""An interval, its camera, and where it is recorded."""


def drawn(
    settings: Settings,
    site: Site,
    days: Sequence[dt.date],
    gates: Sequence[str],
    number: int,
    length: int,
    random: Random,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> list[Found]:
    """Draw intervals of gates from what their cameras observed on some days.

    Args:
        settings: Where the lake and the recordings are.
        site: Whose gates.
        days: Trading days, in order.
        gates: Ids of gates; one that a day does not have has no interval of it.
        number: How many intervals.
        length: Minutes of each.
        random: Draws.
        progress: Called with days done, and with those there are.

    Returns:
        In order of cameras, then of time, as one goes through recordings.

    Raises:
        AuditError: There is nothing to draw from.
    """
    lake = Lake(settings.lake, site)
    by_gate: dict[str, list[Interval]] = {gate: [] for gate in gates}
    cameras: dict[tuple[dt.date, str], str] = {}
    for done, day in enumerate(days, 1):
        site_day = site.on(day)
        whole = observed.tables_of(lake, site_day)["whole_minutes"]
        for gate in gates:
            if gate not in site_day.gates:
                continue
            camera = cameras[day, gate] = site_day.gates[gate].camera
            minutes = whole.filter(pl.col("camera") == camera)["minute"].to_list()
            by_gate[gate] += intervals(site_day, gate, minutes, length, random)
        progress(done, len(days))
    if not any(by_gate.values()):
        raise AuditError(
            f"on {', '.join(map(str, days))} no gate was observed for {length} minutes on end in "
            "trading hours that nobody has counted: give shorter --minutes or other days, or see "
            "coverage of the cameras in Dagster"
        )
    finder = Finder(lake, settings.exports)
    found = []
    for one in draw(by_gate, number, random):
        day = site.day_of(one.starts_at)
        camera = cameras[day, one.gate]
        found.append((one, camera, finder.recorded(day, camera, one.starts_at, one.ends_at)))
    return sorted(found, key=lambda row: (row[1], row[0].starts_at, row[0].gate))
