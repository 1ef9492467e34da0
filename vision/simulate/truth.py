"""What really happened in a simulation, for the product's figures to be compared with.

Belongs here: crossings, stays and paths by exact geometry, and how they are written. Does not
belong here: boxes in frames (`vision.simulate.render` sees who hides whom).
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from vision.contract_terms import INSTANT
from vision.exports.instants import us_of
from vision.simulate.geometry import crossings, inside_polygon
from vision.simulate.plan import FloorPlan
from vision.simulate.render import TrueBox
from vision.simulate.walk import STEP_S, Walk
from vision.site.models import SiteDay

FOLDER = "truth"
"""Name of the folder beside the recordings."""

TAGGED = "tagged"
"""In the name of the file of the boxes of who wears an opt-out tag; nothing else of the truth has
them."""

PATHS = pl.Schema({"person": pl.Int32(), "at": INSTANT, "x_m": pl.Float64(), "y_m": pl.Float64()})
GATE_CROSSINGS = pl.Schema(
    {"gate": pl.String(), "at": INSTANT, "direction": pl.String(), "person": pl.Int32()}
)
ZONE_VISITS = pl.Schema(
    {
        "zone": pl.String(),
        "entered_at": INSTANT,
        "left_at": INSTANT,
        "dwell_s": pl.Float64(),
        "person": pl.Int32(),
    }
)


@dataclass(frozen=True, slots=True)
class Crossing:
    """A person crosses a gate, `at` seconds after the start of the simulation."""

    gate: str
    at: float
    direction: str
    person: int


@dataclass(frozen=True, slots=True)
class Stay:
    """A person is inside a zone, from `entered` to `left` seconds after the start."""

    zone: str
    entered: float
    left: float
    person: int


def gate_crossings(plan: FloorPlan, walk: Walk) -> list[Crossing]:
    """Each crossing of a gate on one path, in order of time."""
    found = []
    for door in plan.doors.values():
        along = door.end - door.start
        inside_is_left = float(along[0] * door.inward[1] - along[1] * door.inward[0]) > 0
        for index, side in crossings(walk.path, door.start, door.end):
            direction = "in" if (side > 0) == inside_is_left else "out"
            at = walk.start + STEP_S * index
            found.append(Crossing(door.gate, at, direction, walk.person.number))
    return sorted(found, key=lambda crossing: crossing.at)


def stays(plan: FloorPlan, walk: Walk, shortest: dict[str, float]) -> list[Stay]:
    """Each stay in a zone on one path that lasts at least the zone's `shortest`, in seconds."""
    found = []
    for zone, polygon in plan.zones.items():
        inside = np.concatenate([[False], inside_polygon(walk.path, polygon), [False]])
        changes = np.flatnonzero(inside[1:] != inside[:-1])
        for first, end in zip(changes[::2], changes[1::2], strict=True):
            entered, left = walk.start + STEP_S * first, walk.start + STEP_S * (end - 1)
            if left - entered >= max(shortest[zone], STEP_S):
                found.append(Stay(zone, float(entered), float(left), walk.person.number))
    return sorted(found, key=lambda stay: stay.entered)


def truth_frames(
    day: SiteDay, start: dt.datetime, floors: Sequence[tuple[FloorPlan, Sequence[Walk]]]
) -> dict[str, pl.DataFrame]:
    """Paths, gate crossings and zone visits of people who walk on floors, by name."""
    shortest = {zone.id: zone.min_dwell for zone in day.zones.values()}
    crossed = all_crossings(floors)
    stayed = [
        found for plan, walks in floors for walk in walks for found in stays(plan, walk, shortest)
    ]
    stayed.sort(key=lambda stay: (stay.entered, stay.zone, stay.person))

    def instant(seconds: float) -> dt.datetime:
        return start + dt.timedelta(microseconds=round(seconds * 1e6))

    gates = [(c.gate, instant(c.at), c.direction, c.person) for c in crossed]
    visits = [
        (s.zone, instant(s.entered), instant(s.left), round(s.left - s.entered, 3), s.person)
        for s in stayed
    ]
    return {
        "paths": _paths(start, [walk for _, walks in floors for walk in walks]),
        "gate_crossings": pl.DataFrame(gates, schema=GATE_CROSSINGS, orient="row"),
        "zone_visits": pl.DataFrame(visits, schema=ZONE_VISITS, orient="row"),
    }


def _paths(start: dt.datetime, walks: Sequence[Walk]) -> pl.DataFrame:
    if not walks:
        return PATHS.to_frame()
    places = np.vstack([walk.path for walk in walks])
    at_us = np.round(np.concatenate([walk.times for walk in walks]) * 1e6).astype(np.int64)
    people = [walk.person.number for walk in walks]
    return pl.DataFrame(
        {
            "person": np.repeat(people, [len(walk.path) for walk in walks]),
            "at": us_of(start) + at_us,
            "x_m": places[:, 0],
            "y_m": places[:, 1],
        }
    ).cast(PATHS)


def all_crossings(floors: Sequence[tuple[FloorPlan, Sequence[Walk]]]) -> list[Crossing]:
    """Each crossing of a gate on any path, in order of time."""
    crossed = [
        found for plan, walks in floors for walk in walks for found in gate_crossings(plan, walk)
    ]
    return sorted(crossed, key=lambda crossing: (crossing.at, crossing.gate, crossing.person))


def write_truth(
    folder: Path, day: SiteDay, start: dt.datetime, floors: list[tuple[FloorPlan, list[Walk]]]
) -> list[Crossing]:
    """Write paths, gate crossings and zone visits as Parquet; return the crossings."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in truth_frames(day, start, floors).items():
        part = folder / f"{name}.parquet.part"
        frame.write_parquet(part)
        part.replace(folder / f"{name}.parquet")
    return all_crossings(floors)


def mot_lines(frame: int, boxes: Iterable[TrueBox]) -> list[str]:
    """Lines of one frame as MOTChallenge writes ground truth; frames and ids count from 1."""
    return [
        f"{frame},{box.number + 1},{box.x:.1f},{box.y:.1f},{box.width:.1f},{box.height:.1f},"
        f"1,1,{box.visible:.3f}\n"
        for box in boxes
    ]
