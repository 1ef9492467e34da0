"""YAML to plain values, with the line on which each of them stands.

Belongs here: reading a file's text, what of YAML a site file may use, syntax errors in plain
English. Does not belong here: what the values mean.

A site file uses the part of YAML that reads the same to everybody: the core schema of YAML 1.2, in
which `on`, `no` and `21:30` are text and only `true` and `false` are truth values. Dates and times
stay text here; the models read them. Aliases are refused, since they let a small file grow without
bound and hide where a value was written.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from vision.site.problems import Fault, FieldPath, Problem, field_name

LARGEST_FILE_BYTES = 1_000_000
_DEEPEST = 12
_LONGEST_NUMBER = 40
_TAG = "tag:yaml.org,2002:"


class _Refused(yaml.YAMLError):
    """YAML that is well formed and not for site files."""

    def __init__(self, line: int, what: str, remedy: str) -> None:
        super().__init__(what)
        self.line, self.what, self.remedy = line, what, remedy


class _Loader(yaml.SafeLoader):
    """Composes nodes by the core schema, without aliases and without deep nesting."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012
    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            what = f"*{event.anchor} is a YAML alias, and site files take none"
            raise _Refused(line, what, "write the value out where it is needed")
        if self._depth > _DEEPEST:
            what = "brackets or lists are nested too deeply"
            raise _Refused(line, what, "look for a bracket or an indent too many")
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


for _kind, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+0123456789."),
    ),
):
    _Loader.add_implicit_resolver(_TAG + _kind, re.compile(rf"(?:{_pattern})\Z"), _first)


@dataclass(slots=True)
class Tree:
    """A file's values, and the line of each.

    Attributes:
        file: Name of the file, for messages.
        values: Mappings, lists, text, numbers, truth values and None.
        lines: Line of every value, from 1, by its path.
        problems: What was wrong on the way; where there is any, `values` is not to be used.
    """

    file: str
    values: Any = None
    lines: dict[FieldPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line_of(self, path: FieldPath) -> int | None:
        """The line of the value at `path`, or of the nearest value around it that is there."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None

    def problem(self, fault: Fault) -> Problem:
        """Give a fault the line that it belongs to."""
        line = self.line_of(fault.path)
        return Problem(self.file, line, field_name(fault.path), fault.what, fault.remedy)

    def add(self, path: FieldPath, what: str, remedy: str) -> None:
        """Note a problem at `path`."""
        self.problems.append(self.problem(Fault(self.file, path, what, remedy)))


def read_tree(path: Path) -> Tree:
    """Read one YAML file; whatever is wrong with it is in the tree's problems, never raised."""
    tree = Tree(path.name)
    text = _read_text(path, tree)
    if text is None:
        return tree
    try:
        node = _Loader(text).get_single_node()
    # PyYAML lets ValueError through for escapes beyond Unicode.
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        tree.problems.append(_syntax_problem(path.name, error))
        return tree
    if node is None:
        tree.add((), "the file is empty", "copy the file of this name from examples/arcade")
    elif not isinstance(node, yaml.MappingNode):
        tree.lines[()] = 1
        tree.add((), "the file is not a list of fields", "write lines such as `name: value`")
    else:
        tree.values = _plain(node, (), tree)
    return tree


def _read_text(path: Path, tree: Tree) -> str | None:
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_FILE_BYTES + 1)
    except FileNotFoundError:
        tree.add((), "the file is missing", _where_to_look(path))
    except IsADirectoryError:
        tree.add((), "this is a folder, not a file", "put a YAML file of this name in its place")
    except OSError as error:
        tree.add((), f"the file cannot be read ({error.strerror})", "check its permissions")
    else:
        if len(raw) > LARGEST_FILE_BYTES:
            tree.add((), "the file is larger than 1 MB", "a site needs a few kB; check what it is")
            return None
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            tree.lines[()] = raw[: error.start].count(b"\n") + 1
            tree.add((), "the text is not UTF-8", "save the file with the encoding UTF-8")
    return None


