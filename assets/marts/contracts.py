"""Every mart: the list that the warehouse, the checks, the release and the docs go by.

Belongs here: which marts there are, in the order in which they are made, and the mart of what the
others rest on. Does not belong here: contracts by subject (`assets.marts.of_gates`, `of_zones`,
`of_ways`, `of_shops`, `of_anonymity`), how a mart is computed (`sql/<mart>.sql`, one file a mart),
what may be published of it (`assets.marts.release`), the lake's contracts (`vision.contracts`).

To add a mart: a `MartContract` in one of these modules and in `MARTS`, `sql/<name>.sql` beside the
others. What it is made from is read from its SQL (`assets.marts.queries`). `docs/metrics.md` is
made from both (`assets.marts.metrics`).
"""

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

from assets.marts.columns import (
    AUDIT_ACCURACY,
    AUDIT_ORDER,
    CAMERA,
    COVERAGE,
    DAY,
    DEFINITION,
    FLOOR,
    NULL_UNOBSERVED,
    PEOPLE_OF_DAY,
    POSITIONS,
    SITE,
    TRADING_DAY,
    audited,
    count,
    measure,
    rounded_share,
)
from assets.marts.inputs import NOT_OBSERVED, OBSERVED
from assets.marts.of_anonymity import UNICITY_DAILY
from assets.marts.of_gates import (
    FLOOR_OCCUPANCY_15MIN,
    FOOTFALL_DAILY,
    GATE_ACCURACY_DAILY,
    GATE_AUDITS,
    GATE_COUNTS_15MIN,
)
from assets.marts.of_shops import SHOP_AFFINITY_WEEKLY, SHOP_PAIRS_DAILY, SHOPFRONT_CAPTURE_HOURLY
from assets.marts.of_ways import (
    DISPLAY_ENGAGEMENT_HOURLY,
    GROUPS_HOURLY,
    HEATMAP_HOURLY,
    PATHS_DAILY,
    STAFF_EXCLUDED_DAILY,
    ZONE_FLOW_HOURLY,
)
from assets.marts.of_zones import (
    OCCUPANCY_15MIN,
    QUEUE_15MIN,
    SPACE_VALUE_DAILY,
    ZONE_DWELL_DISTRIBUTION,
    ZONE_VISITS_HOURLY,
)
from assets.marts.schema import MartColumn, MartContract
from vision.contract_terms import OneOf, Range

_STAYS = (("zone_visits", "ends_seen"), *COVERAGE)

DATA_QUALITY_DAILY = MartContract(
    name="data_quality_daily",
    grain="one camera on one trading day",
    description="What the day's figures of each camera rest on.",
    columns=(
        TRADING_DAY,
        SITE,
        CAMERA,
        FLOOR,
        MartColumn(
            "state",
            pl.String(),
            "",
            "Whether the camera delivered the day; if not, why not",
            OneOf((OBSERVED, *NOT_OBSERVED)),
        ),
        MartColumn(
            "quarters_unobserved",
            pl.Int32(),
            "1",
            "Quarters of an hour of the trading hours of which nothing was observed",
            Range(0, 100),
            sources=COVERAGE,
        ),
        count(
            "stays",
            "Stays in zones, of any length",
            _STAYS,
            domain=PEOPLE_OF_DAY,
        ),
        rounded_share(
            "cut_share",
            "Part of the stays of which an end was not seen; NULL where there were none",
            ("stays",),
            _STAYS,
        ),
        measure(
            "trajectories",
            f"Trajectories; {NULL_UNOBSERVED}, or has no calibration",
            ("trajectories",),
            POSITIONS,
            domain=PEOPLE_OF_DAY,
            null_where_nobody=True,
        ),
        rounded_share(
            "short_share",
            "Part of the trajectories that last less than three seconds; NULL where there are none",
            ("trajectories",),
            POSITIONS,
        ),
        MartColumn(
            "audits",
            pl.Int32(),
            "1",
            "Counts by eye at gates of the camera, in minutes that it observed; NULL in rows that "
            "know of none",
            Range(0, 10_000),
            nullable=True,
            sources=COVERAGE,
        ),
        *audited("NULL without such counts"),
        *AUDIT_ACCURACY,
        *DAY,
        DEFINITION,
    ),
    key=("trading_day", "site", "camera"),
    never_above=AUDIT_ORDER,
    places=lambda tables: tables["cameras"].height,
)

MARTS: Mapping[str, MartContract] = MappingProxyType(
    {
        mart.name: mart
        for mart in (
            GATE_COUNTS_15MIN,
            FOOTFALL_DAILY,
            GATE_AUDITS,
            GATE_ACCURACY_DAILY,
            FLOOR_OCCUPANCY_15MIN,
            ZONE_VISITS_HOURLY,
            ZONE_DWELL_DISTRIBUTION,
            OCCUPANCY_15MIN,
            QUEUE_15MIN,
            HEATMAP_HOURLY,
            SHOPFRONT_CAPTURE_HOURLY,
            DISPLAY_ENGAGEMENT_HOURLY,
            ZONE_FLOW_HOURLY,
            PATHS_DAILY,
            SHOP_PAIRS_DAILY,
            SHOP_AFFINITY_WEEKLY,
            GROUPS_HOURLY,
            STAFF_EXCLUDED_DAILY,
            SPACE_VALUE_DAILY,
            DATA_QUALITY_DAILY,
            UNICITY_DAILY,
        )
    }
)
"""Every mart by name, each after those that its query reads."""
