-- visits_in_order
--
-- A relation that marts read: the visits of each visitor, one after the other, within one view.
--
-- Grain       one visit of one trajectory to one zone.
-- Definition  a visit is a stay in the zone of at least its min_dwell, by the trajectory's positions,
--             which lie a second apart; staff's are left out. Visits are ordered by their first
--             second; of two that begin together, the one that ends first is the first, and of two
--             that end together, too, the one to the zone whose id comes first.
-- NULL        never.
WITH
visit AS (
    SELECT
        zone_stays.*
    FROM zone_stays
    INNER JOIN zones
        ON zones.zone = zone_stays.zone
        AND zones.camera = zone_stays.camera
    SEMI JOIN visitors
        ON visitors.camera = zone_stays.camera
        AND visitors.trajectory = zone_stays.trajectory
    WHERE epoch(zone_stays.left_at) - epoch(zone_stays.entered_at) >= zones.min_dwell_s
)

SELECT
    *,
    row_number() OVER (
        PARTITION BY camera, trajectory ORDER BY entered_at, left_at, zone
    ) AS place_in_order
FROM visit
