"""The ledger of a camera-day: what was observed in each minute, and why not where not.

Belongs here: rows of the `coverage` contract, and which of them are of trading hours. Does not
belong here: what is in a file (`vision.exports.catalogue`), what of it was decoded
(`vision.exports.decoded`), what it showed (`vision.scene`).
"""

import datetime as dt
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vision.contract_terms import INSTANT
from vision.contracts_ingest import COVERAGE
from vision.exports.decoded import Decoded
from vision.exports.instants import us_of, window_us
from vision.exports.intervals import MINUTE_US, Interval, merged, seconds_by_minute, without
from vision.exports.reasons import NOT_OBSERVED, QUIET, SCENE
from vision.protocols import Marked
from vision.site.models import SiteDay
from vision.site.quiet_hours import quiet_spans


def coverage(
    exports: pl.DataFrame,
    decoded: Decoded,
    site_day: SiteDay,
    marked: Sequence[Marked] = (),
) -> pl.DataFrame:
    """One row a minute of the trading day: seconds recorded and readable, and why not where not.

    What several files claim counts once. Of the reasons for a minute that was not wholly observed
    the first that holds is given, since it says most: nothing was to be looked at (`quiet`); frames
    came and do not show what they should
    (`camera_moved`, `camera_covered`, `too_dark`); a file that was set aside begins in it, or
    claims some of what is missing (`quarantined`); a file takes part and its decoder gave nothing
    there (`unreadable`); the site is closed (`outside_trading_hours`); nobody recorded (`gap`).

    Args:
        exports: Rows of the `camera_exports` contract.
        decoded: The timeline made of them, and what came of it.
        site_day: The site on that day.
        marked: Stretches that do not count as observed although frames came.
    """
    start, end = site_day.window
    start_us, minutes = us_of(start), (end - start) // dt.timedelta(minutes=1)
    came = decoded.readable()
    spoiled: dict[str, list[Interval]] = {
        reason: [(one.begins_us, one.ends_us) for one in marked if one.reason == reason]
        for reason in SCENE
    }
    quiet = [window_us(span) for span in quiet_spans(site_day)]
    observed = without(came, [*quiet, *(one for spans in spoiled.values() for one in spans)])

    def seconds(intervals: list[Interval]) -> NDArray[np.float64]:
        return seconds_by_minute(intervals, start_us, minutes)

    set_aside = exports.filter(pl.col("status") == "quarantined")
    began = (set_aside["started_at"].dt.epoch("us").to_numpy() - start_us) // MINUTE_US
    minute = start_us + MINUTE_US * np.arange(minutes)
    frame = pl.DataFrame(
        {
            "minute": pl.Series(minute).cast(INSTANT),
            "recorded_s": seconds(merged([*_claims(exports), *decoded.claimed()])),
            "readable_s": seconds(observed),
            "quiet": seconds(quiet) > 0,
            "set_aside": (seconds(without(_claims(set_aside), came)) > 0)
            | np.isin(np.arange(minutes), began),
            "given_up": seconds(without(decoded.claimed(), came)) > 0,
            **{
                reason: seconds(came) > seconds(without(came, spans))
                for reason, spans in spoiled.items()
            },
        }
    )
    holds = {
        QUIET: pl.col("quiet"),
        "quarantined": pl.col("set_aside"),
        "unreadable": pl.col("given_up"),
        "outside_trading_hours": ~_trading(site_day),
        "gap": pl.lit(True),
    } | {reason: pl.col(reason) for reason in SCENE}
    first = pl.coalesce(pl.when(holds[reason]).then(pl.lit(reason)) for reason in NOT_OBSERVED)
    reason = pl.when(pl.col("readable_s") < 60).then(first)
    return frame.with_columns(reason=reason).select(COVERAGE.schema.names()).cast(COVERAGE.schema)


def trading_hours_of(coverage: pl.DataFrame, site_day: SiteDay) -> pl.DataFrame:
    """The minutes in which the site trades and is not quiet; none on a day on which it is closed.

    Args:
        coverage: Rows of the `coverage` contract.
        site_day: Says when the site trades; what was quiet, the rows say themselves.
    """
    hours = site_day.trading_hours
    if hours is None:
        return coverage.clear()
    trades = pl.col("minute").is_between(*hours, closed="left")
    return coverage.filter(trades & pl.col("reason").ne_missing(QUIET))


def _claims(exports: pl.DataFrame) -> list[Interval]:
    """What files say that they hold; of one that cannot be opened nothing is known."""
    known = exports.drop_nulls("ended_at")
    times = known.select(pl.col(name).dt.epoch("us") for name in ("started_at", "ended_at"))
    return merged((begins, ends) for begins, ends in times.iter_rows())


def _trading(site_day: SiteDay) -> pl.Expr:
    """Whether any of a minute lies within trading hours."""
    hours = site_day.trading_hours
    if hours is None:
        return pl.lit(False)
    opens, closes = hours
    return (pl.col("minute") > opens - dt.timedelta(minutes=1)) & (pl.col("minute") < closes)
