"""Pydantic's errors, told to someone who writes a site file and no Python.

Belongs here: what each kind of error means and what to write instead. Does not belong here: the
rules themselves (`vision.site.models`, `vision.site.rules`).
"""

import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from vision.site.problems import Fault, FieldPath

_EXAMPLES: Mapping[str, str] = {
    "id": "id: north_entrance",
    "name": "name: Riverside Arcade",
    "time_zone": "time_zone: Europe/London",
    "opens": "opens: 2026-03-01",
    "closes": "closes: 2026-03-31",
    "trading_day_start": "trading_day_start: 04:00",
    "trading_hours": "trading_hours: {mon: {opens: 09:00, closes: 21:00}}",
    "quiet_hours": "quiet_hours: [{begins: 13:00, ends: 14:00, on: [mon, tue]}]",
    "begins": "begins: 13:00",
    "ends": "ends: 14:00",
    "on": "on: [mon, tue]",
    "floors": "floors: [{id: ground, outline: [[0, 0], [20, 0], [20, 12], [0, 12]]}]",
    "outline": "outline: [[0, 0], [20, 0], [20, 12], [0, 12]]",
    "polygon": "polygon: [[2, 1], [6, 1], [6, 4], [2, 4]]",
    "polygon_px": "polygon_px: [[40, 90], [200, 90], [200, 180], [40, 180]]",
    "line": "line: [[2, 1], [6, 1]]",
    "line_px": "line_px: [[40, 150], [200, 150]]",
    "inside": "inside: [4, 3]",
    "inside_px": "inside_px: [120, 100]",
    "kind": "kind: store",
    "camera": "camera: cam_entrance",
    "floor": "floor: ground",
    "valid_from": "valid_from: 2026-03-14",
    "notice": "notice: {controller: Riverside Arcade Ltd, contact: privacy@example.com}",
    "controller": "controller: Riverside Arcade Ltd",
    "contact": "contact: privacy@example.com",
    "cameras": "cameras: [{id: cam_entrance, floor: ground, exports: ..., frame: [960, 540]}]",
    "exports": "exports: cam_entrance/cam_entrance_%Y%m%d_%H%M%S.mp4",
    "recorder": "exports: {recorder: frigate, channel: front_door}",
    "opt_out_tag": "opt_out_tag: {dictionary: 4x4_50, id: 0, side_m: 0.15}",
    "channel": "channel: front_door",
    "folder": "folder: nvr",
    "frame": "frame: [960, 540]",
    "calibration": "calibration: [{pixel: [480, 520], floor: [4.0, 1.5]}, ...]",
    "pixel": "pixel: [480, 520]",
    "masks": "masks: [[[0, 0], [120, 0], [120, 60]]]",
    "starts": "starts: {morning.mp4: 2026-03-14 09:00:00}",
}
_PLACES = {
    "cameras": "cameras are described in cameras.yaml",
    **dict.fromkeys(
        ("zones", "gates", "floors", "privacy", "notice", "trading_hours", "quiet_hours"),
        "this is described in site.yaml",
    ),
}


