"""`footfall query`: ask the published marts anything, in SQL.

Belongs here: options, what is printed, exit codes. Does not belong here: what a query can reach
(`footfall_dagster.published`).
"""

import csv
import sys

import click
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from footfall_dagster.mart_files import WarehouseError
from footfall_dagster.published import Answer, QueryError, ask, ask_for_json
from footfall_dagster.resources import warehouse
from footfall_dagster.settings import Settings

_WIDEST = 100_000
"""Signs of a line; nobody's table is wider."""

# To click, \b is a paragraph that is not to be wrapped.
_EXAMPLES = """\b
Such as:
  footfall query "SHOW TABLES"
  footfall query "DESCRIBE gate_counts_15min"
  footfall query "SELECT gate, sum(entries) FROM gate_counts_15min GROUP BY gate"
"""


@click.command("query", epilog=_EXAMPLES)
@click.argument("sql", metavar="SQL")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How rows are printed; json is one object per line.",
)
@click.option(
    "--most",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    metavar="N",
    help="Rows that a table shows; csv and json have all.",
)
def command(sql: str, shape: str, most: int) -> None:
    """Ask the published marts anything, in one statement of DuckDB's SQL.

    SQL is the query, or - to read it from standard input. Only published.duckdb is asked: figures
    that passed the release step. It is opened read-only, and a query reaches no other file and no
    network. NULL stands where nothing was observed or too few people were counted.

    docs/metrics.md says what every column means.
    """
    text = sys.stdin.read() if sql == "-" else sql
    published = warehouse(Settings()).published
    try:
        if shape == "json":
            for line in ask_for_json(published, text):
                click.echo(line)
            return
        answer = ask(published, text)
    except (WarehouseError, QueryError) as wrong:
        raise click.ClickException(str(wrong)) from None
    if shape == "csv":
        csv.writer(sys.stdout, lineterminator="\n").writerows([answer.columns, *answer.rows])
    else:
        _show(answer, most)


def _show(answer: Answer, most: int) -> None:
    table = Table()
    for name, numeric in zip(answer.columns, answer.numeric, strict=True):
        table.add_column(Text(_plain(name)), justify="right" if numeric else "left", no_wrap=True)
    for row in answer.rows[:most]:
        table.add_row(*(Text(_plain("NULL" if value is None else value)) for value in row))
    console = Console()
    # A terminal that is too narrow wraps lines; a column that is squeezed loses figures.
    wanted = Measurement.get(console, console.options.update(width=_WIDEST), table).maximum
    console = Console(width=max(console.width, wanted), soft_wrap=True)
    console.print(table)
    if (more := len(answer.rows) - most) > 0:
        console.print(f"{more} more rows; --most {len(answer.rows)} shows all")


def _plain(text: str) -> str:
    """Text that moves no cursor and colours nothing."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
