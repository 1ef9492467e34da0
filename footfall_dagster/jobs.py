"""Jobs by the names under which people launch them.

Belongs here: which assets run together, and the tags of such a run. Does not belong here: when
they run (`footfall_dagster.schedules`).
"""

from typing import TYPE_CHECKING

import dagster as dg

from assets import privacy_report
from assets.plan import FOOTFALL, SitePlan
from assets.reports import week
from assets.traits import wanted
from footfall_dagster.fair_use import Place, Work, tags
from footfall_dagster.settings import Settings
from vision.contracts import lake_of

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )

CAMERA_DAY, SITE_DAY, PRIVACY_DAY = "camera_day", "site_day", "privacy_day"
SITE_WEEK = "site_week"
_RETRIED = {"dagster/max_retries": "2"}
_ANEW = {"dagster/retry_strategy": "ALL_STEPS"}
"""Of a camera-day with traits: they die with a process, so a run that goes on with `tracks` where
another was killed would follow people by motion alone, and succeed."""


def build(plan: SitePlan, settings: Settings) -> list["UnresolvedAssetJobDefinition"]:
    """`camera_day`: files to anonymous events. `site_day`: marts, report. `privacy_day`: proof.

    `site_week`: the report of a week.
    """
    vision, marts = (
        _RETRIED | tags(plan.site.id, work, settings) for work in (Work.VISION, Work.MARTS)
    )
    proof = _RETRIED | tags(plan.site.id, Work.MARTS, settings, Place.KEEPER)
    privacy = dg.AssetSelection.assets(
        plan.key(privacy_report.SEARCHED), plan.key(privacy_report.NAME)
    )
    anew = _ANEW if wanted(plan.site.file.privacy) else {}
    weekly = dg.AssetSelection.assets(plan.key(week.NAME))
    return [
        dg.define_asset_job(
            CAMERA_DAY,
            selection=dg.AssetSelection.assets(*(plan.key(name) for name in lake_of(plan.site))),
            description="One camera on one trading day: from its files to anonymous events.",
            tags=vision | anew,
        ),
        dg.define_asset_job(
            SITE_DAY,
            selection=dg.AssetSelection.groups(FOOTFALL) - privacy - weekly,
            description="One trading day of the site: marts from whatever cameras have delivered, "
            "and the report.",
            tags=marts,
        ),
        dg.define_asset_job(
            PRIVACY_DAY,
            selection=privacy,
            description="Searches all that lies right of the wall and reports every privacy check "
            "of one trading day. The run fails where a check did; the figures stay.",
            tags=proof,
        ),
        dg.define_asset_job(
            SITE_WEEK,
            selection=weekly,
            description="The report of a week, from whatever marts its days have.",
            tags=marts,
        ),
    ]
