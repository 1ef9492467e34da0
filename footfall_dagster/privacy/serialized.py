"""The closed list for what Dagster serializes: events, runs, ticks, with metadata, tags and texts.

Belongs here: judging a serialized value, field by field, and withholding what may not stand. Does
not belong here: where Dagster keeps it (`event_log`, `closed_list_dagster`), what plain text is
(`text`), what a plot is (`drawing`) or a table (`tables`).

One walk serves both sides: the gate in front of the storage withholds, the audit reports.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from footfall_dagster.privacy.drawing import is_plot
from footfall_dagster.privacy.tables import is_known_table
from footfall_dagster.privacy.text import Together, packed, trouble

CLASS = "__class__"
MOST_ENTRIES = 25
LONGEST_VALUE = 300
"""Characters of a tag or of a name."""
_LONGEST_TEXT = 2_000
"""Characters of one text of metadata: Dagster lists the steps of a run in one."""
NAME = re.compile(r"[a-z][a-z0-9_/:]{0,60}")
_ITEM = re.compile(r"[a-z][a-z0-9_|:-]{0,80}")
_NUMBERED = re.compile(r"\D+(?=\d+$)")
_MOST_NUMBERS = 8
_MOST_NUMBERED = 6
_MOST_ITEMS = 100
_DEEPEST = 60
_TAG = re.compile(
    r"\.?dagster/[a-z][\w./-]{0,120}|dagster-ray/config|footfall/[a-z_]{1,40}|[a-z][a-z_]{1,30}"
)
_MOST_TAGS = 60
_MANY = 10**6
_PACKED = re.compile(r"eN[A-Za-z0-9+/]{20}")
"""How base64 of what zlib packed begins."""
_HASHED = re.compile(
    r"(?:.*[._ /])?(?:id|selector_id|snapshot_id|code_version|data_version|hash|inputs)\]?"
    r"|dagster/input_data_version/[\w/]{1,80}"
)
"""Fields that hold a hash of the project's or of Dagster's."""
_SNAPSHOTS = frozenset({"PipelineSnapshot", "JobSnapshot", "ExecutionPlanSnapshot"})

Place = str
Trouble = tuple[Place, str]
"""Where, in Dagster's words, and what kind of thing."""


def closed(value: Any, field: str = "") -> tuple[Any, list[Trouble]]:
    """A copy of a serialized value without what may not stand, and what was withheld.

    Args:
        value: As `json.loads` gives it.
        field: Name of the field or column that holds it.

    Returns:
        The copy, which deserializes to the same class, and each trouble with its place. Names
        that are not Dagster's stand in no place.
    """
    judge = _Judge()
    return judge.value(value, "", field), judge.found


def withheld(kind: str) -> str:
    """The text that stands in place of what was withheld."""
    return f"withheld by the privacy wall: {kind}"


