-- shops_visited_together
--
-- Question  Which shops are visited together?
-- For       Leasing: the brand mix, and who should be neighbours.
-- Row       two shops that one camera sees, over the last 13 weeks.
-- Columns   camera: the camera that sees both;
--           shop: one shop;
--           other_shop: the other;
--           visitors_of_both: visitors who visited both, in the weeks that are counted;
--           support: their part of those who visited any shop;
--           lift: how many times more often both are visited than by chance; above 1 they go
--           together;
--           weeks: weeks that are published, each of the seven days up to the last day's weekday;
--           weeks_counted: those with all figures;
--           observed_days: days in the weeks that are counted on which somebody looked
-- Beware    Within one view: shops under different cameras are not paired. Weeks in which few visited
--           both are blanked and not counted, so pairs that hardly go together have no lift rather
--           than a low one. A lift of a few visitors means little: read visitors_of_both first.
WITH
last_day AS (
    SELECT
        site,
        max(trading_day) AS trading_day
    FROM shop_affinity_weekly
    GROUP BY site
),

pair_in_week AS (
    SELECT
        pair.*,
        pair.visitors_of_both + pair.visitors_of_shop + pair.visitors_of_other + pair.shoppers
            IS NOT NULL AS counted
    FROM shop_affinity_weekly AS pair
    INNER JOIN last_day
        ON last_day.site = pair.site
        AND pair.trading_day > last_day.trading_day - 7 * 13
        -- Each row is of seven days: one in seven rows counts each day once.
        AND (last_day.trading_day - pair.trading_day) % 7 = 0
),

pair AS (
    SELECT
        site,
        camera,
        shop,
        other_shop,
        definition_version,
        sum(visitors_of_both) FILTER (counted) AS visitors_of_both,
        sum(visitors_of_shop) FILTER (counted) AS visitors_of_shop,
        sum(visitors_of_other) FILTER (counted) AS visitors_of_other,
        sum(shoppers) FILTER (counted) AS shoppers,
        count(*) AS weeks,
        count(*) FILTER (counted) AS weeks_counted,
        sum(observed_days) FILTER (counted) AS observed_days
    FROM pair_in_week
    GROUP BY ALL
)

SELECT
    site,
    camera,
    shop,
    other_shop,
    visitors_of_both,
    round(visitors_of_both / nullif(shoppers, 0), 3) AS support,
    round(visitors_of_both * shoppers / nullif(visitors_of_shop * visitors_of_other, 0), 2) AS lift,
    weeks,
    weeks_counted,
    observed_days,
    definition_version
FROM pair
ORDER BY site, lift DESC NULLS LAST, camera, shop, other_shop, definition_version
