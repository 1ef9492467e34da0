"""Jobs by the names under which people launch them.

Belongs here: which assets run together, and the tags of such a run. Does not belong here: when
they run (`footfall_dagster.schedules`).
"""

from typing import TYPE_CHECKING

import dagster as dg

from assets import privacy_report
from assets.plan import FOOTFALL, SitePlan
from assets.reports import week
from vision.contracts import lake_of

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )

CAMERA_DAY, SITE_DAY, PRIVACY_DAY = "camera_day", "site_day", "privacy_day"
SITE_WEEK = "site_week"


def build(plan: SitePlan) -> list["UnresolvedAssetJobDefinition"]:
    """`camera_day`: files to anonymous events. `site_day`: marts, report. `privacy_day`: proof.

    `site_week`: the report of a week.
    """
    privacy = dg.AssetSelection.assets(
        plan.key(privacy_report.SEARCHED), plan.key(privacy_report.NAME)
    )
    weekly = dg.AssetSelection.assets(plan.key(week.NAME))
    return [
        dg.define_asset_job(
            CAMERA_DAY,
            selection=dg.AssetSelection.assets(*(plan.key(name) for name in lake_of(plan.site))),
            description="One camera on one trading day: from its files to anonymous events.",
            tags={"dagster/max_retries": "2", "dagster/priority": "1"},
        ),
        dg.define_asset_job(
            SITE_DAY,
            selection=dg.AssetSelection.groups(FOOTFALL) - privacy - weekly,
            description="One trading day of the site: marts from whatever cameras have delivered, "
            "and the report.",
            tags={"dagster/max_retries": "2", "dagster/priority": "0"},
        ),
        dg.define_asset_job(
            PRIVACY_DAY,
            selection=privacy,
            description="Searches all that lies right of the wall and reports every privacy check "
            "of one trading day. The run fails where a check did; the figures stay.",
            tags={"dagster/max_retries": "2", "dagster/priority": "0"},
        ),
        dg.define_asset_job(
            SITE_WEEK,
            selection=weekly,
            description="The report of a week, from whatever marts its days have.",
            tags={"dagster/max_retries": "2", "dagster/priority": "0"},
        ),
    ]
