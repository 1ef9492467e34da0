"""Where people go next: zones on the left, zones on the right, bands between them.

Belongs here: drawing flows. Does not belong here: which flows (`assets.reports.ways`), what
drawings share (`assets.reports.drawing`).

matplotlib's own `sankey` draws what goes into and out of one box; between many, bands are drawn
here, each as wide as its flow. Colour tells bands apart where they cross and says nothing else:
every zone has its name and number beside it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assets.reports.drawing import INK, drawing, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's, without black.
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")
_PEOPLE_IN, _GAP_IN = 0.24, 0.2
"""Inches, for each zone of the longer side: of all bands together, and between two zones."""
_BOX = 0.02
"""Width of a zone's box, as a part of the room between the sides."""
MOST_ZONES = 12
"""On either side; more would be too thin to tell apart, and the table has them all."""


@dataclass(frozen=True, slots=True)
class Flow:
    """How many people went from one zone to another."""

    start: str
    end: str
    people: int


@dataclass(frozen=True, slots=True)
class _Side:
    """The zones of one side from top to bottom: how many people, and where they are drawn."""

    people: Mapping[str, int]
    tops: Mapping[str, float]


def sankey_chart(name: str, flows: Sequence[Flow], title: str, text: str) -> str:
    """Draw flows between zones; those of the busiest zones only, where there are many.

    Args:
        name: Unique among the charts of a page: letters, digits, `-`.
        flows: At least one.
        title: Read out by screen readers.
        text: Likewise, what is to be seen.

    Returns:
        An `<svg>` element.
    """
    shown = drawn(flows)
    starts = _people((flow.start, flow.people) for flow in shown)
    ends = _people((flow.end, flow.people) for flow in shown)
    rows = max(len(starts), len(ends))
    height = _PEOPLE_IN * rows + _GAP_IN * (rows - 1)
    scale = _PEOPLE_IN * rows / sum(starts.values())
    left, right = (_Side(one, _tops(one, scale, height)) for one in (starts, ends))
    with drawing(name, height + 0.5) as figure:
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.set_xlim(-0.62, 1.62)
        axes.set_ylim(height + 0.05, -0.3)
        colours = {zone: _COLOURS[n % len(_COLOURS)] for n, zone in enumerate(starts)}
        taken, used = dict(left.tops), dict(right.tops)
        order = {zone: n for n, zone in enumerate(ends)}
        for flow in sorted(shown, key=lambda one: order[one.end]):
            thick = scale * flow.people
            _band(axes, taken[flow.start], used[flow.end], thick, colours[flow.start])
            taken[flow.start] += thick
            used[flow.end] += thick
        _label(axes, left, scale, "from", x=0, away=-1)
        _label(axes, right, scale, "to", x=1, away=1)
        return svg(figure, name, title, text)


def drawn(flows: Sequence[Flow]) -> list[Flow]:
    """The flows between the busiest zones of either side: those that the drawing shows."""
    starts = list(_people((flow.start, flow.people) for flow in flows))[:MOST_ZONES]
    ends = list(_people((flow.end, flow.people) for flow in flows))[:MOST_ZONES]
    return [flow for flow in flows if flow.start in starts and flow.end in ends]


def _people(numbers: Iterable[tuple[str, int]]) -> dict[str, int]:
    """People by zone, most first."""
    found: dict[str, int] = {}
    for zone, number in numbers:
        found[zone] = found.get(zone, 0) + number
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def _tops(people: Mapping[str, int], scale: float, height: float) -> dict[str, float]:
    """Where each zone of a side begins, so that the side fills the height."""
    free = height - scale * sum(people.values())
    gap = free / (len(people) - 1) if len(people) > 1 else 0.0
    at, tops = 0.0 if len(people) > 1 else free / 2, {}
    for zone, number in people.items():
        tops[zone] = at
        at += scale * number + gap
    return tops


def _band(axes: "Axes", start: float, end: float, thick: float, colour: str) -> None:
    """A band from left to right that leaves and arrives level."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    points = [
        (0, start),
        (0.5, start),
        (0.5, end),
        (1, end),
        (1, end + thick),
        (0.5, end + thick),
        (0.5, start + thick),
        (0, start + thick),
        (0, start),
    ]
    curve = [Path.CURVE4] * 3
    codes = [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY]
    axes.add_patch(PathPatch(Path(points, codes), facecolor=colour, alpha=0.55, linewidth=0))


def _label(axes: "Axes", side: _Side, scale: float, words: str, *, x: float, away: int) -> None:
    """The boxes of a side, with names and numbers on the side that is `away` from the bands."""
    from matplotlib.patches import Rectangle

    align = "left" if away > 0 else "right"
    axes.text(x, -0.2, words, ha=align, va="center", fontsize=9, color="#57606a")
    for zone, top in side.tops.items():
        high = scale * side.people[zone]
        axes.add_patch(Rectangle((x, top), away * _BOX, high, facecolor=INK, linewidth=0))
        at = x + away * (_BOX + 0.02)
        told = f"{zone.replace('_', ' ')}  {side.people[zone]}"
        axes.text(at, top + high / 2, told, ha=align, va="center", fontsize=9)
