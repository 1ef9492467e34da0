"""An objection as somebody asks for it, in local times and names: what can be wrong with it.

Belongs here: turning words into an objection, and saying what cannot be done. Does not belong here:
options of the command line (`footfall_dagster.cli.objections`), carrying it out (`objecting`).
"""

import datetime as dt
from collections.abc import Iterable

import numpy as np

from footfall_dagster.privacy.objecting import Objecting, kept_until
from vision.objections import Objection, Place, is_seen
from vision.site.models import Site, SiteDay
from vision.site.wording import nearest

LONGEST = dt.timedelta(minutes=30)
"""Of a window. Everybody who was there goes, and a longer one would take a morning away."""
SMALLEST_M, LARGEST_M = 0.5, 10.0
"""Radius around a point."""


class ObjectionError(ValueError):
    """An objection that cannot be taken; says what is wrong, where, and what to do."""


def asked(
    objecting: Objecting, place: Place, starts: dt.datetime, ends: dt.datetime, now: dt.datetime
) -> Objection:
    """The objection that is asked for.

    Args:
        objecting: Of the site.
        place: Where; its names are looked up on the day.
        starts: First moment, by the site's clock.
        ends: Last moment, by the site's clock.
        now: With a time zone.

    Raises:
        ObjectionError: It cannot be taken.
    """
    site = objecting.site
    if ends <= starts:
        raise ObjectionError(
            f"the window ends at {_told(ends)}, which is not after {_told(starts)}, when it "
            "begins; give --from the earlier and --until the later time"
        )
    if ends - starts > LONGEST:
        raise ObjectionError(
            f"a window of {_minutes(ends - starts)} minutes is too long: everybody who was there "
            f"is removed, so give {_minutes(LONGEST)} minutes at most, or several shorter windows"
        )
    # When clocks go back an hour comes twice: both are meant, since nobody said which.
    first = starts.replace(tzinfo=site.zone_info, fold=0).astimezone(dt.UTC)
    last = ends.replace(tzinfo=site.zone_info, fold=1).astimezone(dt.UTC)
    if last <= first:
        raise ObjectionError(
            f"from {_told(starts)} until {_told(ends)} there was no time in {site.file.time_zone}, "
            "because clocks were put forward; give the times that clocks showed"
        )
    if last > now:
        raise ObjectionError(
            f"the window ends at {_told(ends)} in {site.file.time_zone}, which is still to come; "
            "object to what has been seen, when it has"
        )
    day = site.day_of(first)
    # Up to the moment at which the next day begins, and without it.
    if site.day_of(last - dt.timedelta(microseconds=1)) != day:
        raise ObjectionError(
            f"the window lies in two trading days of {site.id}, which begin at "
            f"{site.file.trading_day_start:%H:%M}; make two objections, up to it and from it"
        )
    _refuse_day(objecting, day, now)
    site_day = site.on(day)
    _refuse_place(site_day, place)
    objection = Objection(day, first, last, place)
    if not any(is_seen(objection, site_day, camera) for camera in site_day.cameras):
        raise ObjectionError(
            f"nobody is followed at that place on {day}: no camera of its floor is calibrated, and "
            "no gate or zone is there; name a gate, a zone or a camera"
        )
    return objection


def _refuse_day(objecting: Objecting, day: dt.date, now: dt.datetime) -> None:
    site = objecting.site
    if not site.file.trades_on(day):
        until = f" to {site.file.closes}" if site.file.closes else ""
        raise ObjectionError(
            f"{day} is no trading day of {site.id}, which site.yaml has open from "
            f"{site.file.opens}{until}; look whether day and FOOTFALL_SITE are right"
        )
    if kept_until(site, day) <= now and not objecting.is_stored(day):
        oldest = next(
            back
            for number in range((now.date() - day).days)
            if kept_until(site, back := day + dt.timedelta(days=number)) > now
        )
        raise ObjectionError(
            f"{day} is outside the retained days of {site.id}: no trajectory, gate event or visit "
            f"of a day before {oldest} is kept (privacy.retention in site.yaml), so there is "
            "nothing of anybody to remove. Look whether the date is right"
        )


def _refuse_place(site_day: SiteDay, place: Place) -> None:
    site = site_day.site
    known: dict[str, Iterable[str]] = {
        "gate": site_day.gates,
        "zone": site_day.zones,
        "camera": site_day.cameras,
        "point": [floor.id for floor in site.file.floors],
    }
    word = "floor" if place.kind == "point" else place.kind
    if place.id not in known[place.kind]:
        raise ObjectionError(
            f"{site.id} has no {word} {place.id!r} on {site_day.day}; "
            f"{nearest(place.id, known[place.kind])} (`footfall site check` names all)"
        )
    if place.kind == "point":
        _refuse_point(site, place)


def _refuse_point(site: Site, place: Place) -> None:
    if not SMALLEST_M <= place.radius_m <= LARGEST_M:
        raise ObjectionError(
            f"a radius of {place.radius_m:g} m: give one from {SMALLEST_M:g} to {LARGEST_M:g} m, "
            "or name a zone or a camera"
        )
    floor = next(one for one in site.file.floors if one.id == place.id)
    (low_x, low_y), (high_x, high_y) = (
        getattr(np.asarray(floor.outline), side)(axis=0) for side in ("min", "max")
    )
    if not (low_x <= place.x_m <= high_x and low_y <= place.y_m <= high_y):
        raise ObjectionError(
            f"({place.x_m:g}, {place.y_m:g}) is not on floor {floor.id}, which goes from "
            f"({low_x:g}, {low_y:g}) to ({high_x:g}, {high_y:g}) metres; look at the plan "
            "(`footfall site picture`)"
        )


def _told(local: dt.datetime) -> str:
    return f"{local:%Y-%m-%d %H:%M}"


def _minutes(span: dt.timedelta) -> str:
    return f"{span.total_seconds() / 60:g}"
