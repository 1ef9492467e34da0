"""A camera-day at a glance: what was observed of it, and from which files.

Belongs here: the drawing. Does not belong here: the ledger that is drawn (`vision.exports`), or
the table of the files (`assets.export_table`).

The day is drawn as it passed, so a night in which clocks change has 23 or 25 hours; the hours
below it are those of the site's clock.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import dagster as dg
import polars as pl

from assets.metadata import plot
from vision.exports.coverage import trading_hours_of
from vision.exports.reasons import NOT_OBSERVED, QUIET, SCENE
from vision.site.models import SiteDay

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HOUR = dt.timedelta(hours=1)
_MINUTE_H = 1 / 60
_OBSERVED, _SET_ASIDE, _GAP, _REPEATED = "#0072b2", "#d55e00", "#f5d0a9", "#56b4e9"
_SPOILED = "#cc79a7"
_QUIET = "#009e73"
_PAPER, _INK, _GREY = "#ffffff", "#262626", "#8c8c8c"
_CLOSED = "#f0f0f0"
_LOST = ("quarantined", "unreadable")
_NOT_RECORDED = set(NOT_OBSERVED) - {QUIET, *SCENE, *_LOST}
_BAND, _FILES, _HOURS = (0.55, 1.6), (0.0, 0.35), 1.8
_MOST_SEAMS = 200
"""Beyond so many files their seams would be a grey haze."""
_SEEN_H = 0.04
"""Hours that are a pixel and a half."""
_JOINED_H = 1 / 3600
"""Files that are nearer to each other, in hours, are drawn as one."""

Span = tuple[float, float]
"""From and to, in hours since the trading day began."""
_Box = tuple[float, float, float, float]
"""Left, bottom, right, top."""


@dataclass(frozen=True, slots=True)
class _Clock:
    """The trading day in hours since it began."""

    site_day: SiteDay

    def hours(self, at: dt.datetime) -> float:
        return (at - self.site_day.window[0]) / _HOUR

    @property
    def length(self) -> float:
        return self.hours(self.site_day.window[1])

    @property
    def open(self) -> Span | None:
        hours = self.site_day.trading_hours
        return None if hours is None else (self.hours(hours[0]), self.hours(hours[1]))

    def local(self, hours: float) -> dt.datetime:
        at = self.site_day.window[0] + hours * _HOUR
        return at.astimezone(self.site_day.site.zone_info)

    @property
    def marks(self) -> list[float]:
        """Where the site's clock shows an even hour."""
        quarters = [quarter / 4 for quarter in range(round(4 * self.length) + 1)]
        local = ((at, self.local(at)) for at in quarters)
        return [at for at, shown in local if shown.minute == 0 and shown.hour % 2 == 0]

    @property
    def change(self) -> float | None:
        """When clocks change, or None on a day of 24 hours."""
        minutes = range(1, round(60 * self.length) + 1)
        offsets = ((n / 60, self.local(n / 60).utcoffset()) for n in minutes)
        first = self.local(0).utcoffset()
        return next((at for at, offset in offsets if offset != first), None)


def coverage_picture(
    coverage: pl.DataFrame, exports: pl.DataFrame, site_day: SiteDay
) -> dg.MarkdownMetadataValue:
    """The trading day as a band of minutes above a row of its files.

    Args:
        coverage: Rows of the `coverage` contract.
        exports: Rows of the `camera_exports` contract, of which started_at, ended_at and status
            are looked at.
        site_day: Gives the day, its trading hours and the zone of the clock below it.
    """
    from matplotlib.figure import Figure

    clock = _Clock(site_day)
    figure = Figure(figsize=(8, 1.75), layout="constrained", facecolor=_PAPER)
    axes = figure.add_subplot()
    _draw_day(axes, clock)
    legend = {
        "observed": (_OBSERVED, _observed(coverage)),
        "quiet": (_QUIET, _not_observed(coverage, (QUIET,))),
        "moved, covered or dark": (_SPOILED, _not_observed(coverage, SCENE)),
        "unreadable": (_SET_ASIDE, _not_observed(coverage, _LOST)),
        "gap": (_GAP, _while_open(_not_observed(coverage, _NOT_RECORDED), clock)),
    }
    for colour, boxes in legend.values():
        _fill(axes, boxes, colour)
    repeated = _draw_files(axes, exports, clock)
    shown = [(name, colour) for name, (colour, boxes) in legend.items() if boxes]
    if repeated:
        shown.append(("repeated", _REPEATED))
    _say(axes, shown)
    told = _told(coverage, site_day)
    axes.set_title(told, fontsize=9, loc="left", color=_INK, pad=5)
    return plot(figure, "Coverage by minute, local time")


def _draw_day(axes: "Axes", clock: _Clock) -> None:
    axes.set_xlim(0, clock.length)
    axes.set_ylim(-0.08, 2.0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_GREY)
    axes.set_xticks(clock.marks, [f"{clock.local(at):%H}:00" for at in clock.marks])
    axes.set_yticks([sum(_FILES) / 2, sum(_BAND) / 2], ["files", "observed"])
    axes.tick_params(axis="x", labelsize=7.5, color=_GREY, labelcolor=_INK)
    axes.tick_params(axis="y", labelsize=8, length=0, labelcolor=_INK)
    _fill(axes, [(0, _BAND[0], clock.length, _BAND[1])], _CLOSED)
    if clock.open is not None:
        begin, end = clock.open
        axes.plot([begin, begin, end, end], [1.68, _HOURS, _HOURS, 1.68], color=_INK, linewidth=0.8)
        axes.text(
            (begin + end) / 2,
            _HOURS,
            f" open {clock.local(begin):%H:%M} to {clock.local(end):%H:%M} ",
            fontsize=7.5,
            ha="center",
            va="center",
            color=_INK,
            backgroundcolor=_PAPER,
        )
    if clock.change is not None:
        axes.plot([clock.change] * 2, [-0.08, _HOURS], color=_INK, linewidth=0.8, linestyle=":")
        side = "right" if clock.change > clock.length / 2 else "left"
        axes.text(clock.change, _HOURS, " clocks change ", fontsize=7.5, ha=side, va="center")


