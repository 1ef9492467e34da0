"""The ledger of a camera-day: what was observed in each minute, and why not where not.

Belongs here: rows of the `coverage` contract. Does not belong here: what is in a file
(`vision.exports.catalogue`).
"""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from vision.contracts import COVERAGE
from vision.site.models import SiteDay


def coverage(exports: pl.DataFrame, site_day: SiteDay) -> pl.DataFrame:
    """One row a minute of the trading day: seconds recorded and readable, and why not where not.

    Overlapping files count once: seconds are those of the union of their intervals.
    """
    start, end = site_day.window
    catalogued = exports.filter(pl.col("status") == "catalogued")
    recorded = _seconds_by_minute(_intervals(exports), start, end)
    readable = _seconds_by_minute(_intervals(catalogued), start, end)
    set_aside = {
        at.replace(second=0, microsecond=0)
        for at in exports.filter(pl.col("status") == "quarantined")["started_at"]
    }
    minutes = [start + dt.timedelta(minutes=n) for n in range(len(recorded))]
    frame = pl.DataFrame(
        {"minute": minutes, "recorded_s": recorded, "readable_s": readable},
        schema_overrides={"minute": COVERAGE.schema["minute"]},
    )
    quarantined = (pl.col("recorded_s") > pl.col("readable_s")) | pl.col("minute").is_in(
        list(set_aside)
    )
    reason = (
        pl.when(pl.col("readable_s") >= 60)
        .then(None)
        .when(quarantined)
        .then(pl.lit("quarantined"))
        .otherwise(pl.lit("gap"))
    )
    return frame.with_columns(reason=reason).select(COVERAGE.schema.names()).cast(COVERAGE.schema)


def _intervals(exports: pl.DataFrame) -> list[tuple[dt.datetime, dt.datetime]]:
    """Disjoint intervals that the files cover, in order."""
    merged: list[tuple[dt.datetime, dt.datetime]] = []
    known = exports.drop_nulls("ended_at").sort("started_at")
    for begin, end in known.select("started_at", "ended_at").iter_rows():
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _seconds_by_minute(
    intervals: Sequence[tuple[dt.datetime, dt.datetime]], start: dt.datetime, end: dt.datetime
) -> list[float]:
    minute = dt.timedelta(minutes=1)
    seconds = [0.0] * ((end - start) // minute)
    for interval_begin, interval_end in intervals:
        begin, stop = max(interval_begin, start), min(interval_end, end)
        while begin < stop:
            index = (begin - start) // minute
            upto = min(stop, start + (index + 1) * minute)
            seconds[index] += (upto - begin).total_seconds()
            begin = upto
    return [min(60.0, round(value, 2)) for value in seconds]
