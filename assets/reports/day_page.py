"""The page of a day: which figures and charts it has, of exact marts or of released ones.

Belongs here: putting figures and charts of a day together for `day.html.j2`. Does not belong here:
the assets (`assets.reports.day`, `public`), working figures out (`assets.reports.figures`, `ways`),
drawing (`assets.reports.charts`).
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from assets.marts.contracts import DATA_QUALITY_DAILY
from assets.marts.inputs import AUDIT_DAYS
from assets.marts.of_anonymity import UNICITY_DAILY
from assets.marts.of_gates import FLOOR_OCCUPANCY_15MIN, GATE_AUDITS, GATE_COUNTS_15MIN
from assets.marts.of_shops import SHOP_AFFINITY_WEEKLY, SHOPFRONT_CAPTURE_HOURLY
from assets.marts.of_ways import (
    DISPLAY_ENGAGEMENT_HOURLY,
    GROUPS_HOURLY,
    HEATMAP_HOURLY,
    PATHS_DAILY,
    STAFF_EXCLUDED_DAILY,
    ZONE_FLOW_HOURLY,
)
from assets.marts.of_zones import (
    OCCUPANCY_15MIN,
    QUEUE_15MIN,
    SPACE_VALUE_DAILY,
    ZONE_DWELL_DISTRIBUTION,
    ZONE_VISITS_HOURLY,
)
from assets.release.noisy import NOISY_MARTS
from assets.release.policy import way
from assets.reports import charts, figures, ways
from assets.reports.anonymity import singled
from assets.reports.before import Before
from assets.reports.cameras import STATES, CameraFigures, span
from assets.reports.drawing import Span
from assets.reports.floor import floor_chart
from assets.reports.page import count, duration, figure, share
from assets.reports.sankey import drawn, sankey_chart
from assets.reports.told import SUPPRESSED, Marts, Told
from assets.reports.told import figure as told_of
from vision.site.models import SiteDay
from vision.site.release import Noise

_CAMERAS_A_CHART = 30


def contents(
    site_day: SiteDay,
    marts: Marts,
    cameras: list[CameraFigures],
    before: Before,
    k: int | None = None,
) -> dict[str, Any]:
    """What `day.html.j2` asks for.

    Args:
        site_day: The site on the day.
        marts: Rows of each mart of the day.
        cameras: What each camera observed.
        before: The same weekday a week before.
        k: Fewest people that a released figure stands for; None where the figures are exact.
    """
    gates, zones, floors = figures.gates(marts), figures.zones(marts), figures.floors(marts)
    shown = span(site_day, cameras)
    opens, closes = site_day.trading_hours or site_day.window
    spaces, quality = marts[SPACE_VALUE_DAILY.name], marts[DATA_QUALITY_DAILY.name]
    return {
        "day": site_day.day,
        "k": k,
        "noise": _noise(site_day) if k else None,
        "trading_hours": site_day.trading_hours,
        "opens": opens,
        "closes": closes,
        "span": shown,
        "zoomed": shown.start > opens or shown.end < closes,
        "before": before,
        "gates": gates,
        "headline": [gate for gate in gates if gate.is_entrance] or gates,
        "all_entrances": figures.entrances(gates),
        "floors": floors,
        "zones": zones,
        "cameras": cameras,
        "quality": _by_camera(quality, "quarters_unobserved", "stays", "cut_share", "short_share"),
        "audits_given": len(site_day.audits),
        "audits_unused": len(site_day.audits) - _compared(marts[GATE_AUDITS.name]),
        "audit_days": AUDIT_DAYS,
        "staff": _by_camera(
            marts[STAFF_EXCLUDED_DAILY.name],
            "trajectories",
            "staff_by_zone",
            "staff_by_length",
            "visitors",
        ),
        "singled": singled(marts[UNICITY_DAILY.name]),
        "states": STATES,
        "late": [camera for camera in cameras if camera.state != "observed"],
        "observed_share": _mean_share(cameras),
        "capture": ways.capture(marts[SHOPFRONT_CAPTURE_HOURLY.name]),
        "engagement": ways.engagement(marts[DISPLAY_ENGAGEMENT_HOURLY.name]),
        "queues": ways.queues(marts[QUEUE_15MIN.name]),
        "groups": ways.groups(marts[GROUPS_HOURLY.name]),
        "paths": ways.paths(marts[PATHS_DAILY.name]),
        "affinity": ways.affinity(marts[SHOP_AFFINITY_WEEKLY.name]),
        "value": ways.space_value(spaces),
        "dwell_classes": figures.dwell_classes(marts[ZONE_DWELL_DISTRIBUTION.name]),
        "dwell": figures.dwell(marts),
        "gate_charts": list(_gate_charts(gates, marts, shown, before)),
        "floor_occupancy_charts": list(_floor_occupancy_charts(floors, marts, shown)),
        "occupancy_charts": list(_occupancy_charts(zones, marts, shown)),
        "dwell_charts": list(_dwell_charts(zones, marts, shown)),
        "floor_charts": list(_floor_charts(site_day, marts)),
        "flow_charts": list(_flow_charts(marts)),
        "coverage_charts": list(coverage_charts(cameras, shown)),
    }


def coverage_charts(cameras: Sequence[CameraFigures], shown: Span) -> Iterator[str]:
    """Timelines of all cameras, so many to a drawing that each keeps few labels.

    What is said of a drawing has one length, however many cameras are in it: the gate of pages lets
    no long words into one, and the table beneath says it of each camera.
    """
    for first in range(0, max(1, len(cameras)), _CAMERAS_A_CHART):
        some = cameras[first : first + _CAMERAS_A_CHART]
        observed = sum(camera.observed_minutes > 0 for camera in some)
        yield charts.coverage_chart(
            f"coverage-{first // _CAMERAS_A_CHART}",
            [(camera.camera, camera.bands) for camera in some],
            shown,
            "What each camera observed",
            f"Cameras: {len(some)}, of which {observed} observed something; "
            f"{share(_mean_share(some))} of the trading hours in the mean. The table has each.",
        )


def _mean_share(cameras: Sequence[CameraFigures]) -> float:
    shares = [camera.observed_share for camera in cameras]
    return sum(shares) / len(shares) if shares else 0.0


def _compared(audits: pl.DataFrame) -> int:
    """Counts by eye of the day that were compared with the gate's."""
    return audits.filter(pl.col("gate_entries").is_not_null() | pl.col(SUPPRESSED)).height


