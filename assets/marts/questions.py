"""Questions that are asked of the published marts, and docs/questions.md: each with its SQL.

Belongs here: finding the files in sql/questions/, reading their headers, and turning them into a
page. Does not belong here: any query (sql/questions/), how one is asked
(`footfall_dagster.published`), what the columns of marts mean (`assets.marts.metrics`).

To add a question: `sql/questions/<name>.sql` with a header like those of the others.

Written by: .venv/bin/python -m assets.marts.questions
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from assets.marts.contracts import MARTS
from assets.marts.queries import header, names_in, query_names
from assets.marts.release import NOTE

PAGE = Path("docs/questions.md")
_FOLDER = "questions"
_FIELDS = ("Question", "For", "Row", "Columns", "Beware")
_COLUMN = re.compile(r"(?:^|; )([a-z][a-z0-9_]*): ")

_ORDER = (
    "trust_in_last_month",
    "entrances_on_saturdays",
    "busiest_hours",
    "capture_by_weekday",
    "queues_and_giving_up",
    "displays_by_attention",
    "flows_on_saturdays",
    "shops_visited_together",
    "worth_of_a_square_metre",
    "groups_at_weekends",
)
"""In which the page has them; others follow by name."""

NOT_ASKED: Mapping[str, str] = MappingProxyType(
    {
        "zone_dwell_distribution": "the classes of a zone's dwell are a histogram to look at: "
        "`SELECT * FROM zone_dwell_distribution WHERE zone = '...'`",
        "heatmap_hourly": "cells are for a map, and the report page draws it",
        "paths_daily": "whole ways are read one by one; `flows_on_saturdays` adds up their steps",
        "shop_pairs_daily": "a day of two shops is mostly below k; `shop_affinity_weekly` has the "
        "same by weeks",
        "gate_audits": "a count of some minutes is mostly below k; `gate_accuracy_daily` adds four "
        "weeks of them up",
        "unicity_daily": "it tells of rows that are stored and restricted; the day's report shows "
        "it: `FROM unicity_daily ORDER BY unicity DESC`, in `core.duckdb`",
        "gate_accuracy_daily": "how exactly a gate counts is read off its last row: `FROM "
        "gate_accuracy_daily WHERE gate = '...' ORDER BY trading_day DESC LIMIT 1`",
    }
)
"""Marts that no question reads, and why."""

_INTRODUCTION = """\
# Questions

Ten questions that are asked of `published.duckdb`, each with its SQL. This page is made from the
files in `sql/questions/`.

```sh
.venv/bin/footfall query --list
.venv/bin/footfall query --question {example}
```

The SQL runs in any DuckDB as it stands (`duckdb -readonly published.duckdb`). It names no gate and
no zone, so it fits every site: add a `WHERE` for your own. Time is counted back from the last day
that the file has, so a question is about the same weeks whenever it is asked; other weeks are a
number in its SQL.

Four things hold for every answer:

- **A gap is not a zero.** Where nothing was observed a figure is NULL. Averages and sums pass over
  it, and a column beside them says on how many days or hours they rest. Read that one first.
- **Small figures are not there.** What is published has passed the release step
  ({note}).
  A figure that stands for few people is NULL and `suppressed` is true; marts of flows and of cells
  lack the row. Sums of what is left are therefore too low, and averages too high, for small places.
- **Definitions are never mixed.** Every row of a mart says by which version of its definition it
  was computed, and every query groups by `definition_version`. If a definition changes, be it in
  mid-week, the answer has a row for each version, each of its own days. Do not add them up;
  materialise the older days again, while what they are made from is kept.
- **Within one view** means that people are followed as long as one camera sees them. Somebody who
  walks from one camera's view into another's is two.
"""


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the query that answers it.

    Attributes:
        name: Of its file.
        asked: The question itself.
        asked_by: Who asks it, and what for.
        row: What a row of the answer is, as a noun phrase.
        columns: Columns of the answer in order, and what each means.
        beware: What the answer does not say.
        marts: Published marts that the query reads.
        sql: One SELECT.
    """

    name: str
    asked: str
    asked_by: str
    row: str
    columns: Mapping[str, str]
    beware: str
    marts: tuple[str, ...]
    sql: str


@cache
def questions() -> Mapping[str, Question]:
    """Every question by name, in the order of the page."""
    names = query_names(_FOLDER)
    in_order = [name for name in _ORDER if name in names]
    return {name: _read(name) for name in (*in_order, *sorted(names.difference(in_order)))}


def page() -> str:
    """The page, as Markdown."""
    head = _INTRODUCTION.format(example=next(iter(questions())), note=NOTE)
    left = ["## Marts that no question reads", ""]
    left += [f"- `{mart}`: {why}." for mart, why in NOT_ASKED.items()]
    return "\n".join([head, *map(_section, questions().values()), *left, ""])


def _read(name: str) -> Question:
    text = (files("sql") / _FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    told = header(text, _FIELDS)
    _, *columns = _COLUMN.split(told["Columns"])
    read = names_in(text)
    return Question(
        name=name,
        asked=told["Question"],
        asked_by=told["For"],
        row=told["Row"].removesuffix("."),
        columns={
            "site": "the site",
            **dict(zip(columns[::2], columns[1::2], strict=True)),
            "definition_version": "the version of the definition that the figures follow",
        },
        beware=told["Beware"],
        marts=tuple(mart for mart in MARTS if mart in read),
        sql=text[text.index("\nWITH") + 1 :],
    )


def _section(question: Question) -> str:
    return "\n".join(
        [
            f"## {question.asked}",
            "",
            question.asked_by,
            "",
            f"- **Name:** `{question.name}`",
            f"- **A row is** {question.row}.",
            f"- **Beware:** {question.beware}",
            f"- **Asks:** {', '.join(f'`{mart}`' for mart in question.marts)}",
            "",
            "| column | meaning |",
            "|---|---|",
            *(f"| `{name}` | {words} |" for name, words in question.columns.items()),
            "",
            "```sql",
            question.sql.rstrip("\n"),
            "```",
            "",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
