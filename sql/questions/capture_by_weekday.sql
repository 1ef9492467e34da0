-- capture_by_weekday
--
-- Question  How many of those who come by each shop front go in, by weekday?
-- For       A tenant: whether the window works, and on which days.
-- Row       one shop front on one weekday, over the last 52 weeks.
-- Columns   shop: the shop;
--           front: its front, a zone;
--           weekday: of the trading day;
--           passers_by: visitors who came by and did not go in, in the hours that are counted;
--           entries: visitors who went in, in the same hours;
--           capture_rate: entries / (entries + passers_by);
--           hours: hours of trading hours;
--           hours_counted: those in which both figures are published;
--           hours_blanked: those in which one of the row's figures is too small to be published
-- Beware    Within one view: who comes out of sight of the front's camera is not counted. Hours in
--           which few went in are blanked and therefore not counted, so a rate with many
--           hours_blanked is too high. Compare weekdays of one shop, and shops whose fronts are seen
--           alike; do not compare with gate counts.
WITH
last_day AS (
    SELECT
        site,
        max(trading_day) AS trading_day
    FROM shopfront_capture_hourly
    GROUP BY site
),

front_on_weekday AS (
    SELECT
        front.site,
        front.shop,
        front.zone AS front,
        front.definition_version,
        isodow(front.trading_day) AS weekday,
        sum(front.passers_by) FILTER (front.entries IS NOT NULL) AS passers_by,
        sum(front.entries) FILTER (front.passers_by IS NOT NULL) AS entries,
        count(*) AS hours,
        count(front.entries + front.passers_by) AS hours_counted,
        count(*) FILTER (front.suppressed) AS hours_blanked
    FROM shopfront_capture_hourly AS front
    INNER JOIN last_day
        ON last_day.site = front.site
        AND front.trading_day > last_day.trading_day - 364
    WHERE front.in_trading_hours
    GROUP BY ALL
)

SELECT
    site,
    shop,
    front,
    ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][weekday] AS weekday,
    passers_by,
    entries,
    round(entries / nullif(entries + passers_by, 0), 3) AS capture_rate,
    hours,
    hours_counted,
    hours_blanked,
    definition_version
FROM front_on_weekday
ORDER BY site, shop, front, definition_version, front_on_weekday.weekday
