-- shopfront_capture_hourly
--
-- Grain       one shop front in one hour of the trading day; a shop front is a zone of kind frontage
--             that says of which shop it is. Every one has every hour.
-- Version     1
-- Definition  all within the view of the front's camera, and without staff. A passer-by visited the
--             front (for its min_dwell) and not the shop. An entry is a visitor who visited the shop
--             (for its min_dwell) and was somewhere else in the view before the first visit to it. Who
--             is first seen in the shop and comes out of it is neither. Each counts once, in the hour
--             of their first visit to either. capture_rate is entries / (entries + passers_by).
--             traffic is the number of visitors in view in the hour; exposure_rate is (entries +
--             passers_by) / traffic. Gates count entries by crossings instead: see gate_counts_15min.
-- Source      Capture rate: the trade's, also called turn-in rate; in place of what passes the mall,
--             what visits the front is counted.
-- NULL        the camera observed nothing in the hour, or has no calibration. Rates: that, or there
--             was nobody.
WITH
hour AS (
    SELECT *
    FROM camera_hours
    WHERE dataset = 'anonymised_trajectories'
),

front AS (
    SELECT camera, zone, of AS shop
    FROM zones
    WHERE kind = 'frontage' AND of IS NOT NULL
),

visitor_at_front AS (
    SELECT
        front.camera,
        front.zone,
        visit.trajectory,
        min(visit.entered_at) AS came_at,
        min(visit.entered_at) FILTER (visit.zone = front.shop) AS entered_shop_at
    FROM front
    INNER JOIN visits_in_order AS visit
        ON visit.camera = front.camera
        AND visit.zone IN (front.zone, front.shop)
    GROUP BY ALL
),

visitor_by_what_they_did AS (
    SELECT
        visitor_at_front.camera,
        visitor_at_front.zone,
        hour.hour_start,
        visitor_at_front.entered_shop_at IS NULL AS passed_by,
        visitor_at_front.entered_shop_at > visitors.first_at AS entered
    FROM visitor_at_front
    INNER JOIN visitors
        ON visitors.camera = visitor_at_front.camera
        AND visitors.trajectory = visitor_at_front.trajectory
    INNER JOIN hour
        ON hour.camera = visitor_at_front.camera
        AND visitor_at_front.came_at >= hour.hour_start
        AND visitor_at_front.came_at < hour.hour_end
),

front_in_hour AS (
    SELECT
        camera,
        zone,
        hour_start,
        count(*) FILTER (passed_by) AS passers_by,
        count(*) FILTER (entered) AS entries
    FROM visitor_by_what_they_did
    GROUP BY ALL
),

camera_with_traffic_in_hour AS (
    SELECT
        hour.camera,
        hour.hour_start,
        count(*) AS traffic
    FROM visitors
    INNER JOIN hour
        ON hour.camera = visitors.camera
        AND visitors.first_at < hour.hour_end
        AND visitors.last_at >= hour.hour_start
    GROUP BY ALL
),

front_with_counts AS (
    SELECT
        front.zone,
        front.shop,
        hour.*,
        CASE WHEN hour.observed_s > 0 THEN coalesce(passing.traffic, 0) END AS traffic,
        CASE WHEN hour.observed_s > 0 THEN coalesce(seen.passers_by, 0) END AS passers_by,
        CASE WHEN hour.observed_s > 0 THEN coalesce(seen.entries, 0) END AS entries
    FROM front
    INNER JOIN hour
        ON hour.camera = front.camera
    LEFT JOIN front_in_hour AS seen
        ON seen.camera = front.camera
        AND seen.zone = front.zone
        AND seen.hour_start = hour.hour_start
    LEFT JOIN camera_with_traffic_in_hour AS passing
        ON passing.camera = hour.camera
        AND passing.hour_start = hour.hour_start
)

SELECT
    site_day.trading_day,
    site_day.site,
    place.zone,
    place.shop,
    place.camera,
    place.floor,
    place.hour_start,
    place.local_start,
    place.in_trading_hours,
    place.traffic,
    place.passers_by,
    place.entries,
    place.entries / nullif(place.entries + place.passers_by, 0) AS capture_rate,
    (place.entries + place.passers_by) / nullif(place.traffic, 0) AS exposure_rate,
    round(place.observed_s / 60, 4) AS observed_minutes,
    round(place.observed_s / place.length_s, 6) AS observed_share,
    place.not_observed
FROM site_day
CROSS JOIN front_with_counts AS place
