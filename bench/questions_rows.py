"""Plausible figures of each mart, as SELECTs on the tables of bench/questions_spans.sql.

A figure that is NULL where nothing was observed may be any number there; what follows from other
columns of its row, the site and the version are added by who runs these.
"""

_QUARTER = (
    "trading_day, camera, floor, interval_start, local_start, in_trading_hours, observed_minutes, "
    "observed_share"
)
_HOUR = _QUARTER.replace("interval_start", "hour_start")
_DAY = "trading_day, camera, floor, observed_minutes, observed_share"

FIGURES = {
    "gate_counts_15min": f"""
        SELECT {_QUARTER}, not_observed, gate,
            people(40 * rush, (gate, interval_start, 1)) AS entries,
            people(40 * rush, (gate, interval_start, 2)) AS exits, 0 AS approximate_crossings
        FROM quarter_seen INNER JOIN (SELECT gate, camera FROM gates) USING (camera)""",
    "footfall_daily": f"""
        WITH counted AS (
            SELECT {_DAY}, not_observed, gate, is_whole,
            people(40 * rush, (gate, trading_day, 3)) AS entries_observed,
                people(40 * rush, (gate, trading_day, 4)) AS exits_observed
            FROM day_seen
            INNER JOIN (SELECT gate, camera FROM gates WHERE leads_from = 'outside') USING (camera)
        )
        SELECT *, if(is_whole, entries_observed, NULL) AS entries,
            if(is_whole, exits_observed, NULL) AS exits,
            if(bool_and(is_whole) OVER of_day, sum(entries_observed) OVER of_day, NULL)::INTEGER
                AS entries_of_site
        FROM counted WINDOW of_day AS (PARTITION BY trading_day)""",
    "floor_occupancy_15min": """
        WITH floor_in_quarter AS (
            SELECT trading_day, floor, interval_start, local_start, in_trading_hours, rush,
                min(observed_minutes) AS observed_minutes, min(observed_share) AS observed_share
            FROM quarter_seen GROUP BY ALL
        )
        SELECT *, round(800 * rush) / 4 AS occupancy_mean, round(1600 * rush) / 4 AS occupancy_peak,
            people(300 * rush, (floor, interval_start)) AS crossings, 0 AS change, 3 AS drift
        FROM floor_in_quarter""",
    "zone_visits_hourly": f"""
        SELECT {_HOUR}, not_observed, zone, kind,
            people(15 * rush, (zone, hour_start, 5)) AS visits,
            visits // 20 AS cut_visits, people(5 * rush, (zone, hour_start, 6)) AS bounces,
            if(visits > 0, 45.0, NULL) AS dwell_median_s,
            if(visits > 0, 160.0, NULL) AS dwell_p90_s, 180 * visits AS person_seconds
        FROM hour_seen INNER JOIN (SELECT zone, kind, camera FROM zones) USING (camera)""",
    "zone_dwell_distribution": f"""
        SELECT {_DAY}, not_observed, zone, kind, dwell_from_s, dwell_until_s,
            people(9 * rush / number_of_class, (zone, trading_day, dwell_from_s, 7))
                AS visits_observed,
            (sum(visits_observed) OVER (PARTITION BY trading_day, zone))::INTEGER AS visits_of_zone
        FROM day_seen INNER JOIN (SELECT zone, kind, camera FROM zones) USING (camera)
        CROSS JOIN (VALUES (0, 10, 1), (10, 30, 1), (30, 60, 1), (60, 120, 2), (120, 300, 2),
            (300, 600, 3), (600, 1800, 5), (1800, NULL, 9))
            AS class (dwell_from_s, dwell_until_s, number_of_class)""",
    "occupancy_15min": f"""
        WITH counted AS (
            SELECT *, people(18 * rush, (zone, interval_start, 8)) AS stays,
            45 * stays AS person_seconds
            FROM quarter_seen INNER JOIN (SELECT zone, kind, camera FROM zones) USING (camera)
        )
        SELECT {_QUARTER}, not_observed, zone, kind, stays, person_seconds,
            (stays + 2) // 3 AS occupancy_peak
        FROM counted""",
    "queue_15min": f"""
        SELECT {_QUARTER}, not_observed, zone,
            people(30 * rush, (zone, interval_start, 9)) AS stays,
            (2 * stays) // 3 AS waits, 270 * stays AS person_seconds,
            stays // 2 AS length_peak, if(waits > 0, 60.0, NULL) AS wait_median_s,
            if(waits > 0, 150.0, NULL) AS wait_p90_s,
            people(waits * 0.7, (zone, interval_start, 10)) AS served,
            people(waits * 0.4, (zone, interval_start, 11)) AS abandoned
        FROM quarter_seen
        INNER JOIN (SELECT zone, camera FROM zones WHERE kind = 'queue') USING (camera)""",
    "heatmap_hourly": f"""
        SELECT {_HOUR}, (cell % 40) / 2 + 0.25 AS x_m, cell // 40 / 2 + 0.25 AS y_m,
            1 + people(8 * rush, (camera, cell, hour_start, 12)) AS visits,
            3 * visits AS person_seconds
        FROM hour_seen CROSS JOIN (SELECT unnest(range(cells_of_view())) AS cell)
        WHERE in_trading_hours AND observed_minutes > 0""",
    "shopfront_capture_hourly": f"""
        SELECT {_HOUR}, not_observed, zone, shop,
            people(35 * rush, (zone, hour_start, 13)) AS passers_by,
            people(10 * rush, (zone, hour_start, 14)) AS entries,
            2 * (passers_by + entries) AS traffic
        FROM hour_seen
        INNER JOIN (SELECT zone, "of" AS shop, camera FROM zones WHERE kind = 'frontage')
            USING (camera)""",
    "display_engagement_hourly": f"""
        SELECT {_HOUR}, not_observed, zone, people(30 * rush, (zone, hour_start, 15)) AS exposed,
            exposed // 3 AS engaged,
            12 * engaged AS attention_seconds, if(engaged > 0, 8.0, NULL) AS attention_median_s
        FROM hour_seen
        INNER JOIN (SELECT zone, camera FROM zones WHERE kind = 'display') USING (camera)""",
    "zone_flow_hourly": f"""
        SELECT {_HOUR}, begin_zone.zone AS from_zone, end_zone.zone AS to_zone,
            1 + people(5 * rush, (from_zone, to_zone, hour_start, 16)) AS trajectories,
            6.5 AS travel_median_s
        FROM hour_seen INNER JOIN (SELECT zone, camera FROM zones) AS begin_zone USING (camera)
        INNER JOIN (SELECT zone, camera FROM zones) AS end_zone USING (camera)
        WHERE from_zone <> to_zone AND in_trading_hours AND observed_minutes > 0""",
    "paths_daily": f"""
        WITH way AS (
            SELECT {_DAY}, one.zone || ' > ' || two.zone || ' > ' || three.zone AS path,
                1 + people(rush, (path, trading_day, 17)) AS trajectories
            FROM day_seen INNER JOIN (SELECT zone, camera FROM zones) AS one USING (camera)
            INNER JOIN (SELECT zone, camera FROM zones) AS two USING (camera)
            INNER JOIN (SELECT zone, camera FROM zones) AS three USING (camera)
            WHERE one.zone <> two.zone AND two.zone <> three.zone AND observed_minutes > 0
        )
        SELECT *, 3 AS zones,
            (sum(trajectories) OVER (PARTITION BY trading_day, camera))::INTEGER
                AS visitors_with_visit,
            rank() OVER (PARTITION BY trading_day, camera ORDER BY trajectories DESC) AS rank
        FROM way""",
    "shop_pairs_daily": f"""
        SELECT {_DAY}, not_observed, one.zone AS shop, two.zone AS other_shop,
            people(rush, (camera, trading_day, 18)) AS visitors_of_both,
            5 * visitors_of_both AS visitors_of_shop,
            6 * visitors_of_both AS visitors_of_other, 9 * visitors_of_both AS shoppers
        FROM day_seen
        INNER JOIN (SELECT zone, camera FROM zones WHERE kind = 'store') AS one USING (camera)
        INNER JOIN (SELECT zone, camera FROM zones WHERE kind = 'store') AS two USING (camera)
        WHERE one.zone < two.zone""",
    "shop_affinity_weekly": """
        SELECT trading_day, camera, floor, one.zone AS shop, two.zone AS other_shop,
            6 AS observed_days, people(7 * rush, (camera, trading_day, 19)) AS visitors_of_both,
            5 * visitors_of_both AS visitors_of_shop, 6 * visitors_of_both AS visitors_of_other,
            9 * visitors_of_both AS shoppers
        FROM day_seen
        INNER JOIN (SELECT zone, camera FROM zones WHERE kind = 'store') AS one USING (camera)
        INNER JOIN (SELECT zone, camera FROM zones WHERE kind = 'store') AS two USING (camera)
        WHERE one.zone < two.zone""",
    "groups_hourly": f"""
        SELECT {_HOUR}, not_observed, size,
            people(25 * rush / size, (camera, size, hour_start, 20)) AS groups,
            size * groups AS people
        FROM hour_seen CROSS JOIN (SELECT unnest([1, 2, 3, 4, 5]) AS size)""",
    "staff_excluded_daily": f"""
        SELECT {_DAY}, not_observed, people(100 * rush, (camera, trading_day, 21)) AS trajectories,
            15 AS staff_by_zone,
            0 AS staff_by_length, greatest(trajectories - 15, 0) AS visitors,
            90 * trajectories AS person_seconds, 80 * trajectories AS staff_person_seconds
        FROM day_seen""",
    "space_value_daily": f"""
        WITH counted AS (
            SELECT {_DAY}, not_observed, zone, kind, area_m2, is_whole,
                people(15 * rush, (zone, trading_day, 22)) AS visits_observed
            FROM day_seen
            INNER JOIN (SELECT zone, kind, camera, round(area_m2, 4) AS area_m2 FROM zones)
                USING (camera)
        ),
        zone_on_day AS (
            SELECT *, 180 * visits_observed AS person_seconds,
                if(kind = 'display', 12 * visits_observed, NULL) AS attention_seconds,
                if(is_whole, visits_observed, NULL) AS visits,
                bool_and(is_whole) OVER (PARTITION BY trading_day, kind) AS comparable
            FROM counted
        )
        SELECT *, if(comparable, sum(visits) OVER of_kind, NULL)::INTEGER AS visits_of_kind,
            if(comparable, rank() OVER (of_kind ORDER BY visits / area_m2 DESC), NULL) AS rank,
            if(is_whole, visits_observed + visits_observed % 7, NULL) AS visits_week_before,
            NULL::INTEGER AS visits_year_before
        FROM zone_on_day WINDOW of_kind AS (PARTITION BY trading_day, kind)""",
    "data_quality_daily": f"""
        SELECT {_DAY}, coalesce(not_observed, 'observed') AS state,
            round((1 - observed_share) * 48)::INTEGER AS quarters_unobserved,
            people(400 * rush, (camera, trading_day, 23)) AS stays, stays // 20 AS cut_stays,
            people(100 * rush, (camera, trading_day, 24)) AS trajectories,
            trajectories // 50 AS short_trajectories
        FROM day_seen""",
}
