"""What a notice states: fields of the site file and nodes of the asset graph, one value each.

Belongs here: which fields those are, which are left out and why, and how far two sets of them
differ. Does not belong here: the words in which they are told (`assets.notice.told`).

Every field of the site's files is either stated or left out for a reason; a test walks the models,
so that a new field cannot be forgotten.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from assets.graph import Step
from assets.plan import ANONYMOUS, TRACKING
from vision.site.models import Site
from vision.site.problems import AUDITS_YAML, CAMERAS_YAML, SITE_YAML

ASSETS = "asset graph"
"""Where a stated value comes from that stands in no file."""

STATED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        SITE_YAML: frozenset(
            {
                "id",
                "name",
                "time_zone",
                "trading_day_start",
                "opens",
                "closes",
                "quiet_hours",
                "marts_minutes",
                "staff_after_minutes",
                "floors[].id",
                *(f"zones[].{field}" for field in ("id", "valid_from", "kind", "camera")),
                *(f"zones[].{field}" for field in ("floor", "of", "polygon", "polygon_px")),
                *(f"gates[].{field}" for field in ("id", "valid_from", "camera")),
                *(f"gates[].{field}" for field in ("floor", "leads_from")),
                "privacy",
                "notice",
            }
        ),
        CAMERAS_YAML: frozenset(
            f"cameras[].{field}"
            for field in (
                *("id", "valid_from", "floor", "frame"),
                *("calibration", "masks", "analysed_fps"),
            )
        ),
        AUDITS_YAML: frozenset(),
    }
)
"""Of each file the fields that a notice states; a field stands for all below it."""

_COMPUTED = "how a figure is worked out, which docs/metrics.md says, and not what is done to people"
_WHEN = "when a step runs; what is kept, and for how long, does not follow from it"
UNSTATED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        SITE_YAML: MappingProxyType(
            {
                "trading_hours": "recordings are worked through at every hour, and the notice says "
                "so; these hours only say when missing minutes matter",
                "settling_minutes": _WHEN,
                "settle_seconds": _WHEN,
                "late_hours": _WHEN,
                "recomputed_days": "for how long figures can be made again; nothing is kept for "
                "longer by it",
                "least_coverage": "when a check warns",
                "estimate_gaps": _COMPUTED,
                "floors[].outline": "the plan of the building, of which nobody is a part",
                "zones[].min_dwell": _COMPUTED,
                "gates[].line": "moving a line changes no more than where it is crossed",
                "gates[].inside": "which side is in",
                "gates[].line_px": "moving a line changes no more than where it is crossed",
                "gates[].inside_px": "which side is in",
            }
        ),
        CAMERAS_YAML: MappingProxyType(
            {
                "cameras[].exports": "how a recorder names its files",
                "cameras[].clock": "how the time of a recording is found",
            }
        ),
        AUDITS_YAML: MappingProxyType(
            {
                "audits": "counts by eye; that people may count on recordings is always stated",
            }
        ),
    }
)
"""Of each file the fields that a notice leaves out, and why they are no business of shoppers.

Of zones' outlines only those of `exclude` zones are stated, and of a calibration only whether there
is one: whether positions in metres are kept follows from it.
"""

States = Mapping[str, Mapping[str, Any]]
"""For each source, a file's name or `ASSETS`, its stated fields and values as JSON has them."""
_OF_PEOPLE = (TRACKING, ANONYMOUS)
"""Groups of assets whose rows are of single people."""
_LONGEST = 90


def states(site: Site, graph: Sequence[Step]) -> dict[str, dict[str, Any]]:
    """Everything that a notice of `site` states.

    Args:
        site: All versions of every entry.
        graph: Its assets.
    """
    file = site.file.model_dump(mode="json")
    cameras = {"cameras": [one.model_dump(mode="json") for one in site.cameras]}
    return {
        SITE_YAML: dict(_stated(SITE_YAML, file)),
        CAMERAS_YAML: dict(_stated(CAMERAS_YAML, cameras)),
        ASSETS: _of_graph(graph),
    }


@dataclass(frozen=True, slots=True)
class Change:
    """A field in which a notice and the configuration differ; None where one says nothing of it."""

    source: str
    field: str
    noticed: Any
    now: Any

    def __str__(self) -> str:
        """One clause: which field, what the notice says of it, what is so now."""
        told, now = _shown(self.noticed), _shown(self.now)
        if told == now:
            return f"{self.source}, {self.field}: the notice has others"
        return f"{self.source}, {self.field}: the notice says {told}, now it is {now}"


def changes(noticed: States, now: States) -> list[Change]:
    """Every field in which `now` is not what was `noticed`, in the order of the files."""
    found = []
    for source in (SITE_YAML, CAMERAS_YAML, ASSETS):
        told, is_so = noticed.get(source, {}), now[source]
        differs = {
            field: (told.get(field), is_so.get(field))
            for field in [*is_so, *(field for field in told if field not in is_so)]
            if told.get(field) != is_so.get(field)
        }
        found += [
            Change(source, field, *values) for field, values in _whole(differs, told, is_so).items()
        ]
    return found


def rule_of(field: str, rules: Mapping[str, object] | frozenset[str]) -> str | None:
    """The rule among `rules` that covers `field`, spelled as there; None where there is none."""
    below = ((rule, (f"{rule}.", f"{rule}[")) for rule in rules)
    return next((rule for rule, ends in below if field == rule or field.startswith(ends)), None)


def _stated(source: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for field, spelled, value, entry in _leaves(values, "", "", {}):
        if rule_of(field, STATED[source]) is None:
            continue
        if field.startswith("zones[].polygon") and entry["kind"] != "exclude":
            continue
        yield spelled, _given(value) if field == "cameras[].calibration" else value


def _leaves(
    value: Any, field: str, spelled: str, entry: Mapping[str, Any]
) -> Iterator[tuple[str, str, Any, Mapping[str, Any]]]:
    """Fields without and with the ids of their entries, values, and the entry they are part of."""
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _leaves(below, _below(field, name), _below(spelled, name), entry)
    elif isinstance(value, list) and value and all(_is_entry(one) for one in value):
        for one in value:
            since = f" from {one['valid_from']}" if one.get("valid_from") else ""
            yield from _leaves(one, f"{field}[]", f"{spelled}[{one['id']}{since}]", one)
    else:
        yield field, spelled, value, entry


def _is_entry(value: object) -> bool:
    return isinstance(value, dict) and "id" in value


def _below(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _given(pairs: Sequence[object]) -> str:
    return "calibrated, so positions in metres are kept" if pairs else "not calibrated"


def _of_graph(graph: Sequence[Step]) -> dict[str, Any]:
    """Each asset: what a row of it holds where rows are of single people, else its group."""
    return {
        step.name: ", ".join(step.columns) if step.group in _OF_PEOPLE else step.group
        for step in graph
    }


def _whole(
    differs: Mapping[str, tuple[Any, Any]], told: Mapping[str, Any], is_so: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """The same differences, with an entry that came or went told once and not field by field."""
    made: dict[str, tuple[Any, Any]] = {}
    for field, values in differs.items():
        entry = field[: field.index("]") + 1] if "]" in field else ""
        before, after = (any(name.startswith(f"{entry}.") for name in one) for one in (told, is_so))
        if entry and before != after:
            made[entry] = ("that it is there", "gone") if before else (None, "there")
        else:
            made[field] = values
    return made


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value)
    # Many figures in one message are what the wall takes for a vector, and withholds.
    if isinstance(value, list) and text.count(",") > 3:
        return f"{len(value)} of them"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
