"""The whole asset graph of a site, and what each of its nodes says of itself.

Belongs here: which modules make the assets, and reading their specs. Does not belong here: any
asset, checks and jobs (`footfall_dagster.definitions`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg

from assets import (
    anonymous,
    detections,
    ingest,
    privacy_report,
    recordings,
    tracks,
)
from assets.marts import core, release
from assets.plan import SitePlan
from assets.reports import day, public, week

_SCHEMA = "dagster/column_schema"


def build(plan: SitePlan) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Every asset of a site, in the order of the flow."""
    return [
        recordings.spec(plan),
        *ingest.build(plan),
        *detections.build(plan),
        *tracks.build(plan),
        *anonymous.build(plan),
        *core.build(plan),
        *release.build(plan),
        *day.build(plan),
        *public.build(plan),
        *week.build(plan),
        *privacy_report.build(plan),
    ]


@dataclass(frozen=True, slots=True)
class Step:
    """One asset, as its spec has it.

    Attributes:
        name: Without the site's id.
        group: The stage of the flow.
        made_from: Names of the assets that it depends on, sorted.
        columns: Names of what a row of it has, in order; empty where it is no table.
    """

    name: str
    group: str
    made_from: tuple[str, ...]
    columns: tuple[str, ...]


def steps(plan: SitePlan) -> tuple[Step, ...]:
    """All assets of a site, in the order of the flow."""
    return tuple(_step(spec) for asset in build(plan) for spec in _specs(asset))


def _specs(asset: dg.AssetsDefinition | dg.AssetSpec) -> Iterator[dg.AssetSpec]:
    return iter([asset] if isinstance(asset, dg.AssetSpec) else asset.specs)


def _step(spec: dg.AssetSpec) -> Step:
    schema = spec.metadata.get(_SCHEMA)
    table = getattr(schema, "schema", schema)
    return Step(
        name=spec.key.path[-1],
        group=spec.group_name or "",
        made_from=tuple(sorted(dep.asset_key.path[-1] for dep in spec.deps)),
        columns=tuple(column.name for column in table.columns) if table else (),
    )
