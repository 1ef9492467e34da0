-- staff_excluded_daily
--
-- Grain       one camera on one trading day.
-- Version     1
-- Definition  how many of the camera's trajectories are taken for staff and left out of the marts of
--             capture, engagement, flow, paths, shop pairs and groups, and of the outcomes of queues:
--             those that were in a zone of kind staff (by_zone), and those in view for longer than the
--             site's staff_after_minutes and in no such zone (by_length). Nobody is taken for staff by
--             their looks. Gates, zone visits, occupancy and the heatmap count everybody, since
--             crossings and stays are stored without whose they are.
-- Source      none.
-- NULL        the camera observed nothing of the trading hours, or has no calibration.
WITH
trajectory AS (
    SELECT
        trajectories.camera,
        trajectories.trajectory,
        trajectories.seconds,
        visitors.trajectory IS NULL AS is_staff,
        epoch(trajectories.last_at) - epoch(trajectories.first_at) >= site_day.staff_after_s
            AS is_overlong,
        EXISTS (
            FROM zone_stays
            INNER JOIN zones
                ON zones.zone = zone_stays.zone
                AND zones.camera = zone_stays.camera
            WHERE zone_stays.camera = trajectories.camera
                AND zone_stays.trajectory = trajectories.trajectory
                AND zones.kind = 'staff'
        ) AS is_in_staff_zone
    FROM trajectories
    CROSS JOIN site_day
    LEFT JOIN visitors
        ON visitors.camera = trajectories.camera
        AND visitors.trajectory = trajectories.trajectory
),

camera_with_trajectories AS (
    SELECT
        camera,
        count(*) AS trajectories,
        count(*) FILTER (is_in_staff_zone) AS staff_by_zone,
        count(*) FILTER (is_overlong AND NOT is_in_staff_zone) AS staff_by_length,
        count(*) FILTER (NOT is_staff) AS visitors,
        sum(seconds) AS person_seconds,
        sum(seconds) FILTER (is_staff) AS staff_person_seconds
    FROM trajectory
    GROUP BY ALL
)

SELECT
    site_day.trading_day,
    site_day.site,
    span.camera,
    span.floor,
    CASE WHEN span.is_observed THEN coalesce(seen.trajectories, 0) END AS trajectories,
    CASE WHEN span.is_observed THEN coalesce(seen.staff_by_zone, 0) END AS staff_by_zone,
    CASE WHEN span.is_observed THEN coalesce(seen.staff_by_length, 0) END AS staff_by_length,
    CASE WHEN span.is_observed THEN coalesce(seen.visitors, 0) END AS visitors,
    CASE WHEN span.is_observed THEN coalesce(seen.person_seconds, 0) END AS person_seconds,
    CASE WHEN span.is_observed THEN coalesce(seen.staff_person_seconds, 0) END
        AS staff_person_seconds,
    round(span.observed_s / 60, 4) AS observed_minutes,
    round(span.observed_s / span.length_s, 6) AS observed_share,
    span.not_observed
FROM site_day
INNER JOIN camera_days AS span
    ON span.dataset = 'anonymised_trajectories'
LEFT JOIN camera_with_trajectories AS seen
    ON seen.camera = span.camera
