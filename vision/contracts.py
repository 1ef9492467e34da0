"""The contract of every dataset in the lake: its columns, types, units and domains.

Belongs here: what may be stored, said once. Writers, checks, expectation suites, docs and tests
read this module. Does not belong here: the terms that contracts are written in
(`vision.contract_terms`), how they are enforced (`vision.contract_check`), where a dataset lies
(`footfall_dagster.lake`), the marts (`assets.marts.contracts`), or what is known of recordings
themselves (`vision.contracts_ingest`, whose contracts are listed here).

The partition a row belongs to (site, date, camera) is in the path of its file, never in a column.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import polars as pl

from vision.contract_terms import (
    INSTANT,
    Column,
    Contract,
    InFrame,
    InTradingDay,
    OneOf,
    OnFloor,
    Range,
    Ranks,
    SecondsBetween,
    SiteWord,
)
from vision.contracts_ingest import CAMERA_EXPORTS, COVERAGE, TIMELINE

if TYPE_CHECKING:
    from vision.site.models import Site

GRID_M = 0.25
"""Side of a cell of the floor grid right of the wall, metres."""

FEWEST_GUESSED = 50
"""Fewest people of which a figure of guessed age and gender may tell; a site may only raise it."""
GUESSED_STEP = 10
"""Such figures are rounded down to multiples of this."""
AGE_BANDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"18_to_34": (18, 35), "35_to_54": (35, 55), "55_and_over": (55, 120)}
)
"""Years from, included, and to, left out. There is no band of children: nobody guesses at them."""

_SECOND = 1_000_000

_FRAME_AT = Column(
    "frame_at", INSTANT, "UTC", "When the frame was taken, by its timestamp", InTradingDay()
)
_BOX = (
    Column("x_min", pl.Float32(), "px", "Left edge of the person's box", InFrame("x")),
    Column("y_min", pl.Float32(), "px", "Top edge of the person's box", InFrame("y")),
    Column("x_max", pl.Float32(), "px", "Right edge of the person's box", InFrame("x")),
    Column("y_max", pl.Float32(), "px", "Bottom edge of the person's box", InFrame("y")),
)
BOX = tuple(column.name for column in _BOX)
"""Names of the edges of a box, as x_min, y_min, x_max, y_max."""
_CONFIDENCE = Column("confidence", pl.Float32(), "1", "The detector's score", Range(0, 1))

DETECTIONS = Contract(
    name="detections",
    grain="one box in one analysed frame",
    columns=(_FRAME_AT, *_BOX, _CONFIDENCE),
    key=(),
    personal=True,
    kept="detections_hours",
    made_from="timeline",
)

TRACKS = Contract(
    name="tracks",
    grain="one box of one person in one analysed frame",
    columns=(
        Column("track", pl.Int32(), "1", "Number of the track in the camera-day", Ranks()),
        _FRAME_AT,
        *_BOX,
        Column(
            "confidence",
            pl.Float32(),
            "1",
            "The detector's score; NULL where the box was filled in between detections",
            Range(0, 1),
            nullable=True,
        ),
        Column(
            "joined",
            pl.Float32(),
            "1",
            "How sure a join before this box is, by boxes alone; NULL where there is none",
            Range(0, 1),
            nullable=True,
        ),
    ),
    key=("track", "frame_at"),
    personal=True,
    kept="tracks_hours",
    made_from="detections",
)

ANONYMISED_TRAJECTORIES = Contract(
    name="anonymised_trajectories",
    grain="one floor position at one second",
    columns=(
        Column(
            "trajectory",
            pl.Int32(),
            "1",
            "Rank of the trajectory's whole sequence among the camera-day's",
            Ranks(by=("at", "x_m", "y_m")),
        ),
        Column("at", INSTANT, "UTC", "Whole second", InTradingDay(_SECOND)),
        Column("x_m", pl.Float32(), "m", "Centre of the floor cell", OnFloor("x")),
        Column("y_m", pl.Float32(), "m", "Centre of the floor cell", OnFloor("y")),
    ),
    key=("trajectory", "at"),
    personal=False,
    kept="trajectories_days",
    made_from="tracks",
)

GATE_EVENTS = Contract(
    name="gate_events",
    grain="one person crossing one gate",
    columns=(
        Column("gate", pl.String(), "", "The gate", SiteWord("gate")),
        Column("at", INSTANT, "UTC", "Second of the crossing", InTradingDay(_SECOND)),
        Column("direction", pl.String(), "", "Into or out of the site", OneOf(("in", "out"))),
        Column(
            "basis",
            pl.String(),
            "",
            "Decided on full-rate tracks, or, approximately, on coarse trajectories",
            OneOf(("track", "trajectory")),
        ),
    ),
    key=(),
    personal=False,
    kept="gate_events_months",
    made_from="tracks",
)

_STAYED = SecondsBetween("entered_at", "left_at")

ZONE_VISITS = Contract(
    name="zone_visits",
    grain="one person's stay in one zone",
    columns=(
        Column("zone", pl.String(), "", "The zone", SiteWord("zone")),
        Column("entered_at", INSTANT, "UTC", "First second inside", InTradingDay(_SECOND)),
        Column("left_at", INSTANT, "UTC", "First second outside", InTradingDay(_SECOND)),
        Column("dwell_s", pl.Int32(), "s", "Length of the stay", _STAYED),
        Column(
            "ends_seen",
            pl.String(),
            "",
            "Which ends of the stay were seen, rather than cut by a gap, the view or the day",
            OneOf(("both", "entry", "exit", "neither")),
        ),
    ),
    key=(),
    personal=False,
    kept="zone_visits_months",
    made_from="tracks",
)

LAKE: Mapping[str, Contract] = MappingProxyType(
    {
        contract.name: contract
        for contract in (
            CAMERA_EXPORTS,
            TIMELINE,
            COVERAGE,
            DETECTIONS,
            TRACKS,
            ANONYMISED_TRAJECTORIES,
            GATE_EVENTS,
            ZONE_VISITS,
        )
    }
)
"""Every dataset of the lake by name, in the order of the flow."""

ZONE_DEMOGRAPHICS_DAILY = Contract(
    name="zone_demographics_daily",
    grain="one zone, age band and gender, where enough people were guessed to be so",
    columns=(
        Column("zone", pl.String(), "", "The zone", SiteWord("zone")),
        Column("age_band", pl.String(), "", "Guessed age in years", OneOf(tuple(AGE_BANDS))),
        Column("gender", pl.String(), "", "Guessed gender", OneOf(("female", "male"))),
        Column(
            "people",
            pl.Int32(),
            "1",
            "Tracks that visited the zone and were guessed to be so, rounded down",
            Range(FEWEST_GUESSED, 1_000_000, GUESSED_STEP),
        ),
    ),
    key=("zone", "age_band", "gender"),
    personal=False,
    kept="zone_demographics_months",
    made_from="tracks",
)
"""Exists only where a site switches age and gender on."""


def lake_of(site: "Site") -> Mapping[str, Contract]:
    """The closed list of what the lake of `site` may hold: `LAKE`, and what the site adds to it."""
    if site.file.privacy.age_gender is None:
        return LAKE
    return {**LAKE, ZONE_DEMOGRAPHICS_DAILY.name: ZONE_DEMOGRAPHICS_DAILY}
