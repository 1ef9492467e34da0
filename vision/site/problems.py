"""What is wrong with a site file, said so that the person who wrote it can put it right.

Belongs here: the shape of a problem and the error that carries problems. Does not belong here: how
a problem is found (`vision.site.yaml_tree`, `vision.site.wording`, `vision.site.rules`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

SITE_YAML, CAMERAS_YAML, AUDITS_YAML = "site.yaml", "cameras.yaml", "audits.yaml"
"""The files of a site directory; it need not have the last."""

FieldPath = tuple[str | int, ...]
"""Where a value stands in a file: field names, and positions counted from 0."""


def field_name(path: FieldPath) -> str:
    """Write a path as people read it, such as `gates[1].line`."""
    name = ""
    for part in path:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    return name


@dataclass(frozen=True, slots=True)
class Fault:
    """A problem before its line is looked up."""

    file: str
    path: FieldPath
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a site directory.

    Attributes:
        file: Name of the file, such as `site.yaml`.
        line: Line in it, from 1; None where no line is meant (the file is missing or empty).
        field: The field, such as `gates[1].line`; empty where none is meant.
        what: What is wrong.
        remedy: What to write or do instead.
    """

    file: str
    line: int | None
    field: str
    what: str
    remedy: str

    def __str__(self) -> str:
        """One line: where, what, and the remedy."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return "  ".join(
            part for part in (place, self.field, f"{self.what}; {self.remedy}") if part
        )


class SiteFileError(ValueError):
    """A site directory that cannot be used; `problems` says everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        """One line per problem."""
        return "\n".join(str(problem) for problem in self.problems)
