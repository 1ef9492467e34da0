"""What each camera of a site-day observed, and the stretch of the day that charts show.

Belongs here: cameras, their states in words, what they observed when. Does not belong here: what
was counted (`assets.reports.figures`), drawing.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from assets.marts.contracts import DATA_QUALITY_DAILY
from assets.marts.inputs import OBSERVED, PRIVACY_FAILED
from assets.marts.of_gates import GATE_COUNTS_15MIN
from assets.marts.of_ways import GROUPS_HOURLY
from assets.marts.of_zones import OCCUPANCY_15MIN, ZONE_VISITS_HOURLY
from assets.reports.drawing import Band, Span
from assets.reports.told import Marts
from assets.scene import Spoiled, length_words, spoiled_stretches
from vision.exports.reasons import QUIET
from vision.site.models import SiteDay
from vision.site.quiet_hours import quiet_spans

_LEAST_SHOWN = dt.timedelta(hours=2)

STATES = {
    "observed": "observed",
    "no_exports": "delivered, but nothing was recorded or readable",
    "privacy_failed": "kept back: something of it failed its privacy check",
    "withheld": "recorded, but not yet processed",
    "missing": "not delivered",
}
"""What can be said of a camera on a day, in words."""

_SPOILED = {
    "camera_moved": "moved",
    "camera_covered": "covered or out of focus",
    "too_dark": "in the dark",
}


@dataclass(frozen=True, slots=True)
class CameraFigures:
    """One camera over the day; minutes within trading hours."""

    camera: str
    floor: str
    state: str
    observed_minutes: float
    trading_minutes: float
    observed_share: float
    bands: tuple[Band, ...]
    spoiled: tuple[str, ...] = ()


def cameras(
    site_day: SiteDay, marts: Marts, coverage: Mapping[str, pl.DataFrame]
) -> list[CameraFigures]:
    """What each camera of the day observed, by name.

    Args:
        site_day: The site on the day.
        marts: Rows of the core marts.
        coverage: Rows of `coverage` by camera; a camera that has not delivered is absent.
    """
    start, end = site_day.trading_hours or site_day.window
    watched = _to_be_watched(site_day)
    said = _said_by_marts(marts)
    found = []
    for camera in sorted(site_day.cameras):
        minutes = coverage.get(camera)
        readable = 0.0
        if minutes is not None:
            inside = minutes.filter(pl.col("minute").is_between(start, end, closed="left"))
            readable = float(inside["readable_s"].sum()) / 60
        found.append(
            CameraFigures(
                camera=camera,
                floor=site_day.cameras[camera].floor,
                state=_state(minutes, said.get(camera)),
                observed_minutes=readable,
                trading_minutes=watched / dt.timedelta(minutes=1),
                observed_share=readable * dt.timedelta(minutes=1) / watched,
                bands=() if minutes is None else tuple(_bands(minutes)),
                spoiled=()
                if minutes is None
                else tuple(
                    _spoiled_words(one, site_day) for one in spoiled_stretches(minutes, site_day)
                ),
            )
        )
    return found


def _to_be_watched(site_day: SiteDay) -> dt.timedelta:
    """How long the site trades and is not quiet; where that is never, how long the day is."""
    start, end = site_day.trading_hours or site_day.window
    quiet = sum(
        (
            max(min(end, ends) - max(start, begins), dt.timedelta(0))
            for begins, ends in quiet_spans(site_day)
        ),
        dt.timedelta(0),
    )
    return end - start - quiet or site_day.window[1] - site_day.window[0]


def _spoiled_words(one: Spoiled, site_day: SiteDay) -> str:
    zone = site_day.site.zone_info
    begins, ends = (f"{at.astimezone(zone):%H:%M}" for at in (one.begins, one.ends))
    until = "on" if one.to_the_end else f"to {ends}"
    lost = length_words(one.minutes)
    return f"{_SPOILED[one.reason]} from {begins} {until}: {lost} not counted"


def cameras_by_marts(site_day: SiteDay, marts: Marts) -> list[CameraFigures]:
    """What each camera of the day observed, as far as marts tell: by quarters of an hour.

    Of a camera without gate or zone they tell it by hours.
    """
    watched = _to_be_watched(site_day)
    told = {row["camera"]: row for row in marts[DATA_QUALITY_DAILY.name].iter_rows(named=True)}
    found = []
    for camera in sorted(site_day.cameras):
        row = told.get(camera, {"state": "missing", "observed_minutes": 0.0, "observed_share": 0.0})
        found.append(
            CameraFigures(
                camera=camera,
                floor=site_day.cameras[camera].floor,
                state=row["state"],
                observed_minutes=row["observed_minutes"],
                trading_minutes=watched / dt.timedelta(minutes=1),
                observed_share=row["observed_share"],
                bands=tuple(_bands_by_marts(marts, camera)),
            )
        )
    return found


def _bands_by_marts(marts: Marts, camera: str) -> Iterator[Band]:
    for mart, column, minutes in (
        (GATE_COUNTS_15MIN, "interval_start", 15),
        (OCCUPANCY_15MIN, "interval_start", 15),
        (GROUPS_HOURLY, "hour_start", 60),
    ):
        rows = marts[mart.name].filter(pl.col("camera") == camera)
        if rows.height:
            seen = rows.filter(pl.col("observed_minutes") > 0)[column].unique().sort()
            yield from (Band(start, minutes, "observed") for start in seen)
            return


def span(site_day: SiteDay, found: list[CameraFigures]) -> Span:
    """The stretch of the day to show: trading hours and what was observed, without long voids.

    Where recordings fill only a small part of the trading hours, the stretch is theirs, to whole
    quarters of an hour and at least two hours, so that they can be seen.
    """
    opens, closes = site_day.trading_hours or site_day.window
    bands = [band for camera in found for band in camera.bands]
    if not bands:
        return Span(opens, closes, site_day.site.zone_info)
    first = min(band.start for band in bands)
    last = max(band.start + dt.timedelta(minutes=band.minutes) for band in bands)
    if (last - first) * 2 >= closes - opens:
        return Span(min(first, opens), max(last, closes), site_day.site.zone_info)
    spare = max(_LEAST_SHOWN - (last - first), dt.timedelta(0)) / 2
    start, end = site_day.window
    return Span(
        max(start, _quarter(first - spare)),
        min(end, _quarter(last + spare) + dt.timedelta(minutes=15)),
        site_day.site.zone_info,
    )


def _quarter(instant: dt.datetime) -> dt.datetime:
    return instant - dt.timedelta(
        minutes=instant.minute % 15, seconds=instant.second, microseconds=instant.microsecond
    )


def _said_by_marts(marts: Marts) -> dict[str, str]:
    """Why cameras that own a gate or zone tell nothing, by what the marts say."""
    names = (GATE_COUNTS_15MIN.name, ZONE_VISITS_HOURLY.name)
    rows = pl.concat([marts[name].select("camera", "not_observed") for name in names])
    return dict(rows.drop_nulls().unique(maintain_order=True).iter_rows())


def _state(minutes: pl.DataFrame | None, said: str | None) -> str:
    if said == PRIVACY_FAILED:
        return said
    if minutes is None:
        return "missing"
    if not minutes["readable_s"].sum():
        return "no_exports"
    return said or OBSERVED


def _bands(minutes: pl.DataFrame) -> Iterator[Band]:
    """Runs of minutes that were observed, and of those that were recorded and not counted."""
    is_quiet = pl.col("reason").eq_missing(QUIET)
    unread = pl.when(~is_quiet).then(pl.col("recorded_s") - pl.col("readable_s"))
    for kind, seconds in (("observed", pl.col("readable_s")), ("set aside", unread)):
        runs = (
            minutes.sort("minute")
            .with_columns(seconds=seconds)
            .filter(pl.col("seconds") > 0.5)
            .with_columns(
                run=(pl.col("minute").diff() > dt.timedelta(minutes=1)).fill_null(True).cum_sum()
            )
            .group_by("run", maintain_order=True)
            .agg(pl.col("minute").first(), pl.len())
        )
        for start, length in runs.select("minute", "len").iter_rows():
            yield Band(start, length, kind)
