"""`footfall objections`: taking objections in, showing them, carrying them out.

Belongs here: options, what is printed, exit codes. Does not belong here: what can be wrong with one
(`footfall_dagster.privacy.objection_asked`), carrying them out (`...privacy.objecting`).
"""

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

import click
from rich.console import Console

from footfall_dagster.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from footfall_dagster.privacy.objecting import Objecting
    from footfall_dagster.privacy.objection_list import Objections
    from vision.objections import Objection, Place

_MOMENT = click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"])
# To click, \b is a paragraph that is not to be wrapped.
_ROUND = """\b
At the information desk:
  footfall objections add --gate entrance --from "2026-03-14 14:05" --until "2026-03-14 14:15"
  footfall objections add --point ground 12.5 4 3 \\
      --from "2026-03-14 14:20" --until "2026-03-14 14:30"
"""


@click.group("objections", epilog=_ROUND)
def command() -> None:
    """Take back what was seen at a place in a window of time, and publish it no more.

    Who objects says where they were and when, and not who they are. Everybody who was there then is
    removed from that day: their trajectories as a whole, their crossings and stays, whatever is
    left of detections and tracks. The marts are computed again without them.

    Objections are carried out together: once `batch` of them wait (privacy.objections in site.yaml,
    5 unless it says otherwise), once one has waited `longest_wait_days` (3), or the night before
    trajectories of its day go by age. Nothing is published any more of their days, or of the weeks
    of these (`withdraw: week`, the default): figures that are one lower than before would tell
    where somebody was.

    All is about the site that FOOTFALL_SITE names.
    """


@command.command("add", short_help="Take an objection in; it waits for its batch.")
@click.option("--gate", metavar="NAME", help="Where: at a gate of site.yaml.")
@click.option("--zone", metavar="NAME", help="Or in a zone.")
@click.option("--camera", metavar="NAME", help="Or anywhere that a camera sees.")
@click.option(
    "--point",
    type=(str, float, float, float),
    metavar="FLOOR X Y RADIUS",
    help="Or so many metres around a point of a floor.",
)
@click.option(
    "--from", "starts", type=_MOMENT, required=True, metavar="TIME", help="By the site's clock."
)
@click.option(
    "--until", "ends", type=_MOMENT, required=True, metavar="TIME", help="30 minutes later at most."
)
def add(
    gate: str | None,
    zone: str | None,
    camera: str | None,
    point: tuple[str, float, float, float] | None,
    starts: dt.datetime,
    ends: dt.datetime,
) -> None:
    """Take an objection in: a place, a window of time, and nothing of who asks.

    It waits for others, and is carried out with them by a nightly job; `list` shows those that
    wait. The day has to be one of which something is kept. While its trajectories are (7 days
    unless site.yaml says otherwise), all that the cameras followed of those who were there is
    removed; after that, what happened at the place itself.
    """
    from footfall_dagster.privacy.objection_asked import ObjectionError, asked
    from footfall_dagster.privacy.objection_list import ObjectionsUnreadable

    place, objecting, now = _place(gate, zone, camera, point), _objecting(), _now()
    try:
        objection = asked(objecting, place, starts, ends, now)
        is_new = objecting.lake.objection_list.add(objection, _today(objecting, now))
        known = objecting.lake.objection_list.read()
    except (ObjectionError, ObjectionsUnreadable) as wrong:
        raise click.ClickException(str(wrong)) from None
    click.echo(
        f"{'Taken in' if is_new else 'Known already'}: {_told(objecting, objection)}. "
        "Nothing says who asked."
    )
    _tell_waiting(objecting, known)


@command.command("list", short_help="Show the objections that wait, and those that stand.")
def list_all() -> None:
    """Show the objections that wait for their batch, and those that were carried out.

    Those stand until nothing of their day can come back: whatever is made again of it obeys them.
    """
    from footfall_dagster.privacy.objection_list import ObjectionsUnreadable

    objecting = _objecting()
    try:
        known = objecting.lake.objection_list.read()
        withdrawn = sorted(objecting.warehouse.withdrawn.days(objecting.site.id))
    except (ObjectionsUnreadable, ValueError) as wrong:
        raise click.ClickException(str(wrong)) from None
    for one in known.waiting:
        click.echo(f"waits since {one.since}: {_told(objecting, one.objection)}")
    for objection in known.begun:
        click.echo(f"being carried out: {_told(objecting, objection)}")
    for objection in known.standing:
        click.echo(f"carried out: {_told(objecting, objection)}")
    _tell_waiting(objecting, known)
    if withdrawn:
        click.echo(f"Nothing is published any more of {', '.join(map(str, withdrawn))}.")


