"""The report of a day for the public: the same page, of released rows and nothing else.

Belongs here: the asset, and what the page is made from. Does not belong here: what is on it
(`assets.reports.day_page`), what may be released (`assets.marts.release`).

It reads `published.duckdb` and no exact row, no file of the lake: whatever it says follows from
what has been released.
"""

from collections.abc import Mapping
from types import MappingProxyType

import dagster as dg
import polars as pl

from assets.camera_day import FRESHNESS, OWNERS
from assets.marts.contracts import MARTS
from assets.marts.release import NOTE, POLICY_VERSION, published
from assets.plan import FOOTFALL, SitePlan
from assets.reports.before import COMPARED, WEEK, Before
from assets.reports.cameras import cameras_by_marts
from assets.reports.day import stored
from assets.reports.day_page import contents
from assets.reports.page import rendered
from assets.storage import ReportStore, Warehouse
from vision.site.models import SiteDay

NAME = "public_report"
RELEASED = MappingProxyType({name: published(mart) for name, mart in MARTS.items()})


def build(plan: SitePlan) -> list[dg.AssetsDefinition]:
    """The report of a site's days for the public."""

    @dg.asset(
        key=plan.key(NAME),
        description="One self-contained page per site and day of released rows only, with what is "
        f"suppressed shown as such. Release policy version {POLICY_VERSION}: {NOTE}.",
        group_name=FOOTFALL,
        kinds={"html"},
        owners=OWNERS,
        freshness_policy=FRESHNESS,
        partitions_def=plan.days,
        deps=[plan.key(f"published_{name}") for name in MARTS],
    )
    def public_report(
        context: dg.AssetExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        public_report_store: dg.ResourceParam[ReportStore],
    ) -> dg.MaterializeResult[None]:
        site_day, site = plan.day(context), plan.site.id
        if warehouse.is_withdrawn(site, site_day.day):
            told = "nothing of the day is published any more, because somebody objected"
            return dg.MaterializeResult(metadata={"withdrawn": told})
        compared = [RELEASED[name] for name in COMPARED]
        marts = warehouse.read_published_days(list(RELEASED.values()), site, [site_day.day])
        before = warehouse.read_published_days(compared, site, [site_day.day - WEEK])
        return stored(public_report_store, site_day, render(site_day, marts, before))

    return [public_report]


def render(
    site_day: SiteDay,
    marts: Mapping[str, pl.DataFrame],
    before: Mapping[str, pl.DataFrame] = MappingProxyType({}),
) -> str:
    """Make the public page of one site-day.

    Args:
        site_day: The site on the day.
        marts: Released rows of each mart.
        before: Released rows of those in `before.COMPARED` of the same weekday a week before.

    Returns:
        HTML, as `assets.reports.day.render` gives it.
    """
    page = contents(
        site_day,
        marts,
        cameras_by_marts(site_day, marts),
        Before.of(site_day.day, marts, before),
        site_day.site.file.privacy.k,
    )
    note = {"note": NOTE, "policy": POLICY_VERSION}
    return rendered("day.html.j2", site_day.site, RELEASED, page | note)
