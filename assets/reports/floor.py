"""The plan of a floor: where people spent their time, under the outlines of zones and gates.

Belongs here: drawing a plan. Does not belong here: which cells and zones
(`assets.reports.day`), what drawings share (`assets.reports.drawing`).
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import polars as pl

from assets.reports.drawing import INK, VERMILION, WIDE_IN, drawing, svg
from vision.site.models import Floor, FloorPoint, Gate, Zone

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def floor_chart(
    name: str,
    floor: Floor,
    cells: pl.DataFrame,
    zones: Iterable[Zone],
    gates: Iterable[Gate],
    title: str,
    text: str,
) -> str:
    """Draw where people spent their time on one floor, under the outlines of zones and gates.

    Args:
        name: As for `gate_chart`.
        floor: The floor.
        cells: x_m, y_m, person_seconds of cells of 0.5 m in which somebody was.
        zones: Zones of the floor; those without a polygon in metres are left out.
        gates: Gates of the floor; those without a line in metres are left out.
        title: As for `gate_chart`.
        text: As for `gate_chart`.
    """
    across, up = zip(*floor.outline, strict=True)
    wide, high = max(across) - min(across), max(up) - min(up)
    height = min(9.0, max(1.6, 0.75 + 0.72 * WIDE_IN * high / wide))
    with drawing(name, height, WIDE_IN) as figure:
        axes = figure.add_subplot()
        axes.grid(visible=False)
        _outline(axes, floor.outline, color=INK, linewidth=1.4)
        _heat(figure, axes, cells)
        for zone in zones:
            if zone.polygon is not None:
                _outline(axes, zone.polygon, color="#57606a", linewidth=0.9, linestyle=(0, (4, 2)))
                _label(axes, zone.id, _top_left(zone.polygon))
        for gate in gates:
            if gate.line is not None:
                (x0, y0), (x1, y1) = gate.line
                axes.plot([x0, x1], [y0, y1], color=VERMILION, linewidth=3, solid_capstyle="butt")
        axes.set_aspect("equal")
        axes.set_xlabel("metres")
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
        return svg(figure, name, title, text)


def _heat(figure: "Figure", axes: "Axes", cells: pl.DataFrame) -> None:
    if cells.is_empty():
        return
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import LogNorm

    half = 0.25
    squares = [
        [
            (x - half, y - half),
            (x + half, y - half),
            (x + half, y + half),
            (x - half, y + half),
        ]
        for x, y in cells.select("x_m", "y_m").iter_rows()
    ]
    seconds = cells["person_seconds"].cast(pl.Float64).to_numpy()
    heat = PolyCollection(
        squares,
        array=seconds,
        cmap="cividis_r",
        norm=LogNorm(1, max(10.0, float(seconds.max()))),
        edgecolors="none",
    )
    axes.add_collection(heat)
    bar = figure.colorbar(heat, ax=axes, shrink=0.8, aspect=24, pad=0.02)
    bar.set_label("person-seconds")
    bar.ax.yaxis.set_major_formatter(lambda value, _position: f"{value:g}")
    bar.ax.minorticks_off()
    bar.outline.set_visible(False)
    # Drawn as shapes: no page of this project holds a picture.
    if bar.solids is not None:
        bar.solids.set_rasterized(False)
        bar.solids.set_edgecolor("face")


def _outline(axes: "Axes", polygon: Sequence[FloorPoint], **style: object) -> None:
    x, y = zip(*polygon, polygon[0], strict=True)
    axes.plot(x, y, **style)  # type: ignore[arg-type]


def _top_left(polygon: Sequence[FloorPoint]) -> FloorPoint:
    across, up = zip(*polygon, strict=True)
    return min(across) + 0.1, max(up) - 0.1


def _label(axes: "Axes", words: str, at: FloorPoint) -> None:
    from matplotlib.patheffects import withStroke

    # In a corner and without a box, so that it hides none of the heat.
    halo = [withStroke(linewidth=2.5, foreground="white")]
    axes.text(*at, words.replace("_", " "), ha="left", va="top", fontsize=7.5, path_effects=halo)
