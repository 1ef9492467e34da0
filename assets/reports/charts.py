"""Charts over the day: crossings, occupancy, dwell, and what cameras observed.

Belongs here: how figures over time are drawn. Does not belong here: which figures
(`assets.reports.figures`), what drawings share (`assets.reports.drawing`), plans
(`assets.reports.floor`), flows (`assets.reports.sankey`), the page around them.
"""

from collections.abc import Sequence

import polars as pl

from assets.reports.drawing import (
    BLUE,
    INK,
    MINUTE,
    STYLES,
    VERMILION,
    WIDE_IN,
    Band,
    Span,
    days_since_1970,
    drawing,
    gaps,
    mark_untold,
    svg,
    time_axis,
    whole_numbers,
)
from assets.reports.told import Told


def gate_chart(
    name: str,
    rows: pl.DataFrame,
    span: Span,
    title: str,
    text: str,
    before: pl.DataFrame | None = None,
) -> str:
    """Draw entries upwards and exits downwards, per quarter of an hour.

    Args:
        name: Unique among the charts of a page: letters, digits, `-`.
        rows: interval_start, entries, exits, observed_share of one gate, by time.
        span: What to show.
        title: Read out by screen readers.
        text: Likewise, what is to be seen.
        before: interval_start, entries, exits of another day, moved to this one; drawn as a line.

    Returns:
        An `<svg>` element.
    """
    with drawing(name) as figure:
        axes = figure.add_subplot()
        width = 13 * MINUTE
        entries, exits = rows["entries"].fill_null(0), rows["exits"].fill_null(0)
        shown = [days_since_1970(start) + MINUTE for start in rows["interval_start"]]
        axes.bar(shown, entries.to_list(), width=width, align="edge", color=BLUE)
        axes.bar(shown, (-exits).to_list(), width=width, align="edge", color=VERMILION)
        axes.axhline(0, color=INK, linewidth=0.8, zorder=0.45)
        tops = [1, *entries.to_list(), *exits.to_list()]
        if before is not None and before.height:
            starts = [days_since_1970(start) for start in before["interval_start"]]
            edges = [*starts, starts[-1] + 15 * MINUTE]
            for values in (before["entries"], -before["exits"]):
                axes.stairs(gaps(values.to_list()), edges, baseline=None, color=INK, linewidth=1.1)
                tops += [abs(value) for value in values.drop_nulls().to_list()]
        axes.set_ylim(-1.15 * max(tops), 1.15 * max(tops))
        axes.yaxis.set_major_formatter(lambda value, _position: f"{abs(value):g}")
        whole_numbers(axes)
        axes.set_ylabel("people")
        mark_untold(axes, rows, ("entries", "exits"))
        time_axis(axes, span)
        return svg(figure, name, title, text)


def occupancy_chart(name: str, rows: pl.DataFrame, span: Span, title: str, text: str) -> str:
    """Draw mean and peak occupancy of one zone or floor; arguments as for `gate_chart`.

    `rows` has interval_start, occupancy_mean, occupancy_peak and observed_share.
    """
    with drawing(name) as figure:
        axes = figure.add_subplot()
        starts = [days_since_1970(start) for start in rows["interval_start"]]
        edges = [*starts, starts[-1] + 15 * MINUTE]
        mean = rows["occupancy_mean"].to_list()
        peak = rows["occupancy_peak"].to_list()
        axes.stairs(gaps(mean), edges, fill=True, color=BLUE, alpha=0.85)
        axes.stairs(gaps(peak), edges, baseline=None, color=VERMILION, linewidth=1.6)
        # What is reconciled for miscounts may lie a little below 0.
        low = min(0.0, *(value or 0 for value in mean))
        axes.set_ylim(1.15 * low, 1.15 * max(1, *(value or 0 for value in peak)))
        axes.set_ylabel("people")
        whole_numbers(axes)
        mark_untold(axes, rows, ("occupancy_mean", "occupancy_peak"))
        time_axis(axes, span)
        return svg(figure, name, title, text)


