-- heatmap_hourly
--
-- Grain       one floor cell of 0.5 m, seen by one camera in one hour, in which somebody was. Cells
--             without anybody have no row.
-- Definition  visits is the number of the camera's trajectories that touched the cell in the hour;
--             person_seconds the number of their positions there, which lie one second apart. x_m and
--             y_m are the centre of the cell. A person seen by two cameras is in the rows of both.
-- NULL        never. A camera that observed nothing has no rows: read observed_share in
--             gate_counts_15min or occupancy_15min before calling a cell empty.
WITH
hour AS (
    SELECT
        hour_start,
        min(local_start) AS local_start,
        bool_or(in_trading_hours) AS in_trading_hours,
        max(interval_end) AS hour_end,
        epoch(max(interval_end)) - epoch(hour_start) AS length_s
    FROM intervals
    GROUP BY hour_start
),

camera_in_hour AS (
    SELECT
        cameras.camera,
        cameras.floor,
        hour.hour_start,
        round(coalesce(sum(coverage.readable_s), 0), 2) AS observed_s
    FROM cameras
    CROSS JOIN hour
    LEFT JOIN coverage
        ON cameras.anonymised_trajectories_delivered
        AND coverage.camera = cameras.camera
        AND coverage.minute >= hour.hour_start
        AND coverage.minute < hour.hour_end
    GROUP BY ALL
)

SELECT
    site_day.trading_day,
    site_day.site,
    cell.camera,
    camera_in_hour.floor,
    cell.hour_start,
    hour.local_start,
    hour.in_trading_hours,
    cell.x_m,
    cell.y_m,
    cell.visits,
    cell.person_seconds,
    round(camera_in_hour.observed_s / 60, 4) AS observed_minutes,
    round(camera_in_hour.observed_s / hour.length_s, 6) AS observed_share
FROM site_day
CROSS JOIN cells_hourly AS cell
INNER JOIN hour
    ON hour.hour_start = cell.hour_start
INNER JOIN camera_in_hour
    ON camera_in_hour.camera = cell.camera
    AND camera_in_hour.hour_start = cell.hour_start
WHERE camera_in_hour.observed_s > 0
