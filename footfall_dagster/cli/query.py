"""`footfall query`: ask the published marts anything, in SQL.

Belongs here: options, what is printed, exit codes. Does not belong here: what a query can reach
(`footfall_dagster.published`).
"""

import sys
from typing import Any

import click
import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from footfall_dagster.mart_files import WarehouseError
from footfall_dagster.published import QueryError, ask
from footfall_dagster.resources import warehouse
from footfall_dagster.settings import Settings

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
    that passed the release step. It is opened read-only, and a query reaches no other file, no
    network and no setting. NULL stands where nothing was observed or too few people were counted.

    docs/metrics.md says what every column means.
    """
    text = sys.stdin.read() if sql == "-" else sql
    try:
        rows = ask(warehouse(Settings()).published, text)
    except (WarehouseError, QueryError) as wrong:
        raise click.ClickException(str(wrong)) from None
    if shape == "csv":
        click.echo(rows.write_csv(), nl=False)
    elif shape == "json":
        click.echo(rows.write_ndjson(), nl=False)
    else:
        _show(rows, most)


def _show(rows: pl.DataFrame, most: int) -> None:
    table = Table()
    for name, dtype in rows.schema.items():
        table.add_column(Text(_plain(name)), justify="right" if dtype.is_numeric() else "left")
    for row in rows.head(most).iter_rows():
        table.add_row(*(Text(_plain(value)) for value in row))
    console = Console(soft_wrap=True)
    console.print(table)
    if rows.height > most:
        console.print(f"{rows.height - most} more rows; --most {rows.height} shows all")


def _plain(value: Any) -> str:
    """A value as text that moves no cursor and colours nothing."""
    text = "NULL" if value is None else str(value)
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
