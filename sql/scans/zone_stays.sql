-- zone_stays
--
-- A scan: it reads the floor positions of one camera, once, and leaves little of them for the marts.
--
-- Grain       one stay of one trajectory in one zone.
-- Definition  from its first second inside to its first second outside; whoever is back after one
--             second outside has not left. A position lies in a zone where the centre of its floor
--             cell does. Of four positions a second apart, all of them inside, of which the last lies
--             less than 0.9 m from the first, the three seconds from the first to the last are slow:
--             slower than 0.3 m/s. slow_seconds is how many seconds of the stay are.
-- NULL        never.
WITH
second_inside AS (
    SELECT
        position.trajectory,
        zone_cells.zone,
        epoch_us(position.at) // 1000000 AS second,
        zone_cells.cell_x,
        zone_cells.cell_y
    FROM positions AS position
    INNER JOIN zone_cells
        ON zone_cells.cell_x = floor(position.x_m * 4)::INTEGER
        AND zone_cells.cell_y = floor(position.y_m * 4)::INTEGER
),

second_with_neighbours AS (
    SELECT
        *,
        second - lag(second) OVER in_zone AS since_last,
        lead(second, 3) OVER in_zone = second + 3
        -- 0.9 m are 3.6 cells.
        AND (lead(cell_x, 3) OVER in_zone - cell_x) ** 2
        + (lead(cell_y, 3) OVER in_zone - cell_y) ** 2 < 12.96 AS begins_slow
    FROM second_inside
    WINDOW in_zone AS (PARTITION BY trajectory, zone ORDER BY second)
),

second_of_stay AS (
    SELECT
        *,
        count(*) FILTER (since_last IS NULL OR since_last > 2) OVER (
            PARTITION BY trajectory, zone ORDER BY second ROWS UNBOUNDED PRECEDING
        ) AS stay,
        bool_or(begins_slow) OVER (
            PARTITION BY trajectory, zone ORDER BY second RANGE 2 PRECEDING
        ) AS is_slow
    FROM second_with_neighbours
)

SELECT
    trajectory,
    zone,
    make_timestamptz(min(second) * 1000000) AS entered_at,
    make_timestamptz((max(second) + 1) * 1000000) AS left_at,
    count(*) FILTER (is_slow) AS slow_seconds
FROM second_of_stay
GROUP BY trajectory, zone, stay
