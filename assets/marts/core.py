"""The core marts: exact figures of one site-day, computed by the SQL in sql/.

Belongs here: which camera-days go into the marts, and what Dagster shows of them. Does not belong
here: definitions of figures (sql/, `assets.marts.contracts`), where rows are kept
(`footfall_dagster.warehouse`), what may be published (`assets.marts.release`).
"""

import datetime as dt
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
import polars as pl

from assets.camera_day import FRESHNESS, OWNERS, RETRY
from assets.marts.contracts import MARTS
from assets.marts.inputs import OBSERVED, PRIVACY_FAILED, Purged, RowsByCamera, relations
from assets.marts.metadata import lineage_from_lake, table_metadata
from assets.marts.of_gates import GATE_COUNTS_15MIN
from assets.marts.of_zones import ZONE_VISITS_HOURLY
from assets.marts.positions import scanned
from assets.marts.queries import DATASETS, evaluated, query_version, reads, rests_on
from assets.marts.schema import MartContract, Tables
from assets.plan import FOOTFALL, SitePlan
from assets.storage import CameraDays, Warehouse
from vision.site.models import SiteDay

_TOTALLED = {
    GATE_COUNTS_15MIN.name: ("entries", "exits"),
    ZONE_VISITS_HOURLY.name: ("visits", "bounces"),
}
"""Counts that add up over the day without counting anything twice."""


def cameras_of_day() -> dg.MultiToSingleDimensionPartitionMapping:
    """The camera-days of a day: an input so mapped arrives as rows by camera.

    Cameras that have not delivered, or whose camera-day holds no receipt, are not in it.
    """
    with warnings.catch_warnings():
        # In beta in Dagster 1.13; the exact version is pinned in constraints.txt.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return dg.MultiToSingleDimensionPartitionMapping("date")


def build(plan: SitePlan) -> list[dg.AssetsDefinition]:
    """The core marts of a site, one step that can make any of them."""
    inputs = sorted(contract.name for contract in DATASETS)

    @dg.multi_asset(
        name=f"{plan.site.id}_core_marts",
        specs=[
            dg.AssetSpec(
                key=plan.key(mart.name),
                deps=_deps(plan, mart),
                description=f"{mart.description} One row: {mart.grain}. Exact and restricted.",
                group_name=FOOTFALL,
                kinds={"duckdb", "sql"},
                owners=OWNERS,
                freshness_policy=FRESHNESS,
                metadata=table_metadata(mart, lineage_from_lake(plan, mart), "core"),
                code_version=query_version(mart.name),
            )
            for mart in MARTS.values()
        ],
        ins={name: dg.AssetIn(plan.key(name)) for name in inputs},
        partitions_def=plan.days,
        can_subset=True,
        pool=plan.pool,
        retry_policy=RETRY,
    )
    def core_marts(
        context: dg.AssetExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        lake: dg.ResourceParam[CameraDays],
        anonymised_trajectories: RowsByCamera,
        coverage: RowsByCamera,
        gate_events: RowsByCamera,
        zone_visits: RowsByCamera,
    ) -> Iterator[dg.MaterializeResult[None]]:
        site_day = plan.day(context)
        purged = purged_inputs(lake, site_day.day)
        tables = relations(
            site_day,
            coverage,
            {
                "anonymised_trajectories": anonymised_trajectories,
                "gate_events": gate_events,
                "zone_visits": zone_visits,
            },
            purged,
            lake.failed(site_day.day),
        )
        selected = [
            mart for mart in MARTS.values() if plan.key(mart.name) in context.selected_asset_keys
        ]
        _tell_unobserved(context, tables["cameras"])
        kept = [mart for mart in selected if past_retention(mart, purged)]
        for mart in kept:
            context.log.warning(
                "%s stays as it is: what it is made of is past its retention on %s, so it cannot "
                "be computed again",
                mart.name,
                site_day.day,
            )
        if len(kept) == len(selected):
            raise dg.Failure(
                description=f"no mart of {site_day.day} can be computed again: what it is made of "
                "was deleted by age (privacy.retention in site.yaml). Its rows stay as they are; "
                "to publish them anew, materialise the published marts alone",
                allow_retries=False,
            )
        made = [mart for mart in selected if mart not in kept]
        _refuse_without_sources(made, warehouse, site_day, tables)
        read = [reads(mart.name) for mart in made]
        scans = sorted({name for one in read for name in one.scans})
        tables |= scanned(scans, anonymised_trajectories, site_day, tables)
        tables |= evaluated([name for one in read for name in one.relations], tables)
        rows = warehouse.replace_day(plan.site.id, site_day.day, tables, made, context.log.info)
        stored = warehouse.read_days(selected, plan.site.id, [site_day.day])
        for mart in selected:
            yield dg.MaterializeResult(
                asset_key=plan.key(mart.name),
                metadata=_metadata(mart, rows.get(mart.name), tables["cameras"], warehouse)
                | _figures(mart, stored[mart.name]),
            )

    return [core_marts]


