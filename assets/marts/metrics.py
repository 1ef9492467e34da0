"""docs/metrics.md: what every figure means, from the headers of the SQL and the contracts.

Belongs here: turning the two into a page. Does not belong here: any definition; those stand in
sql/ and `assets.marts.contracts`, and nowhere else.

Written by: .venv/bin/python -m assets.marts.metrics
"""

from collections.abc import Iterator
from pathlib import Path

from assets.marts.contracts import MARTS
from assets.marts.queries import header, query, reads
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


def page() -> str:
    """The page, as Markdown."""
    return "\n".join(
        [_INTRODUCTION.format(release=NOTE), *(_section(mart) for mart in MARTS.values())]
    )


def _section(mart: MartContract) -> str:
    told, read = header(query(mart.name)), reads(mart.name)
    return "\n".join(
        [
            f"## {mart.name}",
            "",
            mart.description,
            "",
            f"- **Grain:** {told['Grain']}",
            f"- **Definition, version {told['Version']}:** {told['Definition']}",
            f"- **Source of the definition:** {told['Source']}",
            f"- **NULL:** {told['NULL']}",
            f"- **Made from:** {', '.join(f'`{name}`' for name in (*read.datasets, *read.marts))}",
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
    yield from (f"scans/{scan}" for scan in reads(mart.name).scans)
    yield from (f"relations/{relation}" for relation in reads(mart.name).relations)
    yield from (f"parts/{part}" for part in reads(mart.name).parts)


def _row(column: MartColumn) -> str:
    number = "count" if column.dtype.is_integer() else "share"
    unit = number if column.unit == "1" else column.unit
    return f"| `{column.name}` | {column.duckdb_type} | {unit} | {column.description} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