@command.command("apply", short_help="Carry out the objections that wait, if they are due.")
@click.option("--now", "at_once", is_flag=True, help="Carry them out although none is due yet.")
def apply(at_once: bool) -> None:
    """Carry out the objections that wait, as the nightly job does, and make their days again.

    It may be stopped at any moment and run again. Nothing happens while none is due, unless --now
    is given; a batch of one is carried out as a batch of five is, and who knows on which day
    somebody objected may guess from the day it disappears.
    """
    from assets.plan import SitePlan
    from footfall_dagster.day import why_failed
    from footfall_dagster.instance import open_instance
    from footfall_dagster.objections import JOB, run
    from footfall_dagster.privacy.objection_list import ObjectionsUnreadable

    objecting, settings, console = _objecting(), Settings(), Console(highlight=False)
    try:
        known, is_due = objecting.lake.objection_list.read(), objecting.is_due(_now())
    except ObjectionsUnreadable as wrong:
        raise click.ClickException(str(wrong)) from None
    carries_out = is_due or (at_once and bool(known.waiting))
    if carries_out or known.to_make:
        with open_instance(settings) as instance:
            if carries_out:
                result, lines = run(settings, SitePlan(objecting.site), instance)
                for line in lines:
                    console.out(line)
                if not result.success:
                    raise click.ClickException("\n".join(why_failed(JOB, result)))
            _make_days(objecting, instance, console.out)
    if known.waiting and not carries_out:
        _tell_waiting(objecting, known)
        click.echo("None is due yet; --now carries them out at once.")
    else:
        click.echo("No objection waits, and every day is made again.")


def _make_days(
    objecting: "Objecting", instance: "DagsterInstance", say: Callable[[str], None]
) -> None:
    """Make the days again from which something was taken, those that can be."""
    from footfall_dagster.day import DayFailed, make_again

    listed, failures = objecting.lake.objection_list, []
    for day, batch in listed.read().to_make:
        try:
            make_again(objecting.settings, instance, day, say)
        except DayFailed as failed:
            failures.append(str(failed))
        else:
            listed.made(day, batch)
    if failures:
        failures.append("what was objected to is gone; run this again to make the marts")
        raise click.ClickException("\n".join(failures))


def _objecting() -> "Objecting":
    """The objections of the site that the settings name; what is wrong with its files is told."""
    from footfall_dagster.privacy.objecting import Objecting
    from vision.site.load import load_site
    from vision.site.problems import SiteFileError

    settings = Settings()
    try:
        return Objecting(settings, load_site(settings.site))
    except SiteFileError as wrong:
        raise click.ClickException(str(wrong)) from None


def _place(
    gate: str | None,
    zone: str | None,
    camera: str | None,
    point: tuple[str, float, float, float] | None,
) -> "Place":
    from vision.objections import Place

    given = [
        *([Place("gate", gate)] if gate else []),
        *([Place("zone", zone)] if zone else []),
        *([Place("camera", camera)] if camera else []),
        *([Place("point", *point)] if point else []),
    ]
    if len(given) != 1:
        raise click.UsageError(
            f"an objection has one place, and {len(given) or 'none'} is given: use one of --gate, "
            "--zone, --camera, --point"
        )
    return given[0]


def _told(objecting: "Objecting", objection: "Objection") -> str:
    zone = objecting.site.zone_info
    starts, ends = (at.astimezone(zone) for at in (objection.starts, objection.ends))
    return f"{objection.place}, {starts:%Y-%m-%d %H:%M} to {ends:%H:%M}"


def _tell_waiting(objecting: "Objecting", known: "Objections") -> None:
    asked = objecting.site.file.privacy.objections
    if not known.waiting:
        click.echo("No objection waits.")
        return
    first = min(one.since for one in known.waiting)
    latest = first + dt.timedelta(days=asked.longest_wait_days)
    click.echo(
        f"{len(known.waiting)} of {asked.batch} wait; carried out together once there are "
        f"{asked.batch}, on {latest} at the latest."
    )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _today(objecting: "Objecting", now: dt.datetime) -> dt.date:
    return now.astimezone(objecting.site.zone_info).date()
