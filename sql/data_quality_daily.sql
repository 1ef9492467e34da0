-- data_quality_daily
--
-- Grain       one camera on one trading day.
-- Version     1
-- Definition  what the day's figures of the camera rest on. state says whether it delivered. Coverage
--             is of the trading hours: minutes that were recorded and readable, and quarters of which
--             nothing was; none is while zone_visits are not delivered. Fragmentation is the part of
--             stays of which an end was not seen, because the path began or ended inside the zone; a
--             camera that sees a zone whole has little of it. short_trajectories are those that last
--             less than three seconds, short_share is their part of the trajectories. An audit is a
--             count by eye at one of the camera's gates (audits.yaml), in minutes of each of which at
--             least 59 seconds were observed; gate_entries and gate_exits are the gate's counts of
--             the same minutes. audit_accuracy is 1 less the people by whom the two differ, count by
--             count and entries and exits apart, per person counted by eye; 0 where that is below 0.
--             The interval is meant to hold in 19 cases of 20, if audits are of minutes chosen by
--             chance. It is never narrower than three people to either side, and of few audits it is
--             no more than a hint.
-- Source      Fragmentation: as the count of track fragments in CLEAR MOT (Bernardin and Stiefelhagen
--             2008), but seen without truth. Interval: the ratio estimate of a simple random sample and
--             its standard error (Cochran, Sampling Techniques, 1977, 2.11), by Student's distribution;
--             three people: the rule of three (Hanley and Lippman-Hand 1983).
-- NULL        counts and parts: nothing of the trading hours was observed. Parts: that, or there was
--             nothing to be part of. Trajectories: that, or the camera has no calibration. What is of
--             audits: there is none; the accuracy also where nobody was counted, and the interval
--             where there is one audit alone.
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

counted AS (
    SELECT
        gate_audits.camera AS sample,
        gate_audits.minutes,
        gate_audits.audited_entries,
        gate_audits.audited_exits,
        gate_audits.gate_entries,
        gate_audits.gate_exits
    FROM gate_audits
    INNER JOIN site_day
        ON site_day.site = gate_audits.site
        AND site_day.trading_day = gate_audits.trading_day
    WHERE gate_audits.gate_entries IS NOT NULL
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
    CASE WHEN camera.is_observed THEN coalesce(seen.cut_stays, 0) END AS cut_stays,
    CASE WHEN camera.is_observed THEN round(seen.cut_stays / seen.stays, 6) END AS cut_share,
    CASE WHEN camera.is_followed THEN coalesce(followed.trajectories, 0) END AS trajectories,
    CASE WHEN camera.is_followed THEN coalesce(followed.short_trajectories, 0) END
        AS short_trajectories,
    CASE
        WHEN camera.is_followed
        THEN round(followed.short_trajectories / followed.trajectories, 6)
    END AS short_share,
    CASE WHEN camera.is_observed THEN coalesce(audited.audits, 0) ELSE 0 END AS audits,
    CASE WHEN camera.is_observed THEN audited.audited_entries END AS audited_entries,
    CASE WHEN camera.is_observed THEN audited.audited_exits END AS audited_exits,
    CASE WHEN camera.is_observed THEN audited.gate_entries END AS gate_entries,
    CASE WHEN camera.is_observed THEN audited.gate_exits END AS gate_exits,
    CASE WHEN camera.is_observed THEN audited.accuracy END AS audit_accuracy,
    CASE WHEN camera.is_observed THEN audited.low END AS audit_low,
    CASE WHEN camera.is_observed THEN audited.high END AS audit_high,
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
LEFT JOIN audit_estimate AS audited
    ON audited.sample = camera.camera
