-- display_engagement_hourly
--
-- Grain       one zone of kind display in one hour of the trading day; every one has every hour.
-- Version     1
-- Definition  all within the view of the display's camera, and without staff. exposed is the number of
--             visitors who came into the zone, for however short; engaged of those whose visit (of at
--             least min_dwell) had a part slower than 0.3 m/s over three seconds. attention_seconds is
--             the length of these parts together. Each visitor counts once, with all their attention,
--             in the hour in which they first came in. engagement_rate is engaged / exposed.
-- Source      Slower than 0.3 m/s for three seconds: a person who walks does 0.8 m/s and more, and one
--             who stands sways by less than a floor cell.
-- NULL        the camera observed nothing in the hour, or has no calibration. engagement_rate and
--             attention_median_s: that, or there was nobody to be measured.
WITH
hour AS (
    SELECT *
    FROM camera_hours
    WHERE dataset = 'anonymised_trajectories'
),

display AS (
    SELECT camera, zone, min_dwell_s
    FROM zones
    WHERE kind = 'display'
),

visitor_at_display AS (
    SELECT
        display.camera,
        display.zone,
        stay.trajectory,
        min(stay.entered_at) AS came_at,
        coalesce(
            sum(stay.slow_seconds) FILTER (
                epoch(stay.left_at) - epoch(stay.entered_at) >= display.min_dwell_s
            ),
            0
        ) AS attention_seconds
    FROM display
    INNER JOIN zone_stays AS stay
        ON stay.camera = display.camera
        AND stay.zone = display.zone
    SEMI JOIN visitors
        ON visitors.camera = stay.camera
        AND visitors.trajectory = stay.trajectory
    GROUP BY ALL
),

display_in_hour AS (
    SELECT
        visitor_at_display.camera,
        visitor_at_display.zone,
        hour.hour_start,
        count(*) AS exposed,
        count(*) FILTER (attention_seconds > 0) AS engaged,
        sum(attention_seconds) AS attention_seconds,
        quantile_cont(attention_seconds, 0.5) FILTER (attention_seconds > 0) AS attention_median_s
    FROM visitor_at_display
    INNER JOIN hour
        ON hour.camera = visitor_at_display.camera
        AND visitor_at_display.came_at >= hour.hour_start
        AND visitor_at_display.came_at < hour.hour_end
    GROUP BY ALL
)

SELECT
    site_day.trading_day,
    site_day.site,
    display.zone,
    hour.camera,
    hour.floor,
    hour.hour_start,
    hour.local_start,
    hour.in_trading_hours,
    CASE WHEN hour.observed_s > 0 THEN coalesce(seen.exposed, 0) END AS exposed,
    CASE WHEN hour.observed_s > 0 THEN coalesce(seen.engaged, 0) END AS engaged,
    CASE WHEN hour.observed_s > 0 THEN seen.engaged / seen.exposed END AS engagement_rate,
    CASE WHEN hour.observed_s > 0 THEN coalesce(seen.attention_seconds, 0) END AS attention_seconds,
    CASE WHEN hour.observed_s > 0 THEN round(seen.attention_median_s, 1) END AS attention_median_s,
    round(hour.observed_s / 60, 4) AS observed_minutes,
    round(hour.observed_s / hour.length_s, 6) AS observed_share,
    hour.not_observed
FROM site_day
CROSS JOIN display
INNER JOIN hour
    ON hour.camera = display.camera
LEFT JOIN display_in_hour AS seen
    ON seen.camera = hour.camera
    AND seen.zone = display.zone
    AND seen.hour_start = hour.hour_start
