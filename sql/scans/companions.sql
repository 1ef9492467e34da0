-- companions
--
-- A scan: it reads the floor positions of one camera, once, and leaves little of them for the marts.
--
-- Grain       two trajectories that were near each other for ten seconds or more.
-- Definition  near_seconds is the time for which the centres of their floor cells lay at most 2 m
--             apart, looked at every second second. trajectory is the lower of the two ids, companion
--             the higher.
-- NULL        never.
WITH
even_second AS (
    SELECT
        position.trajectory,
        epoch_us(position.at) // 2000000 AS number,
        floor(position.x_m * 4)::INTEGER AS cell_x,
        floor(position.y_m * 4)::INTEGER AS cell_y
    FROM positions AS position
    WHERE epoch_us(position.at) // 1000000 % 2 = 0
),

pair AS (
    SELECT
        one.trajectory,
        other.trajectory AS companion,
        2 * count(*) AS near_seconds
    FROM even_second AS one
    INNER JOIN even_second AS other
        ON other.number = one.number
        AND other.trajectory > one.trajectory
    -- 2 m are 8 cells.
    WHERE (one.cell_x - other.cell_x) ** 2 + (one.cell_y - other.cell_y) ** 2 <= 64
    GROUP BY ALL
)

SELECT *
FROM pair
WHERE near_seconds >= 10
