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
from assets.storage import WITHDRAWN, ReportStore, Warehouse
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
        return draw(plan.day(context), warehouse, public_report_store)

    return [public_report]


def draw(site_day: SiteDay, warehouse: Warehouse, store: ReportStore) -> dg.MaterializeResult[None]:
    """Draw the page of a day from what is published of it, and none where nothing is any more."""
    while not warehouse.is_withdrawn(site_day.site.id, site_day.day):
        shown = _shown(site_day, warehouse)
        page = stored(store, site_day, render(site_day, *shown))
        # Days may have been withdrawn after the rows were read, and pages gone over before this
        # one was there.
        if all(map(_same, shown, _shown(site_day, warehouse))):
            return page
    store.delete(site_day.day)
    return dg.MaterializeResult(metadata={"withdrawn": WITHDRAWN})


def _shown(
    site_day: SiteDay, warehouse: Warehouse
) -> tuple[Mapping[str, pl.DataFrame], Mapping[str, pl.DataFrame]]:
    """Published rows of a day, and those of a week before that they are compared with."""
    site, day = site_day.site.id, site_day.day
    compared = [RELEASED[name] for name in COMPARED]
    return (
        warehouse.read_published_days(list(RELEASED.values()), site, [day]),
        warehouse.read_published_days(compared, site, [day - WEEK]),
    )


def _same(some: Mapping[str, pl.DataFrame], others: Mapping[str, pl.DataFrame]) -> bool:
    return all(rows.equals(others[name]) for name, rows in some.items())


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