def faults(file: str, model: type[BaseModel], error: ValidationError) -> Iterator[Fault]:
    """Yield what a validation error says, in the words of the site file.

    Args:
        file: Name of the file that was read.
        model: The model that refused it.
        error: What pydantic raised.
    """
    details = error.errors(include_url=False)
    places = [_place(detail) for detail in details]
    for detail, place in zip(details, places, strict=True):
        # A list whose items were refused is also "too short": say only what causes it.
        if detail["type"] == "too_short" and any(
            other != place and other[: len(place)] == place for other in places
        ):
            continue
        yield Fault(file, place, *_say(_Case(detail, place, model)))


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `did you mean X?` or a list of what is known."""
    known = sorted(known)
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return f"known here: {', '.join(known)}" if known else "nothing of this kind is declared"


@dataclass(frozen=True, slots=True)
class _Case:
    """One error, with what every wording needs of it."""

    detail: ErrorDetails
    place: FieldPath
    model: type[BaseModel]

    @property
    def context(self) -> Mapping[str, Any]:
        return self.detail.get("ctx", {})

    @property
    def field(self) -> str:
        return next((part for part in reversed(self.place) if isinstance(part, str)), "")

    @property
    def example(self) -> str:
        if self.field in _EXAMPLES:
            return f"write, for example, `{_EXAMPLES[self.field]}`"
        return "compare with the files of examples/arcade"

    @property
    def written(self) -> str:
        """The value as its author wrote it, short."""
        value = self.detail.get("input")
        if isinstance(value, str):
            text = value or "an empty text"
        elif value is None or isinstance(value, bool):
            text = {None: "nothing", True: "true", False: "false"}[value]
        elif isinstance(value, int | float):
            text = str(value)
        else:
            text = "a group of fields" if isinstance(value, Mapping) else "a list"
        return text if len(text) <= 40 else f"{text[:37]}..."


_Wording = tuple[str, str]
"""What is wrong, and what to write instead."""


def _place(detail: ErrorDetails) -> FieldPath:
    # Parts in brackets are of pydantic's making: keys, and which of several shapes was tried.
    return tuple(part for part in detail["loc"] if not str(part).startswith("["))


def _missing(case: _Case) -> _Wording:
    if case.place and isinstance(case.place[-1], int):
        return "a number or a point is missing", case.example
    line = _EXAMPLES.get(case.field, f"{case.field}: ...")
    return "the field is missing", f"add it, such as `{line}`"


def _unknown(case: _Case) -> _Wording:
    word = str(case.place[-1])
    known = _fields_at(case.model, case.place[:-1])
    if word in _PLACES and not get_close_matches(word, known, n=1, cutoff=0.8):
        return "there is no such field here", _PLACES[word]
    return "there is no such field", nearest(word, known)


def _not_allowed(case: _Case) -> _Wording:
    expected = str(case.context["expected"])
    allowed = [word.strip(" '") for word in expected.replace(" or ", ",").split(",")]
    of_key = case.detail["loc"][-1] == "[key]"
    written = str(case.place[-1]) if of_key else case.written
    close = get_close_matches(written, allowed, n=1, cutoff=0.5)
    if not close and written[:3].lower() in allowed:
        close = [written[:3].lower()]
    choice = f"write one of {', '.join(allowed)}"
    remedy = f"did you mean {close[0]}? {_upper(choice)}" if close else choice
    return f"{written} is not one of the words allowed here", remedy


def _not_an_id(case: _Case) -> _Wording:
    remedy = "an id has small letters, digits and _, begins with a letter and is 40 long at most"
    return f"{case.written} is not an id", remedy


def _not_text(case: _Case) -> _Wording:
    number = isinstance(case.detail.get("input"), bool | int | float)
    return f"text is wanted, not {case.written}", (
        "put the value in quotes" if number else case.example
    )


def _too_small(case: _Case) -> _Wording:
    return f"{case.written} is too small", f"write a number from {case.context['ge']} up"


def _too_large(case: _Case) -> _Wording:
    return f"{case.written} is too large", f"write a number up to {case.context['le']}"


def _too_short(case: _Case) -> _Wording:
    what = f"there are too few items, {case.context['actual_length']}"
    return what, f"give {case.context['min_length']} or more. {_upper(case.example)}"


def _too_long(case: _Case) -> _Wording:
    what = f"there are too many items, {case.context['actual_length']}"
    return what, f"give {case.context['max_length']}. {_upper(case.example)}"


def _broken_rule(case: _Case) -> _Wording:
    what, _, remedy = str(case.context["error"]).partition("; ")
    return what, remedy or case.example


_BY_TYPE: Mapping[str, Callable[[_Case], _Wording]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "literal_error": _not_allowed,
    "string_pattern_mismatch": _not_an_id,
    "string_type": _not_text,
    "string_too_short": lambda case: ("the text is empty", case.example),
    "string_too_long": lambda case: (
        "the text is too long",
        f"use {case.context['max_length']} characters or fewer",
    ),
    "greater_than_equal": _too_small,
    "less_than_equal": _too_large,
    "too_short": _too_short,
    "too_long": _too_long,
    "value_error": _broken_rule,
}
_BY_FAMILY: Mapping[str, tuple[str, str | None]] = {
    "date": ("{} is not a date", "write year-month-day, such as 2026-03-14"),
    "time": ("{} is not a time", "write it as 09:30; midnight at the end of a day is 00:00"),
    "datetime": (
        "{} is not a local date and time",
        "write it without an offset, such as 2026-03-14 09:30:00",
    ),
    "timezone": (
        "{} has an offset, and times here are local",
        "write it without one, such as 2026-03-14 09:30:00",
    ),
    "int": ("a whole number is wanted, not {}", "write digits only, without quotes and point"),
    "float": ("a number is wanted, not {}", "write digits without quotes or unit, such as 4.5"),
    "finite": ("a number is wanted, not {}", "write digits without quotes or unit, such as 4.5"),
    "model": ("fields are wanted here, not {}", None),
    "dict": ("fields are wanted here, not {}", None),
    "tuple": ("a list is wanted here, not {}", None),
}


def _say(case: _Case) -> _Wording:
    kind = case.detail["type"]
    if kind in _BY_TYPE:
        return _BY_TYPE[kind](case)
    what, remedy = _BY_FAMILY.get(kind.split("_", maxsplit=1)[0], ("{} cannot be used here", None))
    return what.format(case.written), remedy or case.example


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _fields_at(model: type[BaseModel], path: FieldPath) -> tuple[str, ...]:
    """Names of the fields of the model that stands at `path` below `model`."""
    annotation: Any = model
    for part in path:
        annotation = _below(_bare(annotation), part)
    annotation = _bare(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return tuple(annotation.model_fields)
    return ()


def _below(annotation: Any, part: str | int) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        found = annotation.model_fields.get(str(part))
        return found.annotation if found else None
    arguments = get_args(annotation)
    if get_origin(annotation) is tuple and isinstance(part, int):
        return arguments[0]
    return arguments[1] if get_origin(annotation) is dict else None


def _bare(annotation: Any) -> Any:
    """An annotation without Annotated and without `| None`."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif isinstance(annotation, types.UnionType) or get_origin(annotation) is Union:
            shapes = [_bare(a) for a in get_args(annotation) if a is not type(None)]
            annotation = next(
                (shape for shape in shapes if hasattr(shape, "model_fields")), shapes[0]
            )
        else:
            return annotation
