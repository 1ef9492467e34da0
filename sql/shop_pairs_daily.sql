-- shop_pairs_daily
--
-- Grain       two shops that one camera owns, on one trading day; every pair has every day. shop is
--             the one whose id comes first.
-- Version     1
-- Definition  shops are zones of kind store. visitors_of_both is the number of visitors who visited
--             both, visitors_of_shop and visitors_of_other of those who visited the one and the other,
--             shoppers of those who visited any shop of the camera: all within one view and without
--             staff, in what was observed.
-- Source      none; support and lift are made of these in shop_affinity_weekly.
-- NULL        the camera observed nothing of the trading hours, or has no calibration.
WITH
shop AS (
    SELECT camera, zone
    FROM zones
    WHERE kind = 'store'
),

pair AS (
    SELECT
        one.camera,
        one.zone AS shop,
        other.zone AS other_shop
    FROM shop AS one
    INNER JOIN shop AS other
        ON other.camera = one.camera
        AND other.zone > one.zone
),

visitor_of_shop AS (
    SELECT DISTINCT
        visit.camera,
        visit.zone,
        visit.trajectory
    FROM visits_in_order AS visit
    INNER JOIN shop
        ON shop.camera = visit.camera
        AND shop.zone = visit.zone
),

shop_with_visitors AS (
    SELECT camera, zone, count(*) AS visitors
    FROM visitor_of_shop
    GROUP BY ALL
),

camera_with_shoppers AS (
    SELECT camera, count(DISTINCT trajectory) AS shoppers
    FROM visitor_of_shop
    GROUP BY ALL
),

pair_with_visitors AS (
    SELECT
        one.camera,
        one.zone AS shop,
        other.zone AS other_shop,
        count(*) AS visitors
    FROM visitor_of_shop AS one
    INNER JOIN visitor_of_shop AS other
        ON other.camera = one.camera
        AND other.trajectory = one.trajectory
        AND other.zone > one.zone
    GROUP BY ALL
)

SELECT
    site_day.trading_day,
    site_day.site,
    span.camera,
    span.floor,
    pair.shop,
    pair.other_shop,
    CASE WHEN span.is_observed THEN coalesce(both_shops.visitors, 0) END AS visitors_of_both,
    CASE WHEN span.is_observed THEN coalesce(one.visitors, 0) END AS visitors_of_shop,
    CASE WHEN span.is_observed THEN coalesce(other.visitors, 0) END AS visitors_of_other,
    CASE WHEN span.is_observed THEN coalesce(camera_with_shoppers.shoppers, 0) END AS shoppers,
    round(span.observed_s / 60, 4) AS observed_minutes,
    round(span.observed_s / span.length_s, 6) AS observed_share,
    span.not_observed
FROM site_day
CROSS JOIN pair
INNER JOIN camera_days AS span
    ON span.camera = pair.camera
    AND span.dataset = 'anonymised_trajectories'
LEFT JOIN camera_with_shoppers
    ON camera_with_shoppers.camera = pair.camera
LEFT JOIN shop_with_visitors AS one
    ON one.camera = pair.camera
    AND one.zone = pair.shop
LEFT JOIN shop_with_visitors AS other
    ON other.camera = pair.camera
    AND other.zone = pair.other_shop
LEFT JOIN pair_with_visitors AS both_shops
    ON both_shops.camera = pair.camera
    AND both_shops.shop = pair.shop
    AND both_shops.other_shop = pair.other_shop
