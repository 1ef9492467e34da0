-- unicity_daily
--
-- Grain       one camera, one kind of rows that are stored of it, one exactness and number of points that
--             somebody knows, where there were people to try it on.
-- Version     1
-- Definition  who knows that somebody was seen there looks for rows that fit. Of trajectories a known
--             point is a moment and a place: to the second and the floor cell of 0.25 m, to the minute
--             and 2 m, or to the quarter of an hour and 8 m; points are seconds, of which several may
--             lie in one such square. people is how many are tried, a thousand at most. Of crossings
--             it is the gate, the direction and the moment; of stays the zone and when it began, and
--             as a second point when it ended; all are tried. singled_out is how many of them no
--             other row of the camera-day fits; unicity is their part.
-- Source      de Montjoye et al., Unique in the Crowd, Scientific Reports 3, 1376 (2013).
-- NULL        never. A camera of which nobody is stored has no rows.
WITH
crossing_with_crowd AS (
    SELECT gate_events.camera, exactness.known_s, count(*) AS alike
    FROM gate_events
    CROSS JOIN exactness
    GROUP BY
        gate_events.camera,
        exactness.known_s,
        gate_events.gate,
        gate_events.direction,
        epoch_us(gate_events.at) // (1_000_000 * exactness.known_s)
),

stay AS (
    SELECT
        zone_visits.camera,
        zone_visits.zone,
        exactness.known_s,
        epoch_us(zone_visits.entered_at) // (1_000_000 * exactness.known_s) AS began,
        epoch_us(zone_visits.left_at) // (1_000_000 * exactness.known_s) AS ended
    FROM zone_visits
    CROSS JOIN exactness
),

stay_with_crowd AS (
    SELECT camera, known_s, 1 AS known_points, count(*) AS alike
    FROM stay
    GROUP BY camera, known_s, zone, began
    UNION ALL
    SELECT camera, known_s, 2, count(*)
    FROM stay
    GROUP BY camera, known_s, zone, began, ended
),

event_that_fits AS (
    SELECT 'gate_events' AS dataset, camera, known_s, 1 AS known_points, alike
    FROM crossing_with_crowd
    UNION ALL
    SELECT 'zone_visits', camera, known_s, known_points, alike
    FROM stay_with_crowd
),

tried AS (
    SELECT 'anonymised_trajectories' AS dataset, camera, known_s, known_points, people, singled_out
    FROM known_points
    UNION ALL
    SELECT
        dataset,
        camera,
        known_s,
        known_points,
        sum(alike),
        count(*) FILTER (alike = 1)
    FROM event_that_fits
    GROUP BY ALL
)

SELECT
    site_day.trading_day,
    site_day.site,
    delivery.camera,
    delivery.floor,
    tried.dataset,
    tried.known_s,
    tried.known_points,
    tried.people,
    tried.singled_out,
    tried.singled_out / tried.people AS unicity
FROM site_day
CROSS JOIN tried
INNER JOIN deliveries AS delivery
    ON delivery.camera = tried.camera
    AND delivery.dataset = tried.dataset
WHERE delivery.delivered
