-- footfall_daily
--
-- Grain       one entrance on one trading day; an entrance is a gate that leads outside.
-- Version     1
-- Definition  entries_observed and exits_observed add up gate_counts_15min over the trading day: what
--             was seen, a lower bound where the day has gaps. entries and exits are the same where
--             the day is whole: something was observed in each quarter of the trading hours. net is
--             entries less exits. share_of_entries is the entrance's part of the site's entries
--             (entries_of_site). The estimate, where the site asks for one (estimate_gaps), takes the
--             entrance's rate in its observed time for the time in trading hours that it lacks, and
--             nothing of how busy that time usually is. Its interval holds the true number in 19
--             cases of 20, if quarters differ from each other by chance.
-- Source      Totals: none. Interval: the prediction interval of a sum of further independent
--             quarters, from mean and variance of those in the trading hours that were observed whole,
--             by Student's distribution; four are needed. It never ends below entries_observed.
-- NULL        entries, exits, net: the day has a gap. entries_of_site: that of any entrance.
--             share_of_entries: that, or nobody entered. ..._observed: nothing of the trading hours
--             was observed. Estimate, with its interval: not asked for, or too little was observed.
WITH
quarter AS (
    SELECT
        counts.*,
        -- The same quarters by which camera_days judges a day.
        counts.in_trading_hours OR NOT (SELECT bool_or(in_trading_hours) FROM intervals) AS is_judged
    FROM gate_counts_15min AS counts
    INNER JOIN site_day
        ON site_day.trading_day = counts.trading_day
        AND site_day.site = counts.site
),

entrance AS (
    SELECT
        gates.gate,
        gates.camera,
        gates.floor,
        span.length_s,
        span.observed_s,
        span.is_observed,
        span.is_whole,
        span.not_observed
    FROM gates
    INNER JOIN camera_days AS span
        ON span.camera = gates.camera
        AND span.dataset = 'gate_events'
    WHERE gates.leads_from = 'outside'
),

entrance_on_day AS (
    SELECT
        gate,
        sum(entries) AS entries,
        sum(exits) AS exits,
        sum(entries) FILTER (is_judged) AS judged_entries,
        count(*) FILTER (is_judged AND observed_share = 1) AS whole_quarters,
        avg(entries) FILTER (is_judged AND observed_share = 1) AS mean_entries,
        var_samp(entries) FILTER (is_judged AND observed_share = 1) AS variance_of_entries
    FROM quarter
    GROUP BY gate
),

entrance_with_gap AS (
    SELECT
        entrance.*,
        seen.*,
        CASE WHEN entrance.is_observed THEN seen.entries END AS entries_observed,
        CASE WHEN entrance.is_observed THEN seen.exits END AS exits_observed,
        (entrance.length_s - entrance.observed_s) / 900 AS quarters_lacking
    FROM entrance
    INNER JOIN entrance_on_day AS seen
        ON seen.gate = entrance.gate
),

entrance_with_estimate AS (
    SELECT
        *,
        CASE
            WHEN observed_s > 0 AND whole_quarters >= 4 AND site_day.estimate_gaps
            THEN entries_observed + judged_entries / observed_s * (length_s - observed_s)
        END AS estimate,
        students_quantile.quantile * sqrt(
            variance_of_entries * (quarters_lacking + quarters_lacking ** 2 / whole_quarters)
        ) AS margin
    FROM entrance_with_gap
    CROSS JOIN site_day
    LEFT JOIN students_quantile
        ON students_quantile.sample = entrance_with_gap.whole_quarters
),

site_on_day AS (
    SELECT CASE WHEN bool_and(is_whole) THEN sum(entries_observed) END AS entries
    FROM entrance_with_gap
)

SELECT
    site_day.trading_day,
    site_day.site,
    place.gate,
    place.camera,
    place.floor,
    CASE WHEN place.is_whole THEN place.entries_observed END AS entries,
    CASE WHEN place.is_whole THEN place.exits_observed END AS exits,
    CASE WHEN place.is_whole THEN place.entries_observed - place.exits_observed END AS net,
    site_on_day.entries AS entries_of_site,
    round(place.entries_observed / nullif(site_on_day.entries, 0), 6) AS share_of_entries,
    place.entries_observed,
    place.exits_observed,
    round(place.estimate, 1) AS entries_estimate,
    -- greatest() passes over NULLs.
    CASE
        WHEN place.estimate IS NOT NULL
        THEN round(greatest(place.estimate - place.margin, place.entries_observed), 1)
    END AS entries_low,
    round(place.estimate + place.margin, 1) AS entries_high,
    round(place.observed_s / 60, 4) AS observed_minutes,
    round(place.observed_s / place.length_s, 6) AS observed_share,
    place.not_observed
FROM site_day
CROSS JOIN entrance_with_estimate AS place
CROSS JOIN site_on_day
