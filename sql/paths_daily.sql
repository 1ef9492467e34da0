-- paths_daily
--
-- Grain       one sequence of zones in one camera's view on one trading day, if among the camera's
--             hundred most frequent.
-- Version     1
-- Definition  a path is the zones that a visitor visited, in order, each once in a row, within one view
--             and without staff; of more than eight the first eight and an ellipsis. share is the part of
--             the camera's visitors with a visit whose path this is. Equally frequent paths have the same
--             rank, the number of more frequent ones plus one; all those of rank 100 and less are kept.
-- Source      none.
-- NULL        never. A camera that observed nothing has no rows.
WITH
-- Who goes from a zone to nowhere and comes back is still in one place of the path.
step AS (
    SELECT camera, trajectory, place_in_order, zone
    FROM visits_in_order
    QUALIFY zone IS DISTINCT FROM lag(zone) OVER (
        PARTITION BY camera, trajectory ORDER BY place_in_order
    )
),

visitor_with_path AS (
    SELECT
        camera,
        trajectory,
        count(*) AS zones,
        array_to_string(list(zone ORDER BY place_in_order)[:8], ' > ')
        || CASE WHEN count(*) > 8 THEN ' > ...' ELSE '' END AS path
    FROM step
    GROUP BY ALL
),

path_of_camera AS (
    SELECT
        camera,
        path,
        least(min(zones), 9) AS zones,
        count(*) AS trajectories,
        sum(count(*)) OVER of_camera AS visitors_with_visit,
        rank() OVER (PARTITION BY camera ORDER BY count(*) DESC) AS rank
    FROM visitor_with_path
    GROUP BY camera, path
    WINDOW of_camera AS (PARTITION BY camera)
)

SELECT
    site_day.trading_day,
    site_day.site,
    span.camera,
    span.floor,
    path.path,
    path.zones,
    path.trajectories,
    path.trajectories / path.visitors_with_visit AS share,
    path.visitors_with_visit,
    path.rank,
    round(span.observed_s / 60, 4) AS observed_minutes,
    round(span.observed_s / span.length_s, 6) AS observed_share
FROM site_day
CROSS JOIN path_of_camera AS path
INNER JOIN camera_days AS span
    ON span.camera = path.camera
    AND span.dataset = 'anonymised_trajectories'
WHERE span.is_observed AND path.rank <= 100
