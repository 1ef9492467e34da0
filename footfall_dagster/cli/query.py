"""`footfall query`: ask the published marts anything, in SQL.

Belongs here: options, what is printed, exit codes. Does not belong here: what a query can reach
(`footfall_dagster.published`), the questions whose SQL is there already
(`assets.marts.questions`).
"""

import csv
import sys
from difflib import get_close_matches

import click
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from assets.marts.questions import Question, questions
from footfall_dagster.mart_tables import WarehouseError
from footfall_dagster.published import Answer, QueryError, answer, answer_in_json, named_in
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
  footfall query --question entrances_on_saturdays
"""


def _question(
    _context: click.Context, _option: click.Parameter, name: str | None
) -> Question | None:
    known = questions()
    if name is not None and name not in known:
        close = get_close_matches(name, known, n=1)
        meant = f"did you mean {close[0]}?" if close else "--list has all"
        raise click.BadParameter(f"{name} is no question; {meant}")
    return known[name] if name is not None else None


@click.command("query", epilog=_EXAMPLES)
@click.argument("sql", metavar="SQL", required=False)
@click.option(
    "--question",
    callback=_question,
    metavar="NAME",
    help="Ask a question of docs/questions.md instead.",
)
@click.option("--list", "listed", is_flag=True, help="List these questions and ask nothing.")
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
def command(
    sql: str | None, question: Question | None, listed: bool, shape: str, most: int
) -> None:
    """Ask the published marts anything, in one statement of DuckDB's SQL.

    SQL is the query, or - to read it from standard input. Only published marts are asked: figures
    that passed the release step. They are opened read-only, and a query reaches nothing else. NULL
    stands where nothing was observed or too few people were counted.

    docs/metrics.md says what every column means; docs/questions.md has questions with their SQL.
    """
    if [sql is not None, question is not None, listed].count(True) != 1:
        raise click.UsageError("give either SQL, or --question NAME, or --list")
    if listed:
        _list()
        return
    text = question.sql if question else sys.stdin.read() if sql == "-" else str(sql)
    try:
        with warehouse(Settings()).released.asked(named_in(text)) as marts:
            if shape == "json":
                for line in answer_in_json(marts, text):
                    click.echo(line)
                return
            answered = answer(marts, text)
    except (WarehouseError, QueryError) as wrong:
        raise click.ClickException(str(wrong)) from None
    if shape == "csv":
        csv.writer(sys.stdout, lineterminator="\n").writerows([answered.columns, *answered.rows])
    else:
        _show(answered, most)
        if question:
            click.echo(f"{question.asked} A row is {question.row}.\nBeware: {question.beware}")


def _list() -> None:
    table = Table("question", "", box=None, pad_edge=False)
    for question in questions().values():
        table.add_row(question.name, question.asked)
    Console().print(table)


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
