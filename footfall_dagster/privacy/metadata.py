"""What may stand in the metadata of a materialisation: figures, short words, a drawn plot.

Belongs here: the closed list for metadata, which Dagster keeps for as long as its event log. Does
not belong here: making metadata (`assets.metadata`).
"""

import base64
import re
from collections.abc import Mapping
from xml.etree import ElementTree

import dagster as dg

from footfall_dagster.privacy.wall import Refused
from vision.contracts import Contract

_MOST_ENTRIES = 25
_LONGEST_TEXT = 300
_NAME = re.compile(r"[a-z][a-z0-9_/]{0,40}")
# Long runs without a space are how bytes look as text, in base64, hex or base85.
_ENCODED = re.compile(r"\S{65,}")
_PLOT = re.compile(r"!\[[\w ,.:%-]{0,80}\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)")
_DRAWN = frozenset({"svg", "defs", "style", "g", "path", "use", "clipPath", "rect", "text"})
_LONGEST_WORDS = 80
"""In one element: a label, or the one line of style that matplotlib writes."""


def refuse_metadata(metadata: Mapping[str, dg.MetadataValue], contract: Contract) -> None:
    """Raise `Refused` where an entry is none of the allowed kinds; the message quotes nothing.

    Left of the wall as well as right of it: metadata is copied into Dagster's storage, where no
    retention of ours reaches. This sees what assets of the lake return with their output; marts,
    checks and log lines do not come by here.
    """
    if len(metadata) > _MOST_ENTRIES:
        raise Refused(
            f"{contract.name}: {len(metadata)} metadata entries; at most {_MOST_ENTRIES} may "
            "stand, since a long row of figures may be a vector"
        )
    for number, (name, value) in enumerate(metadata.items(), 1):
        if not _NAME.fullmatch(name) or not _may_stand(value):
            raise Refused(
                f"{contract.name}: metadata entry number {number} is a {type(value).__name__} that "
                "may hold more than a figure, short text or one drawn plot under a plain name; "
                "leave it out"
            )


def _may_stand(value: dg.MetadataValue) -> bool:
    match value:
        case dg.BoolMetadataValue() | dg.FloatMetadataValue():
            return True
        case dg.IntMetadataValue():
            return abs(value.value or 0) < 2**53
        case dg.TextMetadataValue():
            text = value.text or ""
            return len(text) <= _LONGEST_TEXT and _ENCODED.search(text) is None
        case dg.MarkdownMetadataValue():
            plot = _PLOT.fullmatch(value.md_str or "")
            return plot is not None and _is_drawn(base64.b64decode(plot[1]))
    return False


def _is_drawn(svg: bytes) -> bool:
    """Whether `svg` is shapes and short words only: no picture, comment, script or long text."""
    if b"<!--" in svg or b"data:" in svg:
        return False
    try:
        elements = list(ElementTree.fromstring(svg).iter())
    except ElementTree.ParseError:
        return False
    return all(
        str(element.tag).rpartition("}")[2] in _DRAWN
        and len((element.text or "").strip()) <= _LONGEST_WORDS
        and not (element.tail or "").strip()
        for element in elements
    )