def _noise(site_day: SiteDay) -> Noise | None:
    """The noise with which some mart is released, where one is."""
    noise = site_day.site.file.privacy.release.noise
    return noise if any(way(site_day, mart) == "noisy" for mart in NOISY_MARTS) else None


def _by_camera(rows: pl.DataFrame, *names: str) -> dict[str, dict[str, Told]]:
    return {
        row["camera"]: {name: told_of(row, name) for name in names}
        for row in rows.iter_rows(named=True)
    }


def _gate_charts(
    gates: Sequence[figures.GateFigures], marts: Marts, shown: Span, before: Before
) -> Iterator[tuple[figures.GateFigures, str]]:
    rows = marts[GATE_COUNTS_15MIN.name]
    for number, gate in enumerate(gates):
        then = before.of_gate(gate.gate)
        text = (
            f"{figure(gate.entries)} entries and {figure(gate.exits)} exits were counted; "
            f"{share(gate.observed_share)} of the trading hours was observed."
        )
        if then is not None:
            text += f" A line shows {before.day}, the same weekday a week before."
        own = _within(rows.filter(pl.col("gate") == gate.gate), "interval_start", shown)
        title = f"Entries and exits at {gate.gate} per quarter of an hour"
        line = None if then is None else _within(then, "interval_start", shown)
        yield gate, charts.gate_chart(f"gate-{number}", own, shown, title, text, line)


