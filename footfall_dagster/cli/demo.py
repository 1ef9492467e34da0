"""`footfall demo`: the example day, from drawn recordings to figures beside the truth."""

import datetime as dt
import time
from pathlib import Path

import click
from rich.console import Console

from footfall_dagster.cli.run import run_and_print
from footfall_dagster.cli.simulate import command as simulate
from footfall_dagster.settings import Settings

DAY = dt.date(2026, 3, 14)


@click.command("demo")
@click.pass_context
def command(context: click.Context) -> None:
    """Render the arcade's recordings, materialise its day in Dagster, print it beside the truth.

    Takes a few minutes the first time and seconds after that: what is already there stays.
    """
    settings = Settings()
    console = Console()
    if not isinstance(settings.recordings, Path):
        raise click.ClickException(
            "the demo draws its recordings into a folder; unset FOOTFALL_RECORDINGS"
        )
    began = time.monotonic()
    context.invoke(simulate, site=settings.site, out=settings.recordings, day=DAY)
    run_and_print(settings, DAY, console)
    console.print(f"\nTook {time.monotonic() - began:.0f} s. Next: [bold]make ui[/bold]")
