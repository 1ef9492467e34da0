"""What a camera would have stored of people whose paths are known.

Belongs here: from continuous paths and spans of observation to rows of the contracts. Does not
belong here: who walks (`tests.arcade_fortnight`).

Paths go through the product's own decisions, so that the rows of a camera-day agree with each other
as real ones do. Tracks are perfect: whoever is in view is followed, and nobody is taken for
somebody else.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from vision.anonymise import coarse, ranked
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS
from vision.contracts_ingest import COVERAGE
from vision.crossings import gate_events
from vision.exports.instants import us_of
from vision.exports.intervals import Interval, merged, seconds_by_minute, without
from vision.floor import PATHS
from vision.pinhole import Pinhole
from vision.simulate.seen import in_view
from vision.simulate.walk import STEP_S, Walk
from vision.site.models import SiteDay
from vision.visits import without_excluded, zone_visits

RIGHT_OF_THE_WALL = (ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS)

_BODY_M = 1.7
_FRAME_STEPS = 2
"""The arcade's cameras are analysed at 5 frames a second."""
_LOST_AFTER_US = 500_000
_FEWEST_FRAMES = 5


@dataclass(frozen=True)
class Gap:
    """A camera observed nothing for a while.

    Attributes:
        day: The trading day.
        camera: Which one.
        begins: UTC.
        ends: UTC.
        reason: `gap`, where nobody recorded; `unreadable`, where a file could not be decoded.
    """

    day: dt.date
    camera: str
    begins: dt.datetime
    ends: dt.datetime
    reason: str = "gap"

    @property
    def interval(self) -> Interval:
        return us_of(self.begins), us_of(self.ends)


def camera_day(
    site_day: SiteDay,
    camera: str,
    begins: dt.datetime,
    walks: Iterable[Walk],
    observed: Sequence[Interval],
) -> dict[str, pl.DataFrame]:
    """Rows of each of `RIGHT_OF_THE_WALL` of one camera, by name.

    Args:
        site_day: The site on the day.
        camera: Which one.
        begins: When moment 0 of the walks was.
        walks: The people who are there.
        observed: When the camera observes.
    """
    eye = Pinhole.of(site_day.cameras[camera])
    zones = site_day.zones_of(camera)
    tracks = _tracks(eye, begins, walks, observed)
    paths = [
        track.with_columns(track=pl.lit(number, pl.Int32)) for number, track in enumerate(tracks)
    ]
    if not paths:
        return {
            one.name: one.empty() for one in (ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS)
        }
    feet = without_excluded(pl.concat(paths).select(PATHS.names()).cast(PATHS), zones)
    events = gate_events(feet, site_day.gates_of(camera))
    return {
        ANONYMISED_TRAJECTORIES.name: ranked(coarse(feet, site_day.floor_of(camera))),
        # A path is carried on for half a second at its ends, which may lead into a gap.
        GATE_EVENTS.name: events.filter(_within(events["at"], observed)),
        ZONE_VISITS.name: zone_visits(feet, zones),
    }


def _tracks(
    camera: Pinhole, begins: dt.datetime, walks: Iterable[Walk], observed: Sequence[Interval]
) -> Iterator[pl.DataFrame]:
    """Rows of `vision.floor.PATHS` for each stretch on which somebody is followed."""
    for walk in walks:
        step = round(walk.start / STEP_S) + np.arange(len(walk.path))
        analysed = step % _FRAME_STEPS == 0
        place = walk.path[analysed]
        at_us = us_of(begins) + np.round(step[analysed] * STEP_S * 1e6).astype(np.int64)
        seen = in_view(camera, place) & _observed(at_us, observed)
        place, at_us = place[seen], at_us[seen]
        for rows in np.split(
            np.arange(len(at_us)), np.flatnonzero(np.diff(at_us) > _LOST_AFTER_US) + 1
        ):
            if len(rows) >= _FEWEST_FRAMES:
                yield _path(camera, at_us[rows], place[rows])


def _path(camera: Pinhole, at_us: np.ndarray, place: np.ndarray) -> pl.DataFrame:
    feet = camera.project(np.column_stack([place, np.zeros(len(place))]))
    heads = camera.project(np.column_stack([place, np.full(len(place), _BODY_M)]))
    return pl.DataFrame(
        {
            "at": pl.Series(at_us).cast(pl.Datetime("us", "UTC")),
            "x_px": feet[:, 0],
            "y_px": feet[:, 1],
            "x_m": place[:, 0],
            "y_m": place[:, 1],
            "height_px": feet[:, 1] - heads[:, 1],
        }
    )


def coverage(site_day: SiteDay, recorded: Interval, gaps: Sequence[Gap]) -> pl.DataFrame:
    """Rows of `coverage` of a camera that recorded for some time, but for gaps."""
    start, end = site_day.window
    opens, closes = site_day.trading_hours or (end, end)
    minutes = (end - start) // dt.timedelta(minutes=1)

    def seconds(spans: Sequence[Interval]) -> np.ndarray:
        return seconds_by_minute(merged(spans), us_of(start), minutes)

    lost = [gap.interval for gap in gaps if gap.reason == "unreadable"]
    claimed = without([recorded], [gap.interval for gap in gaps if gap.reason == "gap"])
    frame = pl.DataFrame(
        {
            "minute": pl.datetime_range(start, end, "1m", closed="left", eager=True),
            "recorded_s": seconds(claimed),
            "readable_s": seconds(without(claimed, lost)),
            "lost_s": seconds(lost),
        }
    )
    trading = (pl.col("minute") >= opens) & (pl.col("minute") < closes)
    reason = (
        pl.when(pl.col("readable_s") >= 60)
        .then(None)
        .when(pl.col("lost_s") > 0)
        .then(pl.lit("unreadable"))
        .when(~trading)
        .then(pl.lit("outside_trading_hours"))
        .otherwise(pl.lit("gap"))
    )
    return frame.with_columns(reason=reason).select(COVERAGE.schema.names()).cast(COVERAGE.schema)


def _observed(at_us: np.ndarray, spans: Sequence[Interval]) -> np.ndarray:
    inside = np.zeros(len(at_us), dtype=bool)
    for begins, ends in spans:
        inside |= (at_us >= begins) & (at_us < ends)
    return inside


def _within(instants: pl.Series, spans: Sequence[Interval]) -> pl.Series:
    return pl.Series(_observed(instants.dt.epoch("us").to_numpy(), spans))
