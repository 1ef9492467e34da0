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
--             observed; gate_entries and gate_exits are the gate's counts of the same minutes.
--             audit_accuracy is 1 less the people by whom the two differ, count by count and entries
--             and exits apart, per person counted by eye; 0 where that is below 0. The interval is meant
--             to hold in 19 cases of 20, if audits are of minutes chosen by chance. It is never narrower
--             than three people to either side, and of few audits it is no more than a hint.
-- Source      Fragmentation: as the count of track fragments in CLEAR MOT (Bernardin and Stiefelhagen
--             2008), but seen without truth. Interval: the ratio estimate of a simple random sample and
--             its standard error (Cochran, Sampling Techniques, 1977, 2.11), by Student's distribution;
--             three people: the rule of three (Hanley and Lippman-Hand 1983).
-- NULL        counts and parts: nothing of the trading hours was observed. Parts: that, or there was
--             nothing to be part of. Trajectories: that, or the camera has no calibration. What is of
--             audits: there is none; the accuracy also where nobody was
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
        audit.entries,
        audit.exits,
        count(*) FILTER (gate_events.direction = 'in') AS gate_entries,
        count(*) FILTER (gate_events.direction = 'out') AS gate_exits,
        audit.entries + audit.exits AS people,
        abs(gate_entries - audit.entries) + abs(gate_exits - audit.exits) AS differing
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
        sum(entries) AS audited_entries,
        sum(exits) AS audited_exits,
        sum(gate_entries) AS gate_entries,
        sum(gate_exits) AS gate_exits,
        sum(people) AS audited_people,
        sum(differing) / nullif(sum(people), 0) AS error,
        sum(differing ** 2) AS differing_squared,
        sum(differing * people) AS differing_by_people,
        sum(people ** 2) AS people_squared
    FROM audit_with_crossings
    GROUP BY camera
),

camera_with_interval AS (
    SELECT
        audited.camera,
        greatest(
            students_quantile.quantile * sqrt(
                greatest(
                    differing_squared
                    - 2 * error * differing_by_people
                    + error ** 2 * people_squared,
                    0
                ) * audits / (audits - 1)
            ),
            -- Counts that all differ alike, by nothing maybe, tell of no spread.
            3
        ) / audited_people AS margin
    FROM camera_with_audits AS audited
    INNER JOIN students_quantile
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
    CASE WHEN camera.is_observed THEN audited.audited_entries END AS audited_entries,
    CASE WHEN camera.is_observed THEN audited.audited_exits END AS audited_exits,
    CASE WHEN camera.is_observed THEN audited.gate_entries END AS gate_entries,
    CASE WHEN camera.is_observed THEN audited.gate_exits END AS gate_exits,
    -- greatest() passes over NULLs.
    CASE
        WHEN camera.is_observed AND audited.error IS NOT NULL
        THEN round(greatest(1 - audited.error, 0), 6)
    END AS audit_accuracy,
    CASE
        WHEN camera.is_observed AND audited.error + interval_of.margin IS NOT NULL
        THEN round(greatest(1 - audited.error - interval_of.margin, 0), 6)
    END AS audit_low,
    CASE
        WHEN camera.is_observed AND audited.error + interval_of.margin IS NOT NULL
        THEN round(least(greatest(1 - audited.error + interval_of.margin, 0), 1), 6)
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
LEFT JOIN camera_with_audits AS audited
    ON audited.camera = camera.camera
LEFT JOIN camera_with_interval AS interval_of
    ON interval_of.camera = camera.camera
