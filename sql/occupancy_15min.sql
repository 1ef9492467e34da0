-- occupancy_15min
--
-- Grain       one zone in one quarter of an hour of the trading day; every zone has every quarter.
-- Version     1
-- Definition  occupancy is the number of people in the zone at an instant. Its mean is the time that
--             people spent in the zone during the quarter, divided by the time observed; its peak is
--             the largest number of stays at one instant. Stays of any length count. A stay ends
--             with its first second outside: one person who leaves and one who enters in the same
--             second are not there together.
-- Source      none; the mean is the one of queueing theory, over time.
-- NULL        the owning camera observed nothing in the quarter.
WITH
part_of_stay_in_interval AS (
    SELECT
        zone_visits.camera,
        zone_visits.zone,
        intervals.interval_start,
        greatest(zone_visits.entered_at, intervals.interval_start) AS begins_at,
        least(zone_visits.left_at, intervals.interval_end) AS ends_at
    FROM zone_visits
    INNER JOIN intervals
        ON zone_visits.entered_at < intervals.interval_end
        AND zone_visits.left_at > intervals.interval_start
),

arrival_or_departure AS (
    SELECT camera, zone, interval_start, begins_at AS instant, 1 AS change
    FROM part_of_stay_in_interval
    UNION ALL
    SELECT camera, zone, interval_start, ends_at AS instant, -1 AS change
    FROM part_of_stay_in_interval
),

instant_of_change AS (
    SELECT
        camera,
        zone,
        interval_start,
        sum(sum(change)) OVER (
            PARTITION BY camera, zone, interval_start ORDER BY instant
        ) AS people
    FROM arrival_or_departure
    GROUP BY camera, zone, interval_start, instant
),

zone_with_peak_in_interval AS (
    SELECT camera, zone, interval_start, max(people) AS occupancy_peak
    FROM instant_of_change
    GROUP BY ALL
),

zone_with_stays_in_interval AS (
    SELECT
        camera,
        zone,
        interval_start,
        count(*) AS stays,
        sum(epoch(ends_at) - epoch(begins_at)) AS person_seconds
    FROM part_of_stay_in_interval
    GROUP BY ALL
),

zone_in_interval AS (
    SELECT
        zones.zone,
        zones.kind,
        span.*
    FROM zones
    INNER JOIN camera_quarters AS span
        ON span.camera = zones.camera
        AND span.dataset = 'zone_visits'
)

SELECT
    site_day.trading_day,
    site_day.site,
    place.zone,
    place.kind,
    place.camera,
    place.floor,
    place.interval_start,
    place.local_start,
    place.in_trading_hours,
    CASE WHEN place.observed_s > 0 THEN round(coalesce(seen.person_seconds, 0) / place.observed_s, 4) END
        AS occupancy_mean,
    CASE WHEN place.observed_s > 0 THEN coalesce(peak.occupancy_peak, 0) END AS occupancy_peak,
    CASE WHEN place.observed_s > 0 THEN coalesce(seen.stays, 0) END AS stays,
    CASE WHEN place.observed_s > 0 THEN coalesce(seen.person_seconds, 0) END AS person_seconds,
    round(place.observed_s / 60, 4) AS observed_minutes,
    round(place.observed_s / place.length_s, 6) AS observed_share,
    place.not_observed
FROM site_day
CROSS JOIN zone_in_interval AS place
LEFT JOIN zone_with_stays_in_interval AS seen
    ON seen.camera = place.camera
    AND seen.zone = place.zone
    AND seen.interval_start = place.interval_start
LEFT JOIN zone_with_peak_in_interval AS peak
    ON peak.camera = place.camera
    AND peak.zone = place.zone
    AND peak.interval_start = place.interval_start
