"""`footfall doctor`: try every part, and say what to do.

Belongs here: options, what is printed, exit codes. Does not belong here: any trial
(`footfall_dagster.doctor`).
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.text import Text

from footfall_dagster.settings import Settings

if TYPE_CHECKING:
    from footfall_dagster.doctor.trial import Trial, Tried

_SIGNS = {"well": ("ok", "green"), "doubtful": ("look", "yellow"), "broken": ("no", "red")}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON a part, for programs.")
def command(as_json: bool) -> None:
    """Try every part that a site stands on, and say what to do about those that fail.

    Each is tried as a run would use it: a file is written to the store, read and deleted; a lock is
    taken; pictures go through the detector; films of three kinds are decoded; clocks are held
    against each other. Nothing is left behind but the detector's network as it is compiled for this
    machine, and no password or key is printed.

    Exits with 1 where a part is broken, so that it can stand before a deployment.
    """
    from footfall_dagster.doctor.trial import carried_out

    settings = Settings()
    console, broken = Console(highlight=False, soft_wrap=True), 0
    for tried in carried_out(_trials(settings)):
        broken += tried.found.verdict == "broken"
        if as_json:
            click.echo(json.dumps({"part": tried.part, **asdict(tried.found)}))
        else:
            for line in _lines(tried):
                console.print(line)
    if broken:
        raise SystemExit(1)


def _trials(settings: Settings) -> "Iterator[Trial]":
    from footfall_dagster.doctor import places, services, sight
    from footfall_dagster.doctor.trial import Trial

    yield Trial("settings", partial(places.settings_file, settings))
    yield Trial("site", partial(places.site, settings))
    yield Trial("recordings", partial(places.recordings, settings))
    yield Trial("home", partial(places.home, settings))
    yield Trial("catalog", partial(services.catalog, settings))
    if settings.is_apart:
        yield Trial("store", partial(places.store, settings))
    yield Trial("warehouse", partial(places.marts, settings))
    yield Trial(
        "clock", partial(places.clock, settings, partial(services.clock_of_catalog, settings))
    )
    yield Trial("dagster", partial(services.dagster, settings))
    yield Trial("decoders", sight.decoders)
    yield Trial("processors", sight.processors)
    yield Trial("weights", partial(sight.weights, settings))
    yield Trial("detector", partial(sight.detector, settings))


def _lines(tried: "Tried") -> Iterator[Text]:
    sign, colour = _SIGNS.get(tried.found.verdict.value, ("-", "bright_black"))
    yield Text.assemble((f"{sign:>5}  ", colour), (f"{tried.part:<11}", "bold"), tried.found.what)
    if tried.found.remedy:
        yield Text(f"{'':18}{tried.found.remedy}")
