"""What a report tells of how far the rows that are stored single people out.

Belongs here: adding `unicity_daily` up over the cameras of a day, and its words. Does not belong
here: the measure (`sql/unicity_daily.sql`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from assets.marts.inputs import EXACTNESS
from assets.reports.told import NOBODY, Told
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS

_WHAT: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        ANONYMISED_TRAJECTORIES.name: ("Paths on the floor", 4),
        GATE_EVENTS.name: ("Crossings of gates", 1),
        ZONE_VISITS.name: ("Stays in zones", 2),
    }
)
"""What rows are called, and how many points of one can be known."""
_MOMENTS = ("to the second", "to the minute", "to the quarter of an hour")
"""In the order of `EXACTNESS`."""


@dataclass(frozen=True, slots=True)
class Singled:
    """How many rows of a kind are singled out by what is known that exactly.

    Attributes:
        what: The kind of rows.
        known: How exactly, in words.
        people: How many rows it was tried on.
        shares: By how many points are known, from one on; shorter where no more can be.
    """

    what: str
    known: str
    people: int
    shares: tuple[Told, ...]


def singled(rows: pl.DataFrame) -> list[Singled]:
    """Each kind of rows of which there are some, by how exactly somebody is known."""
    summed = rows.group_by("dataset", "known_s", "known_points").agg(
        pl.col("people", "singled_out").sum()
    )
    by_key = {
        (row["dataset"], row["known_s"], row["known_points"]): row
        for row in summed.iter_rows(named=True)
    }
    return [
        Singled(
            what,
            moment + (f" and {known_m:g} m" if dataset == ANONYMISED_TRAJECTORIES.name else ""),
            by_key[dataset, known_s, 1]["people"],
            tuple(_share(by_key.get((dataset, known_s, points))) for points in range(1, most + 1)),
        )
        for dataset, (what, most) in _WHAT.items()
        for moment, (known_s, known_m) in zip(_MOMENTS, EXACTNESS, strict=True)
        if (dataset, known_s, 1) in by_key
    ]


def _share(row: Mapping[str, int] | None) -> Told:
    if row is None or not row["people"]:
        return NOBODY
    return Told(row["singled_out"] / row["people"], "whole")
