"""`footfall run`: one trading day of a site, from its recordings to marts and report."""

import datetime as dt
from pathlib import Path

import click
from rich.console import Console

from footfall_dagster.cli.summary import print_day
from footfall_dagster.settings import Settings, folder_or_bucket


@click.command("run")
@click.argument("site", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--day",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="The trading day, such as 2026-03-14.",
)
@click.option(
    "--recordings",
    metavar="FOLDER|s3://BUCKET/PREFIX",
    help="Below which `exports` of cameras.yaml look. Default: FOOTFALL_RECORDINGS.",
)
def command(site: Path, day: dt.datetime, recordings: str | None) -> None:
    """Materialise one trading day of SITE, a directory with site.yaml and cameras.yaml.

    Runs the same Dagster jobs as the UI's launch button, in this process and on the same instance:
    every camera, then the marts and the report. What was made from the same recordings, site file
    and weights before is left out, so it can be run again at any time, also after a crash.
    """
    settings = Settings(site=site.resolve())
    if recordings is not None:
        settings = settings.model_copy(update={"recordings": _place(recordings)})
    run_and_print(settings, day.date(), Console())


def _place(recordings: str) -> object:
    try:
        place = folder_or_bucket(recordings)
    except ValueError as wrong:
        raise click.BadParameter(str(wrong), param_hint="--recordings") from None
    return place.resolve() if isinstance(place, Path) else place


def run_and_print(settings: Settings, day: dt.date, console: Console) -> None:
    """Materialise `day` and print it; a failure becomes one message and exit code 1."""
    from footfall_dagster.day import DayFailed, materialise_day
    from footfall_dagster.instance import open_instance
    from footfall_dagster.mart_tables import WarehouseError
    from footfall_dagster.weights import WeightsMissing
    from vision.exports.places import Unreachable
    from vision.site.load import SiteFileError

    try:
        with open_instance(settings) as instance:
            runs = materialise_day(settings, instance, day, console.out)
            print_day(settings, instance, runs, day, console)
    except (
        DayFailed,
        WeightsMissing,
        SiteFileError,
        FileNotFoundError,
        Unreachable,
        WarehouseError,
    ) as failure:
        raise click.ClickException(str(failure)) from None
