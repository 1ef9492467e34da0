"""The report of a week: its days side by side, for the people who run the place.

Belongs here: the asset, and putting figures and charts of a week together for `week.html.j2`. Does
not belong here: working figures out (`assets.reports.week_figures`), drawing
(`assets.reports.charts`), keeping pages (`footfall_dagster.report_store`).

A week is the seven trading days from a Monday. Its page is made of whatever days have figures, and
says of the others that they have none.
"""

import datetime as dt
import warnings
from collections.abc import Mapping
from types import MappingProxyType

import dagster as dg
import polars as pl

from assets.camera_day import OWNERS
from assets.marts.contracts import DATA_QUALITY_DAILY, MARTS
from assets.marts.of_gates import FOOTFALL_DAILY
from assets.marts.of_shops import SHOP_AFFINITY_WEEKLY, SHOPFRONT_CAPTURE_HOURLY
from assets.marts.of_zones import ZONE_DWELL_DISTRIBUTION
from assets.plan import FOOTFALL, SitePlan
from assets.reports import figures, ways
from assets.reports import week_figures as weekly
from assets.reports.before import WEEK
from assets.reports.charts import week_chart
from assets.reports.page import figure, rendered, weekday
from assets.reports.told import with_suppressed
from assets.storage import ReportStore, Warehouse
from vision.site.models import Site

NAME = "weekly_report"
_FRESHNESS = dg.FreshnessPolicy.time_window(
    fail_window=dt.timedelta(days=15), warn_window=dt.timedelta(days=8)
)
_WHY: Mapping[str, str] = {
    "missing": "no figures",
    "closed": "closed",
    "not_trading": "not open",
    "absent": "not there",
    "camera_missing": "not delivered",
    "camera_no_exports": "nothing recorded",
    "camera_privacy_failed": "kept back",
    "camera_withheld": "not processed",
}
"""Why there is no figure of a day, or of a camera on it, in few words."""


def build(plan: SitePlan) -> list[dg.AssetsDefinition]:
    """The report of a site's weeks."""
    with warnings.catch_warnings():
        # In beta in Dagster 1.13; the exact version is pinned in constraints.txt.
        warnings.simplefilter("ignore", dg.BetaWarning)
        # The week in which the site opens has days before it.
        days_of_week = dg.TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True)

    @dg.asset(
        key=plan.key(NAME),
        description="One self-contained page per site and week, for its owner: exact figures of "
        "the core marts of seven trading days from Monday, beside those of the week before.",
        group_name=FOOTFALL,
        kinds={"html"},
        owners=OWNERS,
        freshness_policy=_FRESHNESS,
        partitions_def=plan.weeks,
        deps=[
            dg.AssetDep(plan.key(name), partition_mapping=days_of_week) for name in weekly.WEEKLY
        ],
    )
    def weekly_report(
        context: dg.AssetExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        weekly_report_store: dg.ResourceParam[ReportStore],
    ) -> dg.MaterializeResult[None]:
        plan.heed_notice()
        monday = dt.date.fromisoformat(context.partition_key)
        marts, before = (
            warehouse.read_days(
                list(weekly.WEEKLY.values()), plan.site.id, weekly.dates_from(first)
            )
            for first in (monday, monday - WEEK)
        )
        page = render(plan.site, monday, marts, before)
        return dg.MaterializeResult(
            metadata={
                "page": dg.MetadataValue.path(weekly_report_store.write(monday, page)),
                "size_bytes": len(page.encode()),
                "days_missing": sum(
                    day.state == "missing" for day in weekly.days_of(plan.site, monday, marts)
                ),
            }
        )

    return [weekly_report]


def render(
    site: Site,
    monday: dt.date,
    marts: Mapping[str, pl.DataFrame],
    before: Mapping[str, pl.DataFrame] = MappingProxyType({}),
) -> str:
    """Make the page of one week.

    Args:
        site: The site.
        monday: The first day of the week.
        marts: Rows of the core marts in `week_figures.WEEKLY`, of all its days together.
        before: Rows of the same marts of the week before.

    Returns:
        HTML, as `assets.reports.day.render` gives it.
    """
    days = weekly.days_of(site, monday, marts)
    then = {name: before.get(name, mart.empty()) for name, mart in weekly.WEEKLY.items()}
    days_before = weekly.days_of(site, monday - WEEK, then)
    changed = weekly.changed(marts)
    rows = weekly.with_gaps(marts, days)
    entrances = weekly.entrances(
        days, marts[FOOTFALL_DAILY.name], days_before, then[FOOTFALL_DAILY.name]
    )
    dwell = rows[ZONE_DWELL_DISTRIBUTION.name]
    last, pairs = weekly.last_affinity(with_suppressed(marts[SHOP_AFFINITY_WEEKLY.name]))
    page = {
        "monday": monday,
        "sunday": monday + dt.timedelta(days=6),
        "days": days,
        "missing": [day.date for day in days if day.state == "missing"],
        "changed": changed,
        "why": _WHY,
        "entrances": entrances,
        "has_before": any(day.state == "told" for day in days_before),
        "chart": _chart(days, entrances[0]) if entrances else None,
        "zones": weekly.zones(rows),
        "capture": ways.capture(rows[SHOPFRONT_CAPTURE_HOURLY.name]),
        "dwell": figures.dwell(rows),
        "dwell_classes": figures.dwell_classes(dwell),
        "affinity": ways.affinity(pairs),
        "affinity_day": last,
        "coverage": weekly.coverage(days, marts[DATA_QUALITY_DAILY.name]),
    }
    return rendered("week.html.j2", site, MARTS, page)


def _chart(days: list[weekly.Day], entrance: weekly.Entrance) -> str:
    told = zip(days, entrance.days, entrance.before_days, strict=True)
    return week_chart(
        "week",
        [(weekday(day.date), now, then) for day, now, then in told],
        f"Entries by {entrance.name.replace('_', ' ')} on each day",
        "; ".join(
            f"{weekday(day.date)}: {figure(now)}"
            for day, now in zip(days, entrance.days, strict=True)
        ),
    )
