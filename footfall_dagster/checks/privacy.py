"""Checks of the privacy search and report: Dagster's eye on what they found.

Belongs here: saying that evidence failed, or that nobody is told what is done. Does not belong
here: looking for any (`footfall_dagster.privacy`).

The report's check is blocking, so that the run fails and whoever is told of failed runs is told of
this one. It comes last and in a job of its own: the day's figures, of all cameras that passed the
wall, are there by then. The search's is not, or the report would be missing when it matters most.
"""

import datetime as dt

import dagster as dg

from assets.inspection import Records
from assets.plan import SitePlan
from assets.privacy_record import PASSED, Entry, in_words
from assets.privacy_report import NAME, SEARCHED
from footfall_dagster.checks.partitioned_check import partitioned_check

NOTHING_FOUND, EVERY_CHECK_PASSED = "nothing_found", "every_check_passed"
NOTICE_IN_FORCE = "notice_in_force"


def build(plan: SitePlan) -> list[dg.AssetChecksDefinition]:
    """A check of the search and two of the report."""
    return [_searched(plan), _reported(plan), _noticed(plan)]


def _searched(plan: SitePlan) -> dg.AssetChecksDefinition:
    spec = partitioned_check(
        NOTHING_FOUND,
        plan.key(SEARCHED),
        plan.days,
        blocking=False,
        description="The search read every file to its end and found no picture and no vector.",
    )

    @dg.multi_asset_check(name=f"{plan.site.id}__{SEARCHED}__found", specs=[spec])
    def check(
        context: dg.AssetCheckExecutionContext, privacy_records: dg.ResourceParam[Records]
    ) -> dg.AssetCheckResult:
        found = privacy_records.search_of(dt.date.fromisoformat(context.partition_key))
        return _result(plan.key(SEARCHED), NOTHING_FOUND, [found] if found else [])

    return check


def _reported(plan: SitePlan) -> dg.AssetChecksDefinition:
    spec = partitioned_check(
        EVERY_CHECK_PASSED,
        plan.key(NAME),
        plan.days,
        blocking=True,
        description="Every check of the day's last record was carried out, and none failed.",
    )

    @dg.multi_asset_check(name=f"{plan.site.id}__{NAME}__passed", specs=[spec])
    def check(
        context: dg.AssetCheckExecutionContext, privacy_records: dg.ResourceParam[Records]
    ) -> dg.AssetCheckResult:
        records = privacy_records.of_day(dt.date.fromisoformat(context.partition_key))
        entries = records[-1].content["checks"] if records else []
        return _result(plan.key(NAME), EVERY_CHECK_PASSED, entries)

    return check


def _noticed(plan: SitePlan) -> dg.AssetChecksDefinition:
    spec = partitioned_check(
        NOTICE_IN_FORCE,
        plan.key(NAME),
        plan.days,
        blocking=False,
        description="The site has a public notice. One that says what is not so fails the run.",
    )

    @dg.multi_asset_check(name=f"{plan.site.id}__{NAME}__noticed", specs=[spec])
    def check() -> dg.AssetCheckResult:
        absence = plan.notice.absence() if plan.notice else None
        return dg.AssetCheckResult(
            asset_key=plan.key(NAME),
            check_name=NOTICE_IN_FORCE,
            passed=absence is None,
            severity=dg.AssetCheckSeverity.WARN,
            description=absence,
        )

    return check


def _result(key: dg.AssetKey, name: str, entries: list[Entry]) -> dg.AssetCheckResult:
    failed = sum(entry["result"] != PASSED for entry in entries)
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        # No evidence is none of innocence.
        passed=bool(entries) and not failed,
        description=in_words(entries) or (None if entries else "there is no evidence to look at"),
        metadata={"checks": len(entries), "failed": failed},
    )
