"""Contracts of the marts of the ways that people take within the view of one camera.

Belongs here: marts that are made of floor positions. Does not belong here: how they are computed
(sql/), marts of stays as they are stored (`assets.marts.of_zones`).
"""

import polars as pl

from assets.marts.columns import (
    CAMERA,
    COVERAGE,
    DAY,
    DEFINITION,
    FLOOR,
    HOUR,
    NULL_UNOBSERVED,
    PEOPLE_OF_DAY,
    PERSON_SECONDS,
    PERSON_SECONDS_OF_DAY,
    SITE,
    TRADING_DAY,
    WHY_NOT_FOLLOWED,
    clock,
    measure,
    part_of,
    rate,
    zone,
)
from assets.marts.schema import MartColumn, MartContract, Tables
from vision.contract_terms import Range, SiteWay

_POSITIONS = tuple(("anonymised_trajectories", name) for name in ("trajectory", "at"))
_PLACES = (
    *_POSITIONS,
    *(("anonymised_trajectories", name) for name in ("x_m", "y_m")),
    *COVERAGE,
)
_METRES = Range(-10_000, 10_000, 0.25)
_SOMEBODY = Range(1, 100_000)
_WITHIN_VIEW = "within one view, without staff"

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
            _POSITIONS,
            domain=_SOMEBODY,
            nullable=False,
        ),
        measure(
            "person_seconds",
            "Time that people spent in the cell during the hour",
            ("visits",),
            _POSITIONS,
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

SHOPFRONT_CAPTURE_HOURLY = MartContract(
    name="shopfront_capture_hourly",
    grain="one shop front in one hour",
    description=f"Who passes each shop front and who goes in; {_WITHIN_VIEW}.",
    columns=(
        TRADING_DAY,
        SITE,
        zone("zone", "The shop front", None),
        zone("shop", "The shop that it is the front of", None),
        CAMERA,
        FLOOR,
        *clock("hour_start", "hour"),
        measure(
            "traffic",
            f"Visitors in the camera's view in the hour; {NULL_UNOBSERVED}",
            ("traffic",),
            _PLACES,
        ),
        measure(
            "passers_by",
            f"Visitors who visited the front and not the shop; {NULL_UNOBSERVED}",
            ("passers_by",),
            _PLACES,
        ),
        measure(
            "entries",
            f"Visitors who came from elsewhere and visited the shop; {NULL_UNOBSERVED}",
            ("entries",),
            _PLACES,
        ),
        rate(
            "capture_rate",
            "entries / (entries + passers_by); NULL where nobody came by",
            "entries",
            part_of("entries", "passers_by"),
            _PLACES,
            counted_by=("entries", "passers_by"),
        ),
        measure(
            "exposure_rate",
            "(entries + passers_by) / traffic; NULL where nobody was in view",
            ("entries", "passers_by", "traffic"),
            _PLACES,
            dtype=pl.Float64(),
            domain=Range(0, 1),
            null_where_nobody=True,
            follows=pl.when(pl.col("traffic") > 0).then(
                part_of("entries", "passers_by") / pl.col("traffic")
            ),
        ),
        *HOUR,
        WHY_NOT_FOLLOWED,
        DEFINITION,
    ),
    key=("trading_day", "site", "zone", "hour_start"),
    never_above=(("passers_by", "traffic"), ("entries", "traffic")),
    places=lambda tables: (
        tables["zones"].filter((pl.col("kind") == "frontage") & pl.col("of").is_not_null()).height
    ),
)

DISPLAY_ENGAGEMENT_HOURLY = MartContract(
    name="display_engagement_hourly",
    grain="one display in one hour",
    description=f"Who comes to each display and who slows down for it; {_WITHIN_VIEW}.",
    columns=(
        TRADING_DAY,
        SITE,
        zone("zone", "The display", None),
        CAMERA,
        FLOOR,
        *clock("hour_start", "hour"),
        measure(
            "exposed",
            f"Visitors who came into the zone; {NULL_UNOBSERVED}",
            ("exposed",),
            _PLACES,
        ),
        measure(
            "engaged",
            f"Visitors of these who slowed down during a visit; {NULL_UNOBSERVED}",
            ("engaged",),
            _PLACES,
        ),
        rate(
            "engagement_rate",
            "engaged / exposed; NULL where nobody came",
            "engaged",
            part_of("exposed"),
            _PLACES,
            counted_by=("engaged", "exposed"),
        ),
        measure(
            "attention_seconds",
            f"Time that they were slow for; {NULL_UNOBSERVED}",
            ("engaged",),
            _PLACES,
            unit="s",
            domain=PERSON_SECONDS,
        ),
        measure(
            "attention_median_s",
            "Median of this time among the engaged; NULL where there were none",
            ("engaged",),
            _PLACES,
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
    description=f"Where people go next; {_WITHIN_VIEW}.",
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
            _PLACES,
            domain=_SOMEBODY,
            nullable=False,
        ),
        measure(
            "travel_median_s",
            "Median time between the two zones",
            ("trajectories",),
            _PLACES,
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
    description=f"The ways that people take most often; {_WITHIN_VIEW}.",
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
            _PLACES,
            domain=Range(1, PEOPLE_OF_DAY.high),
            nullable=False,
        ),
        measure(
            "share",
            "trajectories / visitors_with_visit",
            ("trajectories",),
            _PLACES,
            dtype=pl.Float64(),
            domain=Range(0, 1),
            nullable=False,
            follows=pl.col("trajectories") / pl.col("visitors_with_visit"),
        ),
        measure(
            "visitors_with_visit",
            "Visitors of the camera's view who visited some zone",
            ("visitors_with_visit",),
            _PLACES,
            domain=Range(1, PEOPLE_OF_DAY.high),
            nullable=False,
        ),
        measure(
            "rank",
            "Rank among the camera's paths, 1 for the most frequent",
            ("trajectories",),
            _PLACES,
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


def _shop_counts(span: str) -> tuple[MartColumn, ...]:
    told = (
        ("visitors_of_both", "Visitors who visited both shops"),
        ("visitors_of_shop", "Visitors who visited shop"),
        ("visitors_of_other", "Visitors who visited other_shop"),
        ("shoppers", "Visitors who visited any shop that the camera owns"),
    )
    return tuple(
        measure(
            name,
            f"{what}{span}; {NULL_UNOBSERVED}",
            (name,),
            _PLACES,
            domain=PEOPLE_OF_DAY,
        )
        for name, what in told
    )


_SHOPS = (
    TRADING_DAY,
    SITE,
    CAMERA,
    FLOOR,
    zone("shop", "One shop, the one whose id comes first", None),
    zone("other_shop", "The other shop", None),
)
_SHOP_COUNTS_IN_ORDER = (
    ("visitors_of_both", "visitors_of_shop"),
    ("visitors_of_both", "visitors_of_other"),
    ("visitors_of_shop", "shoppers"),
    ("visitors_of_other", "shoppers"),
)


def _pairs_of_shops(tables: Tables) -> int:
    shops = tables["zones"].filter(pl.col("kind") == "store").group_by("camera").len()
    return int(shops.select((pl.col("len") * (pl.col("len") - 1) // 2).sum()).item())


SHOP_PAIRS_DAILY = MartContract(
    name="shop_pairs_daily",
    grain="two shops of one camera on one trading day",
    description=f"Who visits both of two shops; {_WITHIN_VIEW}.",
    columns=(*_SHOPS, *_shop_counts(""), *DAY, WHY_NOT_FOLLOWED, DEFINITION),
    key=("trading_day", "site", "shop", "other_shop"),
    never_above=_SHOP_COUNTS_IN_ORDER,
    places=_pairs_of_shops,
)

SHOP_AFFINITY_WEEKLY = MartContract(
    name="shop_affinity_weekly",
    grain="two shops of one camera in the seven trading days that end with this one",
    description=f"Which shops are visited together, for the brand mix; {_WITHIN_VIEW}.",
    columns=(
        *_SHOPS,
        *_shop_counts(" in the week"),
        rate(
            "support",
            "visitors_of_both / shoppers; NULL where there were no shoppers",
            "visitors_of_both",
            part_of("shoppers"),
            _PLACES,
            counted_by=("visitors_of_both", "shoppers"),
        ),
        measure(
            "lift",
            "How many times more often both are visited than by chance; NULL where nobody visited "
            "one of the two",
            ("visitors_of_both", "visitors_of_shop", "visitors_of_other"),
            _PLACES,
            dtype=pl.Float64(),
            domain=Range(0, PEOPLE_OF_DAY.high),
            null_where_nobody=True,
            follows=pl.when(pl.min_horizontal("visitors_of_shop", "visitors_of_other") > 0).then(
                pl.col("visitors_of_both").cast(pl.Int64)
                * pl.col("shoppers")
                / (pl.col("visitors_of_shop").cast(pl.Int64) * pl.col("visitors_of_other"))
            ),
        ),
        MartColumn("observed_days", pl.Int32(), "d", "Days of the week with figures", Range(0, 7)),
        DEFINITION,
    ),
    key=("trading_day", "site", "shop", "other_shop"),
    never_above=_SHOP_COUNTS_IN_ORDER,
    places=_pairs_of_shops,
)

GROUPS_HOURLY = MartContract(
    name="groups_hourly",
    grain="one size of groups seen by one camera in one hour",
    description=f"How many people come together; {_WITHIN_VIEW}.",
    columns=(
        TRADING_DAY,
        SITE,
        CAMERA,
        FLOOR,
        MartColumn("size", pl.Int32(), "1", "People in the group; 5 for 5 and more", Range(1, 5)),
        *clock("hour_start", "hour"),
        measure(
            "groups",
            f"Groups of this size whose first member came in the hour; {NULL_UNOBSERVED}",
            ("groups",),
            _PLACES,
        ),
        measure(
            "people",
            f"People in them; {NULL_UNOBSERVED}",
            ("groups", "people"),
            _PLACES,
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
            measure(
                name,
                f"{what}; {NULL_UNOBSERVED}",
                (name,),
                _PLACES,
                domain=PEOPLE_OF_DAY,
            )
            for name, what in (
                ("trajectories", "Trajectories of the camera"),
                ("staff_by_zone", "Of these, in a zone of kind staff"),
                ("staff_by_length", "Of the others, in view for longer than staff_after_minutes"),
                ("visitors", "Those that are left"),
            )
        ),
        measure(
            "person_seconds",
            f"Seconds of all trajectories; {NULL_UNOBSERVED}",
            ("trajectories",),
            _PLACES,
            unit="s",
            domain=PERSON_SECONDS_OF_DAY,
        ),
        measure(
            "staff_person_seconds",
            f"Seconds of those taken for staff; {NULL_UNOBSERVED}",
            ("staff_by_zone", "staff_by_length"),
            _PLACES,
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
