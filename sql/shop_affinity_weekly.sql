-- shop_affinity_weekly
--
-- Grain       two shops that one camera owns, in the seven trading days that end with this one.
-- Version     1
-- Definition  the counts of shop_pairs_daily, added up over the days of the week that were observed,
--             observed_days of them; somebody who comes twice a week is two. Days on which these were
--             defined otherwise are left out. support is the part of
--             shoppers who visited both; lift how many times more often that is than if who visits one
--             shop were as likely as anybody to visit the other. Above 1 they go together.
-- Source      Support: Agrawal, Imielinski and Swami 1993. Lift: Brin, Motwani, Ullman and Tsur 1997,
--             who call it interest.
-- NULL        no day of the week was observed, or the camera has no calibration. support: that, or
--             nobody visited a shop. lift: that, or nobody visited one of the two.
WITH
pair_in_week AS (
    SELECT
        pairs.site,
        pairs.shop,
        pairs.other_shop,
        pairs.definition_version,
        count(pairs.visitors_of_both) AS observed_days,
        sum(pairs.visitors_of_both) AS visitors_of_both,
        sum(pairs.visitors_of_shop) AS visitors_of_shop,
        sum(pairs.visitors_of_other) AS visitors_of_other,
        sum(pairs.shoppers) AS shoppers
    FROM shop_pairs_daily AS pairs
    INNER JOIN site_day
        ON site_day.site = pairs.site
        AND pairs.trading_day > site_day.trading_day - 7
        AND pairs.trading_day <= site_day.trading_day
    GROUP BY ALL
)

SELECT
    site_day.trading_day,
    site_day.site,
    today.camera,
    today.floor,
    today.shop,
    today.other_shop,
    week.visitors_of_both,
    week.visitors_of_shop,
    week.visitors_of_other,
    week.shoppers,
    week.visitors_of_both / nullif(week.shoppers, 0) AS support,
    week.visitors_of_both * week.shoppers
    / nullif(week.visitors_of_shop * week.visitors_of_other, 0) AS lift,
    week.observed_days
FROM site_day
INNER JOIN shop_pairs_daily AS today
    ON today.trading_day = site_day.trading_day
    AND today.site = site_day.site
INNER JOIN pair_in_week AS week
    ON week.site = today.site
    AND week.shop = today.shop
    AND week.other_shop = today.other_shop
    AND week.definition_version = today.definition_version
