"""What follows for a camera-day where its camera was moved, was covered or saw too little.

Belongs here: leaving out boxes of such stretches, their figures, and reading them back from the
ledger. Does not belong here: finding them (`vision.scene`), the ledger of minutes
(`vision.exports.coverage`), what to say to whom.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg
import polars as pl

from vision.exports.coverage import trading_hours_of
from vision.exports.decoded import Decoded
from vision.exports.intervals import without
from vision.exports.reasons import SCENE, SceneReason
from vision.protocols import Marked
from vision.site.models import SiteDay

MOVED: SceneReason = "camera_moved"


@dataclass(frozen=True, slots=True)
class Spoiled:
    """Minutes that follow each other as far as the camera recorded, lost for one reason.

    Attributes:
        reason: Of `vision.exports.reasons.SCENE`.
        begins: Start of the first minute, UTC.
        ends: End of the last minute, UTC.
        minutes: That are not counted.
        to_the_end: Whether nothing more was observed on the day.
    """

    reason: SceneReason
    begins: dt.datetime
    ends: dt.datetime
    minutes: float
    to_the_end: bool


def outside(frame_at: pl.Series, marked: Sequence[Marked]) -> pl.Series:
    """Which instants lie in no marked stretch."""
    at = frame_at.dt.epoch("us")
    kept = pl.repeat(True, len(at), eager=True)
    for one in marked:
        kept &= (at < one.begins_us) | (at >= one.ends_us)
    return kept


def told(decoded: Decoded, marked: Sequence[Marked]) -> dict[str, dg.MetadataValue]:
    """Minutes that were decoded and marked, by reason, as metadata of `coverage`."""
    came = decoded.readable()
    length_us = _length_us(came)
    minutes: dict[str, dg.MetadataValue] = {}
    for reason in SCENE:
        spans = [(one.begins_us, one.ends_us) for one in marked if one.reason == reason]
        lost = (length_us - _length_us(without(came, spans))) / 60e6
        minutes[f"minutes_{reason}"] = dg.MetadataValue.float(round(lost, 2))
    return minutes


def spoiled_stretches(coverage: pl.DataFrame, site_day: SiteDay) -> list[Spoiled]:
    """Stretches of a camera-day that somebody should look after, by time.

    That a camera was moved matters at any hour, since it does not come back by itself. Lights that
    are out and a lens that is wiped after closing are as they should be.

    Args:
        coverage: Rows of the `coverage` contract.
        site_day: Says when the site trades.
    """
    recorded = coverage.filter(pl.col("recorded_s") > 0).sort("minute")
    seen = recorded.filter(pl.col("readable_s") > 0)["minute"].max()
    trading = pl.col("minute").is_in(trading_hours_of(recorded, site_day)["minute"].implode())
    runs = (
        recorded.with_columns(run=pl.col("reason").fill_null("").rle_id())
        .filter(pl.col("reason").is_in(SCENE) & (trading | (pl.col("reason") == MOVED)))
        .group_by("run", maintain_order=True)
        .agg(
            pl.col("reason").first(),
            begins=pl.col("minute").first(),
            last=pl.col("minute").last(),
            minutes=(pl.col("recorded_s") - pl.col("readable_s")).sum() / 60,
        )
    )
    return [
        Spoiled(
            reason,
            begins,
            last + dt.timedelta(minutes=1),
            minutes,
            to_the_end=not isinstance(seen, dt.datetime) or seen <= begins,
        )
        for reason, begins, last, minutes in runs.drop("run").iter_rows()
    ]


def length_words(minutes: float) -> str:
    """A length of time as one says it: 3 h 57 min."""
    hours, rest = divmod(max(1, round(minutes)), 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def _length_us(spans: Sequence[tuple[int, int]]) -> int:
    return sum(ends - begins for begins, ends in spans)
