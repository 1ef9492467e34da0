-- gate_counts_15min
--
-- Grain       one gate in one quarter of an hour of the trading day; every gate has every quarter.
-- Definition  entries and exits are the crossings of gate_events whose second lies in the quarter,
--             counted at the one camera that owns the gate. A crossing is decided once, on the
--             whole path of a person, before this query.
-- NULL        the owning camera observed nothing in the quarter: not recorded, not readable, or
--             not delivered. A quarter that was observed, if only in part, has a number, and
--             observed_share says for how much of the quarter it stands.
WITH
camera_in_interval AS (
    SELECT
        cameras.camera,
        intervals.interval_start,
        -- Hundredths of a second are what coverage is stored in; the sum of floats is not.
        round(coalesce(sum(coverage.readable_s), 0), 2) AS observed_s,
        CASE
            WHEN cameras.state = 'no_exports' OR NOT cameras.gate_events_delivered
            THEN cameras.state
        END AS not_observed
    FROM cameras
    CROSS JOIN intervals
    LEFT JOIN coverage
        ON cameras.gate_events_delivered
        AND coverage.camera = cameras.camera
        AND coverage.minute >= intervals.interval_start
        AND coverage.minute < intervals.interval_end
    GROUP BY ALL
),

gate_with_crossings_in_interval AS (
    SELECT
        gate_events.camera,
        gate_events.gate,
        intervals.interval_start,
        count(*) FILTER (gate_events.direction = 'in') AS entries,
        count(*) FILTER (gate_events.direction = 'out') AS exits,
        count(*) FILTER (gate_events.basis = 'trajectory') AS approximate_crossings
    FROM gate_events
    INNER JOIN intervals
        ON gate_events.at >= intervals.interval_start
        AND gate_events.at < intervals.interval_end
    GROUP BY ALL
),

gate_in_interval AS (
    SELECT
        gates.gate,
        gates.camera,
        gates.floor,
        intervals.interval_start,
        intervals.local_start,
        intervals.in_trading_hours,
        epoch(intervals.interval_end) - epoch(intervals.interval_start) AS length_s,
        coalesce(camera_in_interval.observed_s, 0) AS observed_s,
        camera_in_interval.not_observed
    FROM gates
    CROSS JOIN intervals
    LEFT JOIN camera_in_interval
        ON camera_in_interval.camera = gates.camera
        AND camera_in_interval.interval_start = intervals.interval_start
)

SELECT
    site_day.trading_day,
    site_day.site,
    place.gate,
    place.camera,
    place.floor,
    place.interval_start,
    place.local_start,
    place.in_trading_hours,
    CASE WHEN place.observed_s > 0 THEN coalesce(seen.entries, 0) END AS entries,
    CASE WHEN place.observed_s > 0 THEN coalesce(seen.exits, 0) END AS exits,
    CASE WHEN place.observed_s > 0 THEN coalesce(seen.approximate_crossings, 0) END
        AS approximate_crossings,
    round(place.observed_s / 60, 4) AS observed_minutes,
    round(place.observed_s / place.length_s, 6) AS observed_share,
    place.not_observed
FROM site_day
CROSS JOIN gate_in_interval AS place
LEFT JOIN gate_with_crossings_in_interval AS seen
    ON seen.camera = place.camera
    AND seen.gate = place.gate
    AND seen.interval_start = place.interval_start
