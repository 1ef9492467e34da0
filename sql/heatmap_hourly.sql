-- heatmap_hourly
--
-- Grain       one floor cell of 0.5 m, seen by one camera in one hour, in which somebody was. Cells
--             without anybody have no row.
-- Version     1
-- Definition  visits is the number of the camera's trajectories that touched the cell in the hour;
--             person_seconds the number of their positions there, which lie one second apart. x_m and
--             y_m are the centre of the cell. A person seen by two cameras is in the rows of both.
-- Source      none.
-- NULL        never. A camera that observed nothing has no rows: read observed_share in
--             gate_counts_15min or occupancy_15min before calling a cell empty.
WITH
hour AS (
    SELECT *
    FROM camera_hours
    WHERE dataset = 'anonymised_trajectories'
)

SELECT
    site_day.trading_day,
    site_day.site,
    cell.camera,
    hour.floor,
    cell.hour_start,
    hour.local_start,
    hour.in_trading_hours,
    cell.x_m,
    cell.y_m,
    cell.visits,
    cell.person_seconds,
    round(hour.observed_s / 60, 4) AS observed_minutes,
    round(hour.observed_s / hour.length_s, 6) AS observed_share
FROM site_day
CROSS JOIN cells_hourly AS cell
INNER JOIN hour
    ON hour.camera = cell.camera
    AND hour.hour_start = cell.hour_start
WHERE hour.observed_s > 0
