"""Checks of what recorders delivered: enough of the day, readable, by clocks that agree.

Belongs here: telling a person what to look after; none of these blocks anything. Does not belong
here: whether what is stored is what its contract says (`footfall_dagster.checks.camera_days`).
"""

from collections.abc import Iterator, Mapping

import dagster as dg
import polars as pl

from assets.plan import SitePlan, camera_of
from footfall_dagster.checks.partitioned_check import partitioned_check
from footfall_dagster.checks.stored import stored, unread
from footfall_dagster.lake import Lake
from vision.contracts_ingest import CAMERA_EXPORTS, COVERAGE
from vision.exports.coverage import trading_hours_of
from vision.exports.reasons import SCENE

OBSERVED, READABLE, CLOCKS = "observed", "readable", "clocks_agree"

_MINUTE_S = 60.0
_REMEDIES: Mapping[str, str] = {
    "gap": "gap: look whether the recorder recorded and exported, and whether `exports` in "
    "cameras.yaml fits its names (`footfall exports explain`)",
    "quarantined": "quarantined: the table of files at camera_exports says which and why; export "
    "them again",
    "unreadable": "unreadable: files broke off while they were decoded; export them again",
    **{reason: f"{reason}: the check `view` says when and what to do" for reason in SCENE},
}
_OTHER_REMEDY = "see the picture of the day at coverage"


def build(plan: SitePlan) -> list[dg.AssetChecksDefinition]:
    """Coverage against the site's threshold; files that are set aside; clocks that disagree."""
    return [_observed(plan), _files(plan)]


def _observed(plan: SitePlan) -> dg.AssetChecksDefinition:
    key = plan.key(COVERAGE.name)
    least = plan.site.file.least_coverage

    @dg.multi_asset_check(
        name=f"{plan.site.id}__{COVERAGE.name}__observed",
        specs=[
            partitioned_check(
                OBSERVED,
                key,
                plan.camera_days,
                blocking=False,
                description="Enough of the trading hours was observed, as least_coverage in "
                "site.yaml has it.",
            )
        ],
    )
    def check(
        context: dg.AssetCheckExecutionContext, lake: dg.ResourceParam[Lake]
    ) -> dg.AssetCheckResult:
        found = stored(lake, COVERAGE, context.partition_key)
        if isinstance(found, str):
            return unread(key, OBSERVED, found)
        hours = trading_hours_of(found, plan.day(context))
        share = observed_share(hours)
        missing = missing_minutes(hours)
        return dg.AssetCheckResult(
            asset_key=key,
            check_name=OBSERVED,
            passed=is_enough(hours, least),
            severity=dg.AssetCheckSeverity.WARN,
            description=observed_words(hours, least),
            metadata={
                "observed_share_of_trading_hours": round(share, 4),
                **{f"minutes_{reason}": minutes for reason, minutes in missing.items()},
            },
        )

    return check


def observed_share(hours: pl.DataFrame) -> float:
    """Share of some minutes that was observed; 1 where there are none."""
    return float(hours["readable_s"].sum()) / (_MINUTE_S * hours.height) if hours.height else 1.0


def missing_minutes(hours: pl.DataFrame) -> dict[str, float]:
    """By reason the minutes that were not observed, rounded to a tenth; the most first."""
    missing = (
        hours.with_columns(missing=(_MINUTE_S - pl.col("readable_s")) / _MINUTE_S)
        .filter(pl.col("missing") > 0)
        .group_by(pl.col("reason").fill_null("gap"))
        .agg(pl.col("missing").sum())
        .sort("missing", "reason", descending=[True, False])
    )
    return {reason: round(minutes, 1) for reason, minutes in missing.iter_rows()}


def is_enough(hours: pl.DataFrame, least: float) -> bool:
    """Whether the share `least` of some minutes was observed, and anything at all of them."""
    share = observed_share(hours)
    return hours.is_empty() or (share >= least and share > 0)


