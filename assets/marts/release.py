"""The release step: what of the exact marts may leave the house.

Belongs here: the release policy, and the assets that apply it. Does not belong here: the exact
marts (`assets.marts.core`) or where released rows are kept (`footfall_dagster.warehouse`).

A figure that stands for more than 0 and fewer than k people is blanked, and with it as many others
as it takes that it cannot be worked out (`assets.release`). All marts of a day are looked at
together, whichever of them are placed.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType

import dagster as dg
import polars as pl

from assets.camera_day import FRESHNESS, OWNERS, RETRY
from assets.marts.columns import WHY, WHY_NOT_FOLLOWED
from assets.marts.contracts import MARTS
from assets.marts.metadata import lineage_from_core, table_metadata
from assets.marts.schema import MartColumn, MartContract
from assets.plan import FOOTFALL, SitePlan
from assets.release import policy
from assets.release.cells import Rows, small
from assets.release.day import Decision, decide
from assets.release.differences import difference
from assets.release.noisy import NOISY_MARTS, Noisy, NotDrawableError, noisy_rows
from assets.storage import WITHDRAWN, BudgetSpentError, CameraDays, Warehouse
from vision.site.models import SiteDay

POLICY_VERSION = policy.VERSION
NOTE = policy.NOTE

FEW, MORE = "day/figures_of_few", "day/blanked_besides"
OPEN_BEFORE, OPEN_AFTER = "day/recoverable_without", "day/recoverable"
CHANGED, CHANGED_BY_FEW = "changed_since_last_release", "changed_by_few"
NOTED = (FEW, MORE, OPEN_BEFORE, OPEN_AFTER, CHANGED, CHANGED_BY_FEW)
"""Names of what each release notes of itself in its metadata."""

_SUPPRESSED = MartColumn(
    "suppressed",
    pl.Boolean(),
    "",
    "Whether a figure of the row was blanked, because it is small or would give one away that is",
)
_BLANKED = "; NULL also where it was blanked"


@cache
def published(mart: MartContract) -> MartContract:
    """The contract of what is released of `mart`: the same table, with figures blanked."""
    columns = [
        replace(column, nullable=True, description=column.description + _BLANKED)
        if column.counted_by and not mart.drop_suppressed
        else column
        for column in mart.columns
    ]
    if mart.name in NOISY_MARTS:
        # Noise is drawn where people are followed; elsewhere a row says that they are not.
        columns = [WHY_NOT_FOLLOWED if one.name == WHY.name else one for one in columns]
    return replace(mart, columns=(*columns, _SUPPRESSED))


def release(
    mart: MartContract, exact: pl.DataFrame, k: int, also: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Apply the policy to rows of `mart`.

    Args:
        mart: The core mart.
        exact: Rows of its contract.
        k: Fewest people that a figure may stand for.
        also: For each column that tells of people, whether its figure is blanked for other reasons
            (`assets.release.day`); rows as in `exact`.

    Returns:
        Rows of `published(mart)`. Where the presence of a row already tells of people, small rows
        are left out; elsewhere their figures are NULL. 0 stays 0: it tells of nobody.
    """
    measures = [column for column in mart.columns if column.counted_by]
    blank = exact.select(small(column, k).alias(column.name) for column in measures)
    if also is not None:
        blank = blank.with_columns(pl.col(one.name) | also[one.name] for one in measures)
    any_blank = blank.select(pl.any_horizontal(pl.all())).to_series()
    if mart.drop_suppressed:
        return exact.filter(~any_blank).with_columns(pl.lit(False).alias(_SUPPRESSED.name))
    # What is NULL already was not blanked.
    told = exact.select(pl.col(column.name).is_not_null() for column in measures)
    lost = [blank[one.name] & told[one.name] for one in measures]
    return exact.with_columns(
        pl.any_horizontal(*lost).alias(_SUPPRESSED.name),
        *(
            pl.when(blank[column.name]).then(None).otherwise(pl.col(column.name)).alias(column.name)
            for column in measures
        ),
    )


