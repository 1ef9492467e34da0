"""The report: one self-contained page per site and day, for the people who run the place.

Belongs here: the asset, and putting figures and charts into the page (`report.html.j2`). Does not
belong here: working figures out (`assets.report_figures`), drawing (`assets.report_charts`),
keeping pages (`footfall_dagster.report_store`).

It reads the exact marts and says so on the page: it is the owner's report, not a publication.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import polars as pl

from assets import report_charts as charts
from assets import report_figures as figures
from assets.camera_day import FRESHNESS, OWNERS
from assets.marts.contracts import MARTS
from assets.marts.core import cameras_of_day
from assets.marts.inputs import RowsByCamera
from assets.marts.of_gates import GATE_COUNTS_15MIN
from assets.marts.of_ways import HEATMAP_HOURLY
from assets.marts.of_zones import OCCUPANCY_15MIN, ZONE_VISITS_HOURLY
from assets.marts.queries import reads
from assets.plan import FOOTFALL, SitePlan
from assets.storage import ReportStore, Warehouse
from vision.contracts_ingest import COVERAGE
from vision.site.models import SiteDay

NAME = "footfall_report"


def build(plan: SitePlan) -> list[dg.AssetsDefinition]:
    """The report of a site."""

    @dg.asset(
        key=plan.key(NAME),
        description="One self-contained page per site and day, for its owner: exact figures of "
        "the core marts, with what was not observed shown as such.",
        group_name=FOOTFALL,
        kinds={"html"},
        owners=OWNERS,
        freshness_policy=FRESHNESS,
        partitions_def=plan.days,
        deps=[plan.key(name) for name in MARTS],
        ins={
            COVERAGE.name: dg.AssetIn(plan.key(COVERAGE.name), partition_mapping=cameras_of_day())
        },
    )
    def footfall_report(
        context: dg.AssetExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        report_store: dg.ResourceParam[ReportStore],
        coverage: RowsByCamera,
    ) -> dg.MaterializeResult[None]:
        site_day = plan.day(context)
        marts = {
            name: warehouse.read_day(mart, plan.site.id, site_day.day)
            for name, mart in MARTS.items()
        }
        page = render(site_day, marts, coverage)
        shown = report_store.write(site_day.day, page)
        return dg.MaterializeResult(
            metadata={
                "page": dg.MetadataValue.path(shown),
                "size_bytes": len(page.encode()),
                "charts": page.count("<svg "),
            }
        )

    return [footfall_report]


def render(
    site_day: SiteDay, marts: Mapping[str, pl.DataFrame], coverage: Mapping[str, pl.DataFrame]
) -> str:
    """Make the page of one site-day.

    Args:
        site_day: The site on the day.
        marts: Rows of each core mart.
        coverage: Rows of `coverage` by camera; a camera that has not delivered is absent.

    Returns:
        HTML without script, style sheet or picture from anywhere else; the same for the same rows.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("assets", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    zone = site_day.site.zone_info
    environment.filters |= {
        "clock": lambda instant: instant.astimezone(zone).strftime("%H:%M"),
        "count": _count,
        "share": _share,
        "duration": _duration,
        "words": lambda name: name.replace("_", " "),
    }
    return environment.get_template("report.html.j2").render(_page(site_day, marts, coverage))


def _page(
    site_day: SiteDay, marts: Mapping[str, pl.DataFrame], coverage: Mapping[str, pl.DataFrame]
) -> dict[str, Any]:
    gates, zones = figures.gates(marts), figures.zones(marts)
    cameras = figures.cameras(site_day, marts, coverage)
    span = figures.span(site_day, cameras)
    opens, closes = site_day.trading_hours or site_day.window
    return {
        "site": site_day.site.file,
        "day": site_day.day,
        "trading_hours": site_day.trading_hours,
        "opens": opens,
        "closes": closes,
        "span": span,
        "zoomed": span.start > opens or span.end < closes,
        "gates": gates,
        "zones": zones,
        "cameras": cameras,
        "states": figures.STATES,
        "late": [camera for camera in cameras if camera.state != "observed"],
        "observed_share": sum(camera.observed_share for camera in cameras) / len(cameras)
        if cameras
        else 0.0,
        "gate_charts": list(_gate_charts(gates, marts, span)),
        "occupancy_charts": list(_occupancy_charts(zones, marts, span)),
        "dwell_charts": list(_dwell_charts(zones, marts, span)),
        "floor_charts": list(_floor_charts(site_day, marts)),
        "coverage_chart": charts.coverage_chart(
            "coverage",
            [(camera.camera, camera.bands) for camera in cameras],
            span,
            "What each camera observed",
            "; ".join(
                f"{camera.camera}: {figures.STATES[camera.state]}, "
                f"{_share(camera.observed_share)} of the trading hours"
                for camera in cameras
            ),
        ),
        "marts": list(MARTS.values()),
        "mart_sources": {name: (*reads(name).datasets, *reads(name).marts) for name in MARTS},
    }


def _gate_charts(
    gates: list[figures.GateFigures], marts: Mapping[str, pl.DataFrame], span: charts.Span
) -> Iterator[tuple[figures.GateFigures, str]]:
    rows = marts[GATE_COUNTS_15MIN.name]
    for number, gate in enumerate(gates):
        text = (
            f"{_count(gate.entries)} entries and {_count(gate.exits)} exits were counted; "
            f"{_share(gate.observed_share)} of the trading hours was observed."
        )
        own = _within(rows.filter(pl.col("gate") == gate.gate), "interval_start", span)
        title = f"Entries and exits at {gate.gate} per quarter of an hour"
        yield gate, charts.gate_chart(f"gate-{number}", own, span, title, text)


def _occupancy_charts(
    zones: list[figures.ZoneFigures], marts: Mapping[str, pl.DataFrame], span: charts.Span
) -> Iterator[tuple[figures.ZoneFigures, str]]:
    rows = marts[OCCUPANCY_15MIN.name]
    for number, zone in enumerate(zones):
        own = _within(rows.filter(pl.col("zone") == zone.zone), "interval_start", span)
        yield (
            zone,
            charts.occupancy_chart(
                f"occupancy-{number}",
                own,
                span,
                f"People in {zone.zone} over the day",
                f"At most {_count(zone.peak)} at once.",
            ),
        )


def _dwell_charts(
    zones: list[figures.ZoneFigures], marts: Mapping[str, pl.DataFrame], span: charts.Span
) -> Iterator[tuple[figures.ZoneFigures, str]]:
    rows = marts[ZONE_VISITS_HOURLY.name]
    for number, zone in enumerate(zones):
        if not zone.visits:
            continue
        own = _within(rows.filter(pl.col("zone") == zone.zone), "hour_start", span)
        yield (
            zone,
            charts.dwell_chart(
                f"dwell-{number}",
                own,
                span,
                f"How long visits to {zone.zone} lasted, by the hour in which they began",
                f"{_count(zone.visits)} visits, {_duration(zone.mean_dwell_s)} on average.",
            ),
        )


def _floor_charts(
    site_day: SiteDay, marts: Mapping[str, pl.DataFrame]
) -> Iterator[tuple[str, int, str]]:
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
            charts.floor_chart(
                f"floor-{number}",
                floor,
                cells,
                (zone for zone in site_day.zones.values() if zone.floor == floor.id),
                (gate for gate in site_day.gates.values() if gate.floor == floor.id),
                f"Where people spent their time on floor {floor.id}",
                f"{seconds} person-seconds in {cells.height} cells of half a metre.",
            ),
        )


def _within(rows: pl.DataFrame, column: str, span: charts.Span) -> pl.DataFrame:
    """Rows that the charts show, with an hour to spare for those that begin before the span."""
    spare = dt.timedelta(hours=1)
    return rows.filter(pl.col(column).is_between(span.start - spare, span.end)).sort(column)


def _count(value: float | None) -> str:
    return (
        "not observed"
        if value is None
        else f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    )


def _share(value: float) -> str:
    if 0 < value < 0.001:
        return "under 0.1 %"
    return f"{100 * value:.1f} %" if 0 < value < 0.1 or 0.99 < value < 1 else f"{100 * value:.0f} %"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"
