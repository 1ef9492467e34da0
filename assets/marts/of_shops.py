"""Contracts of the marts of shops: who comes in from their front, and who visits which together.

Belongs here: marts whose rows are of a shop, or of two, and are made of floor positions. Does not
belong here: how they are computed (sql/), other marts of ways (`assets.marts.of_ways`), what a
square metre of a shop is worth (`assets.marts.of_zones`).
"""

import polars as pl

from assets.marts.columns import (
    CAMERA,
    DAY,
    DEFINITION,
    FLOOR,
    HOUR,
    PEOPLE_OF_DAY,
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
from assets.marts.schema import MartColumn, MartContract, Tables
from vision.contract_terms import Range

SHOPFRONT_CAPTURE_HOURLY = MartContract(
    name="shopfront_capture_hourly",
    grain="one shop front in one hour",
    description=f"Who passes each shop front and who goes in; {WITHIN_VIEW}.",
    columns=(
        TRADING_DAY,
        SITE,
        zone("zone", "The shop front", None),
        zone("shop", "The shop that it is the front of", None),
        CAMERA,
        FLOOR,
        *clock("hour_start", "hour"),
        count(
            "traffic",
            "Visitors in the camera's view in the hour",
            WAYS,
        ),
        count(
            "passers_by",
            "Visitors who visited the front and not the shop",
            WAYS,
        ),
        count(
            "entries",
            "Visitors who came from elsewhere and visited the shop",
            WAYS,
        ),
        rate(
            "capture_rate",
            "entries / (entries + passers_by); NULL where nobody came by",
            "entries",
            part_of("entries", "passers_by"),
            WAYS,
            counted_by=("entries", "passers_by"),
        ),
        measure(
            "exposure_rate",
            "(entries + passers_by) / traffic; NULL where nobody was in view",
            ("entries", "passers_by", "traffic"),
            WAYS,
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


def _shop_counts(span: str) -> tuple[MartColumn, ...]:
    told = (
        ("visitors_of_both", "Visitors who visited both shops"),
        ("visitors_of_shop", "Visitors who visited shop"),
        ("visitors_of_other", "Visitors who visited other_shop"),
        ("shoppers", "Visitors who visited any shop that the camera owns"),
    )
    return tuple(count(name, f"{what}{span}", WAYS, domain=PEOPLE_OF_DAY) for name, what in told)


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
    description=f"Who visits both of two shops; {WITHIN_VIEW}.",
    columns=(*_SHOPS, *_shop_counts(""), *DAY, WHY_NOT_FOLLOWED, DEFINITION),
    key=("trading_day", "site", "shop", "other_shop"),
    never_above=_SHOP_COUNTS_IN_ORDER,
    places=_pairs_of_shops,
)

SHOP_AFFINITY_WEEKLY = MartContract(
    name="shop_affinity_weekly",
    grain="two shops of one camera in the seven trading days that end with this one",
    description=f"Which shops are visited together, for the brand mix; {WITHIN_VIEW}.",
    columns=(
        *_SHOPS,
        *_shop_counts(" in the week"),
        rate(
            "support",
            "visitors_of_both / shoppers; NULL where there were no shoppers",
            "visitors_of_both",
            part_of("shoppers"),
            WAYS,
            counted_by=("visitors_of_both", "shoppers"),
        ),
        measure(
            "lift",
            "How many times more often both are visited than by chance; NULL where nobody visited "
            "one of the two",
            ("visitors_of_both", "visitors_of_shop", "visitors_of_other"),
            WAYS,
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
    earlier_days=tuple(range(1, 7)),
)
