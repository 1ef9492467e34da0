"""`footfall simulate`: recordings of an invented day with the truth beside them.

Belongs here: options, progress, what is printed. Does not belong here: the simulation
(`vision.simulate`).
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from vision.simulate.api import (
    DEMO_PEOPLE_PER_MINUTE,
    DENSEST_PEOPLE_PER_MINUTE,
    Report,
    SimulationSummary,
    simulate,
)
from vision.simulate.store import store_trajectories
from vision.site.load import load_site
from vision.site.models import SiteDay

_SITE = click.Path(exists=True, file_okay=False, path_type=Path)


def _size(
    _context: click.Context, _option: click.Parameter, text: str | None
) -> tuple[int, int] | None:
    if text is None:
        return None
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) >= 64 and int(height) >= 64):
        raise click.BadParameter(f"{text!r} is no frame size; write it as 960x540")
    if int(width) % 2 or int(height) % 2:
        raise click.BadParameter(f"{text!r}: H.264 needs an even width and height")
    return int(width), int(height)


@click.command("simulate")
@click.argument("site", type=_SITE)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of recordings.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Trading day [the site's last].")
@click.option("--start", default="10:00", show_default=True, help="Local time of the first frame.")
@click.option("--minutes", default=4.0, show_default=True, type=click.FloatRange(0.05, 24 * 60))
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0))
@click.option(
    "--people-per-minute",
    default=DEMO_PEOPLE_PER_MINUTE,
    show_default=True,
    type=click.FloatRange(0),
    help=f"Arrivals; the densest setting that is measured is {DENSEST_PEOPLE_PER_MINUTE:g}.",
)
@click.option("--fps", default=10, show_default=True, type=click.IntRange(1, 60))
@click.option("--size", callback=_size, help="Frame size, such as 960x540 [the camera file's].")
@click.option(
    "--cast",
    type=click.IntRange(0),
    help="Let other people walk the same ways: a number for how they look [the seed].",
)
@click.option(
    "--tagged",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="Visitors who wear an opt-out tag; the truth leaves them out.",
)
@click.option("--trajectories-only", is_flag=True, help="A whole day of trajectories, no pixels.")
@click.option(
    "--people",
    default=10_000,
    show_default=True,
    type=click.IntRange(0, 100_000),
    help="Visitors of the day, with --trajectories-only.",
)
def command(
    site: Path,
    out: Path,
    day: dt.date | None,
    start: str,
    minutes: float,
    seed: int,
    people_per_minute: float,
    fps: int,
    size: tuple[int, int] | None,
    cast: int | None,
    tagged: int,
    trajectories_only: bool,
    people: int,
) -> None:
    """Render the recordings of a simulated day, and its truth.

    Recordings are named as the cameras' export patterns say; the truth is in OUT/truth. The same
    arguments give the same files, and are done at once the second time.
    """
    console = Console()
    try:
        site_day = _site_day(site, day)
        if trajectories_only:
            for path, rows in store_trajectories(site_day, out, people=people, seed=seed):
                console.print(f"{path}: {rows:,} rows", highlight=False)
            return
        with _bars(console) as report:
            summary = simulate(
                site_day,
                out,
                start=_local_time(start),
                minutes=minutes,
                seed=seed,
                people_per_minute=people_per_minute,
                fps=fps,
                size=size,
                cast=cast,
                tagged=tagged,
                progress=report,
            )
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    _print(console, summary)


def _site_day(directory: Path, day: dt.date | None) -> SiteDay:
    site = load_site(directory)
    chosen = day or site.file.closes or site.file.opens
    if isinstance(chosen, dt.datetime):
        chosen = chosen.date()
    if not site.file.trades_on(chosen):
        raise click.BadParameter(f"{chosen} is outside the days of site {site.id}")
    return site.on(chosen)


def _local_time(text: str) -> dt.time:
    try:
        return dt.time.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no time of day; write it as 10:00") from error


@contextmanager
def _bars(console: Console) -> Iterator[Report]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} frames"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        tasks: dict[str, TaskID] = {}

        def report(camera: str, done: int, total: int) -> None:
            if camera not in tasks:
                tasks[camera] = progress.add_task(camera, total=total)
            progress.update(tasks[camera], completed=done)

        yield report


def _print(console: Console, summary: SimulationSummary) -> None:
    count = sum(len(names) for names in summary.files.values())
    verb = "already there" if summary.already_there else "rendered"
    console.print(f"{count} recordings {verb} in {summary.out}", highlight=False)
    console.print(f"truth in {summary.truth}: {summary.people} people", highlight=False)
    table = Table("gate", "in", "out")
    for gate, by_direction in sorted(summary.crossings.items()):
        table.add_row(gate, str(by_direction["in"]), str(by_direction["out"]))
    console.print(table)
