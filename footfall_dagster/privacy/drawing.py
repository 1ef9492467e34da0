"""What a drawn plot is: shapes, labels, few colours; no picture, script, comment or loose text.

Belongs here: the closed list for SVG, which metadata and report pages hold. Does not belong here:
drawing (`assets.metadata`, `assets.reports.drawing`).
"""

import base64
import binascii
import re
from collections import Counter
from functools import lru_cache
from xml.etree import ElementTree

from footfall_dagster.privacy.text import trouble

_ELEMENTS = frozenset(
    (
        "svg",
        "defs",
        "style",
        "g",
        "path",
        "use",
        "clipPath",
        "rect",
        "text",
        "title",
        "desc",
        "pattern",
        "linearGradient",
        "stop",
    )
)
_ATTRIBUTES = frozenset(
    (
        "aria-labelledby",
        "class",
        "clip-path",
        "d",
        "fill",
        "fill-opacity",
        "height",
        "href",
        "id",
        "offset",
        "patternUnits",
        "preserveAspectRatio",
        "role",
        "stop-color",
        "stroke",
        "stroke-width",
        "style",
        "transform",
        "type",
        "version",
        "viewBox",
        "width",
        "x",
        "x1",
        "x2",
        "y",
        "y1",
        "y2",
    )
)
_PATH = re.compile(r"(?:[MLHVCSQTAZmlhvcsqtaz]|[-+]?\d{1,5}(?:\.\d{1,6})?(?![\d.])|[\s,])*")
_ID = re.compile(r"[#\w.:-]{1,80}")
_MATPLOTLIB = re.compile(r"(?<![0-9A-Za-z])[a-z][0-9a-f]{10}(?![0-9A-Za-z])")
"""How matplotlib names markers, clips and patterns: by hash."""
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|(?:rgb|hsl)a?\([^)]{0,60}\)")
_IDLE = re.compile(rb"[ \t\r\n]{80,}|[\x00-\x08\x0b-\x1f]|<!--|<!ENTITY|<!\[CDATA\[|data:")
_PLOT = re.compile(r"!\[[\w ,.:%-]{0,80}\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)")
_LONGEST_WORDS, _LONGEST_VALUE = 200, 400
# Bars and cells are paths; a rectangle is a frame, or bounds what is drawn in it.
_MOST_LABELS, _MOST_RECTANGLES = 60, 40
FEW_COLOURS = 12


def is_plot(markdown: str) -> bool:
    """Whether `markdown` is one drawn plot and nothing else."""
    plot = _PLOT.fullmatch(markdown)
    if plot is None:
        return False
    try:
        svg = base64.b64decode(plot[1], validate=True)
    except binascii.Error:
        return False
    # What decodes and encodes to other text holds bits besides the drawing.
    return base64.b64encode(svg).decode() == plot[1] and is_drawn(svg, colours=FEW_COLOURS)


@lru_cache(128)  # Dagster keeps each drawing four times.
def is_drawn(svg: bytes, *, colours: int) -> bool:
    """Whether `svg` is shapes and short words in at most `colours` colours."""
    if _IDLE.search(svg):
        return False
    try:
        elements = list(ElementTree.fromstring(svg).iter())
    except ElementTree.ParseError:
        return False
    used: set[str] = set()
    for element in elements:
        if not _is_shape(element):
            return False
        used.update(_COLOUR.findall(element.get("style", "") + element.get("fill", "")))
    counts = Counter(_local(element.tag) for element in elements)
    few = counts["text"] <= _MOST_LABELS and counts["rect"] <= _MOST_RECTANGLES
    return few and len(used) <= colours


def _is_shape(element: ElementTree.Element) -> bool:
    words = (element.text or "").strip()
    return (
        _local(element.tag) in _ELEMENTS
        and len(words) <= _LONGEST_WORDS
        and trouble(words) is None
        and not (element.tail or "").strip()
        and all(_is_attribute(_local(name), value) for name, value in element.items())
    )


def _is_attribute(name: str, value: str) -> bool:
    if name not in _ATTRIBUTES:
        return False
    if name == "d":
        return _PATH.fullmatch(value) is not None
    if name in {"id", "href"} and not _ID.fullmatch(value):
        return False
    return len(value) <= _LONGEST_VALUE and _is_plain(value)


@lru_cache(4096)  # Shapes of a drawing differ in where they are and hardly in anything else.
def _is_plain(value: str) -> bool:
    return trouble(_MATPLOTLIB.sub(" ", value)) is None


def _local(name: object) -> str:
    return str(name).rpartition("}")[2]
