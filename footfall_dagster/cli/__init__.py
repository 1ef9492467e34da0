"""`footfall`, the command line: one module per command.

Belongs here: options, progress, what is printed, exit codes. Does not belong here: the work itself.
Each command is imported when it is called, so that `footfall --help` answers at once.
"""

from importlib import import_module

import click

_COMMANDS = {
    "demo": "Materialise an example day and print it beside the truth.",
    "run": "Materialise one trading day of a site, from recordings to report.",
    "doctor": "Try every part that a site stands on, and say what to do about those that fail.",
    "site": "Check a site directory, or draw it.",
    "notice": "Draft, issue or check the public notice of a site, and its records.",
    "exports": "Say what is in a folder of recordings, and what is missing.",
    "query": "Ask the published marts anything, in SQL.",
    "audit": "Have gates counted by eye, and say how exact they are.",
    "export": "Write the published marts as Parquet, CSV and an Excel workbook.",
    "evaluate": "Measure how well people are found, followed and counted, beside a truth.",
    "privacy": "Look after the privacy wall: search, prove, purge, verify its reports.",
    "objections": "Take back what was seen at a place in a window of time, and publish it no more.",
    "upgrade": "Move a site into a bucket and DuckLake, where several machines share it.",
    "ui": "Start Dagster's webserver and daemon on the same instance.",
    "simulate": "Render the recordings of a simulated day, and its truth.",
    "weights": "Fetch the detector's weights, the only command that does.",
}


class _LazyGroup(click.Group):
    """A group whose commands live in modules of the same name, imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the table."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of `cmd_name`, or return None."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        command = import_module(f"{__name__}.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; settings that cannot be become a message, whichever command reads them."""
        try:
            return super().invoke(ctx)
        except ValueError as failure:
            from footfall_dagster.settings_file import wrong_settings

            if told := wrong_settings(failure):
                raise click.ClickException("\n".join(told)) from None
            raise


@click.group(cls=_LazyGroup)
@click.version_option(package_name="footfall-dagster")
def main() -> None:
    """Raw camera exports to footfall marts, with nothing of a face kept past tracking.

    Settings come from the environment (FOOTFALL_SITE, FOOTFALL_STORE, ...), and what is not set
    there from the YAML file that FOOTFALL_SETTINGS names. `footfall doctor` tries them.
    """
