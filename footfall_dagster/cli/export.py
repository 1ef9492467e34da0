"""`footfall export`: the published marts as files for other programs.

Belongs here: options, progress, what is printed, exit codes. Does not belong here: the files
(`footfall_dagster.published_files`), or what recorders export (`footfall_dagster.cli.exports`).
"""

import datetime as dt
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from footfall_dagster.cli.progress import progress
from footfall_dagster.settings import Settings

if TYPE_CHECKING:
    from footfall_dagster.published_files.write import Written
    from vision.site.models import Site

_FORMATS = ("parquet", "csv", "xlsx")
# To click, \b is a paragraph that is not to be wrapped.
_FILES_AND_EXAMPLES = """\b
Files:
  SITE-MART.parquet   typed, times in UTC; units, definitions and the release
                      note are in its metadata
  SITE-MART.csv       RFC 4180, times in ISO 8601, NULL is an empty field
  SITE-footfall.xlsx  a sheet a mart, behind one that says what every column
                      means; a sheet holds 1,048,575 rows, so choose days

\b
Such as:
  footfall export figures
  footfall export figures --from 2026-03-01 --until 2026-03-31 --format xlsx
  footfall export figures --mart gate_counts_15min --format csv
"""


def _marts(
    _context: click.Context, _option: click.Parameter, asked: tuple[str, ...]
) -> tuple[str, ...]:
    """Names of the marts, in the order of the contracts."""
    from assets.marts.contracts import MARTS

    for name in asked:
        if name not in MARTS:
            close = get_close_matches(name, MARTS, n=1)
            meant = f"did you mean {close[0]}?" if close else f"there are {', '.join(MARTS)}"
            raise click.BadParameter(f"{name} is no mart; {meant}")
    return tuple(name for name in MARTS if name in asked or not asked)


@click.command("export", epilog=_FILES_AND_EXAMPLES)
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--from",
    "first",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="First trading day, such as 2026-03-01. Default: the first that is published.",
)
@click.option(
    "--until",
    "last",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="Last trading day, included. Default: the last that is published.",
)
@click.option(
    "--mart",
    "marts",
    multiple=True,
    callback=_marts,
    metavar="NAME",
    help="A mart, again for more. Default: all. docs/metrics.md lists them.",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(_FORMATS),
    default=_FORMATS,
    help="A format, again for more. Default: all three.",
)
def command(
    out: Path,
    first: dt.datetime | None,
    last: dt.datetime | None,
    marts: tuple[str, ...],
    formats: tuple[str, ...],
) -> None:
    """Write the published marts into the folder OUT, for other programs.

    Only published.duckdb is read: figures that passed the release step, of the site that
    FOOTFALL_SITE names. Empty is what nobody observed or what stands for too few people; it is
    never 0.

    Files are written aside and renamed when all are whole. They replace files of the same name,
    whatever days are in those; everything else in OUT stays. OUT may not lie in FOOTFALL_HOME,
    DAGSTER_HOME or FOOTFALL_RECORDINGS, where every file has to be one that we or a recorder made.
    """
    from assets.marts.contracts import MARTS
    from assets.marts.release import published
    from footfall_dagster.mart_tables import WarehouseError
    from footfall_dagster.published_files import ExportError
    from footfall_dagster.published_files.write import write

    if first and last and first > last:
        raise click.BadParameter(
            f"{last.date()} is before {first.date()}; give the earlier day to --from",
            param_hint="--until",
        )
    settings = Settings()
    site = _site(settings)
    try:
        with progress("writing rows") as on_rows:
            written = write(
                settings,
                site,
                out,
                marts=[published(MARTS[name]) for name in marts],
                formats=formats,
                first=first.date() if first else dt.date.min,
                last=last.date() if last else dt.date.max,
                progress=on_rows,
            )
    except (ExportError, WarehouseError) as failure:
        raise click.ClickException(str(failure)) from None
    _show(written, out)


def _site(settings: Settings) -> "Site":
    from vision.site.load import SiteFileError, load_site

    try:
        return load_site(settings.site)
    except SiteFileError as wrong:
        raise click.ClickException(str(wrong)) from None


def _show(written: "Written", out: Path) -> None:
    table = Table("mart", box=None, pad_edge=False)
    table.add_column("rows", justify="right")
    table.add_column("trading days")
    for one in written.chosen:
        days = list(one.days)
        span = f"{days[0]} to {days[-1]}" if days else "none"
        table.add_row(one.mart.name, f"{one.rows:,}", span)
    Console().print(table)
    count = len(written.files)
    click.echo(f"wrote {count} file{'s' if count > 1 else ''} into {out}")
