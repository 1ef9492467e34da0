-- groups_hourly
--
-- Grain       one camera, one size of groups, one hour of the trading day; every size from 1 to 5.
-- Version     1
-- Definition  two visitors are together if they were within 2 m of each other for ten seconds or more,
--             and for seven tenths of the time in view of the one who was in view for less. A group is
--             everybody who is together with somebody in it; size 5 stands for five and more. A group
--             counts in the hour in which its first member came into view. Within one view and without
--             staff; who is alone is a group of 1. A person whose trajectory is in two pieces may be two.
-- Source      McPhail and Wohlstein 1982, who take 7 feet and the same speed and direction; here time
--             together stands for both.
-- NULL        the camera observed nothing in the hour, or has no calibration.
WITH RECURSIVE
hour AS (
    SELECT *
    FROM camera_hours
    WHERE dataset = 'anonymised_trajectories'
),

-- Materialised: else all visitors of a camera are joined with each other before their pairs are.
pair_with_one AS MATERIALIZED (
    SELECT
        near.*,
        1 + epoch(one.last_at) - epoch(one.first_at) AS seconds
    FROM companions AS near
    INNER JOIN visitors AS one
        ON one.camera = near.camera
        AND one.trajectory = near.trajectory
),

pair AS (
    SELECT
        near.camera,
        near.trajectory,
        near.companion
    FROM pair_with_one AS near
    INNER JOIN visitors AS other
        ON other.camera = near.camera
        AND other.trajectory = near.companion
    WHERE
        near.near_seconds
        >= 0.7 * least(near.seconds, 1 + epoch(other.last_at) - epoch(other.first_at))
),

link AS (
    SELECT camera, trajectory, companion FROM pair
    UNION ALL
    SELECT camera, companion AS trajectory, trajectory AS companion FROM pair
),

-- Everybody takes over the lowest number among their companions, until nobody has a lower one.
numbered (camera, trajectory, first_member) USING KEY (camera, trajectory) AS (
    SELECT DISTINCT camera, trajectory, trajectory AS first_member
    FROM link
    UNION
    SELECT
        link.camera,
        link.trajectory,
        min(companion.first_member) AS first_member
    FROM numbered AS companion
    INNER JOIN link
        ON link.camera = companion.camera
        AND link.companion = companion.trajectory
    INNER JOIN recurring.numbered AS known
        ON known.camera = link.camera
        AND known.trajectory = link.trajectory
    WHERE companion.first_member < known.first_member
    GROUP BY link.camera, link.trajectory
),

visitor_in_group AS (
    SELECT
        visitors.camera,
        visitors.trajectory,
        visitors.first_at,
        coalesce(numbered.first_member, visitors.trajectory) AS first_member
    FROM visitors
    LEFT JOIN numbered
        ON numbered.camera = visitors.camera
        AND numbered.trajectory = visitors.trajectory
),

group_of_visitors AS (
    SELECT
        camera,
        first_member,
        min(first_at) AS first_at,
        count(*) AS people
    FROM visitor_in_group
    GROUP BY ALL
),

size_in_hour AS (
    SELECT
        one.camera,
        least(one.people, 5) AS size,
        hour.hour_start,
        count(*) AS groups,
        sum(one.people) AS people
    FROM group_of_visitors AS one
    INNER JOIN hour
        ON hour.camera = one.camera
        AND one.first_at >= hour.hour_start
        AND one.first_at < hour.hour_end
    GROUP BY ALL
)

SELECT
    site_day.trading_day,
    site_day.site,
    hour.camera,
    hour.floor,
    sizes.size,
    hour.hour_start,
    hour.local_start,
    hour.in_trading_hours,
    CASE WHEN hour.observed_s > 0 THEN coalesce(seen.groups, 0) END AS groups,
    CASE WHEN hour.observed_s > 0 THEN coalesce(seen.people, 0) END AS people,
    round(hour.observed_s / 60, 4) AS observed_minutes,
    round(hour.observed_s / hour.length_s, 6) AS observed_share,
    hour.not_observed
FROM site_day
CROSS JOIN hour
CROSS JOIN range(1, 6) AS sizes (size)
LEFT JOIN size_in_hour AS seen
    ON seen.camera = hour.camera
    AND seen.hour_start = hour.hour_start
    AND seen.size = sizes.size
