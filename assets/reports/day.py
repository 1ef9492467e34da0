"""The report of a day: one self-contained page, for the people who run the place.

Belongs here: the asset, and what the page is made from. Does not belong here: what is on it
(`assets.reports.day_page`), the page for others (`assets.reports.public`), keeping pages
(`footfall_dagster.report_store`).

It reads the exact marts and says so on the page: it is the owner's report, not a publication.
"""

from collections.abc import Mapping
from types import MappingProxyType

import dagster as dg
import polars as pl

from assets.camera_day import FRESHNESS, OWNERS
from assets.marts.contracts import MARTS
from assets.marts.core import cameras_of_day
from assets.marts.inputs import RowsByCamera
from assets.plan import FOOTFALL, SitePlan
from assets.reports.before import COMPARED, WEEK, Before
from assets.reports.cameras import cameras
from assets.reports.day_page import contents
from assets.reports.page import rendered
from assets.reports.told import with_suppressed
from assets.storage import ReportStore, Warehouse
from vision.contracts_ingest import COVERAGE
from vision.site.models import SiteDay

NAME = "footfall_report"


def build(plan: SitePlan) -> list[dg.AssetsDefinition]:
    """The report of a site's days."""

    @dg.asset(
        key=plan.key(NAME),
        description="One self-contained page per site and day, for its owner: exact figures of "
        "the core marts beside those of the week before, with what was not observed shown as such.",
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
        site, day = plan.site.id, site_day.day
        marts = warehouse.read_days(list(MARTS.values()), site, [day])
        before = warehouse.read_days(list(COMPARED.values()), site, [day - WEEK])
        return stored(report_store, site_day, render(site_day, marts, coverage, before))

    return [footfall_report]


def stored(store: ReportStore, site_day: SiteDay, page: str) -> dg.MaterializeResult[None]:
    """Store the page of a day, and say where it is and how large."""
    return dg.MaterializeResult(
        metadata={
            "page": dg.MetadataValue.path(store.write(site_day.day, page)),
            "size_bytes": len(page.encode()),
            "charts": page.count("<svg "),
        }
    )


def render(
    site_day: SiteDay,
    marts: Mapping[str, pl.DataFrame],
    coverage: Mapping[str, pl.DataFrame],
    before: Mapping[str, pl.DataFrame] = MappingProxyType({}),
) -> str:
    """Make the page of one site-day.

    Args:
        site_day: The site on the day.
        marts: Rows of each core mart.
        coverage: Rows of `coverage` by camera; a camera that has not delivered is absent.
        before: Rows of the marts in `before.COMPARED` of the same weekday a week before.

    Returns:
        HTML without script, style sheet or picture from anywhere else; the same for the same rows.
    """
    rows = {name: with_suppressed(one) for name, one in marts.items()}
    seen = cameras(site_day, rows, coverage)
    page = contents(site_day, rows, seen, Before.of(site_day.day, rows, before))
    return rendered("day.html.j2", site_day.site, MARTS, page)
