"""The contract of the mart of how far what is stored singles people out.

Belongs here: the mart that tells who may read which dataset with what care. Does not belong here:
how it is computed (`sql/unicity_daily.sql`), how anonymous what is published is: that is
decided, not measured (`assets.release`).
"""

import polars as pl

from assets.marts.columns import (
    CAMERA,
    DEFINITION,
    FLOOR,
    PEOPLE_OF_DAY,
    SHARE,
    SITE,
    TRADING_DAY,
    measure,
)
from assets.marts.inputs import EVENTS, EXACTNESS
from assets.marts.schema import MartColumn, MartContract
from vision.contract_terms import OneOf, Range

_SOURCES = tuple(
    (contract.name, column.name)
    for contract in EVENTS
    for column in contract.columns
    if column.name not in ("basis", "dwell_s", "ends_seen")
)

UNICITY_DAILY = MartContract(
    name="unicity_daily",
    grain="one kind of rows of one camera-day, one way to know of somebody in them",
    description="How many people are singled out by a few points that somebody knows of them.",
    columns=(
        TRADING_DAY,
        SITE,
        CAMERA,
        FLOOR,
        MartColumn(
            "dataset",
            pl.String(),
            "",
            "The rows that are looked through",
            OneOf(tuple(contract.name for contract in EVENTS)),
        ),
        MartColumn(
            "known_s",
            pl.Int32(),
            "s",
            "To how many seconds a moment is known",
            Range(EXACTNESS[0][0], EXACTNESS[-1][0]),
        ),
        MartColumn("known_points", pl.Int32(), "1", "How many points are known", Range(1, 4)),
        measure(
            "people",
            "Trajectories, crossings or stays that it is tried on",
            ("people",),
            _SOURCES,
            domain=Range(1, int(PEOPLE_OF_DAY.high)),
            nullable=False,
        ),
        measure(
            "singled_out",
            "Those of which no other row fits",
            ("people", "singled_out"),
            _SOURCES,
            domain=PEOPLE_OF_DAY,
            nullable=False,
        ),
        measure(
            "unicity",
            "Their part of people",
            ("people", "singled_out"),
            _SOURCES,
            dtype=pl.Float64(),
            domain=SHARE,
            nullable=False,
            follows=pl.col("singled_out") / pl.col("people"),
        ),
        DEFINITION,
    ),
    key=("trading_day", "site", "camera", "dataset", "known_s", "known_points"),
    never_above=(("singled_out", "people"),),
)
