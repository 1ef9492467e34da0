-- trust_in_last_month
--
-- Question  How far can I trust the figures of the last four weeks?
-- For       An analyst, before anything else is asked.
-- Row       one camera, over the 28 days that end with the last one.
-- Columns   camera: the camera;
--           days: days that are published;
--           days_missing: days of the 28 without any row, because the site was closed or they were
--           never made;
--           days_observed: published days on which the camera delivered;
--           states: why it delivered nothing on the others;
--           observed_share: share of the trading hours that was observed, on average over days;
--           cut_share: part of the stays in its zones of which an end was not seen, on average over
--           the days that have the figure;
--           short_share: part of its trajectories that last less than three seconds, likewise;
--           staff_share: part of its trajectories that is taken for staff, on the days with figures;
--           blanked_share: part of the observed rows of its gates and zones in which a figure is too
--           small to be published
-- Beware    A high blanked_share means that sums of published figures fall short, although everything
--           was observed: ask by longer spans, or for larger places. cut_share is high by nature
--           where zones reach over the edge of the view. It tells how whole the figures are, not how
--           often the detector errs.
WITH
last_day AS (
    SELECT
        site,
        max(trading_day) AS trading_day
    FROM data_quality_daily
    GROUP BY site
),

camera_quality AS (
    SELECT
        quality.site,
        quality.camera,
        quality.definition_version,
        count(*) AS days,
        count(*) FILTER (quality.state = 'observed') AS days_observed,
        string_agg(DISTINCT quality.state, ', ' ORDER BY quality.state)
            FILTER (quality.state <> 'observed') AS states,
        avg(quality.observed_share) AS observed_share,
        avg(quality.cut_share) AS cut_share,
        avg(quality.short_share) AS short_share
    FROM data_quality_daily AS quality
    INNER JOIN last_day
        ON last_day.site = quality.site
        AND quality.trading_day > last_day.trading_day - 28
    GROUP BY ALL
),

camera_staff AS (
    SELECT
        staff.site,
        staff.camera,
        sum(staff.trajectories - staff.visitors)
        / nullif(sum(staff.trajectories) FILTER (staff.visitors IS NOT NULL), 0) AS staff_share
    FROM staff_excluded_daily AS staff
    INNER JOIN last_day
        ON last_day.site = staff.site
        AND staff.trading_day > last_day.trading_day - 28
    GROUP BY ALL
),

observed_row AS (
    SELECT trading_day, site, camera, suppressed
    FROM gate_counts_15min
    WHERE in_trading_hours
    AND observed_minutes > 0
    UNION ALL
    SELECT trading_day, site, camera, suppressed
    FROM zone_visits_hourly
    WHERE in_trading_hours
    AND observed_minutes > 0
),

camera_blanked AS (
    SELECT
        observed_row.site,
        observed_row.camera,
        count(*) FILTER (observed_row.suppressed) / count(*) AS blanked_share
    FROM observed_row
    INNER JOIN last_day
        ON last_day.site = observed_row.site
        AND observed_row.trading_day > last_day.trading_day - 28
    GROUP BY ALL
)

SELECT
    quality.site,
    quality.camera,
    quality.days,
    28 - sum(quality.days) OVER (PARTITION BY quality.site, quality.camera) AS days_missing,
    quality.days_observed,
    quality.states,
    round(quality.observed_share, 3) AS observed_share,
    round(quality.cut_share, 3) AS cut_share,
    round(quality.short_share, 3) AS short_share,
    round(staff.staff_share, 3) AS staff_share,
    round(blanked.blanked_share, 3) AS blanked_share,
    quality.definition_version
FROM camera_quality AS quality
LEFT JOIN camera_staff AS staff
    ON staff.site = quality.site
    AND staff.camera = quality.camera
LEFT JOIN camera_blanked AS blanked
    ON blanked.site = quality.site
    AND blanked.camera = quality.camera
ORDER BY quality.site, quality.camera, quality.definition_version