def release_day(
    site_day: SiteDay,
    exact: Rows,
    decision: Decision,
    noisy: Mapping[str, Noisy] = MappingProxyType({}),
) -> dict[str, pl.DataFrame]:
    """Apply the policy to all marts of a day.

    Args:
        site_day: The site on the day.
        exact: Rows of every mart.
        decision: What is not told of them.
        noisy: Those that are released with noise.

    Returns:
        Rows of `published(mart)`, for each mart.
    """
    k = site_day.site.file.privacy.k
    step = site_day.site.file.privacy.release.step or k
    released = {}
    for name, rows in exact.items():
        mart, way = MARTS[name], policy.way(site_day, name)
        if way == "withheld":
            released[name] = published(mart).empty()
            continue
        if way == "noisy":
            released[name] = noisy[name].rows.with_columns(pl.lit(False).alias(_SUPPRESSED.name))
            continue
        told = release(mart, rows, k, decision.blanked[name])
        told = _coarsened(told, policy.COARSE.get(name, frozenset()), k)
        released[name] = _rounded(mart, told, step) if way == "rounded" else told
    return released


def _coarsened(rows: pl.DataFrame, columns: Collection[str], step: int) -> pl.DataFrame:
    if not columns:
        return rows
    rounded = (pl.col(*columns) / step).round() * step
    # Slightly less than none rounds to a negative zero, and Polars leaves out an addition of 0.
    return rows.with_columns(pl.when(rounded != 0).then(rounded).when(rounded == 0).then(0.0))


def _rounded(mart: MartContract, rows: pl.DataFrame, step: int) -> pl.DataFrame:
    """Whole numbers rounded, what follows from them reckoned anew, everything else left out."""
    whole = [one for one in mart.columns if one.counted_by and one.dtype == pl.Int32()]
    others = [one for one in mart.columns if one.counted_by and one.dtype != pl.Int32()]
    rounded = rows.with_columns(
        ((pl.col(one.name) / step).round() * step).cast(one.dtype) for one in whole
    )
    return rounded.with_columns(
        pl.when(pl.col(one.name).is_not_null())
        .then(pl.lit(None) if one.follows is None else one.follows)
        .cast(one.dtype)
        .alias(one.name)
        for one in others
    )


def build(plan: SitePlan) -> list[dg.AssetsDefinition]:
    """The published marts of a site.

    Raises:
        PolicyError: The site asks for a release that there is not.
    """
    policy.refuse_unknown(plan.site.file.privacy.release.marts, NOISY_MARTS)
    k = plan.site.file.privacy.k

    @dg.multi_asset(
        name=f"{plan.site.id}_published_marts",
        specs=[
            dg.AssetSpec(
                key=plan.key(f"published_{mart.name}"),
                deps=[plan.key(mart.name)],
                description=(
                    f"{mart.description} Released rows, policy version {POLICY_VERSION}, "
                    f"k = {k}: {NOTE}."
                ),
                group_name=FOOTFALL,
                kinds={"duckdb"},
                owners=OWNERS,
                freshness_policy=FRESHNESS,
                metadata=table_metadata(
                    published(mart), lineage_from_core(plan, mart), "published"
                ),
                code_version=POLICY_VERSION,
            )
            for mart in MARTS.values()
        ],
        partitions_def=plan.days,
        can_subset=True,
        pool=plan.pool,
        retry_policy=RETRY,
    )
    def published_marts(
        context: dg.AssetExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        lake: dg.ResourceParam[CameraDays],
    ) -> Iterator[dg.MaterializeResult[None]]:
        site_day = plan.day(context)
        selected = [
            mart
            for mart in MARTS.values()
            if plan.key(f"published_{mart.name}") in context.selected_asset_keys
        ]
        if warehouse.is_withdrawn(plan.site.id, site_day.day):
            # Nothing is drawn either: a draw that nobody sees would cost the day all the same.
            for mart in selected:
                yield dg.MaterializeResult(
                    asset_key=plan.key(f"published_{mart.name}"), metadata={"withdrawn": WITHDRAWN}
                )
            return
        if unchecked := warehouse.unchecked(selected, plan.site.id, site_day.day):
            raise dg.Failure(
                description=f"{', '.join(unchecked)} of {site_day.day}: the exact rows have not "
                "passed their blocking checks as they are, so nothing of them is published; "
                "materialise them with their checks, or look why these fail",
                allow_retries=False,
            )
        every = list(MARTS.values())
        exact = warehouse.read_days(every, plan.site.id, [site_day.day])
        earlier = warehouse.read_published_days(
            [published(MARTS[name]) for name in policy.CHANGES],
            plan.site.id,
            policy.days_before(site_day.day),
        )
        decision = _decided(site_day, exact, earlier, context.log.info)
        noisy = _noisy(site_day, exact, lake, warehouse)
        for drawn in noisy.values():
            if drawn.warning:
                context.log.warning(drawn.warning)
        all_released = release_day(site_day, exact, decision, noisy)
        placed = warehouse.read_published_days(
            [published(mart) for mart in every], plan.site.id, [site_day.day]
        )
        unmoved = {mart.name: placed[mart.name] for mart in every if mart not in selected}
        _refuse_other_release(site_day.day, all_released, unmoved)
        released = {mart.name: all_released[mart.name] for mart in selected}
        rows = warehouse.publish_day(plan.site.id, site_day.day, released, context.log.info)
        for mart in selected:
            yield dg.MaterializeResult(
                asset_key=plan.key(f"published_{mart.name}"),
                metadata={
                    "dagster/row_count": rows[mart.name],
                    **_metadata(decision),
                    **_differences(
                        mart, placed[mart.name], released[mart.name], 0 if mart.name in noisy else k
                    ),
                    **(noisy[mart.name].metadata if mart.name in noisy else {}),
                },
            )

    return [published_marts]


