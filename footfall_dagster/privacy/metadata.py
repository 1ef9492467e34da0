"""What may stand in the metadata of a camera-day: figures, short words, a plot, its files' table.

Belongs here: the closed list for metadata of the lake's assets, which are refused where they break
it. Does not belong here: making metadata (`assets.metadata`), or the gate that withholds from
Dagster's storage what everything else says (`event_log`).
"""

import json
import re
from collections.abc import Mapping

import dagster as dg
from dagster._serdes import serialize_value

from footfall_dagster.privacy.drawing import is_plot
from footfall_dagster.privacy.serialized import MOST_ENTRIES, is_numbered
from footfall_dagster.privacy.tables import is_export_table
from footfall_dagster.privacy.text import trouble
from footfall_dagster.privacy.wall import Refused
from vision.contract_terms import Contract

_LONGEST_TEXT = 300
_NAME = re.compile(r"[a-z][a-z0-9_/]{0,40}")


def refuse_metadata(metadata: Mapping[str, dg.MetadataValue], contract: Contract) -> None:
    """Raise `Refused` where an entry is none of the allowed kinds; the message quotes nothing.

    Left of the wall as well as right of it: metadata is copied into Dagster's storage, where no
    retention of ours reaches. Stricter than the gate in front of that storage: no lists, no paths,
    and of tables only that of the files.
    """
    if len(metadata) > MOST_ENTRIES or is_numbered(list(metadata)):
        raise Refused(
            f"{contract.name}: {len(metadata)} metadata entries; at most {MOST_ENTRIES} may "
            "stand, and few under numbered names, since a long row of figures may be a vector"
        )
    for number, (name, value) in enumerate(metadata.items(), 1):
        if not _NAME.fullmatch(name) or not _may_stand(value):
            raise Refused(
                f"{contract.name}: metadata entry number {number} is a {type(value).__name__} that "
                "may hold more than a figure, short text, one drawn plot or the table of the files "
                "under a plain name; leave it out"
            )


def _may_stand(value: dg.MetadataValue) -> bool:  # noqa: PLR0911 - a line for each kind
    match value:
        case dg.BoolMetadataValue():
            return True
        case dg.FloatMetadataValue():
            return value.value is None or round(value.value, 6) == value.value
        case dg.IntMetadataValue():
            return abs(value.value or 0) < 2**53
        case dg.TextMetadataValue():
            return trouble(value.text or "", longest=_LONGEST_TEXT) is None
        case dg.MarkdownMetadataValue():
            return is_plot(value.md_str or "")
        case dg.TableMetadataValue():
            return is_export_table(json.loads(serialize_value(value)))
    return False
