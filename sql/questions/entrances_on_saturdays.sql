-- entrances_on_saturdays
--
-- Question  Which entrance brings most people on Saturdays, and is it more than a year ago?
-- For       Leasing: where rents should be highest, and which door is losing.
-- Row       one entrance, on the Saturdays of the last 13 weeks.
-- Columns   gate: the entrance;
--           saturdays: Saturdays that are published;
--           whole_saturdays: those of them with a figure, so without a gap;
--           entries_mean: people who came in on a whole Saturday, on average;
--           share_of_entries: its part of the site's entries, on average over the Saturdays on which
--           all entrances are whole;
--           pairs: whole Saturdays whose Saturday 52 weeks before is whole, too;
--           change_year: how much more came on these than on those; 0.1 is a tenth more
-- Beware    Compare whole_saturdays before entries_mean: one entrance may lack the very Saturdays
--           that were busy. change_year needs two years of figures and is NULL without pairs.
WITH
last_day AS (
    SELECT
        site,
        max(trading_day) AS trading_day
    FROM footfall_daily
    GROUP BY site
),

saturday_at_entrance AS (
    SELECT
        today.*,
        year_before.entries AS entries_year_before
    FROM footfall_daily AS today
    INNER JOIN last_day
        ON last_day.site = today.site
        AND today.trading_day > last_day.trading_day - 7 * 13
    LEFT JOIN footfall_daily AS year_before
        ON year_before.site = today.site
        AND year_before.gate = today.gate
        AND year_before.trading_day = today.trading_day - 364
        AND year_before.definition_version = today.definition_version
    WHERE isodow(today.trading_day) = 6
)

SELECT
    site,
    gate,
    count(*) AS saturdays,
    count(entries) AS whole_saturdays,
    round(avg(entries), 1) AS entries_mean,
    round(avg(share_of_entries), 3) AS share_of_entries,
    count(entries + entries_year_before) AS pairs,
    round(
        sum(entries) FILTER (entries_year_before IS NOT NULL)
        / nullif(sum(entries_year_before) FILTER (entries IS NOT NULL), 0) - 1,
        3
    ) AS change_year,
    definition_version
FROM saturday_at_entrance
GROUP BY site, gate, definition_version
ORDER BY site, entries_mean DESC NULLS LAST, gate, definition_version
