"""What one sees of an asset in Dagster's UI: its columns, where they come from, plots.

Belongs here: metadata derived from contracts, and drawings for the UI. Does not belong here: the
rule of what metadata may hold (`footfall_dagster.privacy.metadata`).

Plots are SVG drawn from figures, never a raster: so a picture in any metadata is a finding.
"""

import base64
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import dagster as dg
import polars as pl

from vision.contract_terms import Contract

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def column_schema(contract: Contract) -> dg.TableSchema:
    """The contract as the UI's column table."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=str(column.dtype),
                description=f"{column.description} [{column.unit}]"
                if column.unit
                else column.description,
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for column in contract.columns
        ]
    )


def column_lineage(sources: Mapping[str, list[tuple[dg.AssetKey, str]]]) -> dg.TableColumnLineage:
    """Column lineage from `{column: [(upstream asset, its column), ...]}`."""
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(asset_key=key, column_name=name) for key, name in upstream]
            for column, upstream in sources.items()
        }
    )


def plot(figure: "Figure", title: str) -> dg.MarkdownMetadataValue:
    """A drawing as Markdown with an inline SVG; repeats byte for byte."""
    import matplotlib as mpl

    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "footfall", "svg.fonttype": "none"}):
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(buffer, format="svg", metadata=nothing)
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return dg.MetadataValue.md(f"![{title}](data:image/svg+xml;base64,{encoded})")


def five_minute_plot(times: pl.Series, title: str, unit: str) -> dg.MarkdownMetadataValue | None:
    """Bars of how many of `times` fall into each five minutes; None where there are none."""
    if times.is_empty():
        return None
    from matplotlib.figure import Figure

    counts = times.dt.truncate("5m").value_counts().sort(times.name)
    figure = Figure(figsize=(7, 2), layout="constrained")
    axes = figure.add_subplot()
    axes.bar(counts[times.name].to_list(), counts["count"].to_list(), width=4 / 1440)
    axes.set_ylabel(unit)
    axes.set_title(title, fontsize=9)
    axes.tick_params(labelsize=8)
    return plot(figure, title)
