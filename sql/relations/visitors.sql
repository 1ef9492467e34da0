-- visitors
--
-- A relation that marts read: who of those whom a camera followed is not staff.
--
-- Grain       one trajectory of one camera.
-- Definition  first_at and last_at are the trajectory's first and last second. Staff is who was in a
--             zone of kind staff, or in view for longer than the site's staff_after_minutes; nobody
--             is taken for staff by their looks. Somebody who works there and was not in such a zone
--             in this view counts as a visitor.
-- NULL        never.
WITH
in_staff_zone AS (
    SELECT DISTINCT
        zone_stays.camera,
        zone_stays.trajectory
    FROM zone_stays
    INNER JOIN zones
        ON zones.zone = zone_stays.zone
        AND zones.camera = zone_stays.camera
    WHERE zones.kind = 'staff'
)

SELECT
    trajectories.camera,
    trajectories.trajectory,
    trajectories.first_at,
    trajectories.last_at
FROM trajectories
CROSS JOIN site_day
ANTI JOIN in_staff_zone
    ON in_staff_zone.camera = trajectories.camera
    AND in_staff_zone.trajectory = trajectories.trajectory
WHERE epoch(trajectories.last_at) - epoch(trajectories.first_at) < site_day.staff_after_s
