"""`footfall exports`: look at what recorders export, before any of it is worked through.

Belongs here: options, progress, exit codes. Does not belong here: finding out what is in a folder
(`vision.exports.explain`), or how it is shown (`footfall_dagster.cli.exports_shown`).
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from footfall_dagster.cli.progress import progress
from footfall_dagster.settings import folder_or_bucket
from vision.exports.folder import Recordings
from vision.site.models import Site

if TYPE_CHECKING:
    from vision.exports.told import Group


@click.group()
def command() -> None:
    """Look at what recorders export, before any of it is worked through."""


@command.command()
@click.argument("recordings", metavar="DIR")
@click.option(
    "--site",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="SITE_DIR",
    envvar="FOOTFALL_SITE",
    help="Whose cameras the files may be of; DIR is then the folder of recordings itself. "
    "Default: FOOTFALL_SITE; without either, how cameras could read the files is guessed.",
)
@click.option("--each", is_flag=True, help="One line per file, not per run of files alike.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per file, for scripts.")
@click.option("--open/--no-open", "opens", default=True, help="Whether files are opened.")
@click.option(
    "--most",
    type=click.IntRange(min=0),
    default=200,
    show_default=True,
    metavar="N",
    help="Open so many files per camera, or kind of name, spread over all of them; 0 opens all.",
)
def explain(
    recordings: str, site: Path | None, each: bool, as_json: bool, opens: bool, most: int
) -> None:
    """Say of each file in DIR what was read from it, from where, and what is missing.

    DIR is a folder, or s3://bucket/prefix. Nothing is written, and names go to the terminal only.

    With a site, files are shown by camera and trading day: which clock tells when they begin (the
    site file, an ONVIF box, the container, the name, a sidecar, the order of names) and by how much
    each other clock is later; how long they last, what they hold, at which rate; and of those that
    take no part, why, and what to do. What no camera reads follows, with the lines of cameras.yaml
    that would. Without a site, all files are shown so.

    Files that follow each other and are of one kind are one row. Times are the site's, or as names
    have them.

    Ends with 0 if every recording can be used, or repeats one that is. Ends with 1 if one cannot:
    it is set aside, no clock tells when it began, or it is of no camera of the site. Files that
    were not opened are judged by their names; what is no video by its name is left alone.
    """
    from vision.exports.explain import Opening
    from vision.exports.explain import explain as explained

    found = _recordings(recordings)
    of_site = None if site is None else _site(site)
    with _failing_in_words(), progress("opening files") as on_file:
        opening = Opening(_most(opens, most), on_file)
        groups = explained(found, of_site, opening)
    _show(groups, of_site, each, as_json)
    raise SystemExit(int(_unusable(groups, of_site)))


def _most(opens: bool, most: int) -> int | None:
    if not opens:
        return 0
    return most or None


def _recordings(text: str) -> Recordings:
    try:
        place = folder_or_bucket(text)
    except ValueError as wrong:
        raise click.BadParameter(str(wrong), param_hint="DIR") from None
    root = place.resolve() if isinstance(place, Path) else str(place)
    return Recordings(root, os.environ.get("FOOTFALL_S3_ENDPOINT") or None)


def _site(directory: Path) -> Site:
    from vision.site.load import SiteFileError, load_site

    try:
        return load_site(directory)
    except SiteFileError as error:
        raise click.ClickException("\n".join(map(str, error.problems))) from None


@contextmanager
def _failing_in_words() -> Iterator[None]:
    from vision.exports.sidecar import SidecarError

    try:
        yield
    except (OSError, SidecarError) as failure:
        raise click.ClickException(str(failure)) from None


def _show(groups: "Sequence[Group]", site: Site | None, each: bool, as_json: bool) -> None:
    from footfall_dagster.cli.exports_shown import as_lines, show

    if as_json:
        for line in as_lines(groups):
            click.echo(line)
    else:
        show(groups, site, Console(), each=each)


def _unusable(groups: "Sequence[Group]", site: Site | None) -> bool:
    of_none = site is not None and any(group.look is not None for group in groups)
    return of_none or any(one.fails for group in groups for one in group.files)
