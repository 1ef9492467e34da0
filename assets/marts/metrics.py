"""docs/metrics.md: what every figure means, from the headers of the SQL and the contracts.

Belongs here: turning the two into a page. Does not belong here: any definition; those stand in
sql/ and `assets.marts.contracts`, and nowhere else.

Written by: .venv/bin/python -m assets.marts.metrics
"""

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

from assets.marts.contracts import MARTS
from assets.marts.queries import query
from assets.marts.release import NOTE
from assets.marts.schema import MartColumn, MartContract

PAGE = Path("docs/metrics.md")

_INTRODUCTION = """\
# Metrics

What every figure in `core.duckdb` and `published.duckdb` means. This page is made from the headers
of the files in `sql/` and from the contracts of the marts.

A figure is NULL where nothing was observed, and 0 only where somebody looked and nobody was there.
`observed_share` says for how much of its interval a row stands. `published.duckdb` has the same
tables as far as the release step lets them through ({release}).

Times are UTC; `local_start` is on the site's clocks. Every gate and zone has one camera that owns
its figures, so nobody is counted twice at it; a person whom two cameras see is two trajectories.
"""
_FIELD = re.compile(r"^(Grain|Definition|NULL) {2,}", re.MULTILINE)


def page() -> str:
    """The page, as Markdown."""
    return "\n".join(
        [_INTRODUCTION.format(release=NOTE), *(_section(mart) for mart in MARTS.values())]
    )


def header(sql: str) -> dict[str, str]:
    """What the comment before a query says, by field: `Grain`, `Definition` and `NULL`."""
    lines = [line.removeprefix("--") for line in sql.splitlines() if line.startswith("--")]
    text = dedent("\n".join(lines[: sql.splitlines().index("WITH")]))
    _, *parts = _FIELD.split(text)
    return {
        field: " ".join(told.split()) for field, told in zip(parts[::2], parts[1::2], strict=True)
    }


def _section(mart: MartContract) -> str:
    told = header(query(mart.name))
    return "\n".join(
        [
            f"## {mart.name}",
            "",
            mart.description,
            "",
            f"- **Grain:** {told['Grain']}",
            f"- **Definition:** {told['Definition']}",
            f"- **NULL:** {told['NULL']}",
            f"- **Made from:** {', '.join(f'`{name}`' for name in mart.inputs)}",
            f"- **SQL:** {', '.join(f'`sql/{path}.sql`' for path in _files(mart))}",
            "",
            "| column | type | unit | meaning |",
            "|---|---|---|---|",
            *map(_row, mart.columns),
            "",
        ]
    )


def _files(mart: MartContract) -> Iterator[str]:
    yield mart.name
    yield from (f"scans/{scan}" for scan in mart.scans)


def _row(column: MartColumn) -> str:
    number = "count" if column.dtype.is_integer() else "share"
    unit = number if column.unit == "1" else column.unit
    return f"| `{column.name}` | {column.duckdb_type} | {unit} | {column.description} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
