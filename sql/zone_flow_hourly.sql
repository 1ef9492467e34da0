-- zone_flow_hourly
--
-- Grain       two zones of one camera and one hour in which somebody went from one to the other. Pairs
--             without anybody have no row.
-- Version     1
-- Definition  a flow is a visitor's visit to one zone whose next visit is to another, within one view
--             and without staff. trajectories is the number of visitors who did so, however often. It
--             counts in the hour in which the second visit began. Travel time is from the first second
--             outside the one to the first second inside the other; 0 where zones touch or overlap.
-- Source      none.
-- NULL        never. A camera that observed nothing has no rows: read observed_share in
--             zone_visits_hourly before calling a flow zero.
WITH
hour AS (
    SELECT *
    FROM camera_hours
    WHERE dataset = 'anonymised_trajectories'
),

passage AS (
    SELECT
        visit.camera,
        visit.zone AS from_zone,
        next_visit.zone AS to_zone,
        visit.trajectory,
        next_visit.entered_at AS arrived_at,
        greatest(epoch(next_visit.entered_at) - epoch(visit.left_at), 0) AS travel_s
    FROM visits_in_order AS visit
    INNER JOIN visits_in_order AS next_visit
        ON next_visit.camera = visit.camera
        AND next_visit.trajectory = visit.trajectory
        AND next_visit.place_in_order = visit.place_in_order + 1
        AND next_visit.zone <> visit.zone
)

SELECT
    site_day.trading_day,
    site_day.site,
    hour.camera,
    hour.floor,
    passage.from_zone,
    passage.to_zone,
    hour.hour_start,
    hour.local_start,
    hour.in_trading_hours,
    count(DISTINCT passage.trajectory) AS trajectories,
    quantile_cont(passage.travel_s, 0.5) AS travel_median_s,
    round(hour.observed_s / 60, 4) AS observed_minutes,
    round(hour.observed_s / hour.length_s, 6) AS observed_share
FROM site_day
CROSS JOIN passage
INNER JOIN hour
    ON hour.camera = passage.camera
    AND passage.arrived_at >= hour.hour_start
    AND passage.arrived_at < hour.hour_end
WHERE hour.observed_s > 0
GROUP BY ALL