def _decided(
    site_day: SiteDay,
    exact: Rows,
    earlier: Mapping[str, pl.DataFrame],
    progress: Callable[[str], object],
) -> Decision:
    try:
        decision = decide(site_day, exact, earlier, progress)
    except RuntimeError as failure:
        raise dg.Failure(
            description=f"nothing of {site_day.day} is published: {failure}", allow_retries=False
        ) from None
    if decision.open_after:
        raise dg.Failure(
            description=f"nothing of {site_day.day} is published: {decision.open_after} figures of "
            "few people could still be worked out",
            allow_retries=False,
        )
    return decision


def _noisy(
    site_day: SiteDay, exact: Rows, lake: CameraDays, warehouse: Warehouse
) -> dict[str, Noisy]:
    """Marts of the day that are released with noise, as they were drawn."""
    asked = [name for name in exact if policy.way(site_day, name) == "noisy"]
    try:
        return {name: noisy_rows(site_day, exact, lake, warehouse.noise) for name in asked}
    except (BudgetSpentError, NotDrawableError) as refusal:
        raise dg.Failure(
            description=f"nothing of {site_day.day} is published: {refusal}", allow_retries=False
        ) from None


def _refuse_other_release(
    day: dt.date, released: Mapping[str, pl.DataFrame], placed: Mapping[str, pl.DataFrame]
) -> None:
    """What is not placed now must be as it would be, or the two releases together may tell more.

    Raises:
        dg.Failure: Some mart is published otherwise.
    """
    other = [
        name for name, rows in placed.items() if rows.height and not rows.equals(released[name])
    ]
    if other:
        raise dg.Failure(
            description=f"nothing of {day} is published: {', '.join(other)} of that day would now "
            "be released otherwise than they are, and figures of two releases together may tell "
            "of few people; materialise all published marts of the day together",
            allow_retries=False,
        )


def _metadata(decision: Decision) -> dict[str, int]:
    """Of the whole day, beside each of its marts."""
    return {
        FEW: decision.small,
        MORE: decision.more,
        OPEN_BEFORE: decision.open_before,
        OPEN_AFTER: decision.open_after,
    }


def _differences(
    mart: MartContract, before: pl.DataFrame, now: pl.DataFrame, k: int
) -> dict[str, int]:
    # Draws of noise differ by chance, and what they cost is in the ledger: then k is 0.
    found = difference(mart, before, now, k)
    return {CHANGED: found.figures, CHANGED_BY_FEW: found.of_few}
