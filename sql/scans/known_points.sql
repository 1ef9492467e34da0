-- known_points
--
-- A scan: it reads the floor positions of one camera, once, and leaves little of them for the marts.
--
-- Grain       one exactness of what is known, one number of points that are known.
-- Definition  who knows where somebody was at that many moments, no more exactly than to known_s seconds
--             and to squares of known_m, looks for trajectories that were there as well. A thousand
--             trajectories are tried at most, each with the first of its seconds in an order that is
--             random and the same each time (MD5). people is how many are tried, those that have
--             fewer seconds than are known left out; singled_out, how many of them no other fits.
-- Source      de Montjoye et al., Unique in the Crowd, Scientific Reports 3, 1376 (2013).
-- NULL        never.
WITH
tried AS (
    SELECT position.trajectory, min(position.at) AS first_at
    FROM positions AS position
    GROUP BY position.trajectory
    ORDER BY md5(position.trajectory::VARCHAR)
    LIMIT 1000
),

place AS (
    SELECT
        position.trajectory,
        position.at,
        exactness.known_s,
        epoch_us(position.at) // (1_000_000 * exactness.known_s) AS moment,
        floor(position.x_m / exactness.known_m) AS across,
        floor(position.y_m / exactness.known_m) AS along
    FROM positions AS position
    CROSS JOIN exactness
),

known AS (
    SELECT
        position.trajectory,
        position.at,
        row_number() OVER (
            PARTITION BY position.trajectory
            ORDER BY md5(
                position.trajectory || ' ' || datediff('second', tried.first_at, position.at)
            )
        ) AS point
    FROM positions AS position
    INNER JOIN tried
        ON tried.trajectory = position.trajectory
    QUALIFY point <= 4
),

-- Bit by bit, which of the points another trajectory was at.
pair AS (
    SELECT
        known.trajectory,
        own.known_s,
        other.trajectory AS other,
        bit_or(1 << (known.point - 1)) AS shared
    FROM known
    INNER JOIN place AS own
        ON own.trajectory = known.trajectory
        AND own.at = known.at
    INNER JOIN place AS other
        ON other.known_s = own.known_s
        AND other.moment = own.moment
        AND other.across = own.across
        AND other.along = own.along
    GROUP BY known.trajectory, own.known_s, other.trajectory
),

trajectory_with_crowd AS (
    SELECT
        pair.trajectory,
        pair.known_s,
        amount.known_points,
        count(*) AS alike
    FROM pair
    INNER JOIN unnest([1, 2, 3, 4]) AS amount (known_points)
        ON pair.shared & ((1 << amount.known_points) - 1) = (1 << amount.known_points) - 1
    GROUP BY pair.trajectory, pair.known_s, amount.known_points
    HAVING bool_or(pair.other = pair.trajectory)
)

SELECT
    known_s,
    known_points,
    count(*) AS people,
    count(*) FILTER (alike = 1) AS singled_out
FROM trajectory_with_crowd
GROUP BY ALL
