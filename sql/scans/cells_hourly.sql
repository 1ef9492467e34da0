-- cells_hourly
--
-- A scan: it reads the floor positions of one camera, once, and leaves little of them for the marts.
--
-- Grain       one floor cell of 0.5 m in one hour, in which somebody was.
-- Definition  visits and person_seconds are heatmap_hourly's, and defined there. x_m and y_m are the
--             centre of the cell.
-- NULL        never. What the camera did not observe, marts know from coverage.
WITH
hour AS (
    SELECT
        hour_start,
        max(interval_end) AS hour_end
    FROM intervals
    GROUP BY hour_start
),

-- Minutes are joined by equality: millions of positions against a range would take far longer.
minute_of_hour AS (
    SELECT
        hour_start,
        unnest(
            range(epoch_us(hour_start) // 60000000, epoch_us(hour_end) // 60000000)
        ) AS minute_number
    FROM hour
),

trajectory_in_cell_and_hour AS (
    SELECT
        minute_of_hour.hour_start,
        floor(position.x_m::DOUBLE / 0.5) * 0.5 + 0.25 AS x_m,
        floor(position.y_m::DOUBLE / 0.5) * 0.5 + 0.25 AS y_m,
        position.trajectory,
        count(*) AS seconds
    FROM positions AS position
    INNER JOIN minute_of_hour
        ON minute_of_hour.minute_number = epoch_us(position.at) // 60000000
    GROUP BY ALL
)

SELECT
    hour_start,
    x_m,
    y_m,
    count(*) AS visits,
    sum(seconds) AS person_seconds
FROM trajectory_in_cell_and_hour
GROUP BY ALL
