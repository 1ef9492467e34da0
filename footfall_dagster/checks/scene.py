"""Check that a camera showed all day what its entry in cameras.yaml says.

Belongs here: telling a person when a camera was moved, was covered or saw too little for want of
light, and what to do; it blocks nothing, since such minutes are not counted anyway. Does not belong
here: finding out (`vision.scene`), how much of the day was observed
(`footfall_dagster.checks.exports`).
"""

from collections.abc import Sequence

import dagster as dg

from assets.plan import SitePlan
from assets.scene import MOVED, Spoiled, length_words, spoiled_stretches
from footfall_dagster.checks.partitioned_check import partitioned_check
from footfall_dagster.checks.stored import stored, unread
from footfall_dagster.lake import Lake
from vision.contracts_ingest import COVERAGE
from vision.exports.reasons import SCENE
from vision.site.models import SiteDay

VIEW = "view"

_MOST_TOLD = 4


def build(plan: SitePlan) -> list[dg.AssetChecksDefinition]:
    """The check of every camera-day's view."""
    key = plan.key(COVERAGE.name)

    @dg.multi_asset_check(
        name=f"{plan.site.id}__{COVERAGE.name}__{VIEW}",
        specs=[
            partitioned_check(
                VIEW,
                key,
                plan.camera_days,
                blocking=False,
                description="The camera was not moved, and in trading hours it was neither covered "
                "nor in the dark.",
            )
        ],
    )
    def check(
        context: dg.AssetCheckExecutionContext, lake: dg.ResourceParam[Lake]
    ) -> dg.AssetCheckResult:
        found = stored(lake, COVERAGE, context.partition_key)
        if isinstance(found, str):
            return unread(key, VIEW, found)
        site_day = plan.day(context)
        spoiled = spoiled_stretches(found, site_day)
        return dg.AssetCheckResult(
            asset_key=key,
            check_name=VIEW,
            passed=not spoiled,
            severity=dg.AssetCheckSeverity.WARN,
            description=spoiled_words(spoiled, site_day),
            metadata={
                f"minutes_{reason}": round(
                    sum(one.minutes for one in spoiled if one.reason == reason), 1
                )
                for reason in SCENE
            },
        )

    return [check]


def spoiled_words(spoiled: Sequence[Spoiled], site_day: SiteDay) -> str | None:
    """What to say of them, on the site's clock, and what to do."""
    if not spoiled:
        return None
    told = [_told(one, site_day) for one in spoiled[:_MOST_TOLD]]
    if len(spoiled) > _MOST_TOLD:
        told.append(f"and {len(spoiled) - _MOST_TOLD} times more, see the picture at coverage")
    return "; ".join(told) + ". What is not counted is NULL, not zero"


def _told(one: Spoiled, site_day: SiteDay) -> str:
    zone = site_day.site.zone_info
    begins, ends = (f"{at.astimezone(zone):%H:%M}" for at in (one.begins, one.ends))
    lost = length_words(one.minutes)
    if one.reason == MOVED and one.to_the_end:
        return (
            f"the camera was moved at {begins}; the rest of the day, {lost}, is not counted. Put "
            "it back, or calibrate it anew with an entry in cameras.yaml that is valid from the "
            "day after (valid_from): a new day's frames are taken to show what its entry says"
        )
    if one.reason == MOVED:
        return f"the camera was moved at {begins} and was back by {ends}; {lost} are not counted"
    what, remedy = {
        "camera_covered": ("covered or out of focus", "look at its lens and what hangs before it"),
        "too_dark": (
            "in the dark",
            "switch lights or infrared lamps on; see whether a cap is on the lens",
        ),
    }[one.reason]
    until = "for the rest of the day" if one.to_the_end else f"to {ends}"
    return f"from {begins} {until} the camera was {what}; {lost} are not counted: {remedy}"
