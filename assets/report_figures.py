"""What the report tells of a site-day: its figures, worked out from the core marts.

Belongs here: sums, shares and words for the page. Does not belong here: definitions of figures
(sql/), drawing (`assets.report_charts`).
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from assets.marts.inputs import OBSERVED, PRIVACY_FAILED
from assets.marts.of_gates import GATE_COUNTS_15MIN
from assets.marts.of_zones import OCCUPANCY_15MIN, ZONE_VISITS_HOURLY
from assets.report_charts import Band, Span
from vision.site.models import SiteDay

Marts = Mapping[str, pl.DataFrame]
"""Rows of each core mart, by name."""

_LEAST_SHOWN = dt.timedelta(hours=2)

STATES = {
    "observed": "observed",
    "no_exports": "delivered, but nothing was recorded or readable",
    "privacy_failed": "kept back: something of it failed its privacy check",
    "withheld": "recorded, but not yet processed",
    "missing": "not delivered",
}
"""What can be said of a camera on a day, in words."""


@dataclass(frozen=True, slots=True)
class GateFigures:
    """One gate over the day; counts are None where nothing was observed.

    Attributes:
        busiest: Start of the quarter of an hour with most crossings, UTC.
        observed_share: Of the trading hours, or of the whole day where the site is closed.
    """

    gate: str
    camera: str
    entries: int | None
    exits: int | None
    busiest: dt.datetime | None
    observed_share: float


@dataclass(frozen=True, slots=True)
class ZoneFigures:
    """One zone over the day; None where nothing was observed, or nobody came."""

    zone: str
    kind: str
    camera: str
    visits: int | None
    bounces: int | None
    cut_visits: int | None
    mean_dwell_s: float | None
    longest_p90_s: float | None
    peak: int | None
    person_minutes: float | None
    observed_share: float


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


def gates(marts: Marts) -> list[GateFigures]:
    """Figures of each gate, busiest first."""
    found = []
    for (gate, camera), rows in marts[GATE_COUNTS_15MIN.name].group_by(
        "gate", "camera", maintain_order=True
    ):
        crossings = rows.with_columns(crossings=pl.col("entries") + pl.col("exits"))
        busiest = crossings.filter(pl.col("crossings") > 0).sort(
            "crossings", "interval_start", descending=[True, False]
        )
        found.append(
            GateFigures(
                gate=str(gate),
                camera=str(camera),
                entries=_total(rows["entries"]),
                exits=_total(rows["exits"]),
                busiest=busiest["interval_start"][0] if busiest.height else None,
                observed_share=_share(rows, 15),
            )
        )
    return sorted(found, key=lambda one: (-(one.entries or 0) - (one.exits or 0), one.gate))


def zones(marts: Marts) -> list[ZoneFigures]:
    """Figures of each zone, by name."""
    peaks = {
        str(zone): _most(rows["occupancy_peak"])
        for (zone,), rows in marts[OCCUPANCY_15MIN.name].group_by("zone")
    }
    found = []
    for (zone, kind, camera), rows in marts[ZONE_VISITS_HOURLY.name].group_by(
        "zone", "kind", "camera", maintain_order=True
    ):
        visits, seconds = _total(rows["visits"]), _total(rows["person_seconds"])
        found.append(
            ZoneFigures(
                zone=str(zone),
                kind=str(kind),
                camera=str(camera),
                visits=visits,
                bounces=_total(rows["bounces"]),
                cut_visits=_total(rows["cut_visits"]),
                mean_dwell_s=seconds / visits if visits and seconds is not None else None,
                longest_p90_s=_most_seconds(rows["dwell_p90_s"]),
                peak=peaks.get(str(zone)),
                person_minutes=None if seconds is None else seconds / 60,
                observed_share=_share(rows, 60),
            )
        )
    return sorted(found, key=lambda one: one.zone)


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
                trading_minutes=(end - start).total_seconds() / 60,
                observed_share=readable * 60 / (end - start).total_seconds(),
                bands=() if minutes is None else tuple(_bands(minutes)),
            )
        )
    return found


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
    """Runs of minutes that were observed, and of those that were recorded but not readable."""
    unread = pl.col("recorded_s") - pl.col("readable_s")
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


def _share(rows: pl.DataFrame, minutes: int) -> float:
    """Observed share of the trading hours, or of the day where the site stays closed."""
    chosen = rows.filter("in_trading_hours")
    if chosen.is_empty():
        chosen = rows
    observed = float(chosen["observed_minutes"].sum())
    return min(1.0, observed / (minutes * chosen.height)) if chosen.height else 0.0


def _total(counts: pl.Series) -> int | None:
    known = counts.drop_nulls()
    return int(known.sum()) if known.len() else None


def _most(counts: pl.Series) -> int | None:
    known = counts.drop_nulls().to_list()
    return max(known) if known else None


def _most_seconds(seconds: pl.Series) -> float | None:
    known = seconds.drop_nulls().to_list()
    return float(max(known)) if known else None
