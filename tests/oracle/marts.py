"""All marts of a day, by mart.

Belongs here: which function makes which mart of what. Does not belong here: any figure.
"""

import datetime as dt
from collections.abc import Mapping

from tests.oracle import of_audits, of_cameras, of_gates, of_ways, of_zones
from tests.oracle.day import Row, StoredDay
from tests.oracle.of_anonymity import unicity_daily

Marts = dict[str, list[Row]]


def marts_of(day: StoredDay, other_days: Mapping[dt.date, Marts]) -> Marts:
    """The rows of every mart.

    Args:
        day: The stored rows of the day.
        other_days: Rows of other days, as they stood when these marts were made.
    """

    def earlier(mart: str, date: dt.date) -> list[Row]:
        return other_days.get(date, {}).get(mart, [])

    gate_counts = list(of_gates.gate_counts_15min(day))
    audits = list(of_audits.gate_audits(day))
    visits_hourly = list(of_zones.zone_visits_hourly(day))
    occupancy = list(of_zones.occupancy_15min(day))
    engagement = list(of_ways.display_engagement_hourly(day))
    shop_pairs = list(of_ways.shop_pairs_daily(day))
    return {
        "gate_counts_15min": gate_counts,
        "footfall_daily": list(of_gates.footfall_daily(day, gate_counts)),
        "gate_audits": audits,
        "gate_accuracy_daily": list(of_audits.gate_accuracy_daily(day, audits, earlier)),
        "floor_occupancy_15min": list(of_gates.floor_occupancy_15min(day)),
        "zone_visits_hourly": visits_hourly,
        "zone_dwell_distribution": list(of_zones.zone_dwell_distribution(day)),
        "occupancy_15min": occupancy,
        "queue_15min": list(of_zones.queue_15min(day, occupancy)),
        "heatmap_hourly": list(of_ways.heatmap_hourly(day)),
        "shopfront_capture_hourly": list(of_ways.shopfront_capture_hourly(day)),
        "display_engagement_hourly": engagement,
        "zone_flow_hourly": list(of_ways.zone_flow_hourly(day)),
        "paths_daily": list(of_ways.paths_daily(day)),
        "shop_pairs_daily": shop_pairs,
        "shop_affinity_weekly": list(of_ways.shop_affinity_weekly(day, shop_pairs, earlier)),
        "groups_hourly": list(of_cameras.groups_hourly(day)),
        "staff_excluded_daily": list(of_cameras.staff_excluded_daily(day)),
        "space_value_daily": list(
            of_zones.space_value_daily(day, visits_hourly, engagement, earlier)
        ),
        "data_quality_daily": list(of_cameras.data_quality_daily(day)),
        "unicity_daily": list(unicity_daily(day)),
    }
