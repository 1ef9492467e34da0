"""Contracts of the marts of crossings.

Belongs here: marts whose rows are of a gate, or of what gates lead to. Does not belong here: how
they are computed (sql/), columns that other marts have as well (`assets.marts.columns`).
"""

import polars as pl

from assets.marts.columns import (
    AUDIT_ACCURACY,
    AUDIT_ORDER,
    CAMERA,
    COVERAGE,
    CROSSINGS,
    DAY,
    DEFINITION,
    FLOOR,
    PEOPLE_OF_DAY,
    QUARTER,
    SITE,
    TRADING_DAY,
    WHY,
    audited,
    clock,
    count,
    gate,
    measure,
    rounded_share,
)
from assets.marts.inputs import AUDIT_DAYS
from assets.marts.schema import MartColumn, MartContract, Tables
from vision.contract_terms import INSTANT, InTradingDay, Range
from vision.site.audits import LONGEST_MINUTES
from vision.site.models import OUTSIDE

_NULL_GAP = "NULL where the day has a gap"
_ESTIMATED = Range(0, 100_000_000, 0.1)
_INSIDE = Range(-100_000, 100_000, 0.25)

_GATE = (TRADING_DAY, SITE, gate(), CAMERA, FLOOR)
"""Which gate of which day a row is of."""

GATE_COUNTS_15MIN = MartContract(
    name="gate_counts_15min",
    grain="one gate in one quarter of an hour",
    description="People who crossed each gate, into and out of the site.",
    columns=(
        *_GATE,
        *clock("interval_start", "interval"),
        count("entries", "Crossings inwards", CROSSINGS),
        count("exits", "Crossings outwards", CROSSINGS),
        count(
            "approximate_crossings",
            "Crossings of either kind that were decided on coarse trajectories, because the gate "
            "was drawn after the day was processed",
            (("gate_events", "basis"), *COVERAGE),
            counted_by=("approximate_crossings", "entries", "exits"),
        ),
        *QUARTER,
        WHY,
        DEFINITION,
    ),
    key=("trading_day", "site", "gate", "interval_start"),
    places=lambda tables: tables["gates"].height,
)

FOOTFALL_DAILY = MartContract(
    name="footfall_daily",
    grain="one entrance on one trading day",
    description="People who came and went by each entrance of the site.",
    columns=(
        *_GATE,
        measure(
            "entries",
            f"People who came in; {_NULL_GAP}",
            ("entries",),
            CROSSINGS,
            domain=PEOPLE_OF_DAY,
            null_where_nobody=True,
        ),
        measure(
            "exits",
            f"People who went out; {_NULL_GAP}",
            ("exits",),
            CROSSINGS,
            domain=PEOPLE_OF_DAY,
            null_where_nobody=True,
        ),
        measure(
            "net",
            f"entries less exits; {_NULL_GAP}",
            ("entries", "exits"),
            CROSSINGS,
            domain=Range(-PEOPLE_OF_DAY.high, PEOPLE_OF_DAY.high),
            null_where_nobody=True,
            follows=pl.col("entries") - pl.col("exits"),
        ),
        rounded_share(
            "share_of_entries",
            "The entrance's part of the site's entries; NULL where the day has a gap at any "
            "entrance, or nobody came in",
            ("entries_observed",),
            CROSSINGS,
        ),
        count(
            "entries_observed",
            "People who were seen to come in, at least as many as came",
            CROSSINGS,
            domain=PEOPLE_OF_DAY,
        ),
        count(
            "exits_observed",
            "People who were seen to go out",
            CROSSINGS,
            domain=PEOPLE_OF_DAY,
        ),
        *(
            measure(
                name,
                f"{what}; NULL where the site does not ask for it, or too little was observed",
                ("entries_observed",),
                CROSSINGS,
                dtype=pl.Float64(),
                domain=_ESTIMATED,
                null_where_nobody=True,
            )
            for name, what in (
                ("entries_estimate", "Estimate of the entries, gaps in trading hours included"),
                ("entries_low", "Lower end of the estimate's 95 % interval"),
                ("entries_high", "Upper end of the estimate's 95 % interval"),
            )
        ),
        *DAY,
        WHY,
        DEFINITION,
    ),
    key=("trading_day", "site", "gate"),
    never_above=(
        ("entries", "entries_observed"),
        ("entries_low", "entries_estimate"),
        ("entries_estimate", "entries_high"),
    ),
    places=lambda tables: tables["gates"].filter(pl.col("leads_from") == OUTSIDE).height,
)


