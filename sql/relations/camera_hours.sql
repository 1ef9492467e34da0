-- camera_hours
--
-- A relation that marts read: how much of each hour each camera observed.
--
-- Grain       one camera, one dataset that is counted, one hour of the trading day.
-- Definition  camera_quarters, added up. An hour is one on the site's clocks; the hour that a clock
--             shows twice is two.
-- NULL        as in camera_quarters.
SELECT
    camera,
    floor,
    dataset,
    hour_start,
    max(interval_end) AS hour_end,
    min(local_start) AS local_start,
    bool_or(in_trading_hours) AS in_trading_hours,
    sum(length_s) AS length_s,
    round(sum(observed_s), 2) AS observed_s,
    any_value(not_observed) AS not_observed
FROM camera_quarters
GROUP BY camera, floor, dataset, hour_start
