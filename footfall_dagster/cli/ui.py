"""`footfall ui`: Dagster's webserver and daemon on the project's instance."""

import os
import sys

import click

from footfall_dagster.instance import prepare_home
from footfall_dagster.settings import Settings
from footfall_dagster.shipped import shipped


@click.command("ui")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=3000, show_default=True, help="Port to listen on.")
def command(host: str, port: int) -> None:
    """Start Dagster's webserver and daemon; what earlier runs made is visible in it.

    Listens on this machine only unless told otherwise: Dagster's UI has no login of its own.
    """
    prepare_home(Settings())
    click.echo(f"Dagster at http://{host}:{port} (Ctrl-C ends it)")
    # Replaces this process, so that Ctrl-C and kill reach Dagster itself.
    os.execv(
        sys.executable,
        [
            *(sys.executable, "-m", "dagster", "dev"),
            *("-w", str(shipped("workspace.yaml"))),
            *("--host", host, "--port", str(port)),
        ],
    )
