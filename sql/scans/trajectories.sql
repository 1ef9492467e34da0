-- trajectories
--
-- A scan: it reads the floor positions of one camera, once, and leaves little of them for the marts.
--
-- Grain       one trajectory.
-- Definition  its first and last second, and how many seconds it has positions in.
-- NULL        never.
SELECT
    position.trajectory,
    min(position.at) AS first_at,
    max(position.at) AS last_at,
    count(*) AS seconds
FROM positions AS position
GROUP BY ALL
