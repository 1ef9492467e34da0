-- floor_occupancy_15min
--
-- Grain       one floor in one quarter of an hour of the trading day; every floor to which gates lead
--             from outside or from another floor, with every quarter.
-- Version     1
-- Definition  the number of people on the floor is the number of those who came to it since the
--             trading day began, less those who left it, by the gates that lead to it and those that
--             lead from it to other floors. Miscounts add up: what is left at the day's end, when
--             nobody is there, is the drift. It is taken back in proportion to the crossings so far,
--             so that the reconciled number ends at 0; it may be a fraction, and below 0 where more
--             were seen to leave than to come. mean and peak are the reconciled number's in the
--             quarter, the mean by time, to a quarter of a person.
-- Source      none for spreading the drift: miscounts come with crossings, not with time.
-- NULL        a camera of these gates observed nothing in the quarter, or in a quarter of the trading
--             hours or of quiet hours before it: how many came meanwhile is not known. Drift: that, or the day has such
--             a quarter later; what comes before it is then not reconciled.
WITH
gate_of_floor AS (
    SELECT camera, gate, floor, 1 AS sign
    FROM gates
    WHERE leads_from IS NOT NULL
    UNION ALL
    SELECT camera, gate, leads_from AS floor, -1 AS sign
    FROM gates
    WHERE leads_from <> 'outside'
),

floor_in_quarter AS (
    SELECT
        gate_of_floor.floor,
        span.interval_start,
        span.interval_end,
        span.local_start,
        span.in_trading_hours,
        span.length_s,
        min(span.observed_s) AS observed_s,
        bool_or(span.observed_s = 0 AND (span.in_trading_hours OR span.is_quiet)) AS has_gap
    FROM gate_of_floor
    INNER JOIN camera_quarters AS span
        ON span.camera = gate_of_floor.camera
        AND span.dataset = 'gate_events'
    GROUP BY ALL
),

floor_in_quarter_since_opening AS (
    SELECT
        *,
        observed_s > 0 AND NOT bool_or(has_gap) OVER (
            PARTITION BY floor ORDER BY interval_start
        ) AS is_known,
        bool_or(has_gap) OVER (PARTITION BY floor) AS has_gap_today
    FROM floor_in_quarter
),

crossing AS (
    SELECT
        gate_of_floor.floor,
        gate_events.at AS instant,
        CASE gate_events.direction WHEN 'in' THEN 1 ELSE -1 END * gate_of_floor.sign AS change
    FROM gate_events
    INNER JOIN gate_of_floor
        ON gate_of_floor.gate = gate_events.gate
        AND gate_of_floor.camera = gate_events.camera
),

-- The start of each quarter is an instant, too, at which nothing changes.
instant_of_change AS (
    SELECT floor, instant, sum(change) AS change, sum(abs(change)) AS crossings
    FROM (
        SELECT floor, instant, change FROM crossing
        UNION ALL
        SELECT floor, interval_start, 0 FROM floor_in_quarter
    )
    GROUP BY ALL
),

people_since_instant AS (
    SELECT
        floor,
        instant,
        change,
        crossings,
        sum(change) OVER since_opening AS people,
        sum(crossings) OVER since_opening AS crossings_so_far,
        sum(change) OVER (PARTITION BY floor) AS people_at_end,
        sum(crossings) OVER (PARTITION BY floor) AS crossings_of_day,
        lead(instant) OVER since_opening AS next_instant
    FROM instant_of_change
    WINDOW since_opening AS (PARTITION BY floor ORDER BY instant)
),

floor_with_people_in_quarter AS (
    SELECT
        span.floor,
        span.interval_start,
        sum(step.crossings) AS crossings,
        sum(step.change) AS change,
        any_value(step.people_at_end) AS people_at_end,
        sum(
            step.reconciled
            * (epoch(least(coalesce(step.next_instant, span.interval_end), span.interval_end))
            - epoch(step.instant))
        ) / any_value(span.length_s) AS mean,
        max(step.reconciled) AS peak
    FROM floor_in_quarter_since_opening AS span
    INNER JOIN (
        SELECT
            known.*,
            known.people - CASE
                WHEN day.has_gap_today OR known.crossings_of_day = 0 THEN 0
                ELSE known.people_at_end * known.crossings_so_far / known.crossings_of_day
            END AS reconciled
        FROM people_since_instant AS known
        INNER JOIN (
            SELECT DISTINCT floor, has_gap_today FROM floor_in_quarter_since_opening
        ) AS day
            ON day.floor = known.floor
    ) AS step
        ON step.floor = span.floor
        AND step.instant >= span.interval_start
        AND step.instant < span.interval_end
    GROUP BY ALL
)

SELECT
    site_day.trading_day,
    site_day.site,
    place.floor,
    place.interval_start,
    place.local_start,
    place.in_trading_hours,
    -- Added to 0, since a rounded number may be a negative zero.
    CASE WHEN place.is_known THEN 0 + round(seen.mean * 4) / 4 END AS occupancy_mean,
    CASE WHEN place.is_known THEN 0 + round(seen.peak * 4) / 4 END AS occupancy_peak,
    CASE WHEN place.is_known THEN seen.crossings END AS crossings,
    CASE WHEN place.is_known THEN seen.change END AS change,
    CASE WHEN place.is_known AND NOT place.has_gap_today THEN seen.people_at_end END AS drift,
    round(place.observed_s / 60, 4) AS observed_minutes,
    round(place.observed_s / place.length_s, 6) AS observed_share
FROM site_day
CROSS JOIN floor_in_quarter_since_opening AS place
INNER JOIN floor_with_people_in_quarter AS seen
    ON seen.floor = place.floor
    AND seen.interval_start = place.interval_start
