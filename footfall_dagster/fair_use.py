"""Who goes first, and who takes which share of the machines: the tags that every run carries.

Belongs here: names and values of those tags. Does not belong here: the limits that are set on
them (the `concurrency` section of dagster.yaml), who asks for runs (`schedules`, `sensors`).

A job's own tags are those of a run that nobody waits for: a backfill has no others. Schedules and
sensors ask for what people wait for, and say so with `awaited`.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from dagster import DagsterRun

from footfall_dagster.settings import Settings

SITE_TAG, WORK_TAG = "footfall/site", "footfall/work"
PRIORITY_TAG = "dagster/priority"
RAY_TAG = "dagster-ray/config"
"""What dagster-ray's launcher asks Ray for, instead of what dagster.yaml says; others pass it."""
_AWAITED = 10
"""More than any work has by itself."""


class Work(StrEnum):
    """What a run does to the machines. The later in this list, the sooner it starts."""

    VISION = "vision"
    """A camera-day: minutes to hours of processor or GPU, and there are many of them."""
    MARTS = "marts"
    """Marts, reports and proof of a day or a week: minutes, and people wait for them."""
    UPKEEP = "upkeep"
    """What was promised for a time: the purge, objections. Seconds, mostly."""


_LAST_TO_FIRST = tuple(Work)


class Place(StrEnum):
    """What a run takes of a host of a Ray cluster: hosts differ in what they may do as well.

    See "Who may do what" in docs/deploy.md.
    """

    VISION = "vision"
    """May read recordings and write the lake."""
    MARTS = "marts"
    """May read the lake and write marts and pages."""
    KEEPER = "keeper"
    """May delete, and write what proves that: the purge, objections, the privacy report."""


_PLACES = {Work.VISION: Place.VISION, Work.MARTS: Place.MARTS, Work.UPKEEP: Place.KEEPER}


def share_tag(work: Work) -> str:
    """The tag whose values are sites, so that a limit for each value keeps them apart."""
    return f"footfall/{work.value}_of"


def tags(site: str, work: Work, settings: Settings, place: Place | None = None) -> dict[str, str]:
    """Tags of a job of a site: whose run it is, what it does, and what it takes of a Ray cluster.

    The place is that of its work unless told otherwise. Its own priority is that of a backfill. A
    limit on all runs of a site would have its marts wait for its camera-days, so each work has a
    tag of its own that says the site.
    """
    return {
        SITE_TAG: site,
        # Dagster keeps plain text only.
        WORK_TAG: work.value,
        share_tag(work): site,
        PRIORITY_TAG: str(_LAST_TO_FIRST.index(work)),
        RAY_TAG: json.dumps(_asked_of_ray(place or _PLACES[work], settings), sort_keys=True),
    }


def awaited(work: Work) -> dict[str, str]:
    """Tags of a run that somebody waits for, over those of its job: it goes before backfills."""
    return {PRIORITY_TAG: str(_AWAITED + _LAST_TO_FIRST.index(work))}


def as_awaited_as(run: DagsterRun, work: Work) -> dict[str, str]:
    """Tags of a run that follows `run`: of a backfill follows no more than a backfill."""
    return awaited(work) if _priority(run.tags) >= _AWAITED else {}


def is_of(site: str, run: DagsterRun) -> bool:
    """Whether a run is of the site, where sites share an instance.

    Runs from before there were such tags are everybody's.
    """
    return run.tags.get(SITE_TAG, site) == site


def _priority(tags: Mapping[str, str]) -> int:
    try:
        return int(tags.get(PRIORITY_TAG, "0"))
    except ValueError:
        return 0


def _asked_of_ray(place: Place, settings: Settings) -> dict[str, Any]:
    """Places of a host, as `ray start --resources` declares them, and the share of a GPU.

    A worker may serve several sites, so it is told which settings are meant; never what is in them.
    """
    asked: dict[str, Any] = {"resources": {place.value: 1}}
    if place is Place.VISION and settings.vision_gpus:
        asked["num_gpus"] = settings.vision_gpus
    if settings.settings is not None:
        asked["env_vars"] = [f"FOOTFALL_SETTINGS={settings.settings}"]
    return asked
