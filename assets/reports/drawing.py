"""What all drawings of the reports share: colours, type, time on an axis, an element of the page.

Belongs here: how a figure becomes inline SVG, the same bytes for the same figures, and how gaps are
marked. Does not belong here: any chart (`assets.reports.charts`, `floor`, `sankey`).

Colours are those of Okabe and Ito, which colour-blind readers tell apart. What was not observed is
hatched, never drawn as zero.
"""

import datetime as dt
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import polars as pl

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, VERMILION, INK, PALE = "#0072b2", "#d55e00", "#24292f", "#e4e7eb"
MINUTE = 1 / 1440
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


STYLES: dict[str, Any] = {
    "unobserved": {"facecolor": "white", "edgecolor": "#b4bcc4", "hatch": "////", "zorder": 0.5},
    # Level lines, since a pattern of dots is a hundred times as long.
    "untold": {"facecolor": PALE, "edgecolor": "#8c959f", "hatch": "---", "zorder": 0.5},
    "in part": {"facecolor": "#fff3d6", "zorder": 0.4},
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


def days_since_1970(instant: dt.datetime) -> float:
    """Matplotlib's time: days since 1970, UTC."""
    return instant.timestamp() / 86_400


def gaps(values: Sequence[float | None]) -> list[float]:
    """Values as matplotlib draws them: nothing where there is none."""
    return [float("nan") if value is None else float(value) for value in values]


def mark_untold(
    axes: "Axes", rows: pl.DataFrame, figures: Sequence[str], minutes: int = 15
) -> None:
    """Hatch stretches of which nothing was observed, grey those that tell nothing all the same.

    Stretches that were observed in part are tinted.

    Args:
        axes: Of time.
        rows: interval_start, observed_share, and the figures, by time.
        figures: What is drawn; a stretch in which one of them is NULL is not told whole.
        minutes: Length of a stretch.
    """
    for kind, start, length in _runs(rows, figures, minutes):
        axes.axvspan(
            days_since_1970(start),
            days_since_1970(start) + length * MINUTE,
            linewidth=0,
            **STYLES[kind],
        )


def _runs(
    rows: pl.DataFrame, figures: Sequence[str], minutes: int
) -> Iterator[tuple[str, dt.datetime, int]]:
    """Kind, start and minutes of each run of stretches that are to be marked alike."""
    untold = pl.any_horizontal(pl.col(figures).is_null())
    kind = (
        pl.when(pl.col("observed_share") == 0)
        .then(pl.lit("unobserved"))
        .when(untold)
        .then(pl.lit("untold"))
        .when(pl.col("observed_share") < 0.99)
        .then(pl.lit("in part"))
    )
    step = pl.col("interval_start").diff() != dt.timedelta(minutes=minutes)
    runs = (
        rows.select("interval_start", kind=kind)
        .with_columns(
            run=(pl.col("kind").ne_missing(pl.col("kind").shift()) | step.fill_null(True)).cum_sum()
        )
        .drop_nulls("kind")
        .group_by("run", maintain_order=True)
        .agg(pl.first("kind"), pl.first("interval_start"), pl.len())
    )
    for kind_of_run, start, length in runs.select("kind", "interval_start", "len").iter_rows():
        yield kind_of_run, start, length * minutes


def whole_numbers(axes: "Axes") -> None:
    """Count people in whole numbers."""
    from matplotlib.ticker import MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))


def time_axis(axes: "Axes", span: Span) -> None:
    """Show `span` on the site's clocks."""
    from matplotlib.dates import AutoDateLocator, DateFormatter

    axes.set_xlim(days_since_1970(span.start), days_since_1970(span.end))
    locator = AutoDateLocator(tz=span.zone, minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(DateFormatter("%H:%M", tz=span.zone))  # type: ignore[no-untyped-call]


@contextmanager
def drawing(name: str, height_in: float = 1.9, width_in: float = WIDTH_IN) -> "Iterator[Figure]":
    """A figure to draw on, in the style of the reports; `name` is its own on the page."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_RC | {"svg.hashsalt": name}):
        yield Figure(figsize=(width_in, height_in), layout="constrained")


def svg(figure: "Figure", name: str, title: str, text: str) -> str:
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