class _Judge:
    def __init__(self) -> None:
        self.found: list[Trouble] = []
        self._in_snapshot = False
        self._depth = 0
        self._together = Together()

    def value(self, value: Any, owner: str, field: str) -> Any:
        place = f"{owner}.{field}".strip(".")
        if self._depth > _DEEPEST:
            return self._say(place, "deep nesting", None)
        self._depth += 1
        try:
            return self._kept(value, owner, field, place)
        finally:
            self._depth -= 1

    def _kept(self, value: Any, owner: str, field: str, place: str) -> Any:  # noqa: PLR0911
        match value:
            case {"__class__": str(name)} if name.endswith("MetadataEntryData"):
                return self._entry(value, name, place)
            case {"__class__": str(name)}:
                return self._object(value, name)
            case dict():
                return self._mapping(value, owner, field)
            case list():
                return self._list(value, owner, field)
            case str():
                return self._text(value, place)
            case bool() | None:
                return value
            case int() if abs(value) >= 2**63:
                return self._say(place, "long integer", 0)
        return value

    def _say(self, place: str, kind: str, instead: Any) -> Any:
        self.found.append((place, kind))
        return instead

    def _text(self, text: str, place: str) -> str:
        unpacked = (packed(text) if _PACKED.match(text) else None) or text
        if unpacked[:1] in {"{", "["} and (inner := _json(unpacked)) is not None:
            _, within = closed(inner, place.rpartition(".")[2])
            self.found.extend((f"{place} > {where}", kind) for where, kind in within)
            return withheld(within[0][1]) if within else text
        kind = trouble(text, hashes=_MANY if self._in_snapshot else _hashes(place))
        if not self._in_snapshot and not _hashes(place):
            kind = kind or self._together.trouble(text, most_fractions=_MANY)
        return text if kind is None else str(self._say(place, kind, withheld(kind)))

    def _object(self, value: Mapping[str, Any], name: str) -> dict[str, Any]:
        if name in _SNAPSHOTS:
            # They name their config types by hash.
            self._in_snapshot = True
        clean = {key: self.value(one, name, key) for key, one in value.items() if key != CLASS}
        return {CLASS: value[CLASS], **clean}

    def _mapping(self, value: Mapping[str, Any], owner: str, field: str) -> dict[str, Any]:
        place = f"{owner}.{field}".strip(".")
        if field.endswith("tags") and field != "logging_tags":
            return dict(self._tags(value, place))
        if field == "metadata":
            value = self._few(value, place)
        elif sum(_is_number(one) for one in value.values()) > 2 * _MOST_NUMBERS:
            return dict(self._say(place, "vector", {}))
        clean = {}
        for number, (key, one) in enumerate(value.items(), 1):
            wrong = (
                not NAME.fullmatch(key)
                if field == "metadata"
                else trouble(key, longest=LONGEST_VALUE, hashes=int(self._in_snapshot)) is not None
            )
            kept = self._say(place, "name", f"withheld_{number}") if wrong else key
            clean[kept] = self.value(one, owner, f"{field}[{number}]")
        return clean

    def _tags(self, value: Mapping[str, Any], place: str) -> Iterator[tuple[str, Any]]:
        if len(value) > _MOST_TAGS or is_numbered(list(value)):
            self._say(place, "row of tags", None)
            return
        for key, one in value.items():
            if not _TAG.fullmatch(key) or trouble(key):
                self._say(place, "tag that is not on the list", None)
            elif kind := trouble(str(one), longest=_LONGEST_TEXT, hashes=_hashes(key)):
                yield key, self._say(place, kind, withheld(kind))
            elif not _hashes(key) and (kind := self._together.trouble(str(one))):
                self._say(place, kind, None)
            else:
                yield key, one

    def _few(self, value: Mapping[str, Any], place: str) -> Mapping[str, Any]:
        if len(value) <= MOST_ENTRIES and not is_numbered(list(value)):
            return value
        return dict(self._say(place, "row of metadata entries", {}))

    def _list(self, value: list[Any], owner: str, field: str) -> list[Any]:
        place = f"{owner}.{field}".strip(".")
        if sum(_is_number(one) for one in value) > _MOST_NUMBERS:
            return list(self._say(place, "vector", []))
        if field == "metadata_entries":
            labels = [str(one.get("label")) for one in value if isinstance(one, dict)]
            if len(value) > MOST_ENTRIES or is_numbered(labels):
                return list(self._say(place, "row of metadata entries", []))
            return [self._labelled(one, number) for number, one in enumerate(value, 1)]
        return [self.value(one, owner, field) for one in value]

    def _labelled(self, entry: Any, number: int) -> Any:
        if isinstance(entry, dict) and not NAME.fullmatch(str(entry.get("label"))):
            entry = entry | {"label": self._say("EventMetadataEntry.label", "name", f"w_{number}")}
        return self.value(entry, "", f"metadata_entries[{number}]")

    def _entry(self, data: Mapping[str, Any], name: str, place: str) -> dict[str, Any]:
        if may_stand(data):
            return dict(data)
        kind = name.removesuffix("MetadataEntryData").lower() + " metadata"
        text = withheld(self._say(place, kind, kind))
        return {CLASS: "TextMetadataEntryData", "text": text}


def may_stand(data: Mapping[str, Any]) -> bool:  # noqa: PLR0911 - a line for each kind
    """Whether serialized metadata of one entry is a figure, text, names, a plot or known table."""
    match data:
        case {"__class__": "MarkdownMetadataEntryData", "md_str": text}:
            return text is not None and is_plot(text)
        case {"__class__": "FloatMetadataEntryData", "value": value}:
            return value is None or (abs(value) < 1e12 and round(value, 6) == value)
        case {"__class__": "IntMetadataEntryData", "value": value}:
            return value is None or abs(value) < 2**53
        case {"__class__": "TextMetadataEntryData", "text": text}:
            return _is_short(text or "")
        case {"__class__": "PathMetadataEntryData", "path": text}:
            return _is_short(text or "")
        case {"__class__": "UrlMetadataEntryData", "url": text}:
            return _is_short(text or "") and "data:" not in (text or "")
        case {"__class__": "JsonMetadataEntryData", "data": items}:
            return isinstance(items, list) and _are_names(items)
        case {"__class__": "TableMetadataEntryData"}:
            return is_known_table(data)
        case {"__class__": name}:
            if name.removesuffix("MetadataEntryData") not in _PLAIN:
                return False
            plain = {key: one for key, one in data.items() if key != CLASS}
            return not closed(plain)[1]
    return False


_PLAIN = frozenset(
    (
        "Bool",
        "Null",
        "Timestamp",
        "PythonArtifact",
        "DagsterRun",
        "DagsterPipelineRun",
        "DagsterJob",
        "DagsterAsset",
        "Asset",
        "JobRun",
        "PipelineRun",
        "TableSchema",
        "TableColumnLineage",
        "CodeReferences",
        "Instance",
        "CodeLocationReconstruction",
        "Pool",
    )
)


def is_numbered(names: list[str]) -> bool:
    """Whether many of `names` are one word with numbers, as the parts of a vector would be."""
    stems = [stem[0] for name in names if (stem := _NUMBERED.match(name))]
    return any(stems.count(stem) > _MOST_NUMBERED for stem in set(stems))


def _is_short(text: str) -> bool:
    return len(text) <= _LONGEST_TEXT and trouble(text) is None


def _are_names(items: list[Any]) -> bool:
    return len(items) <= _MOST_ITEMS and all(
        isinstance(item, str) and _ITEM.fullmatch(item) and trouble(item) is None for item in items
    )


def _hashes(place: str) -> int:
    """How many hashes may stand at a place."""
    return 1 if _HASHED.fullmatch(place) else 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _json(text: str) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict | list) else None
