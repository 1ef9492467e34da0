"""Contracts of the marts of stays in zones.

Belongs here: marts whose rows are of a zone and are made of `zone_visits`. Does not belong here:
how they are computed (sql/), marts of the ways between zones (`assets.marts.of_ways`).
"""

import polars as pl

from assets.marts.columns import (
    CAMERA,
    COVERAGE,
    DAY,
    DEFINITION,
    FLOOR,
    HOUR,
    KIND,
    NULL_UNOBSERVED,
    PEOPLE_OF_DAY,
    PERSON_SECONDS,
    PERSON_SECONDS_OF_DAY,
    QUARTER,
    SITE,
    TRADING_DAY,
    WHY,
    clock,
    count,
    measure,
    part_of,
    rate,
    rounded_share,
    zone,
)
from assets.marts.schema import MartColumn, MartContract
from vision.contract_terms import Range

_STAYS = (("zone_visits", "entered_at"), ("zone_visits", "dwell_s"), *COVERAGE)
_PRESENCE = (("zone_visits", "entered_at"), ("zone_visits", "left_at"), *COVERAGE)


def _lengths(name: str, of: str) -> tuple[MartColumn, ...]:
    """How long visits lasted, or waits."""
    told = (
        (
            "median",
            f"Median length of the {of}; NULL where there were none or nothing was observed",
            Range(0, 25 * 3600, 0.5),
        ),
        (
            "p90",
            f"Length that nine {of} in ten do not exceed; NULL as for the median",
            Range(0, 25 * 3600, 0.1),
        ),
    )
    return tuple(
        measure(
            f"{name}_{quantile}_s",
            description,
            (of,),
            _STAYS,
            unit="s",
            dtype=pl.Float64(),
            domain=domain,
            null_where_nobody=True,
        )
        for quantile, description, domain in told
    )


def _people_at_once(name: str, mean: str, place: str) -> tuple[MartColumn, ...]:
    """How many people were in a place at an instant, and the stays that they made of it."""
    return (
        measure(
            f"{name}_mean",
            f"{mean}; {NULL_UNOBSERVED}",
            ("stays",),
            _PRESENCE,
            unit="people",
            dtype=pl.Float64(),
            domain=Range(0, 10_000, 0.0001),
        ),
        count(
            f"{name}_peak",
            f"Most people in the {place} at one instant",
            _PRESENCE,
            counted_by=("stays",),
            unit="people",
        ),
        count("stays", "Stays of any length of which some part fell into the interval", _PRESENCE),
    )


ZONE_VISITS_HOURLY = MartContract(
    name="zone_visits_hourly",
    grain="one zone in one hour",
    description="Visits to each zone by the hour in which they began, and how long they lasted.",
    columns=(
        TRADING_DAY,
        SITE,
        zone(),
        KIND,
        CAMERA,
        FLOOR,
        *clock("hour_start", "hour"),
        count(
            "visits",
            "Stays of at least the zone's min_dwell that began in the hour",
            _STAYS,
        ),
        count(
            "cut_visits",
            "Visits of which the beginning or the end was not seen, so that their dwell is a "
            "lower bound",
            (("zone_visits", "ends_seen"), *_STAYS),
            counted_by=("cut_visits", "visits"),
        ),
        count(
            "bounces",
            "Stays shorter than min_dwell that began in the hour",
            _STAYS,
            counted_by=("bounces", "visits"),
        ),
        *_lengths("dwell", "visits"),
        count(
            "person_seconds",
            "Length of all the visits together",
            _STAYS,
            counted_by=("visits",),
            unit="s",
            domain=PERSON_SECONDS,
        ),
        *HOUR,
        WHY,
        DEFINITION,
    ),
    key=("trading_day", "site", "zone", "hour_start"),
    never_above=(
        ("cut_visits", "visits"),
        ("dwell_p90_s", "person_seconds"),
        ("dwell_median_s", "dwell_p90_s"),
    ),
    places=lambda tables: tables["zones"].height,
)

ZONE_DWELL_DISTRIBUTION = MartContract(
    name="zone_dwell_distribution",
    grain="one zone and one class of dwell on one trading day",
    description="How long the visits to each zone lasted, by classes.",
    columns=(
        TRADING_DAY,
        SITE,
        zone(),
        KIND,
        CAMERA,
        FLOOR,
        MartColumn(
            "dwell_from_s",
            pl.Int32(),
            "s",
            "Shortest visit of the class",
            Range(0, 1800),
        ),
        MartColumn(
            "dwell_until_s",
            pl.Int32(),
            "s",
            "What visits of the class stay below; NULL for the last class",
            Range(10, 1800),
            nullable=True,
        ),
        count(
            "visits_observed",
            "Visits of the class that began in an hour of which something was observed",
            _STAYS,
            domain=PEOPLE_OF_DAY,
        ),
        rate(
            "share",
            "The class's part of the zone's visits; NULL where there were none",
            "visits_observed",
            part_of("visits_of_zone"),
            _STAYS,
            counted_by=("visits_observed", "visits_of_zone"),
        ),
        count(
            "visits_of_zone",
            "Visits of all classes",
            _STAYS,
            domain=PEOPLE_OF_DAY,
        ),
        *DAY,
        WHY,
        DEFINITION,
    ),
    key=("trading_day", "site", "zone", "dwell_from_s"),
    never_above=(("visits_observed", "visits_of_zone"),),
    places=lambda tables: 8 * tables["zones"].height,
)