GATE_AUDITS = MartContract(
    name="gate_audits",
    grain="one count by eye at one gate",
    description="Counts by eye beside what the gate counted in the same minutes.",
    columns=(
        *_GATE,
        MartColumn(
            "starts_at", INSTANT, "UTC", "When the count by eye began", InTradingDay(1_000_000)
        ),
        MartColumn("minutes", pl.Int32(), "min", "How long it lasted", Range(1, LONGEST_MINUTES)),
        *audited("NULL where the camera did not observe all of it"),
        DEFINITION,
    ),
    key=("trading_day", "site", "gate", "starts_at"),
    places=lambda tables: tables["audits"].height,
)

GATE_ACCURACY_DAILY = MartContract(
    name="gate_accuracy_daily",
    grain="one gate on one trading day",
    description="How exactly each gate counts, by the counts by eye of the last four weeks.",
    columns=(
        *_GATE,
        MartColumn(
            "audits",
            pl.Int32(),
            "1",
            "Counts by eye that were compared with the gate's",
            Range(0, 10_000),
            sources=COVERAGE,
        ),
        MartColumn(
            "audited_minutes",
            pl.Int32(),
            "min",
            "How long they lasted together",
            Range(0, 10_000 * LONGEST_MINUTES),
            sources=COVERAGE,
        ),
        *audited("NULL without such counts"),
        *AUDIT_ACCURACY,
        DEFINITION,
    ),
    key=("trading_day", "site", "gate"),
    never_above=AUDIT_ORDER,
    places=lambda tables: tables["gates"].height,
    earlier_days=tuple(range(1, AUDIT_DAYS)),
)


def _floors(tables: Tables) -> int:
    gates = tables["gates"].drop_nulls("leads_from")
    return len({*gates["floor"], *gates["leads_from"]} - {OUTSIDE})


FLOOR_OCCUPANCY_15MIN = MartContract(
    name="floor_occupancy_15min",
    grain="one floor in one quarter of an hour",
    description="How many people were on each floor, by those who came to it and left it.",
    columns=(
        TRADING_DAY,
        SITE,
        FLOOR,
        *clock("interval_start", "interval"),
        *(
            measure(
                name,
                f"{what}; NULL from the first gap of the day on, and where nothing was observed",
                ("occupancy_peak", "crossings"),
                CROSSINGS,
                unit="people",
                dtype=pl.Float64(),
                domain=_INSIDE,
                null_where_nobody=True,
            )
            for name, what in (
                ("occupancy_mean", "People on the floor, on average over the quarter"),
                ("occupancy_peak", "Most people on the floor at one instant"),
            )
        ),
        measure(
            "crossings",
            "People who came to the floor or left it; NULL as for occupancy",
            ("crossings",),
            CROSSINGS,
            null_where_nobody=True,
        ),
        measure(
            "change",
            "Those who came less those who left; NULL as for occupancy",
            ("crossings",),
            CROSSINGS,
            domain=Range(-100_000, 100_000),
            null_where_nobody=True,
        ),
        measure(
            "drift",
            "What the crossings of the whole day leave on the floor at its end, when nobody is "
            "there: the miscount that occupancy is reconciled for; NULL where the day has a gap",
            ("crossings",),
            CROSSINGS,
            domain=Range(-100_000, 100_000),
            null_where_nobody=True,
        ),
        *QUARTER,
        DEFINITION,
    ),
    key=("trading_day", "site", "floor", "interval_start"),
    never_above=(("occupancy_mean", "occupancy_peak"), ("change", "crossings")),
    places=_floors,
)