def _where_to_look(path: Path) -> str:
    for other in (path.with_suffix(".yml"), path.with_suffix(".YAML"), path.with_suffix(".json")):
        if other.exists():
            return f"rename {other.name} to {path.name}"
    return "a site directory holds site.yaml and cameras.yaml; copy one from examples/arcade"


_SYNTAX = (
    (r"character '\\t'", "a tab stands where YAML wants spaces", "indent with spaces only"),
    (
        r"mapping values are not allowed",
        "a colon stands where no field can begin",
        "check the indentation of this line and the one before, and quote text that holds `: `",
    ),
    (
        r"could not find expected ':'|expected <block end>|did not find expected",
        "the line does not fit into the lines around it",
        "indent the fields of one entry alike, and write `name: value` with a space after the "
        "colon",
    ),
    (r"another document", "the file holds a second document", "remove the line `---`"),
    (
        r"found unknown escape character",
        "a backslash in double quotes is not a known escape",
        "use single quotes",
    ),
    (
        r"cannot start any token",
        "a value begins with a character that YAML keeps for itself",
        "put the value in quotes",
    ),
)


_LEFT_OPEN = (
    (r"expected ',' or '[\]}]'", "a bracket that begins here is not closed", "close it"),
    (r"unexpected end of stream", "a quoted text that begins here is not closed", "close it"),
)
"""Mistakes that show long after the place where they were made: there, the context begins."""


def _syntax_problem(file: str, error: Exception) -> Problem:
    if isinstance(error, _Refused):
        return Problem(file, error.line, "", error.what, error.remedy)
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        said = error.problem or error.context or "the file is not YAML"
        for pattern, what, remedy in _LEFT_OPEN:
            if re.search(pattern, said) and error.context_mark:
                return Problem(file, error.context_mark.line + 1, "", what, remedy)
        for pattern, what, remedy in _SYNTAX:
            if re.search(pattern, said):
                return Problem(file, line, "", what, remedy)
        return Problem(file, line, "", said, "check the indentation and quotes of this line")
    what = "the file holds a character that YAML does not allow"
    return Problem(file, None, "", what, "save it as plain text in UTF-8")


def _plain(node: yaml.Node, path: FieldPath, tree: Tree) -> Any:
    tree.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _plain_mapping(node, path, tree)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, index), tree) for index, item in enumerate(node.value)]
    return _plain_scalar(node, path, tree)


def _plain_mapping(node: yaml.MappingNode, path: FieldPath, tree: Tree) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode) or not _is_word(key_node.value):
            tree.lines[(*path, "?")] = line
            tree.add((*path, "?"), "the name of this field is not a word", "write `name: value`")
            continue
        key = key_node.value
        here = (*path, key)
        if key in values:
            first = tree.lines[here]
            tree.lines[here] = line
            tree.add(here, f"the field is given twice, first on line {first}", "keep one of them")
            continue
        tree.lines[here] = line
        values[key] = _plain(value_node, here, tree)
    return values


_VALUE_OF: dict[str, Callable[[str], str | bool | None]] = {
    "str": str,
    "bool": lambda text: text.lower() == "true",
    "null": lambda _: None,
}


def _plain_scalar(node: yaml.Node, path: FieldPath, tree: Tree) -> Any:
    text = str(node.value)
    tag = node.tag.removeprefix(_TAG)
    if tag == "str" and not _encodable(text):
        tree.add(path, "the text holds half a character", "write the character itself")
        return ""
    if tag in {"int", "float"}:
        return _number(text, whole=tag == "int") if len(text) <= _LONGEST_NUMBER else text
    if tag not in _VALUE_OF:
        tree.add(path, f"the tag {node.tag} is not for site files", "leave the tag out")
        return None
    return _VALUE_OF[tag](text)


def _number(text: str, *, whole: bool) -> int | float | str:
    try:
        return int(text) if whole else float(re.sub(r"\.(?=inf|nan)", "", text.lower()))
    except ValueError:
        return text


def _is_word(key: str) -> bool:
    return bool(key) and _encodable(key)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
