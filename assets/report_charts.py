"""Charts of the report: inline SVG, drawn by matplotlib, the same bytes for the same figures.

Belongs here: how figures are drawn. Does not belong here: which figures (`assets.report_figures`),
or the page around them (`assets.report`).

Colours are those of Okabe and Ito, which colour-blind readers tell apart. What was not observed is
hatched, never drawn as zero.
"""

import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import polars as pl

from vision.site.models import Floor, FloorPoint, Gate, Zone

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, VERMILION, INK, PALE = "#0072b2", "#d55e00", "#24292f", "#e4e7eb"
_MINUTE = 1 / 1440
WIDTH_IN = 5.2
"""Narrow enough that a telephone shows its text at a readable size."""
WIDE_IN = WIDTH_IN * 48 / 34
"""For charts that the page shows wider, by the same factor: text is of one size on the page."""

_RC: dict[Any, Any] = {
    # A dollar sign in a name is not the beginning of a formula.
    "text.parse_math": False,
    "svg.fonttype": "none",
    "font.size": 10,
    "axes.edgecolor": "#8c959f",
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#eaeef2",
    "hatch.color": "#b4bcc4",
    "hatch.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
}


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch of time that charts show, UTC, and the clocks that it is read on."""

    start: dt.datetime
    end: dt.datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of a camera's timeline: `observed` or `set aside`."""

    start: dt.datetime
    minutes: float
    kind: str


def gate_chart(name: str, rows: pl.DataFrame, span: Span, title: str, text: str) -> str:
    """Draw entries upwards and exits downwards, per quarter of an hour.

    Args:
        name: Unique among the charts of a page: letters, digits, `-`.
        rows: interval_start, entries, exits, observed_share of one gate, by time.
        span: What to show.
        title: Read out by screen readers.
        text: Likewise, what is to be seen.

    Returns:
        An `<svg>` element.
    """
    with _drawing(name) as figure:
        axes = figure.add_subplot()
        width = 13 * _MINUTE
        entries, exits = rows["entries"].fill_null(0), rows["exits"].fill_null(0)
        shown = [_days(start) + _MINUTE for start in rows["interval_start"]]
        axes.bar(shown, entries.to_list(), width=width, align="edge", color=BLUE)
        axes.bar(shown, (-exits).to_list(), width=width, align="edge", color=VERMILION)
        axes.axhline(0, color=INK, linewidth=0.8, zorder=0.45)
        top = max(1, *entries.to_list(), *exits.to_list())
        axes.set_ylim(-1.15 * top, 1.15 * top)
        axes.yaxis.set_major_formatter(lambda value, _position: f"{abs(value):g}")
        _whole_numbers(axes)
        axes.set_ylabel("people")
        _mark_unobserved(axes, rows)
        _time_axis(axes, span)
        return _svg(figure, name, title, text)


def occupancy_chart(name: str, rows: pl.DataFrame, span: Span, title: str, text: str) -> str:
    """Draw mean and peak occupancy of one zone; arguments as for `gate_chart`.

    `rows` has interval_start, occupancy_mean, occupancy_peak and observed_share.
    """
    with _drawing(name) as figure:
        axes = figure.add_subplot()
        starts = [_days(start) for start in rows["interval_start"]]
        edges = [*starts, starts[-1] + 15 * _MINUTE]
        mean = rows["occupancy_mean"].to_list()
        peak = rows["occupancy_peak"].to_list()
        axes.stairs(_gaps(mean), edges, fill=True, color=BLUE, alpha=0.85)
        axes.stairs(_gaps(peak), edges, baseline=None, color=VERMILION, linewidth=1.6)
        axes.set_ylim(0, 1.15 * max(1, *(value or 0 for value in peak)))
        axes.set_ylabel("people")
        _whole_numbers(axes)
        _mark_unobserved(axes, rows)
        _time_axis(axes, span)
        return _svg(figure, name, title, text)


