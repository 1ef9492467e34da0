"""Jobs by the names under which people launch them.

Belongs here: which assets run together, and the tags of such a run. Does not belong here: when
they run (`footfall_dagster.schedules`).
"""

from typing import TYPE_CHECKING

import dagster as dg

from assets.plan import FOOTFALL, SitePlan
from vision.contracts import LAKE

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )

CAMERA_DAY, SITE_DAY = "camera_day", "site_day"


def build(plan: SitePlan) -> list["UnresolvedAssetJobDefinition"]:
    """`camera_day`: from files to anonymous events. `site_day`: marts and the report."""
    return [
        dg.define_asset_job(
            CAMERA_DAY,
            selection=dg.AssetSelection.assets(*(plan.key(name) for name in LAKE)),
            description="One camera on one trading day: from its files to anonymous events.",
            tags={"dagster/max_retries": "2", "dagster/priority": "1"},
        ),
        dg.define_asset_job(
            SITE_DAY,
            selection=dg.AssetSelection.groups(FOOTFALL),
            description="One trading day of the site: marts from whatever cameras have delivered, "
            "and the report.",
            tags={"dagster/max_retries": "2", "dagster/priority": "0"},
        ),
    ]