def _floor_occupancy_charts(
    floors: Sequence[figures.FloorFigures], marts: Marts, shown: Span
) -> Iterator[tuple[figures.FloorFigures, str]]:
    rows = marts[FLOOR_OCCUPANCY_15MIN.name]
    for number, floor in enumerate(floors):
        own = rows.filter(pl.col("floor") == floor.floor)
        place = f"on floor {floor.floor}"
        yield floor, _occupancy_chart(f"inside-{number}", own, shown, place, floor.peak)


def _occupancy_charts(
    zones: Sequence[figures.ZoneFigures], marts: Marts, shown: Span
) -> Iterator[tuple[figures.ZoneFigures, str]]:
    rows = marts[OCCUPANCY_15MIN.name]
    for number, zone in enumerate(zones):
        own = rows.filter(pl.col("zone") == zone.zone)
        yield (
            zone,
            _occupancy_chart(f"occupancy-{number}", own, shown, f"in {zone.zone}", zone.peak),
        )


def _occupancy_chart(name: str, rows: pl.DataFrame, shown: Span, place: str, peak: Told) -> str:
    own = _within(rows, "interval_start", shown)
    title, text = f"People {place} over the day", f"Most at once: {figure(peak)}."
    return charts.occupancy_chart(name, own, shown, title, text)


def _dwell_charts(
    zones: Sequence[figures.ZoneFigures], marts: Marts, shown: Span
) -> Iterator[tuple[figures.ZoneFigures, str]]:
    rows = marts[ZONE_VISITS_HOURLY.name]
    for number, zone in enumerate(zones):
        if not zone.visits.value:
            continue
        own = _within(rows.filter(pl.col("zone") == zone.zone), "hour_start", shown)
        yield (
            zone,
            charts.dwell_chart(
                f"dwell-{number}",
                own,
                shown,
                f"How long visits to {zone.zone} lasted, by the hour in which they began",
                f"{figure(zone.visits)} visits, {figure(zone.mean_dwell_s, duration)} on average.",
            ),
        )


def _floor_charts(site_day: SiteDay, marts: Marts) -> Iterator[tuple[str, int, str]]:
    """Floor, person-seconds on it, drawing."""
    rows = marts[HEATMAP_HOURLY.name]
    for number, floor in enumerate(site_day.site.file.floors):
        cells = (
            rows.filter(pl.col("floor") == floor.id)
            .group_by("x_m", "y_m")
            .agg(pl.col("person_seconds").sum())
            .sort("y_m", "x_m")
        )
        seconds = int(cells["person_seconds"].sum())
        yield (
            floor.id,
            seconds,
            floor_chart(
                f"floor-{number}",
                floor,
                cells,
                (zone for zone in site_day.zones.values() if zone.floor == floor.id),
                (gate for gate in site_day.gates.values() if gate.floor == floor.id),
                f"Where people spent their time on floor {floor.id}",
                f"{seconds} person-seconds in {cells.height} cells of half a metre.",
            ),
        )


def _flow_charts(marts: Marts) -> Iterator[Mapping[str, Any]]:
    for number, (camera, flows) in enumerate(ways.flows(marts[ZONE_FLOW_HOURLY.name])):
        first = flows[0]
        shown = drawn(flows)
        yield {
            "camera": camera,
            "flows": flows,
            "left_out": len(flows) - len(shown),
            "chart": sankey_chart(
                f"flow-{number}",
                flows,
                f"Where people went next in the view of {camera}",
                f"{count(sum(flow.people for flow in flows))} passages between zones; most, "
                f"{count(first.people)}, from {first.start} to {first.end}. The table beside it "
                "has them all.",
            ),
        }


def _within(rows: pl.DataFrame, column: str, shown: Span) -> pl.DataFrame:
    """Rows that the charts show, with an hour to spare for those that begin before the span."""
    spare = dt.timedelta(hours=1)
    return rows.filter(pl.col(column).is_between(shown.start - spare, shown.end)).sort(column)