def observed_words(hours: pl.DataFrame, least: float) -> str | None:
    """What to say where less than `least` of the trading hours was observed, and what to do."""
    share, missing = observed_share(hours), missing_minutes(hours)
    if is_enough(hours, least):
        return None
    remedies = [_REMEDIES.get(reason, _OTHER_REMEDY) for reason in missing]
    by_reason = ", ".join(f"{minutes:.0f} min {reason}" for reason, minutes in missing.items())
    return (
        f"Of {hours.height} minutes of trading hours {_percent(share)} were observed; the site "
        f"asks for {_percent(least)}. Missing: {by_reason}. Where nobody looked, counts are NULL, "
        f"not zero. What to do: {'; '.join(dict.fromkeys(remedies))}"
    )


def _percent(share: float) -> str:
    """Rounded down: 89.96 % is no 90 %."""
    return f"{int(1000 * share + 1e-6) / 10:g} %"


def _files(plan: SitePlan) -> dg.AssetChecksDefinition:
    key = plan.key(CAMERA_EXPORTS.name)

    @dg.multi_asset_check(
        name=f"{plan.site.id}__{CAMERA_EXPORTS.name}__delivered",
        specs=[
            partitioned_check(name, key, plan.camera_days, blocking=False, description=description)
            for name, description in (
                (READABLE, "No file is set aside."),
                (CLOCKS, "No file's clocks are farther apart than clock.tolerance_s allows."),
            )
        ],
    )
    def check(
        context: dg.AssetCheckExecutionContext, lake: dg.ResourceParam[Lake]
    ) -> Iterator[dg.AssetCheckResult]:
        found = stored(lake, CAMERA_EXPORTS, context.partition_key)
        if isinstance(found, str):
            yield from (unread(key, name, found) for name in (READABLE, CLOCKS))
            return
        tolerance_s = camera_of(plan.day(context), context.partition_key).clock.tolerance_s
        aside, apart = set_aside(found), disagreeing(found, tolerance_s)
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=READABLE,
            passed=not aside,
            severity=dg.AssetCheckSeverity.WARN,
            description=set_aside_words(aside),
            metadata={f"files_{reason}": files for reason, files in aside.items()},
        )
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=CLOCKS,
            passed=apart.is_empty(),
            severity=dg.AssetCheckSeverity.WARN,
            description=disagreeing_words(apart, tolerance_s),
            metadata={"files_with_clocks_apart": int(apart["files"].sum())},
        )

    return check


def set_aside(exports: pl.DataFrame) -> dict[str, int]:
    """By reason the files that are quarantined, the most first."""
    aside = exports.filter(pl.col("status") == "quarantined").group_by("reason").len()
    return dict(aside.sort("len", "reason", descending=[True, False]).iter_rows())


def set_aside_words(aside: Mapping[str, int]) -> str | None:
    """What to say of files that are set aside."""
    if not aside:
        return None
    told = ", ".join(f"{files} {reason}" for reason, files in aside.items())
    return (
        f"Files are set aside: {told}. What they would show is not observed. The table of files "
        "at camera_exports says when they were; `footfall exports explain` says which they are "
        "and what to do; export them again and the camera-day can be made anew"
    )


def disagreeing(exports: pl.DataFrame, tolerance_s: float) -> pl.DataFrame:
    """Pairs of clocks that are farther apart than `tolerance_s` in some file.

    Returns:
        Columns clock_source, compared_with, files and apart_s, which is the farthest, signed.
    """
    return (
        exports.filter(pl.col("clocks_apart_s").abs() > tolerance_s)
        .group_by("clock_source", "compared_with")
        .agg(
            files=pl.len(),
            apart_s=pl.col("clocks_apart_s").sort_by(pl.col("clocks_apart_s").abs()).last(),
        )
        .sort("files", "clock_source", "compared_with", descending=[True, False, False])
    )


def disagreeing_words(apart: pl.DataFrame, tolerance_s: float) -> str | None:
    """What to say of clocks that disagree."""
    if apart.is_empty():
        return None
    told = "; ".join(
        f"in {files} files {other} is up to {abs(far):.0f} s {'after' if far > 0 else 'before'} "
        f"{clock}"
        for clock, other, files, far in apart.iter_rows()
    )
    return (
        f"Clocks are more than {tolerance_s:g} s apart: {told}. The first of each pair was "
        "believed no less for it. A whole number of hours is a time zone: set clock.time_zone of "
        "the camera; else set the recorder's clock, or name the source to believe in clock.order, "
        "or raise clock.tolerance_s"
    )
