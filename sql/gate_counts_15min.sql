-- gate_counts_15min
--
-- Grain       one gate in one quarter of an hour of the trading day; every gate has every quarter.
-- Version     1
-- Definition  entries and exits are the crossings of gate_events whose second lies in the quarter,
--             counted at the one camera that owns the gate. A crossing is decided once, on the
--             whole path of a person, before this query.
-- Source      none.
-- NULL        the owning camera observed nothing in the quarter: not recorded, not readable, or
--             not delivered. A quarter that was observed, if only in part, has a number, and
--             observed_share says for how much of the quarter it stands.
WITH
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
        span.*
    FROM gates
    INNER JOIN camera_quarters AS span
        ON span.camera = gates.camera
        AND span.dataset = 'gate_events'
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
