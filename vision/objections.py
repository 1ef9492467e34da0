"""Taking back what was seen at a place in a window of time, as if nobody had been there.

Belongs here: what an objection says, and which rows of a camera-day it takes away. Does not belong
here: keeping objections (`footfall_dagster.privacy.objection_list`), carrying them out
(`...privacy.objecting`), reading them from words (`...privacy.objection_asked`).

An objection names no person, so whoever was at the place in the window goes: every row of their
trajectory of the camera-day, wherever it led, and the crossings and stays that are its. Those
carry no link to a trajectory, which is why they may be kept for longer; they are found by time and
place. Where that could be several people's, all of theirs go: who objects must not stay because
somebody walked beside them.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vision.anonymise import Coarse, ranked
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS
from vision.site.geometry import (
    Points,
    as_points,
    contains,
    distance_to_outline,
    edges,
    segments_touch,
    within,
)
from vision.site.models import Camera, SiteDay

SEEN = (ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS)
"""Datasets right of the wall of which rows are taken away."""

REACH_M = 1.5
"""How far from a place one counts as at it, metres: a step of one second, and what feet that were
measured wrongly are off."""
_NEAR_S = 2
"""Seconds between an event and a position of the trajectory that it is of: paths are carried on
beyond their ends for half a second, and both are cut to whole seconds."""
_SECOND_US = 1_000_000

Kind = Literal["gate", "zone", "camera", "point"]
Rows = Mapping[str, pl.DataFrame]
"""Rows of a camera-day by dataset; what is not stored is left out."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where somebody was.

    Attributes:
        kind: What `id` names: a gate, a zone, a camera with all that it sees, or a floor.
        id: Its id in the site file.
        x_m: Of a point on the floor, metres; 0 elsewhere.
        y_m: The same.
        radius_m: How far around the point, metres; 0 elsewhere.
    """

    kind: Kind
    id: str
    x_m: float = 0.0
    y_m: float = 0.0
    radius_m: float = 0.0

    def __str__(self) -> str:
        """As a person says it."""
        if self.kind != "point":
            return f"{self.kind} {self.id}"
        return f"{self.radius_m:g} m around ({self.x_m:g}, {self.y_m:g}) on floor {self.id}"


@dataclass(frozen=True, slots=True, order=True)
class Objection:
    """A place and a window of time on one trading day; nobody is named.

    Attributes:
        day: The trading day.
        starts: First moment, UTC.
        ends: Last moment, UTC.
        place: Where.
    """

    day: dt.date
    starts: dt.datetime
    ends: dt.datetime
    place: Place


def without(
    rows: Rows, objections: Iterable[Objection], site_day: SiteDay, camera: str
) -> dict[str, pl.DataFrame]:
    """Rows of a camera-day without those that objections take away.

    What is left is as its contracts have it, and as if those who are gone had never been there:
    trajectories are numbered anew. To do it twice changes nothing.

    Args:
        rows: By dataset, of those in `SEEN`.
        objections: Those of other days and places that the camera does not see change nothing.
        site_day: The site on the day.
        camera: Whose rows these are.
    """
    asked = [_Asked.of(one, site_day, camera) for one in objections if one.day == site_day.day]
    left = dict(rows)
    gone: list[Coarse] = []
    if (positions := rows.get(ANONYMISED_TRAJECTORIES.name)) is not None:
        paths = _paths(positions)
        kept: list[Coarse] = []
        for path in paths:
            (gone if any(one.saw(path) for one in asked) else kept).append(path)
        if gone:
            left[ANONYMISED_TRAJECTORIES.name] = ranked(kept)
    if (events := rows.get(GATE_EVENTS.name)) is not None:
        left[GATE_EVENTS.name] = events.filter(~_of_gates(events, asked, gone, site_day, camera))
    if (visits := rows.get(ZONE_VISITS.name)) is not None:
        left[ZONE_VISITS.name] = visits.filter(~_of_zones(visits, asked, gone, site_day, camera))
    return left


def is_seen(objection: Objection, site_day: SiteDay, camera: str) -> bool:
    """Whether a camera sees the place of an objection on its day."""
    if objection.day != site_day.day:
        return False
    asked = _Asked.of(objection, site_day, camera)
    return bool(asked.everywhere or len(asked.outline) or asked.gates or asked.zones)


@dataclass(frozen=True, slots=True)
class _Asked:
    """An objection as one camera sees it.

    Attributes:
        first_us: First microsecond of the window.
        last_us: Last one.
        everywhere: Whether all that the camera sees is meant.
        outline: Corners of the place on the camera's floor, (n, 2) metres; none where it is on
            another floor, or in pixels.
        reach_m: How far around the outline one is at the place.
        gates: Gates of the camera at the place.
        zones: Zones of the camera at the place.
    """

    first_us: int
    last_us: int
    everywhere: bool
    outline: Points
    reach_m: float
    gates: frozenset[str]
    zones: frozenset[str]

    @classmethod
    def of(cls, objection: Objection, site_day: SiteDay, camera: str) -> "_Asked":
        place, seen_by = objection.place, site_day.cameras[camera]
        everywhere = place.kind == "camera" and place.id == camera
        floor, outline = _outline(place, site_day)
        # Of crossings and stays nobody knows where else they were: only of what the place touches.
        around = place.radius_m
        return cls(
            first_us=_us(objection.starts),
            last_us=_us(objection.ends),
            everywhere=everywhere,
            outline=outline if _sees(seen_by, floor) else as_points(()),
            reach_m=around or REACH_M,
            gates=frozenset(
                gate.id
                for gate in site_day.gates_of(camera)
                if everywhere
                or (place.kind, place.id) == ("gate", gate.id)
                or (gate.line and gate.floor == floor and _touch(outline, gate.line, around))
            ),
            zones=frozenset(
                zone.id
                for zone in site_day.zones_of(camera)
                if everywhere
                or (place.kind, place.id) == ("zone", zone.id)
                or (zone.polygon and zone.floor == floor and _touch(outline, zone.polygon, around))
            ),
        )

    def saw(self, path: Coarse) -> bool:
        """Whether a trajectory was at the place in the window."""
        in_window = path[(path[:, 0] >= self.first_us) & (path[:, 0] <= self.last_us)]
        if not len(in_window):
            return False
        if self.everywhere:
            return True
        if not len(self.outline):
            return False
        return bool(within(self.outline, in_window[:, 1:], self.reach_m).any())


def _of_gates(
    events: pl.DataFrame,
    asked: Sequence[_Asked],
    gone: Sequence[Coarse],
    site_day: SiteDay,
    camera: str,
) -> pl.Series:
    """Which crossings go: at the place in the window, or by somebody whose trajectory goes."""
    at_us = events["at"].to_physical().to_numpy()
    gates = events["gate"].to_numpy()
    found = np.zeros(events.height, dtype=np.bool_)
    for one in asked:
        found |= np.isin(gates, list(one.gates)) & (at_us >= one.first_us) & (at_us <= one.last_us)
    everybody = np.concatenate(gone) if gone else np.empty((0, 3))
    for gate in site_day.gates_of(camera):
        if gate.line is not None and len(everybody):
            there = distance_to_outline(gate.line, everybody[:, 1:]) <= REACH_M
            found |= (gates == gate.id) & _close(at_us, everybody[there, 0])
    return pl.Series(found)


def _of_zones(
    visits: pl.DataFrame,
    asked: Sequence[_Asked],
    gone: Sequence[Coarse],
    site_day: SiteDay,
    camera: str,
) -> pl.Series:
    """Which stays go: some of it at the place in the window, or by somebody whose trajectory goes.

    A stay is of a trajectory that was in the zone both when it began and when it ended.
    """
    entered_us = visits["entered_at"].to_physical().to_numpy()
    left_us = visits["left_at"].to_physical().to_numpy()
    zones = visits["zone"].to_numpy()
    found = np.zeros(visits.height, dtype=np.bool_)
    for one in asked:
        overlaps = (entered_us <= one.last_us) & (left_us >= one.first_us)
        found |= np.isin(zones, list(one.zones)) & overlaps
    for zone in site_day.zones_of(camera):
        if zone.polygon is None:
            continue
        for path in gone:
            there = within(zone.polygon, path[:, 1:], REACH_M)
            of_path = _close(entered_us, path[there, 0]) & _close(left_us, path[there, 0])
            found |= (zones == zone.id) & of_path
    return pl.Series(found)


def _paths(positions: pl.DataFrame) -> list[Coarse]:
    """Each trajectory as `vision.anonymise` has them."""
    rows = positions.select(pl.col("at").to_physical(), "x_m", "y_m").to_numpy().astype(np.float64)
    begins = np.flatnonzero(np.diff(positions["trajectory"].to_numpy())) + 1
    return np.split(rows, begins) if len(rows) else []


def _close(at_us: NDArray[np.int64], seconds_us: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which moments are at most `_NEAR_S` from one of some others."""
    others = np.sort(seconds_us)
    after = np.searchsorted(others, at_us - _NEAR_S * _SECOND_US)
    until = np.searchsorted(others, at_us + _NEAR_S * _SECOND_US, side="right")
    return np.asarray(until > after)


def _outline(place: Place, site_day: SiteDay) -> tuple[str, Points]:
    """The floor of a place and its corners in metres; none where it is a camera's, or in pixels."""
    match place.kind:
        case "point":
            return place.id, as_points((place.x_m, place.y_m))
        case "gate" if (gate := site_day.gates.get(place.id)) and gate.line:
            return gate.floor, as_points(gate.line)
        case "zone" if (zone := site_day.zones.get(place.id)) and zone.polygon:
            return zone.floor, as_points(zone.polygon)
    return "", as_points(())


def _sees(camera: Camera, floor: str) -> bool:
    return camera.calibrated and camera.floor == floor


def _touch(first: Points, second: Sequence[tuple[float, float]], reach_m: float) -> bool:
    """Whether two figures of one, two or more corners come within reach of each other."""
    other = as_points(second)
    if not len(first):
        return False
    return bool(
        contains(first, other).any()
        or contains(other, first).any()
        or any(segments_touch(a, b, c, d) for a, b in edges(first) for c, d in edges(other))
        or distance_to_outline(first, other).min() <= reach_m
        or distance_to_outline(other, first).min() <= reach_m
    )


def _us(moment: dt.datetime) -> int:
    return int(moment.timestamp()) * _SECOND_US
