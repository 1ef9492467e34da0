-- displays_by_attention
--
-- Question  Which display earns most attention for the floor that it takes?
-- For       Marketing: which spot to sell, and which display to move.
-- Row       one display of one size, over the last 52 weeks.
-- Columns   display: the zone;
--           area_m2: its size; one that was redrawn has a row for each size;
--           exposed: visitors who came into the zone, in the hours in which engaged is known;
--           engaged: those of them who slowed down;
--           engagement_rate: engaged / exposed;
--           attention_s_per_m2_hour: seconds of attention for each square metre and observed hour;
--           hours: hours of trading hours;
--           hours_counted: those with attention that is published
-- Beware    Slow is not the same as looking: a display beside a queue earns what the queue does.
--           Hours in which few slowed down are blanked, so a display with few hours_counted is told
--           by its best hours. Within one view, without staff.
WITH
last_day AS (
    SELECT
        site,
        max(trading_day) AS trading_day
    FROM display_engagement_hourly
    GROUP BY site
),

display_in_hour AS (
    SELECT
        display.*,
        space.area_m2
    FROM display_engagement_hourly AS display
    INNER JOIN last_day
        ON last_day.site = display.site
        AND display.trading_day > last_day.trading_day - 364
    INNER JOIN space_value_daily AS space
        ON space.site = display.site
        AND space.trading_day = display.trading_day
        AND space.zone = display.zone
    WHERE display.in_trading_hours
),

display_of_size AS (
    SELECT
        site,
        zone AS display,
        area_m2,
        definition_version,
        sum(exposed) FILTER (engaged IS NOT NULL) AS exposed,
        sum(engaged) FILTER (exposed IS NOT NULL) AS engaged,
        sum(attention_seconds) AS attention_seconds,
        sum(observed_minutes) FILTER (attention_seconds IS NOT NULL) / 60 AS observed_hours,
        count(*) AS hours,
        count(attention_seconds) AS hours_counted
    FROM display_in_hour
    GROUP BY ALL
)

SELECT
    site,
    display,
    area_m2,
    exposed,
    engaged,
    round(engaged / nullif(exposed, 0), 3) AS engagement_rate,
    round(attention_seconds / observed_hours / area_m2, 1) AS attention_s_per_m2_hour,
    hours,
    hours_counted,
    definition_version
FROM display_of_size
ORDER BY site, attention_s_per_m2_hour DESC NULLS LAST, display, area_m2, definition_version
