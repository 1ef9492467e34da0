-- camera_quarters
--
-- A relation that marts read: how much of each quarter each camera observed.
--
-- Grain       one camera, one dataset that is counted, one quarter of an hour of the trading day.
-- Definition  observed_s is the time that coverage calls readable, where the camera delivered the
--             dataset. Figures that are counted from a dataset stand for its observed_s.
-- NULL        not_observed says why a camera tells nothing of the day; NULL where it tells something.
WITH
camera_in_quarter AS (
    SELECT
        coverage.camera,
        intervals.interval_start,
        -- Hundredths of a second are what coverage is stored in; the sum of floats is not.
        round(sum(coverage.readable_s), 2) AS readable_s
    FROM coverage
    INNER JOIN intervals
        ON coverage.minute >= intervals.interval_start
        AND coverage.minute < intervals.interval_end
    GROUP BY ALL
)

SELECT
    deliveries.camera,
    deliveries.floor,
    deliveries.dataset,
    intervals.interval_start,
    intervals.interval_end,
    intervals.hour_start,
    intervals.local_start,
    intervals.in_trading_hours,
    intervals.is_quiet,
    epoch(intervals.interval_end) - epoch(intervals.interval_start) AS length_s,
    CASE WHEN deliveries.delivered THEN coalesce(seen.readable_s, 0) ELSE 0 END AS observed_s,
    CASE
        WHEN deliveries.state = 'no_exports' OR NOT deliveries.delivered
        THEN deliveries.state
    END AS not_observed
FROM deliveries
CROSS JOIN intervals
LEFT JOIN camera_in_quarter AS seen
    ON seen.camera = deliveries.camera
    AND seen.interval_start = intervals.interval_start
