"""`footfall site`: check a site directory, draw it, or print its opt-out tag.

Belongs here: what is printed and where files go. Does not belong here: the rules
(`vision.site.load`), the drawings (`vision.site.picture`, `vision.opt_out.printed`).
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vision.calibration import Homography
from vision.exports.names import Naming
from vision.site.load import SiteFileError, load_site
from vision.site.models import Camera, Site, SiteDay
from vision.site.privacy import OptOutTag
from vision.site.problems import SITE_YAML

_DIRECTORY = click.argument(
    "directory", metavar="DIR", type=click.Path(path_type=Path, exists=False)
)
_DAY = click.option(
    "--day",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Trading day to show, since entries change with their valid_from. "
    "Default: the newest state of the site.",
)


@click.group()
def command() -> None:
    """Check a site directory, draw it, or print its opt-out tag.

    A site directory DIR holds two files, and may hold a third. site.yaml says what the place is:
    its time zone, trading hours, floors, zones, gates and privacy settings. cameras.yaml says what
    each camera is: which floor it sees, how its files are named, and how its pixels become metres.
    audits.yaml has counts by eye, with which those of gates are compared. examples/arcade is one to
    copy.
    """


@command.command()
@_DIRECTORY
@_DAY
def check(directory: Path, day: dt.datetime | None) -> None:
    """Say whether the files of DIR hold, and what is in them.

    Prints a summary and ends with 0, or prints every problem that was found, each with its file,
    line, field and a remedy, and ends with 1. The same check runs whenever Dagster loads the site.
    """
    site = _load(directory)
    _refuse_unknown_release(site, directory)
    site_day = site.on(_day(site, day))
    console = Console()
    console.print(
        f"[green]OK[/green]  {escape(site.file.name)} ({site.id}), {site.file.time_zone}, "
        f"{_lifetime(site)}; as it stands on {site_day.day}",
        highlight=False,
    )
    console.print(_shapes_table(site_day))
    console.print(_cameras_table(site_day))
    if told := _too_many_partitions(site):
        console.print(f"[yellow]ADVICE[/yellow]  {told}", highlight=False)
    if site.file.privacy.age_gender is not None:
        from vision.demographics import ADVICE

        console.print(f"[yellow]ADVICE[/yellow]  {ADVICE}", highlight=False)


@command.command()
@_DIRECTORY
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.png",
    help="Where to write it; the ending chooses the format (png, svg, pdf). "
    "Default: SITE_floorplan.png in the current folder.",
)
@_DAY
def picture(directory: Path, out: Path | None, day: dt.datetime | None) -> None:
    """Draw the floor plan of DIR: zones, gates and what each camera sees.

    Use it after drawing a gate or calibrating a camera: a view that lies elsewhere than the real
    one shows at a glance. Nothing of any recording is in the picture.
    """
    site = _load(directory)
    target = out or Path(f"{site.id}_floorplan.png")
    # Matplotlib takes a second to import, and `check` does not need it.
    from vision.site.picture import draw_site

    figure = draw_site(site.on(_day(site, day)))
    known = figure.canvas.get_supported_filetypes()
    if target.suffix.lstrip(".").lower() not in known:
        raise click.BadParameter(
            f"{target.name} has no ending that names a picture format; write .png",
            param_hint="--out",
        )
    with _writing(target):
        figure.savefig(target)
    click.echo(f"wrote {target}")


@command.command()
@_DIRECTORY
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.svg",
    help="Where to write it. Default: SITE_opt_out_tag.svg in the current folder.",
)
@_DAY
def tag(directory: Path, out: Path | None, day: dt.datetime | None) -> None:
    """Write the opt-out tag of DIR, to be printed, and say where each camera can read it.

    The tag is what privacy.opt_out_tag in site.yaml asks for. Print it at 100 %, with its white
    edge. docs/opt_out.md says what wearing it means, and what it cannot do.
    """
    site = _load(directory)
    asked = site.file.privacy.opt_out_tag
    if asked is None:
        raise click.ClickException(
            "this site has no opt-out tag; add, such as `opt_out_tag: {id: 0, side_m: 0.2}`, below "
            "privacy in site.yaml"
        )
    # OpenCV takes a while to import, and `check` does not need it.
    from vision.opt_out.printed import svg

    target = out or Path(f"{site.id}_opt_out_tag.svg")
    with _writing(target):
        target.write_text(svg(asked), encoding="utf-8")
    Console().print(_reach_table(site.on(_day(site, day)), asked))
    click.echo(f"wrote {target}")


def _reach_table(site_day: SiteDay, asked: OptOutTag) -> Table:
    from vision.opt_out.reach import reach
    from vision.opt_out.tags import OFTEN_READ_PX
    from vision.pinhole import PoseError

    table = Table(
        title=f"A tag of {100 * asked.side_m:g} cm, facing the camera",
        title_justify="left",
        box=None,
    )
    for heading in ("camera", "pixels", f"{OFTEN_READ_PX} px and more", "as far as"):
        table.add_column(heading)
    for name, camera in sorted(site_day.cameras.items()):
        if not camera.calibrated:
            table.add_row(name, "", "not calibrated, so nothing is known", "")
            continue
        try:
            found = reach(site_day, name, asked, OFTEN_READ_PX)
        except PoseError as error:
            table.add_row(name, "", escape(str(error)), "")
            continue
        table.add_row(
            name,
            f"{found.smallest_px:.0f} to {found.largest_px:.0f}",
            f"on {found.share:.0%} of its floor",
            f"{found.farthest_m:.1f} m" if found.share else "nowhere",
        )
    return table


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise click.ClickException(
            f"cannot write {target} ({error.strerror}); name a folder that exists and is yours"
        ) from error


def _load(directory: Path) -> Site:
    try:
        return load_site(directory)
    except SiteFileError as error:
        _refuse(directory, map(str, error.problems))


def _refuse(directory: Path, problems: Iterable[str]) -> NoReturn:
    listed = list(problems)
    for problem in listed:
        click.echo(problem, err=True)
    click.echo(f"{len(listed)} problem{'s' if len(listed) > 1 else ''} in {directory}", err=True)
    raise SystemExit(1)


def _refuse_unknown_release(site: Site, directory: Path) -> None:
    # The marts take a while to import, and the other commands do not need them.
    from assets.release.noisy import NOISY_MARTS
    from assets.release.policy import PolicyError, refuse_unknown

    try:
        refuse_unknown(site.file.privacy.release.marts, NOISY_MARTS)
    except PolicyError as error:
        _refuse(directory, [f"{SITE_YAML}  {error}"])


def _too_many_partitions(site: Site) -> str:
    """Where Dagster would become slow, what to write; else nothing."""
    from assets.plan import MOST_PARTITIONS, SitePlan

    plan, cameras = SitePlan(site), len(site.camera_ids)
    if plan.partitions <= MOST_PARTITIONS:
        return ""
    told = (
        f"{cameras} cameras since {plan.first_day} are {plan.partitions:,} camera-days, and "
        f"Dagster becomes slow beyond about {MOST_PARTITIONS:,}: "
    )
    # Days roll by whole months, which may be a month more.
    possible, fewest = MOST_PARTITIONS // cameras - 31, site.file.fewest_recomputed_days
    if possible >= fewest:
        return (
            f"{told}write `recomputed_days: {possible}` into {SITE_YAML}. Figures of earlier days "
            "stay, and can no more be made again"
        )
    return (
        f"{told}write `recomputed_days: {fewest}` into {SITE_YAML}, the fewest while events are "
        "kept as long as they are; to go lower keep them for fewer months (privacy.retention), or "
        "make two sites of it"
    )


def _day(site: Site, day: dt.datetime | None) -> dt.date:
    """The day asked for, or the one on which the newest entry has begun."""
    if day is None:
        entries = (*site.file.zones, *site.file.gates, *site.cameras)
        begun = (entry.valid_from for entry in entries if entry.valid_from)
        return max((site.file.opens, *begun))
    asked = day.date()
    if not site.file.trades_on(asked):
        raise click.BadParameter(
            f"{asked} is no trading day of this site, {_lifetime(site)}", param_hint="--day"
        )
    return asked


def _lifetime(site: Site) -> str:
    if site.file.closes:
        return f"open from {site.file.opens} to {site.file.closes}"
    return f"open since {site.file.opens}"


def _shapes_table(site_day: SiteDay) -> Table:
    table = Table(title="Floors, zones and gates", title_justify="left", box=None, pad_edge=False)
    for heading in ("floor", "shape", "id", "camera", "drawn in"):
        table.add_column(heading)
    for floor in site_day.site.file.floors:
        table.add_row(floor.id, "floor", floor.id, "", "metres")
        for gate in (g for _, g in sorted(site_day.gates.items()) if g.floor == floor.id):
            unit = "metres" if gate.line else f"pixels of {gate.camera}"
            table.add_row(floor.id, "gate", gate.id, gate.camera, unit)
        for zone in (z for _, z in sorted(site_day.zones.items()) if z.floor == floor.id):
            unit = "metres" if zone.polygon else f"pixels of {zone.camera}"
            table.add_row(floor.id, zone.kind, zone.id, zone.camera, unit)
    return table


def _cameras_table(site_day: SiteDay) -> Table:
    table = Table(title="Cameras", title_justify="left", box=None, pad_edge=False)
    for heading in ("camera", "floor", "exports", "names in", "calibration"):
        table.add_column(heading, overflow="fold")
    for _, camera in sorted(site_day.cameras.items()):
        table.add_row(
            camera.id, camera.floor, _exports(camera), _zone(camera, site_day), _calibration(camera)
        )
    return table


def _exports(camera: Camera) -> str:
    """Patterns of the camera's files; those of a recorder below its name."""
    shown = [escape(pattern.text) for pattern in Naming.of(camera).patterns]
    if isinstance(camera.exports, str):
        return shown[0]
    return "\n".join([f"as {camera.exports.recorder} names them:", *shown])


def _zone(camera: Camera, site_day: SiteDay) -> str:
    """The zone of times in names."""
    naming = Naming.of(camera)
    if not naming.tells_start:
        return "no times in names"
    return naming.time_zone(site_day.site.file.time_zone).key


def _calibration(camera: Camera) -> str:
    """How well the pairs of a camera agree; with four there is nothing left to disagree."""
    if not camera.calibrated:
        return "none: gate events and visits, no trajectories"
    pairs = len(camera.calibration)
    if pairs == 4:
        return "4 pairs, the fewest possible; a fifth would test them"
    residuals = Homography.fit(camera.calibration).residuals_m
    mean, worst = residuals.mean() * 100, residuals.max() * 100
    return f"{pairs} pairs, {mean:.1f} cm off on average, {worst:.1f} cm at worst"
