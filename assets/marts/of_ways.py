"""Contracts of the marts of the ways that people take within the view of one camera.

Belongs here: marts that are made of floor positions. Does not belong here: how they are computed
(sql/), marts of stays as they are stored (`assets.marts.of_zones`).
"""

import polars as pl

from assets.marts.columns import (
    CAMERA,
    DAY,
    DEFINITION,
    FLOOR,
    HOUR,
    PEOPLE_OF_DAY,
    PERSON_SECONDS,
    PERSON_SECONDS_OF_DAY,
    POSITIONS,
    SITE,
    TRADING_DAY,
    WAYS,
    WHY_NOT_FOLLOWED,
    WITHIN_VIEW,
    clock,
    count,
    measure,
    part_of,
    rate,
    zone,
)
from assets.marts.schema import MartColumn, MartContract
from vision.contract_terms import Range, SiteWay

_METRES = Range(-10_000, 10_000, 0.25)
_SOMEBODY = Range(1, 100_000)

HEATMAP_HOURLY = MartContract(
    name="heatmap_hourly",
    grain="one floor cell of 0.5 m seen by one camera in one hour, where somebody was",
    description="Where on the floor people were, and for how long.",
    columns=(
        TRADING_DAY,
        SITE,
        CAMERA,
        FLOOR,
        *clock("hour_start", "hour"),
        *(
            MartColumn(
                name,
                pl.Float64(),
                "m",
                "Centre of the cell",
                _METRES,
                sources=(("anonymised_trajectories", name),),
            )
            for name in ("x_m", "y_m")
        ),
        measure(
            "visits",
            "Trajectories of the camera that touched the cell in the hour",
            ("visits",),
            POSITIONS,
            domain=_SOMEBODY,
            nullable=False,
        ),
        measure(
            "person_seconds",
            "Time that people spent in the cell during the hour",
            ("visits",),
            POSITIONS,
            unit="s",
            domain=Range(1, 100_000_000),
            nullable=False,
        ),
        *HOUR,
        DEFINITION,
    ),
    key=("trading_day", "site", "camera", "floor", "hour_start", "y_m", "x_m"),
    drop_suppressed=True,
    never_above=(("visits", "person_seconds"),),
)

DISPLAY_ENGAGEMENT_HOURLY = MartContract(
    name="display_engagement_hourly",
    grain="one display in one hour",
    description=f"Who comes to each display and who slows down for it; {WITHIN_VIEW}.",
    columns=(
        TRADING_DAY,
        SITE,
        zone("zone", "The display", None),
        CAMERA,
        FLOOR,
        *clock("hour_start", "hour"),
        count(
            "exposed",
            "Visitors who came into the zone",
            WAYS,
        ),
        count(
            "engaged",
            "Visitors of these who slowed down during a visit",
            WAYS,
        ),
        rate(
            "engagement_rate",
            "engaged / exposed; NULL where nobody came",
            "engaged",
            part_of("exposed"),
            WAYS,
            counted_by=("engaged", "exposed"),
        ),
        count(
            "attention_seconds",
            "Time that they were slow for",
            WAYS,
            counted_by=("engaged",),
            unit="s",
            domain=PERSON_SECONDS,
        ),
        measure(
            "attention_median_s",
            "Median of this time among the engaged; NULL where there were none",
            ("engaged",),
            WAYS,
            unit="s",
            dtype=pl.Float64(),
            domain=Range(0, 25 * 3600, 0.5),
            null_where_nobody=True,
        ),
        *HOUR,
        WHY_NOT_FOLLOWED,
        DEFINITION,
    ),
    key=("trading_day", "site", "zone", "hour_start"),
    never_above=(("engaged", "exposed"), ("engaged", "attention_seconds")),
    places=lambda tables: tables["zones"].filter(pl.col("kind") == "display").height,
)

ZONE_FLOW_HOURLY = MartContract(
    name="zone_flow_hourly",
    grain="two zones of one camera in one hour, where somebody went from one to the other",
    description=f"Where people go next; {WITHIN_VIEW}.",
    columns=(
        TRADING_DAY,
        SITE,
        CAMERA,
        FLOOR,
        zone("from_zone", "The zone that was visited first", None),
        zone("to_zone", "The zone that was visited next", None),
        *clock("hour_start", "hour"),
        measure(
            "trajectories",
            "Visitors who went from the one to the other",
            ("trajectories",),
            WAYS,
            domain=_SOMEBODY,
            nullable=False,
        ),
        measure(
            "travel_median_s",
            "Median time between the two zones",
            ("trajectories",),
            WAYS,
            unit="s",
            dtype=pl.Float64(),
            domain=Range(0, 25 * 3600, 0.5),
            nullable=False,
        ),
        *HOUR,
        DEFINITION,
    ),
    key=("trading_day", "site", "camera", "from_zone", "to_zone", "hour_start"),
    drop_suppressed=True,
)

