-- groups_at_weekends
--
-- Question  Do people come alone or in groups, and is it different at weekends?
-- For       Marketing and food tenants: tables for two or for five.
-- Row       one size of groups in one camera's view, at weekends or on other days, over the last 13
--           weeks.
-- Columns   camera: the camera;
--           days: weekend (Saturday and Sunday) or weekday;
--           size: people in the group, 5 for five and more;
--           groups: groups of this size, in the hours that are published;
--           people: people in them, in the same hours;
--           share_of_people: their part of the people in groups of all sizes;
--           hours: hours of trading hours;
--           hours_counted: those with both figures;
--           hours_blanked: those in which so few came so that the figures are not published
-- Beware    Large groups are rare, so their hours are blanked most: their share is a lower bound, and
--           that of small groups too high, by as much as hours_blanked differ between sizes. Within
--           one view: people in two cameras' views are in the rows of both.
WITH
last_day AS (
    SELECT
        site,
        max(trading_day) AS trading_day
    FROM groups_hourly
    GROUP BY site
),

size_of_groups AS (
    SELECT
        grouped.site,
        grouped.camera,
        grouped.size,
        grouped.definition_version,
        if(isodow(grouped.trading_day) >= 6, 'weekend', 'weekday') AS days,
        sum(grouped.groups) FILTER (grouped.people IS NOT NULL) AS groups,
        sum(grouped.people) FILTER (grouped.groups IS NOT NULL) AS people,
        count(*) AS hours,
        count(grouped.groups + grouped.people) AS hours_counted,
        count(*) FILTER (grouped.suppressed) AS hours_blanked
    FROM groups_hourly AS grouped
    INNER JOIN last_day
        ON last_day.site = grouped.site
        AND grouped.trading_day > last_day.trading_day - 7 * 13
    WHERE grouped.in_trading_hours
    GROUP BY ALL
)

SELECT
    site,
    camera,
    days,
    size,
    groups,
    people,
    round(
        people
        / nullif(sum(people) OVER (PARTITION BY site, camera, days, definition_version), 0),
        3
    ) AS share_of_people,
    hours,
    hours_counted,
    hours_blanked,
    definition_version
FROM size_of_groups
ORDER BY site, camera, definition_version, days, size
