"""The code location, put together: a fresh `Definitions` from settings.

Belongs here: which parts there are and who supplies what. Does not belong here: any of the parts.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import dagster as dg

from assets import graph
from assets.plan import SitePlan
from footfall_dagster import forgetting, jobs, late_files, objections, schedules, sensors
from footfall_dagster import resources as default_resources
from footfall_dagster.checks import arrivals, camera_days, exports, privacy, retention, scene
from footfall_dagster.checks import marts as mart_checks
from footfall_dagster.notice import SiteNotice
from footfall_dagster.settings import Settings

# Dagster copies a sensor that has resources, with a parameter that it marks as beta itself.
warnings.filterwarnings("ignore", "Parameter `owners` of initializer `Sensor", dg.BetaWarning)


def build_definitions(
    settings: Settings,
    *,
    resources: Mapping[str, Any] | None = None,
    loggers: Mapping[str, dg.LoggerDefinition] | None = None,
) -> dg.Definitions:
    """Assets, checks, jobs, schedules and sensors of the site that `settings` name.

    Args:
        settings: Where the site file, the recordings and the results are.
        resources: Used in place of the default ones of the same names.
        loggers: Besides Dagster's own.

    Raises:
        vision.site.load.SiteFileError: The site's files are wrong; says where and what to write.
    """
    notice = SiteNotice.of(settings.site)
    plan = SitePlan(notice.site, notice)
    purge, purge_schedule = forgetting.build(settings, plan)
    days, late = jobs.build(plan, settings), late_files.build(plan, settings)
    objected = objections.build(settings, plan)
    return dg.Definitions(
        assets=graph.build(plan),
        asset_checks=[
            *camera_days.build(plan),
            *exports.build(plan),
            *scene.build(plan),
            *mart_checks.build(plan),
            *privacy.build(plan),
            *retention.build(plan),
            *arrivals.build(plan),
        ],
        jobs=[*days, purge, late, objected.job],
        schedules=[*schedules.build(plan), purge_schedule, objected.schedule],
        sensors=[*sensors.build(plan, days, late), objected.days_to_make],
        # One process per run: a process per step costs 12 s where this costs 4.
        executor=dg.in_process_executor,
        resources=default_resources.build(settings, plan.site) | dict(resources or {}),
        loggers=loggers,
    )