PATHS_DAILY = MartContract(
    name="paths_daily",
    grain="one frequent sequence of zones of one camera on one trading day",
    description=f"The ways that people take most often; {WITHIN_VIEW}.",
    columns=(
        TRADING_DAY,
        SITE,
        CAMERA,
        FLOOR,
        MartColumn(
            "path", pl.String(), "", "The zones in the order in which they were visited", SiteWay(8)
        ),
        MartColumn("zones", pl.Int32(), "1", "Number of them; 9 for more than 8", Range(1, 9)),
        measure(
            "trajectories",
            "Visitors whose path it is",
            ("trajectories",),
            WAYS,
            domain=Range(1, PEOPLE_OF_DAY.high),
            nullable=False,
        ),
        measure(
            "share",
            "trajectories / visitors_with_visit",
            ("trajectories",),
            WAYS,
            dtype=pl.Float64(),
            domain=Range(0, 1),
            nullable=False,
            follows=pl.col("trajectories") / pl.col("visitors_with_visit"),
        ),
        measure(
            "visitors_with_visit",
            "Visitors of the camera's view who visited some zone",
            ("visitors_with_visit",),
            WAYS,
            domain=Range(1, PEOPLE_OF_DAY.high),
            nullable=False,
        ),
        measure(
            "rank",
            "Rank among the camera's paths, 1 for the most frequent",
            ("trajectories",),
            WAYS,
            domain=Range(1, 100),
            nullable=False,
        ),
        *DAY,
        DEFINITION,
    ),
    key=("trading_day", "site", "camera", "path"),
    drop_suppressed=True,
    never_above=(("trajectories", "visitors_with_visit"),),
)


GROUPS_HOURLY = MartContract(
    name="groups_hourly",
    grain="one size of groups seen by one camera in one hour",
    description=f"How many people come together; {WITHIN_VIEW}.",
    columns=(
        TRADING_DAY,
        SITE,
        CAMERA,
        FLOOR,
        MartColumn("size", pl.Int32(), "1", "People in the group; 5 for 5 and more", Range(1, 5)),
        *clock("hour_start", "hour"),
        count(
            "groups",
            "Groups of this size whose first member came in the hour",
            WAYS,
        ),
        count(
            "people",
            "People in them",
            WAYS,
            counted_by=("groups", "people"),
        ),
        *HOUR,
        WHY_NOT_FOLLOWED,
        DEFINITION,
    ),
    key=("trading_day", "site", "camera", "size", "hour_start"),
    never_above=(("groups", "people"),),
    places=lambda tables: 5 * tables["cameras"].height,
)

STAFF_EXCLUDED_DAILY = MartContract(
    name="staff_excluded_daily",
    grain="one camera on one trading day",
    description="How many trajectories are taken for staff and left out of the marts of ways.",
    columns=(
        TRADING_DAY,
        SITE,
        CAMERA,
        FLOOR,
        *(
            count(name, what, WAYS, domain=PEOPLE_OF_DAY)
            for name, what in (
                ("trajectories", "Trajectories of the camera"),
                ("staff_by_zone", "Of these, in a zone of kind staff"),
                ("staff_by_length", "Of the others, in view for longer than staff_after_minutes"),
                ("visitors", "Those that are left"),
            )
        ),
        count(
            "person_seconds",
            "Seconds of all trajectories",
            WAYS,
            counted_by=("trajectories",),
            unit="s",
            domain=PERSON_SECONDS_OF_DAY,
        ),
        count(
            "staff_person_seconds",
            "Seconds of those taken for staff",
            WAYS,
            counted_by=("staff_by_zone", "staff_by_length"),
            unit="s",
            domain=PERSON_SECONDS_OF_DAY,
        ),
        *DAY,
        WHY_NOT_FOLLOWED,
        DEFINITION,
    ),
    key=("trading_day", "site", "camera"),
    never_above=(
        ("visitors", "trajectories"),
        ("trajectories", "person_seconds"),
        ("staff_person_seconds", "person_seconds"),
    ),
    places=lambda tables: tables["cameras"].height,
)