def _draw_files(axes: "Axes", exports: pl.DataFrame, clock: _Clock) -> bool:
    """The row of files; whether some are repeated."""
    bottom, top = _FILES
    middle = (bottom + top) / 2
    timed = exports.with_columns(ended_at=pl.coalesce("ended_at", "started_at")).sort("started_at")
    by_status = {
        status: [
            (max(0.0, clock.hours(begin)), min(clock.length, clock.hours(end)))
            for begin, end in timed.filter(pl.col("status") == status)
            .select("started_at", "ended_at")
            .iter_rows()
        ]
        for status in ("catalogued", "repeated", "quarantined")
    }
    _fill(axes, _boxes(by_status["catalogued"], bottom, top), _GREY)
    _fill(axes, _seams(by_status["catalogued"]), _PAPER)
    # What is no part of the timeline lies on what is.
    _fill(axes, _boxes(by_status["repeated"], middle, top), _REPEATED)
    _fill(axes, _boxes(by_status["quarantined"], bottom, top), _SET_ASIDE)
    return bool(by_status["repeated"])


def _boxes(spans: Sequence[Span], low: float, high: float) -> list[_Box]:
    """Files as boxes, wide enough to be seen however short they are."""
    return [(begin, low, max(end, begin + _SEEN_H), high) for begin, end in joined(spans)]


def _seams(spans: Sequence[Span]) -> list[_Box]:
    """Where one file ends and the next begins, if they are long enough for that to be seen."""
    if len(spans) > _MOST_SEAMS:
        return []
    return [
        (next_begin - _SEEN_H / 3, _FILES[0], next_begin, _FILES[1])
        for (begin, end), (next_begin, next_end) in pairwise(spans)
        if min(end - begin, next_end - next_begin) > 3 * _SEEN_H
    ]


def joined(spans: Iterable[Span]) -> list[Span]:
    """Spans that touch as one; `spans` are in order of their beginnings."""
    together: list[Span] = []
    for begin, end in spans:
        if together and begin <= together[-1][1] + _JOINED_H:
            together[-1] = (together[-1][0], max(end, together[-1][1]))
        else:
            together.append((begin, end))
    return together


def _observed(coverage: pl.DataFrame) -> list[_Box]:
    bottom, top = _BAND
    boxes = _runs(coverage["readable_s"].to_list())
    return [
        (begin, bottom, end, bottom + (top - bottom) * seconds / 60)
        for begin, end, seconds in boxes
        if seconds
    ]


def _not_observed(coverage: pl.DataFrame, reasons: Collection[str]) -> list[_Box]:
    """What is missing of each minute for one of these reasons."""
    bottom, top = _BAND
    missing = [
        seconds if seconds < 60 and reason in reasons else 60.0
        for seconds, reason in coverage.select("readable_s", "reason").iter_rows()
    ]
    return [
        (begin, bottom + (top - bottom) * seconds / 60, end, top)
        for begin, end, seconds in _runs(missing)
        if seconds < 60
    ]


def _while_open(boxes: Iterable[_Box], clock: _Clock) -> list[_Box]:
    """What of the boxes lies within trading hours."""
    begin, end = clock.open or (0.0, 0.0)
    return [
        (max(a, begin), low, min(b, end), high)
        for a, low, b, high in boxes
        if a < end and b > begin
    ]


def _runs(by_minute: Sequence[float]) -> list[tuple[float, float, float]]:
    """Minutes of the same value as one: from, to, in hours, and the value."""
    runs: list[tuple[float, float, float]] = []
    for number, value in enumerate(by_minute):
        begin, end = number * _MINUTE_H, (number + 1) * _MINUTE_H
        if runs and runs[-1][2] == value:
            runs[-1] = (runs[-1][0], end, value)
        else:
            runs.append((begin, end, value))
    return runs


def _fill(axes: "Axes", boxes: Sequence[_Box], colour: str) -> None:
    """All boxes of a colour as one path: a shape each would make a drawing of half a megabyte."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    if boxes:
        corners = [
            corner
            for left, low, right, high in boxes
            for corner in ((left, low), (right, low), (right, high), (left, high), (left, low))
        ]
        turns = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(boxes)
        axes.add_patch(PathPatch(Path(corners, turns), facecolor=colour, linewidth=0))


def _say(axes: "Axes", shown: Sequence[tuple[str, str]]) -> None:
    from matplotlib.patches import Patch

    if shown:
        axes.legend(
            handles=[Patch(facecolor=colour, label=name) for name, colour in shown],
            loc="lower right",
            bbox_to_anchor=(1, 1),
            ncols=len(shown),
            fontsize=7.5,
            frameon=False,
            handlelength=1,
            borderaxespad=0.1,
            columnspacing=1.2,
        )


def _told(coverage: pl.DataFrame, site_day: SiteDay) -> str:
    day = f"{site_day.day:%a %d %b %Y}"
    if site_day.trading_hours is None:
        return f"{day}: closed"
    trading = trading_hours_of(coverage, site_day)
    observed = int(trading["readable_s"].sum() / 60)
    return f"{day}: {observed} of {trading.height} min observed while open"
