"""The release step: what of the exact marts may leave the house.

Belongs here: the release policy, and the assets that apply it. Does not belong here: the exact
marts (`assets.marts.core`) or where released rows are kept (`footfall_dagster.warehouse`).

Policy, version 1: primary suppression only. A figure that stands for more than 0 and fewer than k
people is blanked. It is not yet a full release policy: neither differences between figures nor
repeated releases are looked at.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import dagster as dg
import polars as pl

from assets.camera_day import FRESHNESS, OWNERS, RETRY
from assets.marts.contracts import MARTS
from assets.marts.metadata import lineage_from_core, table_metadata
from assets.marts.schema import MartColumn, MartContract
from assets.plan import FOOTFALL, SitePlan
from assets.storage import POOL, Warehouse

POLICY_VERSION = "1"
NOTE = "primary suppression only, below the site's k (10 by default); not yet a full release policy"

_SUPPRESSED = MartColumn(
    "suppressed", pl.Boolean(), "", "Whether a figure of the row was blanked because it is small"
)
_BLANKED = "; NULL also where it stands for fewer than k people"


@cache
def published(mart: MartContract) -> MartContract:
    """The contract of what is released of `mart`: the same table, with figures blanked."""
    columns = tuple(
        replace(column, nullable=True, description=column.description + _BLANKED)
        if column.counted_by and not mart.drop_suppressed
        else column
        for column in mart.columns
    )
    return replace(mart, columns=(*columns, _SUPPRESSED))


def release(mart: MartContract, exact: pl.DataFrame, k: int) -> pl.DataFrame:
    """Apply the policy to rows of `mart`.

    Args:
        mart: The core mart.
        exact: Rows of its contract.
        k: Fewest people that a figure may stand for.

    Returns:
        Rows of `published(mart)`. Where the presence of a row already tells of people, small rows
        are left out; elsewhere their figures are NULL. 0 stays 0: it tells of nobody.
    """
    measures = [column for column in mart.columns if column.counted_by]
    small = {column.name: _small(column, k) for column in measures}
    any_small = pl.any_horizontal(*small.values())
    if mart.drop_suppressed:
        return exact.filter(~any_small).with_columns(pl.lit(False).alias(_SUPPRESSED.name))
    return exact.with_columns(
        any_small.alias(_SUPPRESSED.name),
        *(
            pl.when(small[column.name]).then(None).otherwise(pl.col(column.name)).alias(column.name)
            for column in measures
        ),
    )


def _small(column: MartColumn, k: int) -> pl.Expr:
    return pl.any_horizontal(
        *(
            ((pl.col(counter) > 0) & (pl.col(counter) < k)).fill_null(False)
            for counter in column.counted_by
        )
    )


def build(plan: SitePlan) -> list[dg.AssetsDefinition]:
    """The published marts of a site."""
    k = plan.site.file.privacy.k

    @dg.multi_asset(
        name=f"{plan.site.id}_published_marts",
        specs=[
            dg.AssetSpec(
                key=plan.key(f"published_{mart.name}"),
                deps=[plan.key(mart.name)],
                description=(
                    f"{mart.description} Released rows, policy version {POLICY_VERSION}: "
                    f"primary suppression only, k = {k}; not yet a full release policy."
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
        pool=POOL,
        retry_policy=RETRY,
    )
    def published_marts(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> Iterator[dg.MaterializeResult[None]]:
        day = plan.day(context).day
        selected = [
            mart
            for mart in MARTS.values()
            if plan.key(f"published_{mart.name}") in context.selected_asset_keys
        ]
        if unchecked := warehouse.unchecked(selected, plan.site.id, day):
            raise dg.Failure(
                description=f"{', '.join(unchecked)} of {day}: the exact rows have not passed "
                "their blocking checks as they are, so nothing of them is published; materialise "
                "them with their checks, or look why these fail",
                allow_retries=False,
            )
        exact = warehouse.read_days(selected, plan.site.id, [day])
        released = {mart.name: release(mart, exact[mart.name], k) for mart in selected}
        rows = warehouse.publish_day(plan.site.id, day, released, context.log.info)
        for mart in selected:
            yield dg.MaterializeResult(
                asset_key=plan.key(f"published_{mart.name}"),
                metadata={"dagster/row_count": rows[mart.name]},
            )

    return [published_marts]
