"""Definitions on a page: one hover, tap or key away from each header, and in full at its end.

Belongs here: which definitions a page needs, and the links to them. Does not belong here: any
definition; those are the contracts' and the headers' of the queries.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from assets.marts.queries import header, query, reads
from assets.marts.schema import MartColumn, MartContract


@dataclass(frozen=True)
class Defined:
    """A mart whose figures a page shows.

    Attributes:
        mart: Its contract.
        head: What its query says of itself, by field.
        sources: What it is made from.
        columns: Those that the page shows.
    """

    mart: MartContract
    head: Mapping[str, str]
    sources: tuple[str, ...]
    columns: dict[str, MartColumn] = field(default_factory=dict)


class Definitions:
    """Definitions of what a page shows; gathers them while the page is written.

    Without script nothing is put beside a word when it is asked for: what hovering shows is in the
    page, hidden, next to the word, and the word is a link to the full text.
    """

    def __init__(self, marts: Mapping[str, MartContract]) -> None:
        self._marts = marts
        self.used: dict[str, Defined] = {}

    def column(self, mart: str, column: str, label: str) -> Markup:
        """`label`, with the definition of a column."""
        told = self._of(mart)
        defined = told.columns.setdefault(column, told.mart[column])
        return _link(f"def-{mart}-{column}", label, sentence(defined))

    def mart(self, mart: str, label: str) -> Markup:
        """`label`, with the definition of a mart."""
        return _link(f"def-{mart}", label, self._of(mart).head["Definition"])

    def _of(self, mart: str) -> Defined:
        if mart not in self.used:
            read = reads(mart)
            self.used[mart] = Defined(
                self._marts[mart], header(query(mart)), (*read.datasets, *read.marts)
            )
        return self.used[mart]


def sentence(column: MartColumn) -> str:
    """What a column is, and in which unit."""
    unit = f" [{column.unit}]" if column.unit not in {"", "1"} else ""
    return f"{column.description}{unit}."


def _link(target: str, label: str, text: str) -> Markup:
    return Markup(
        '<a class="def" href="#{0}" aria-describedby="{0}">{1}</a>'
        '<span class="tip" aria-hidden="true">{2}</span>'
    ).format(target, label, escape(text[:1].upper() + text[1:]))
