-- queue_15min
--
-- Grain       one zone of kind queue in one quarter of an hour of the trading day; every one has every
--             quarter.
-- Version     1
-- Definition  length_mean and length_peak are the zone's occupancy, of occupancy_15min,
--             person_seconds what the mean is made of. A wait is a visit to the zone (of at least
--             its min_dwell) and counts, with its whole length, in the quarter in which it began.
--             Where the queue says what people wait for (of), the outcome of each wait is looked
--             for on the visitor's way, within one view and without staff: served, if their next
--             visit is to that zone; abandoned, if they are seen anywhere else after they left;
--             otherwise their way ends in the queue, and the outcome is not known. abandonment_rate
--             is abandoned / (served + abandoned).
-- Source      Waits that began and were given up are called reneging in queueing theory.
-- NULL        the camera observed nothing in the quarter. Waits: that, or nobody waited. Outcomes:
--             that, or the queue does not say what people wait for, or the camera has no calibration.
WITH
queue AS (
    SELECT camera, zone, min_dwell_s, of AS counter
    FROM zones
    WHERE kind = 'queue'
),

queue_with_waits_in_quarter AS (
    SELECT
        queue.camera,
        queue.zone,
        intervals.interval_start,
        count(*) AS waits,
        quantile_cont(stay.dwell_s, 0.5) AS wait_median_s,
        quantile_cont(stay.dwell_s, 0.9) AS wait_p90_s
    FROM queue
    INNER JOIN zone_visits AS stay
        ON stay.camera = queue.camera
        AND stay.zone = queue.zone
    INNER JOIN intervals
        ON stay.entered_at >= intervals.interval_start
        AND stay.entered_at < intervals.interval_end
    WHERE stay.dwell_s >= queue.min_dwell_s
    GROUP BY ALL
),

wait_with_next_visit AS (
    SELECT
        visit.camera,
        visit.zone,
        visit.trajectory,
        visit.entered_at,
        visit.left_at,
        next_visit.zone AS next_zone
    FROM visits_in_order AS visit
    LEFT JOIN visits_in_order AS next_visit
        ON next_visit.camera = visit.camera
        AND next_visit.trajectory = visit.trajectory
        AND next_visit.place_in_order = visit.place_in_order + 1
),

wait_with_outcome AS (
    SELECT
        queue.camera,
        queue.zone,
        intervals.interval_start,
        coalesce(wait.next_zone = queue.counter, false) AS is_served,
        visitors.last_at >= wait.left_at AS is_seen_after
    FROM queue
    INNER JOIN wait_with_next_visit AS wait
        ON wait.camera = queue.camera
        AND wait.zone = queue.zone
    INNER JOIN visitors
        ON visitors.camera = wait.camera
        AND visitors.trajectory = wait.trajectory
    INNER JOIN intervals
        ON wait.entered_at >= intervals.interval_start
        AND wait.entered_at < intervals.interval_end
),

queue_with_outcomes_in_quarter AS (
    SELECT
        camera,
        zone,
        interval_start,
        count(*) FILTER (is_served) AS served,
        count(*) FILTER (NOT is_served AND is_seen_after) AS abandoned
    FROM wait_with_outcome
    GROUP BY ALL
),

queue_in_quarter AS (
    SELECT
        queue.zone,
        span.*,
        span.observed_s > 0 AND followed.observed_s > 0 AND queue.counter IS NOT NULL
            AS has_outcomes
    FROM queue
    INNER JOIN camera_quarters AS span
        ON span.camera = queue.camera
        AND span.dataset = 'zone_visits'
    INNER JOIN camera_quarters AS followed
        ON followed.camera = queue.camera
        AND followed.interval_start = span.interval_start
        AND followed.dataset = 'anonymised_trajectories'
)

SELECT
    site_day.trading_day,
    site_day.site,
    place.zone,
    place.camera,
    place.floor,
    place.interval_start,
    place.local_start,
    place.in_trading_hours,
    length.occupancy_mean AS length_mean,
    length.occupancy_peak AS length_peak,
    length.stays,
    length.person_seconds,
    CASE WHEN place.observed_s > 0 THEN coalesce(waited.waits, 0) END AS waits,
    CASE WHEN place.observed_s > 0 THEN round(waited.wait_median_s, 1) END AS wait_median_s,
    CASE WHEN place.observed_s > 0 THEN round(waited.wait_p90_s, 1) END AS wait_p90_s,
    CASE WHEN place.has_outcomes THEN coalesce(outcome.served, 0) END AS served,
    CASE WHEN place.has_outcomes THEN coalesce(outcome.abandoned, 0) END AS abandoned,
    CASE
        WHEN place.has_outcomes
        THEN outcome.abandoned / nullif(outcome.served + outcome.abandoned, 0)
    END AS abandonment_rate,
    round(place.observed_s / 60, 4) AS observed_minutes,
    round(place.observed_s / place.length_s, 6) AS observed_share,
    place.not_observed
FROM site_day
CROSS JOIN queue_in_quarter AS place
INNER JOIN occupancy_15min AS length
    ON length.trading_day = site_day.trading_day
    AND length.site = site_day.site
    AND length.zone = place.zone
    AND length.interval_start = place.interval_start
LEFT JOIN queue_with_waits_in_quarter AS waited
    ON waited.camera = place.camera
    AND waited.zone = place.zone
    AND waited.interval_start = place.interval_start
LEFT JOIN queue_with_outcomes_in_quarter AS outcome
    ON outcome.camera = place.camera
    AND outcome.zone = place.zone
    AND outcome.interval_start = place.interval_start