def dwell_chart(name: str, rows: pl.DataFrame, span: Span, title: str, text: str) -> str:
    """Draw the median dwell of each hour and the line up to its p90.

    `rows` has hour_start, visits, dwell_median_s, dwell_p90_s and observed_share; `rows` without
    any visit are left blank. Other arguments as for `gate_chart`.
    """
    with drawing(name) as figure:
        axes = figure.add_subplot()
        seen = rows.drop_nulls("dwell_median_s")
        middles = [days_since_1970(start) + 30 * MINUTE for start in seen["hour_start"]]
        medians, deciles = seen["dwell_median_s"].to_list(), seen["dwell_p90_s"].to_list()
        axes.vlines(middles, medians, deciles, color=BLUE, linewidth=2.5)
        axes.plot(middles, medians, "o", color=BLUE, markersize=6)
        axes.plot(middles, deciles, "_", color=BLUE, markersize=9, markeredgewidth=2)
        axes.set_ylim(0, 1.15 * max([10.0, *deciles]))
        axes.set_ylabel("seconds")
        hours = rows.rename({"hour_start": "interval_start"})
        mark_untold(axes, hours, ("visits",), minutes=60)
        time_axis(axes, span)
        return svg(figure, name, title, text)


def week_chart(
    name: str,
    days: Sequence[tuple[str, Told, Told]],
    title: str,
    text: str,
) -> str:
    """Draw a figure for each day of a week, and that of the week before as a line.

    Days without a figure are hatched, those of which it is a lower bound tinted.

    Args:
        name: As for `gate_chart`.
        days: Name of the day, its figure, that of the same weekday a week before.
        title: As for `gate_chart`.
        text: As for `gate_chart`.
    """
    with drawing(name) as figure:
        axes = figure.add_subplot()
        now = [told.value for _, told, _ in days]
        then = [told.value for _, _, told in days]
        places = range(len(days))
        axes.bar(places, [value or 0 for value in now], width=0.7, color=BLUE)
        for place, value in zip(places, then, strict=True):
            if value is not None:
                axes.hlines(value, place - 0.45, place + 0.45, color=INK, linewidth=1.6)
        for place, (_, told, _) in enumerate(days):
            kind = "unobserved" if told.value is None else "in part"
            if not told.is_whole:
                axes.axvspan(place - 0.5, place + 0.5, linewidth=0, **STYLES[kind])
        axes.set_xticks(list(places), [label for label, _, _ in days])
        axes.set_xlim(-0.5, len(days) - 0.5)
        axes.set_ylim(0, 1.15 * max([1.0, *(value for value in (*now, *then) if value)]))
        axes.set_ylabel("entries")
        whole_numbers(axes)
        return svg(figure, name, title, text)


def coverage_chart(
    name: str, cameras: Sequence[tuple[str, Sequence[Band]]], span: Span, title: str, text: str
) -> str:
    """Draw a timeline per camera: what was observed, what was set aside, hatched where nothing.

    Arguments as for `gate_chart`; `cameras` from top to bottom.
    """
    height = 0.55 + 0.34 * max(1, len(cameras))
    with drawing(name, height, WIDE_IN) as figure:
        axes = figure.add_subplot()
        axes.grid(visible=False)
        for row, (_, bands) in enumerate(cameras):
            axes.barh(
                row,
                days_since_1970(span.end) - days_since_1970(span.start),
                left=days_since_1970(span.start),
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
                    [band.minutes * MINUTE for band in chosen],
                    left=[days_since_1970(band.start) for band in chosen],
                    height=0.62,
                    color=colour,
                )
        axes.set_yticks(range(len(cameras)), [camera for camera, _ in cameras])
        axes.set_ylim(max(len(cameras), 1) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        time_axis(axes, span)
        return svg(figure, name, title, text)
