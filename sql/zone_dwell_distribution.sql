-- zone_dwell_distribution
--
-- Grain       one zone, one class of dwell, one trading day; every zone has every class.
-- Version     1
-- Definition  the visits of zone_visits_hourly, by how long they lasted: from dwell_from_s, which is
--             included, to dwell_until_s, which is not. Classes begin at 0, 10, 30, 60, 120, 300, 600
--             and 1800 s. share is the class's part of the zone's visits. A visit of which an end was
--             not seen counts in the class of what was seen.
-- Source      Classes: none; each ends at two to three times what the one before ends at.
-- NULL        dwell_until_s: the last class has no end. Visits: nothing of the trading hours was
--             observed. share: that, or there was no visit.
WITH
class AS (
    SELECT
        dwell_from_s,
        lead(dwell_from_s) OVER (ORDER BY dwell_from_s) AS dwell_until_s
    FROM (VALUES (0), (10), (30), (60), (120), (300), (600), (1800)) AS edge (dwell_from_s)
),

visit AS (
    SELECT
        zone_visits.camera,
        zone_visits.zone,
        zone_visits.dwell_s
    FROM zone_visits
    INNER JOIN zones
        ON zones.zone = zone_visits.zone
        AND zones.camera = zone_visits.camera
    INNER JOIN camera_hours AS hour
        ON hour.camera = zone_visits.camera
        AND hour.dataset = 'zone_visits'
        AND zone_visits.entered_at >= hour.hour_start
        AND zone_visits.entered_at < hour.hour_end
    WHERE
        hour.observed_s > 0
        AND zone_visits.dwell_s >= zones.min_dwell_s
),

zone_with_visits_in_class AS (
    SELECT
        visit.camera,
        visit.zone,
        class.dwell_from_s,
        count(*) AS visits
    FROM visit
    INNER JOIN class
        ON visit.dwell_s >= class.dwell_from_s
        AND visit.dwell_s < coalesce(class.dwell_until_s, 'infinity'::DOUBLE)
    GROUP BY ALL
),

zone_in_class AS (
    SELECT
        zones.zone,
        zones.kind,
        class.dwell_from_s,
        class.dwell_until_s,
        span.*
    FROM zones
    CROSS JOIN class
    INNER JOIN camera_days AS span
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
    place.dwell_from_s,
    place.dwell_until_s,
    CASE WHEN place.is_observed THEN coalesce(seen.visits, 0) END AS visits_observed,
    CASE
        WHEN place.is_observed
        THEN coalesce(seen.visits, 0) / nullif(sum(seen.visits) OVER of_zone, 0)
    END AS share,
    CASE WHEN place.is_observed THEN coalesce(sum(seen.visits) OVER of_zone, 0) END
        AS visits_of_zone,
    round(place.observed_s / 60, 4) AS observed_minutes,
    round(place.observed_s / place.length_s, 6) AS observed_share,
    place.not_observed
FROM site_day
CROSS JOIN zone_in_class AS place
LEFT JOIN zone_with_visits_in_class AS seen
    ON seen.camera = place.camera
    AND seen.zone = place.zone
    AND seen.dwell_from_s = place.dwell_from_s
WINDOW of_zone AS (PARTITION BY place.zone)
