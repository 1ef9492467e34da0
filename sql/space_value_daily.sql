-- space_value_daily
--
-- Grain       one zone in metres on one trading day: what a square metre of it was worth.
-- Version     1
-- Definition  visits_observed and person_seconds add up zone_visits_hourly, attention_seconds adds up
--             display_engagement_hourly: what was seen, a lower bound where the day has gaps. visits
--             is the same where the day is whole, which is where something was observed in each hour
--             of the trading hours. ..._per_m2 divides by the zone's area. share is the zone's part
--             of the visits to zones in metres of its kind (visits_of_kind); rank orders these by visits per square
--             metre, the most first. change_week and change_year compare visits with those seven and
--             364 days before (visits_week_before, visits_year_before), the same weekday: 0.1 is a
--             tenth more.
-- Source      Like for like by 364 days: the trade's, so that weekdays fall on each other.
-- NULL        visits: the day has a gap. ..._observed, per square metre, person_seconds: nothing of
--             the trading hours was observed. attention: that, or the zone is no display, or its
--             camera has no calibration. visits_of_kind, share, rank: a gap of any zone of the kind.
--             ..._before: that day had a gap, or the zone was not there, or had another area, or
--             visits were then defined otherwise. change: that, or either day has a gap, or nobody
--             came then.
WITH
hour AS (
    SELECT
        visits.*,
        visits.in_trading_hours OR NOT bool_or(visits.in_trading_hours) OVER of_day AS is_judged
    FROM zone_visits_hourly AS visits
    INNER JOIN site_day
        ON site_day.site = visits.site
        AND visits.trading_day IN (
            site_day.trading_day, site_day.trading_day - 7, site_day.trading_day - 364
        )
    WINDOW of_day AS (PARTITION BY visits.trading_day)
),

zone_on_day AS (
    SELECT
        trading_day,
        zone,
        definition_version,
        sum(visits) AS visits_observed,
        sum(person_seconds) AS person_seconds,
        CASE WHEN bool_and(visits IS NOT NULL) FILTER (is_judged) THEN sum(visits) END AS visits
    FROM hour
    GROUP BY ALL
),

display_on_day AS (
    SELECT
        engagement.zone,
        sum(engagement.attention_seconds) AS attention_seconds
    FROM display_engagement_hourly AS engagement
    INNER JOIN site_day
        ON site_day.site = engagement.site
        AND site_day.trading_day = engagement.trading_day
    GROUP BY ALL
),

-- How the zone was drawn on the days that today is compared with.
area_before AS (
    SELECT
        earlier.zone,
        earlier.trading_day,
        earlier.area_m2
    FROM space_value_daily AS earlier
    INNER JOIN site_day
        ON site_day.site = earlier.site
        AND earlier.trading_day IN (site_day.trading_day - 7, site_day.trading_day - 364)
),

zone AS (
    SELECT
        zones.zone,
        zones.kind,
        round(zones.area_m2, 4) AS area_m2,
        span.*,
        CASE WHEN span.is_observed THEN today.visits END AS visits,
        CASE WHEN span.is_observed THEN today.visits_observed END AS visits_observed,
        CASE WHEN span.is_observed THEN today.person_seconds END AS person_seconds,
        CASE WHEN span.is_observed THEN display_on_day.attention_seconds END AS attention_seconds,
        CASE
            WHEN span.is_observed AND area_week_before.area_m2 = round(zones.area_m2, 4)
            THEN week_before.visits
        END AS visits_week_before,
        CASE
            WHEN span.is_observed AND area_year_before.area_m2 = round(zones.area_m2, 4)
            THEN year_before.visits
        END AS visits_year_before
    FROM zones
    CROSS JOIN site_day
    INNER JOIN camera_days AS span
        ON span.camera = zones.camera
        AND span.dataset = 'zone_visits'
    INNER JOIN zone_on_day AS today
        ON today.zone = zones.zone
        AND today.trading_day = site_day.trading_day
    LEFT JOIN zone_on_day AS week_before
        ON week_before.zone = zones.zone
        AND week_before.trading_day = site_day.trading_day - 7
        AND week_before.definition_version = today.definition_version
    LEFT JOIN zone_on_day AS year_before
        ON year_before.zone = zones.zone
        AND year_before.trading_day = site_day.trading_day - 364
        AND year_before.definition_version = today.definition_version
    LEFT JOIN area_before AS area_week_before
        ON area_week_before.zone = zones.zone
        AND area_week_before.trading_day = site_day.trading_day - 7
    LEFT JOIN area_before AS area_year_before
        ON area_year_before.zone = zones.zone
        AND area_year_before.trading_day = site_day.trading_day - 364
    LEFT JOIN display_on_day
        ON display_on_day.zone = zones.zone
    WHERE zones.area_m2 IS NOT NULL
)

SELECT
    site_day.trading_day,
    site_day.site,
    zone.zone,
    zone.kind,
    zone.camera,
    zone.floor,
    zone.area_m2,
    zone.visits,
    zone.visits_observed,
    zone.person_seconds,
    zone.attention_seconds,
    zone.visits_observed / zone.area_m2 AS visits_per_m2,
    zone.person_seconds / zone.area_m2 AS person_seconds_per_m2,
    zone.attention_seconds / zone.area_m2 AS attention_seconds_per_m2,
    CASE
        WHEN bool_and(zone.visits IS NOT NULL) OVER of_kind THEN sum(zone.visits) OVER of_kind
    END AS visits_of_kind,
    round(zone.visits / nullif(visits_of_kind, 0), 6) AS share,
    CASE
        WHEN bool_and(zone.visits IS NOT NULL) OVER of_kind
        THEN rank() OVER (PARTITION BY zone.kind ORDER BY zone.visits / zone.area_m2 DESC)
    END AS rank,
    zone.visits_week_before,
    -- Added to 0, since a rounded number may be a negative zero.
    0 + round(zone.visits / nullif(zone.visits_week_before, 0) - 1, 6) AS change_week,
    zone.visits_year_before,
    0 + round(zone.visits / nullif(zone.visits_year_before, 0) - 1, 6) AS change_year,
    round(zone.observed_s / 60, 4) AS observed_minutes,
    round(zone.observed_s / zone.length_s, 6) AS observed_share,
    zone.not_observed
FROM site_day
CROSS JOIN zone
WINDOW of_kind AS (PARTITION BY zone.kind)
