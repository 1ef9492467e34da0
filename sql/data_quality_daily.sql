-- data_quality_daily
--
-- Grain       one camera on one trading day.
-- Version     1
-- Definition  what the day's figures of the camera rest on. state says whether it delivered. Coverage
--             is of the trading hours: minutes that were recorded and readable, and quarters of which
--             nothing was; none is while zone_visits are not delivered. Fragmentation is the part of
--             stays of which an end was not seen, because the path began or ended inside the zone; a
--             camera that sees a zone whole has little of it. short_trajectories is the part of
--             trajectories that last less than three seconds. An audit is a count by eye at one of the
--             camera's gates (audits.yaml), in minutes of each of which at least 59 seconds were
--             observed. audit_accuracy is 1 less the people by whom audits and gate_events differ,
--             entries and exits apart, per person counted by eye; 0 where that is below 0. The interval
--             holds it in 19 cases of 20, if the audits are of minutes chosen by chance.
-- Source      Fragmentation: as the count of track fragments in CLEAR MOT (Bernardin and Stiefelhagen
--             2008), but seen without truth. Interval: the ratio estimate of a simple random sample and
--             its standard error (Cochran, Sampling Techniques, 1977, 2.11), by Student's distribution.
-- NULL        counts and parts: nothing of the trading hours was observed. Parts: that, or there was
--             nothing to be part of. Trajectories: that, or the camera has no calibration. People
--             counted by eye and the accuracy: there is no audit; the accuracy also where nobody was
--             counted, and the interval where there is one audit alone.
WITH
camera_with_quarters AS (
    SELECT
        camera,
        count(*) FILTER (in_trading_hours AND observed_s = 0) AS quarters_unobserved
    FROM camera_quarters
    WHERE dataset = 'zone_visits'
    GROUP BY ALL
),

camera_with_stays AS (
    SELECT
        zone_visits.camera,
        count(*) AS stays,
        count(*) FILTER (zone_visits.ends_seen <> 'both') AS cut_stays
    FROM zone_visits
    GROUP BY ALL
),

camera_with_trajectories AS (
    SELECT
        camera,
        count(*) AS trajectories,
        count(*) FILTER (epoch(last_at) - epoch(first_at) < 2) AS short_trajectories
    FROM trajectories
    GROUP BY ALL
),

-- A minute that is observed in part would make the camera's count too low and not wrong.
audit AS (
    SELECT
        audits.gate,
        audits.starts_at,
        gates.camera,
        any_value(audits.ends_at) AS ends_at,
        any_value(audits.entries) AS entries,
        any_value(audits.exits) AS exits
    FROM audits
    INNER JOIN gates
        ON gates.gate = audits.gate
    INNER JOIN deliveries
        ON deliveries.camera = gates.camera
        AND deliveries.dataset = 'gate_events'
        AND deliveries.delivered
    INNER JOIN coverage
        ON coverage.camera = gates.camera
        AND coverage.minute < audits.ends_at
        AND coverage.minute + INTERVAL 1 MINUTE > audits.starts_at
    GROUP BY ALL
    HAVING min(coverage.readable_s) >= 59
),

audit_with_crossings AS (
    SELECT
        audit.camera,
        audit.entries + audit.exits AS people,
        abs(count(*) FILTER (gate_events.direction = 'in') - audit.entries)
        + abs(count(*) FILTER (gate_events.direction = 'out') - audit.exits) AS differing
    FROM audit
    LEFT JOIN gate_events
        ON gate_events.gate = audit.gate
        AND gate_events.at >= audit.starts_at
        AND gate_events.at < audit.ends_at
    GROUP BY audit.gate, audit.starts_at, audit.camera, audit.entries, audit.exits
),

camera_with_audits AS (
    SELECT
        camera,
        count(*) AS audits,
        sum(people) AS audited_people,
        sum(differing) / nullif(sum(people), 0) AS error,
        sum(differing ** 2) AS differing_squared,
        sum(differing * people) AS differing_by_people,
        sum(people ** 2) AS people_squared
    FROM audit_with_crossings
    GROUP BY camera
),

camera_with_accuracy AS (
    SELECT
        audited.*,
        students_quantile.quantile * sqrt(
            greatest(
                differing_squared - 2 * error * differing_by_people + error ** 2 * people_squared, 0
            ) * audits / (audits - 1)
        ) / audited_people AS margin
    FROM camera_with_audits AS audited
    LEFT JOIN students_quantile
        ON students_quantile.sample = audited.audits
),

camera AS (
    SELECT
        cameras.state,
        span.*,
        span.is_observed AND followed.is_observed AS is_followed
    FROM cameras
    INNER JOIN camera_days AS span
        ON span.camera = cameras.camera
        AND span.dataset = 'zone_visits'
    INNER JOIN camera_days AS followed
        ON followed.camera = cameras.camera
        AND followed.dataset = 'anonymised_trajectories'
)

SELECT
    site_day.trading_day,
    site_day.site,
    camera.camera,
    camera.floor,
    camera.state,
    quarters.quarters_unobserved,
    CASE WHEN camera.is_observed THEN coalesce(seen.stays, 0) END AS stays,
    CASE WHEN camera.is_observed THEN round(seen.cut_stays / seen.stays, 6) END AS cut_share,
    CASE WHEN camera.is_followed THEN coalesce(followed.trajectories, 0) END AS trajectories,
    CASE
        WHEN camera.is_followed
        THEN round(followed.short_trajectories / followed.trajectories, 6)
    END AS short_share,
    CASE WHEN camera.is_observed THEN coalesce(audited.audits, 0) ELSE 0 END AS audits,
    CASE WHEN camera.is_observed THEN audited.audited_people END AS audited_people,
    -- greatest() passes over NULLs.
    CASE
        WHEN camera.is_observed AND audited.error IS NOT NULL
        THEN round(greatest(1 - audited.error, 0), 6)
    END AS audit_accuracy,
    CASE
        WHEN camera.is_observed AND audited.error IS NOT NULL AND audited.margin IS NOT NULL
        THEN round(greatest(1 - audited.error - audited.margin, 0), 6)
    END AS audit_low,
    CASE
        WHEN camera.is_observed AND audited.error IS NOT NULL AND audited.margin IS NOT NULL
        THEN round(least(greatest(1 - audited.error + audited.margin, 0), 1), 6)
    END AS audit_high,
    round(camera.observed_s / 60, 4) AS observed_minutes,
    round(camera.observed_s / camera.length_s, 6) AS observed_share
FROM site_day
CROSS JOIN camera
INNER JOIN camera_with_quarters AS quarters
    ON quarters.camera = camera.camera
LEFT JOIN camera_with_stays AS seen
    ON seen.camera = camera.camera
LEFT JOIN camera_with_trajectories AS followed
    ON followed.camera = camera.camera
LEFT JOIN camera_with_accuracy AS audited
    ON audited.camera = camera.camera
