-- busiest_hours
--
-- Question  Which hours need most guards on each floor, and most cleaners in each zone?
-- For       Operations: the roster, by weekday and hour.
-- Row       one of the three fullest hours of the week of a floor or a zone, over the last 52 weeks.
-- Columns   kind: floor, or the kind of zone;
--           place: the floor or the zone;
--           weekday: of the trading day;
--           local_hour: on the site's clocks;
--           people_mean: people who were there, on average;
--           people_most: most at one instant;
--           quarters: quarters of an hour of trading hours;
--           quarters_with_figure: those that were observed, and not blanked
-- Beware    A quarter without a figure counts in neither mean nor peak; where few of the quarters
--           have one, the hour is told by its exceptions. Blanked quarters are the quiet ones, so
--           people_mean of a quiet place is too high. A floor has figures up to the first gap of the
--           day only: its evenings rest on fewer days than its mornings.
WITH
-- Of a mart of few rows, each day of which has them: what is joined is then held to be small, which
-- it is, and not the quarters.
last_day AS (
    SELECT
        site,
        max(trading_day) AS trading_day
    FROM data_quality_daily
    GROUP BY site
),

quarter_at_place AS (
    SELECT
        trading_day,
        site,
        'floor' AS kind,
        floor AS place,
        local_start,
        in_trading_hours,
        occupancy_mean,
        occupancy_peak,
        definition_version
    FROM floor_occupancy_15min
    UNION ALL
    SELECT
        trading_day,
        site,
        kind,
        zone AS place,
        local_start,
        in_trading_hours,
        occupancy_mean,
        occupancy_peak,
        definition_version
    FROM occupancy_15min
),

hour_of_week AS (
    SELECT
        quarter.site,
        quarter.kind,
        quarter.place,
        quarter.definition_version,
        isodow(quarter.trading_day) AS weekday,
        hour(quarter.local_start) AS local_hour,
        avg(quarter.occupancy_mean) AS people_mean,
        max(quarter.occupancy_peak) AS people_most,
        count(*) AS quarters,
        count(quarter.occupancy_mean) AS quarters_with_figure
    FROM quarter_at_place AS quarter
    INNER JOIN last_day
        ON last_day.site = quarter.site
        AND quarter.trading_day > last_day.trading_day - 364
    WHERE quarter.in_trading_hours
    GROUP BY ALL
)

SELECT
    site,
    kind,
    place,
    ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][weekday] AS weekday,
    local_hour,
    round(people_mean, 1) AS people_mean,
    round(people_most, 1) AS people_most,
    quarters,
    quarters_with_figure,
    definition_version
FROM hour_of_week
QUALIFY
    row_number() OVER (
        PARTITION BY site, kind, place, definition_version
        ORDER BY hour_of_week.people_mean DESC NULLS LAST, hour_of_week.weekday, local_hour
    ) <= 3
ORDER BY
    site, kind <> 'floor', kind, place, definition_version,
    hour_of_week.people_mean DESC NULLS LAST, hour_of_week.weekday, local_hour
