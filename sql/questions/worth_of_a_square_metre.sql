-- worth_of_a_square_metre
--
-- Question  What is a square metre of each zone worth, and which zones rise or fall?
-- For       Leasing: rent reviews.
-- Row       one zone in metres, over the last 13 weeks and the 13 before.
-- Columns   zone: the zone;
--           kind: zones are ranked among those of their kind;
--           visits_per_m2: visits to a square metre on a whole day, on average over the last 13 weeks;
--           person_minutes_per_m2: time spent on it on a whole day, on average over the same;
--           rank: by visits_per_m2, 1 for the most;
--           rank_before: the rank in the 13 weeks before;
--           places_gained: rank_before - rank, so above 0 it rose;
--           change_year: change of a day's visits against 52 weeks before, on average; 0.1 is a tenth
--           more;
--           days: days of the last 13 weeks that are published;
--           whole_days: those of them with a figure
-- Beware    Only whole days count, so that a gap does not make a zone poor; where whole_days is far
--           below days, look which weekdays are missing. Ranks compare zones that were watched on
--           different days. A rank changes when a neighbour opens or closes, too.
WITH
last_day AS (
    SELECT
        site,
        max(trading_day) AS trading_day
    FROM space_value_daily
    GROUP BY site
),

zone_on_day AS (
    SELECT
        space.*,
        (last_day.trading_day - space.trading_day) // (7 * 13) AS quarters_ago
    FROM space_value_daily AS space
    INNER JOIN last_day
        ON last_day.site = space.site
        AND space.trading_day > last_day.trading_day - 2 * 7 * 13
),

zone_in_quarter AS (
    SELECT
        site,
        zone,
        kind,
        definition_version,
        quarters_ago,
        avg(visits / area_m2) AS visits_per_m2,
        avg(person_seconds_per_m2 / 60) FILTER (visits IS NOT NULL) AS person_minutes_per_m2,
        avg(change_year) AS change_year,
        count(*) AS days,
        count(visits) AS whole_days
    FROM zone_on_day
    GROUP BY ALL
),

ranked_zone AS (
    SELECT
        *,
        CASE WHEN visits_per_m2 IS NOT NULL THEN
            rank() OVER (
                PARTITION BY site, kind, definition_version, quarters_ago
                ORDER BY visits_per_m2 DESC NULLS LAST
            )
        END AS rank
    FROM zone_in_quarter
)

SELECT
    now.site,
    now.zone,
    now.kind,
    round(now.visits_per_m2, 2) AS visits_per_m2,
    round(now.person_minutes_per_m2, 2) AS person_minutes_per_m2,
    now.rank,
    earlier.rank AS rank_before,
    earlier.rank - now.rank AS places_gained,
    round(now.change_year, 3) AS change_year,
    now.days,
    now.whole_days,
    now.definition_version
FROM ranked_zone AS now
LEFT JOIN ranked_zone AS earlier
    ON earlier.site = now.site
    AND earlier.zone = now.zone
    AND earlier.kind = now.kind
    AND earlier.definition_version = now.definition_version
    AND earlier.quarters_ago = 1
WHERE now.quarters_ago = 0
ORDER BY now.site, now.kind, now.definition_version, now.rank NULLS LAST, now.zone
