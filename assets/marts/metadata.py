"""What Dagster shows of a mart: column schema, column lineage, the size of a table.

Belongs here: contracts turned into Dagster metadata. Does not belong here: facts about marts.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from assets.marts.schema import MartContract
from assets.plan import SitePlan
from vision.contract_terms import InTradingDay, Matches, OneOf, Range


def table_schema(mart: MartContract) -> dg.TableSchema:
    """Columns with types, units and constraints, as Dagster's catalogue shows them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.duckdb_type,
                description=column.description + (f" [{column.unit}]" if column.unit else ""),
                constraints=dg.TableColumnConstraints(
                    nullable=column.nullable, other=_domain(column.domain)
                ),
            )
            for column in mart.columns
        ],
        constraints=dg.TableConstraints(other=[f"unique: {', '.join(mart.key)}"]),
    )


def lineage_from_lake(plan: SitePlan, mart: MartContract) -> dg.TableColumnLineage:
    """Which columns of the lake each column of a core mart is computed from."""
    return dg.TableColumnLineage(
        {
            column.name: [
                dg.TableColumnDep(asset_key=plan.key(relation), column_name=source)
                for relation, source in column.sources
            ]
            for column in mart.columns
            if column.sources
        }
    )


def lineage_from_core(plan: SitePlan, mart: MartContract) -> dg.TableColumnLineage:
    """Which columns of the core mart each column of the released one is computed from."""
    return dg.TableColumnLineage(
        {
            column.name: [
                dg.TableColumnDep(asset_key=plan.key(mart.name), column_name=source)
                for source in dict.fromkeys((column.name, *column.counted_by))
            ]
            for column in mart.columns
        }
    )


def table_metadata(
    mart: MartContract, lineage: dg.TableColumnLineage, file: str
) -> Mapping[str, Any]:
    """Metadata that a mart's asset always carries; `file` is the warehouse's file that holds it."""
    return {
        "dagster/column_schema": table_schema(mart),
        "dagster/column_lineage": lineage,
        "dagster/table_name": f"{file}.main.{mart.name}",
        "grain": mart.grain,
    }


def _domain(domain: object) -> list[str]:
    match domain:
        case Range(low, high, step):
            return [f"{low:g} to {high:g}" + (f" in steps of {step:g}" if step else "")]
        case OneOf(values):
            return [f"one of {', '.join(values)}"]
        case InTradingDay():
            return ["within the trading day"]
        case Matches(pattern):
            return [f"matches {pattern}"]
        case _:
            return []
