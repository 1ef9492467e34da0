-- zone_visits_hourly
--
-- Grain       one zone in one hour of the trading day; every zone has every hour.
-- Version     1
-- Definition  a visit is a stay in the zone of at least the zone's min_dwell; a shorter one is a
--             bounce. Both count in the hour in which they began, with their whole length. Quantiles
--             are interpolated between the two nearest visits. Where an end of a visit was not seen
--             (cut_visits), its length is a lower bound.
-- Source      Quantiles: type 7 of Hyndman and Fan 1996.
-- NULL        counts and person_seconds: the owning camera observed nothing in the hour. Dwell: that,
--             or there was no visit.
WITH
hour AS (
    SELECT *
    FROM camera_hours
    WHERE dataset = 'zone_visits'
),

stay AS (
    SELECT
        zone_visits.camera,
        zone_visits.zone,
        hour.hour_start,
        zone_visits.dwell_s,
        zone_visits.dwell_s >= zones.min_dwell_s AS is_visit,
        zone_visits.ends_seen <> 'both' AS is_cut
    FROM zone_visits
    INNER JOIN zones
        ON zones.zone = zone_visits.zone
        AND zones.camera = zone_visits.camera
    INNER JOIN hour
        ON hour.camera = zone_visits.camera
        AND zone_visits.entered_at >= hour.hour_start
        AND zone_visits.entered_at < hour.hour_end
),

zone_with_stays_in_hour AS (
    SELECT
        camera,
        zone,
        hour_start,
        count(*) FILTER (is_visit) AS visits,
        count(*) FILTER (is_visit AND is_cut) AS cut_visits,
        count(*) FILTER (NOT is_visit) AS bounces,
        quantile_cont(dwell_s, 0.5) FILTER (is_visit) AS dwell_median_s,
        quantile_cont(dwell_s, 0.9) FILTER (is_visit) AS dwell_p90_s,
        sum(dwell_s) FILTER (is_visit) AS person_seconds
    FROM stay
    GROUP BY ALL
),

zone_in_hour AS (
    SELECT
        zones.zone,
        zones.kind,
        hour.*
    FROM zones
    INNER JOIN hour
        ON hour.camera = zones.camera
)

SELECT
    site_day.trading_day,
    site_day.site,
    place.zone,
    place.kind,
    place.camera,
    place.floor,
    place.hour_start,
    place.local_start,
    place.in_trading_hours,
    CASE WHEN place.observed_s > 0 THEN coalesce(seen.visits, 0) END AS visits,
    CASE WHEN place.observed_s > 0 THEN coalesce(seen.cut_visits, 0) END AS cut_visits,
    CASE WHEN place.observed_s > 0 THEN coalesce(seen.bounces, 0) END AS bounces,
    CASE WHEN place.observed_s > 0 THEN round(seen.dwell_median_s, 1) END AS dwell_median_s,
    CASE WHEN place.observed_s > 0 THEN round(seen.dwell_p90_s, 1) END AS dwell_p90_s,
    CASE WHEN place.observed_s > 0 THEN coalesce(seen.person_seconds, 0) END AS person_seconds,
    round(place.observed_s / 60, 4) AS observed_minutes,
    round(place.observed_s / place.length_s, 6) AS observed_share,
    place.not_observed
FROM site_day
CROSS JOIN zone_in_hour AS place
LEFT JOIN zone_with_stays_in_hour AS seen
    ON seen.camera = place.camera
    AND seen.zone = place.zone
    AND seen.hour_start = place.hour_start
