-- camera_days
--
-- A relation that marts read: how much of its trading hours each camera observed.
--
-- Grain       one camera, one dataset that is counted.
-- Definition  camera_quarters, added up over the quarters in which the site is open and not
--             quiet; on a day that has none, over all. A day is observed where something of them was, and
--             whole where something of each of them was: a total over a day that is not would leave
--             out what nobody saw.
-- NULL        as in camera_quarters.
WITH
quarter AS (
    SELECT
        *,
        in_trading_hours OR NOT (SELECT bool_or(in_trading_hours) FROM intervals) AS is_judged
    FROM camera_quarters
)

SELECT
    camera,
    floor,
    dataset,
    sum(length_s) FILTER (is_judged) AS length_s,
    round(sum(observed_s) FILTER (is_judged), 2) AS observed_s,
    bool_or(observed_s > 0) FILTER (is_judged) AS is_observed,
    bool_and(observed_s > 0) FILTER (is_judged) AS is_whole,
    any_value(not_observed) AS not_observed
FROM quarter
GROUP BY camera, floor, dataset