def _deps(plan: SitePlan, mart: MartContract) -> list[dg.AssetDep]:
    read = reads(mart.name)
    return [
        *(
            dg.AssetDep(plan.key(name), partition_mapping=cameras_of_day())
            for name in read.datasets
        ),
        *(dg.AssetDep(plan.key(name)) for name in read.marts),
    ]


def _refuse_without_sources(
    made: Sequence[MartContract], warehouse: Warehouse, site_day: SiteDay, tables: Tables
) -> None:
    """Raise where a mart reads another that is neither made now nor there."""
    names = {mart.name for mart in made}
    for mart in made:
        for source in reads(mart.name).marts:
            places = MARTS[source].places
            if source in names or places is None or not places(tables):
                continue
            if warehouse.read_day(MARTS[source], site_day.site.id, site_day.day).is_empty():
                raise dg.Failure(
                    description=f"{mart.name} is made of {source}, which has no rows of "
                    f"{site_day.day}: materialise {source} with it, or before it",
                    allow_retries=False,
                )


def _tell_unobserved(context: dg.AssetExecutionContext, cameras: pl.DataFrame) -> None:
    for camera, state in cameras.select("camera", "state").iter_rows():
        if state != OBSERVED:
            context.log.warning("camera %s is %s: its figures are NULL", camera, state)


def purged_inputs(lake: CameraDays, day: dt.date) -> dict[str, frozenset[str]]:
    """Of each dataset that a mart reads, the cameras of which it was deleted by age."""
    return {contract.name: lake.purged(contract.name, day) for contract in DATASETS}


def past_retention(mart: MartContract, purged: Purged) -> bool:
    """Whether something that `mart` is made of was deleted by age rather than never made.

    Of one camera is enough: without it the mart would tell less than it does.
    """
    return any(purged.get(name) for name in rests_on(mart.name))


def _metadata(
    mart: MartContract, rows: int | None, cameras: pl.DataFrame, warehouse: Warehouse
) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "cameras_observed": _with_state(cameras, (OBSERVED,)),
        "cameras_missing": _with_state(cameras, ("missing", "withheld")),
        "cameras_privacy_failed": _with_state(cameras, (PRIVACY_FAILED,)),
        "cameras_without_exports": _with_state(cameras, ("no_exports",)),
        "file": warehouse.shown()["core"],
        "from": ", ".join((*reads(mart.name).datasets, *reads(mart.name).marts)),
    }
    if rows is None:
        return metadata | {"kept_from_before": True}
    return metadata | {"dagster/row_count": rows}


def _figures(mart: MartContract, rows: pl.DataFrame) -> dict[str, Any]:
    """The figures that one looks for first; a total over nothing observed is left out."""
    figures: dict[str, Any] = {}
    for name in _TOTALLED.get(mart.name, ()):
        if (known := rows[name].drop_nulls()).len():
            figures[name] = int(known.sum())
    if mart.places is not None and mart.span is not None and rows.height:
        figures["observed_share_of_trading_hours"] = round(
            rows.filter("in_trading_hours").select(pl.col("observed_share").mean()).item() or 0.0, 4
        )
    return figures


def _with_state(cameras: pl.DataFrame, states: Sequence[str]) -> list[str]:
    return cameras.filter(pl.col("state").is_in(states))["camera"].to_list()
