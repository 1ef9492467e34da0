"""What may stand in the metadata of a materialisation: figures, short words, drawn plots.

Belongs here: the closed list for metadata, which Dagster keeps for as long as its event log. Does
not belong here: making metadata (`assets.metadata`).
"""

import base64
import re
from collections.abc import Mapping

import dagster as dg

from footfall_dagster.privacy.wall import Refused
from vision.contracts import Contract

_MOST_ENTRIES = 25
_LONGEST_TEXT = 300
_LONGEST_NOTE = 20_000
_ALLOWED = (
    dg.IntMetadataValue,
    dg.FloatMetadataValue,
    dg.BoolMetadataValue,
    dg.TableSchemaMetadataValue,
    dg.TableColumnLineageMetadataValue,
    dg.TimestampMetadataValue,
)
# Long runs without a space are how bytes look as text, in base64, hex or base85.
_ENCODED = re.compile(r"[^\s|]{65,}")
_PLOT = re.compile(r"!\[[\w ,.:%-]{0,120}\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)")


def refuse_metadata(metadata: Mapping[str, dg.MetadataValue], contract: Contract) -> None:
    """Raise `Refused` where a value is none of the allowed kinds; the message names its key only.

    Left of the wall as well as right of it: metadata is copied into Dagster's storage, where no
    retention of ours reaches.
    """
    if len(metadata) > _MOST_ENTRIES:
        raise Refused(
            f"{contract.name}: {len(metadata)} metadata entries; at most {_MOST_ENTRIES} may "
            "stand, since a long row of figures may be a vector"
        )
    for name, value in metadata.items():
        if not _may_stand(value):
            raise Refused(
                f"{contract.name}: metadata entry number {list(metadata).index(name) + 1} is a "
                f"{type(value).__name__} that may hold more than figures, short text or a "
                "drawn plot; leave it out"
            )


def _may_stand(value: dg.MetadataValue) -> bool:
    if isinstance(value, _ALLOWED):
        return True
    if isinstance(value, dg.TextMetadataValue):
        return _is_plain(value.text or "", _LONGEST_TEXT)
    if isinstance(value, dg.MarkdownMetadataValue):
        return _is_drawn(value.md_str or "")
    return False


def _is_plain(text: str, longest: int) -> bool:
    return len(text) <= longest and _ENCODED.search(text) is None


def _is_drawn(markdown: str) -> bool:
    """Whether all that is encoded in `markdown` are vector drawings without embedded pictures."""
    for encoded in _PLOT.findall(markdown):
        svg = base64.b64decode(encoded)
        if not svg.lstrip().startswith(b"<?xml") or b"<image" in svg or b"data:" in svg:
            return False
    return _is_plain(_PLOT.sub("", markdown), _LONGEST_NOTE)