def dwell_chart(name: str, rows: pl.DataFrame, span: Span, title: str, text: str) -> str:
    """Draw the median dwell of each hour and the line up to its p90.

    `rows` has hour_start, dwell_median_s, dwell_p90_s and observed_share; `rows` without any visit
    are left blank. Other arguments as for `gate_chart`.
    """
    with _drawing(name) as figure:
        axes = figure.add_subplot()
        seen = rows.drop_nulls("dwell_median_s")
        middles = [_days(start) + 30 * _MINUTE for start in seen["hour_start"]]
        medians, deciles = seen["dwell_median_s"].to_list(), seen["dwell_p90_s"].to_list()
        axes.vlines(middles, medians, deciles, color=BLUE, linewidth=2.5)
        axes.plot(middles, medians, "o", color=BLUE, markersize=6)
        axes.plot(middles, deciles, "_", color=BLUE, markersize=9, markeredgewidth=2)
        axes.set_ylim(0, 1.15 * max([10.0, *deciles]))
        axes.set_ylabel("seconds")
        _mark_unobserved(axes, rows.rename({"hour_start": "interval_start"}), minutes=60)
        _time_axis(axes, span)
        return _svg(figure, name, title, text)


def coverage_chart(
    name: str, cameras: Sequence[tuple[str, Sequence[Band]]], span: Span, title: str, text: str
) -> str:
    """Draw a timeline per camera: what was observed, what was set aside, hatched where nothing.

    Arguments as for `gate_chart`; `cameras` from top to bottom.
    """
    height = 0.55 + 0.34 * max(1, len(cameras))
    with _drawing(name, height, WIDE_IN) as figure:
        axes = figure.add_subplot()
        axes.grid(visible=False)
        for row, (_, bands) in enumerate(cameras):
            axes.barh(
                row,
                _days(span.end) - _days(span.start),
                left=_days(span.start),
                height=0.62,
                facecolor="white",
                edgecolor="#b4bcc4",
                hatch="////",
                linewidth=0.6,
            )
            for kind, colour in (("observed", BLUE), ("set aside", VERMILION)):
                chosen = [band for band in bands if band.kind == kind]
                axes.barh(
                    [row] * len(chosen),
                    [band.minutes * _MINUTE for band in chosen],
                    left=[_days(band.start) for band in chosen],
                    height=0.62,
                    color=colour,
                )
        axes.set_yticks(range(len(cameras)), [camera for camera, _ in cameras])
        axes.set_ylim(len(cameras) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        _time_axis(axes, span)
        return _svg(figure, name, title, text)


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
    with _drawing(name, height, WIDE_IN) as figure:
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
        return _svg(figure, name, title, text)


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


def _days(instant: dt.datetime) -> float:
    """Matplotlib's time: days since 1970, UTC."""
    return instant.timestamp() / 86_400


def _gaps(values: Sequence[float | None]) -> list[float]:
    return [float("nan") if value is None else float(value) for value in values]


def _mark_unobserved(axes: "Axes", rows: pl.DataFrame, minutes: int = 15) -> None:
    """Hatch intervals of which nothing was observed, tint those observed in part."""
    for instant, share in rows.select("interval_start", "observed_share").iter_rows():
        start, end = _days(instant), _days(instant) + minutes * _MINUTE
        if share == 0:
            axes.axvspan(
                start,
                end,
                facecolor="white",
                edgecolor="#b4bcc4",
                hatch="////",
                linewidth=0,
                zorder=0.5,
            )
        elif share < 0.99:
            axes.axvspan(start, end, facecolor="#fff3d6", linewidth=0, zorder=0.4)


def _whole_numbers(axes: "Axes") -> None:
    from matplotlib.ticker import MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))


def _time_axis(axes: "Axes", span: Span) -> None:
    from matplotlib.dates import AutoDateLocator, DateFormatter

    axes.set_xlim(_days(span.start), _days(span.end))
    locator = AutoDateLocator(tz=span.zone, minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(DateFormatter("%H:%M", tz=span.zone))  # type: ignore[no-untyped-call]


@contextmanager
def _drawing(name: str, height_in: float = 1.9, width_in: float = WIDTH_IN) -> "Iterator[Figure]":
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_RC | {"svg.hashsalt": name}):
        yield Figure(figsize=(width_in, height_in), layout="constrained")


def _svg(figure: "Figure", name: str, title: str, text: str) -> str:
    """Write the figure as an element whose ids are its own on the page."""
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(buffer, format="svg", metadata=nothing, transparent=True)
    drawing = buffer.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r'\bid="', f'id="{name}-', drawing)
    drawing = re.sub(r'href="#', f'href="#{name}-', drawing)
    drawing = drawing.replace("url(#", f"url(#{name}-")
    head, rest = drawing.split(">", 1)
    # The page sets the size; the viewBox keeps the shape.
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    return (
        f'{head} role="img" aria-labelledby="{name}-title {name}-text">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-text">{escape(text)}</desc>{rest}'
    )