OCCUPANCY_15MIN = MartContract(
    name="occupancy_15min",
    grain="one zone in one quarter of an hour",
    description="How many people were in each zone at once, on average and at most.",
    columns=(
        TRADING_DAY,
        SITE,
        zone(),
        KIND,
        CAMERA,
        FLOOR,
        *clock("interval_start", "interval"),
        *_people_at_once(
            "occupancy",
            "Person-seconds spent in the zone during the interval, per second observed",
            "zone",
        ),
        count(
            "person_seconds",
            "Time that people spent in the zone during the interval",
            _PRESENCE,
            counted_by=("stays",),
            unit="s",
            domain=PERSON_SECONDS,
        ),
        *QUARTER,
        WHY,
        DEFINITION,
    ),
    key=("trading_day", "site", "zone", "interval_start"),
    never_above=(("occupancy_peak", "stays"),),
    places=lambda tables: tables["zones"].height,
)

_FOLLOWED = (
    ("anonymised_trajectories", "trajectory"),
    ("anonymised_trajectories", "at"),
    *COVERAGE,
)
_OUTCOME = "NULL also where the queue does not say what people wait for, or nobody is followed"

QUEUE_15MIN = MartContract(
    name="queue_15min",
    grain="one queue in one quarter of an hour",
    description="How long each queue was, how long people waited, and how many gave up.",
    columns=(
        TRADING_DAY,
        SITE,
        zone(),
        CAMERA,
        FLOOR,
        *clock("interval_start", "interval"),
        *_people_at_once("length", "People in the queue on average", "queue"),
        count(
            "waits",
            "Stays of at least min_dwell that began in the interval",
            _STAYS,
        ),
        *_lengths("wait", "waits"),
        measure(
            "served",
            f"Waits after which the visitor came to what they waited for; {_OUTCOME}",
            ("served",),
            _FOLLOWED,
            null_where_nobody=True,
        ),
        measure(
            "abandoned",
            f"Waits after which the visitor went elsewhere; {_OUTCOME}",
            ("abandoned",),
            _FOLLOWED,
            null_where_nobody=True,
        ),
        rate(
            "abandonment_rate",
            "abandoned / (served + abandoned); NULL where that is 0 or not known",
            "abandoned",
            part_of("served", "abandoned"),
            _FOLLOWED,
            counted_by=("served", "abandoned"),
        ),
        *QUARTER,
        WHY,
        DEFINITION,
    ),
    key=("trading_day", "site", "zone", "interval_start"),
    never_above=(
        ("length_peak", "stays"),
        ("waits", "stays"),
        ("wait_median_s", "wait_p90_s"),
    ),
    places=lambda tables: tables["zones"].filter(pl.col("kind") == "queue").height,
)

_LIKE_FOR_LIKE = Range(-1, 1_000_000, 0.000001)
_PER_M2 = Range(0, 1_000_000_000)

SPACE_VALUE_DAILY = MartContract(
    name="space_value_daily",
    grain="one zone on one trading day",
    description="What a square metre of each zone was worth, beside other zones and other days.",
    columns=(
        TRADING_DAY,
        SITE,
        zone(),
        KIND,
        CAMERA,
        FLOOR,
        MartColumn(
            "area_m2",
            pl.Float64(),
            "m²",
            "Area of the zone, as the site file draws it",
            Range(0, 1_000_000, 0.0001),
        ),
        measure(
            "visits",
            "Visits of the day; NULL where the day has a gap",
            ("visits",),
            _STAYS,
            domain=PEOPLE_OF_DAY,
            null_where_nobody=True,
        ),
        count(
            "visits_observed",
            "Visits that were seen, at least as many as there were",
            _STAYS,
            domain=PEOPLE_OF_DAY,
        ),
        count(
            "person_seconds",
            "Length of the visits that were seen",
            _STAYS,
            counted_by=("visits_observed",),
            unit="s",
            domain=PERSON_SECONDS_OF_DAY,
        ),
        measure(
            "attention_seconds",
            "Attention that a display was seen to get; NULL for zones of other kinds, and where "
            "nobody is followed",
            ("visits_observed",),
            _FOLLOWED,
            unit="s",
            domain=PERSON_SECONDS_OF_DAY,
            null_where_nobody=True,
        ),
        *(
            rate(
                f"{part}_per_m2".replace("visits_observed", "visits"),
                f"{part} / area_m2; NULL as that",
                part,
                part_of("area_m2"),
                sources,
                counted_by=("visits_observed",),
                domain=_PER_M2,
                unit=unit,
            )
            for part, sources, unit in (
                ("visits_observed", _STAYS, "1/m²"),
                ("person_seconds", _STAYS, "s/m²"),
                ("attention_seconds", _FOLLOWED, "s/m²"),
            )
        ),
        rounded_share(
            "share",
            "The zone's part of the visits to zones of its kind; NULL where one of them has a gap",
            ("visits",),
            _STAYS,
        ),
        measure(
            "rank",
            "Rank among zones of its kind by visits per square metre, 1 for the most; NULL where "
            "one of them has a gap",
            ("visits",),
            _STAYS,
            domain=Range(1, 10_000),
            null_where_nobody=True,
        ),
        *(
            measure(
                name,
                f"Change of visits against {before}, as a share of those: 0.1 is a tenth more; "
                "NULL where either day has a gap or they cannot be compared",
                ("visits",),
                _STAYS,
                dtype=pl.Float64(),
                domain=_LIKE_FOR_LIKE,
                null_where_nobody=True,
            )
            for name, before in (
                ("change_week", "the same weekday of the week before"),
                ("change_year", "the same weekday 52 weeks before"),
            )
        ),
        *DAY,
        WHY,
        DEFINITION,
    ),
    key=("trading_day", "site", "zone"),
    never_above=(("visits", "visits_observed"),),
    places=lambda tables: tables["zones"].drop_nulls("area_m2").height,
    earlier_days=(7, 364),
)
