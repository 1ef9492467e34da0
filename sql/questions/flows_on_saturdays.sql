-- flows_on_saturdays
--
-- Question  Which entrance feeds the upper floor on Saturdays?
-- For       Leasing and operations: draw a zone in front of each entrance and one at the foot of the
--           escalator, under one camera; the rows whose to_zone is the escalator's are the answer.
--           With from_zone in front of an entrance they say where its people go next.
-- Row       two zones between which people went on Saturdays, over the last 52 weeks.
-- Columns   camera: the camera that sees both;
--           from_zone: the zone that was visited first;
--           to_zone: the zone that was visited next;
--           visitors: visitors who went from the one to the other, in the hours that are published;
--           share_of_arrivals: their part of those who came to to_zone from any zone;
--           share_of_departures: their part of those who went from from_zone to any zone;
--           travel_median_s: median time between the two, on average over the visitors;
--           hours: hours with a figure;
--           hours_observed: hours of trading hours in which from_zone was observed
-- Beware    Within one view: an entrance whose zone another camera owns has no row here, however
--           many it feeds. Hours in which few people went are left out, so a missing pair is small
--           or not observed, and visitors are a lower bound; shares are of what is published. Where
--           hours is far below hours_observed, take them for an order. hours_observed is of the whole
--           time, also where flows were defined otherwise in a part of it.
WITH
last_day AS (
    SELECT
        site,
        max(trading_day) AS trading_day
    FROM zone_visits_hourly
    GROUP BY site
),

zone_on_saturdays AS (
    SELECT
        visits.site,
        visits.zone,
        count(*) FILTER (visits.observed_minutes > 0) AS hours_observed
    FROM zone_visits_hourly AS visits
    INNER JOIN last_day
        ON last_day.site = visits.site
        AND visits.trading_day > last_day.trading_day - 364
    WHERE isodow(visits.trading_day) = 6
    AND visits.in_trading_hours
    GROUP BY ALL
),

flow_on_saturdays AS (
    SELECT
        flow.site,
        flow.camera,
        flow.from_zone,
        flow.to_zone,
        flow.definition_version,
        sum(flow.trajectories) AS visitors,
        sum(flow.travel_median_s * flow.trajectories) / sum(flow.trajectories) AS travel_median_s,
        count(*) AS hours
    FROM zone_flow_hourly AS flow
    INNER JOIN last_day
        ON last_day.site = flow.site
        AND flow.trading_day > last_day.trading_day - 364
    WHERE isodow(flow.trading_day) = 6
    AND flow.in_trading_hours
    GROUP BY ALL
)

SELECT
    flow.site,
    flow.camera,
    flow.from_zone,
    flow.to_zone,
    flow.visitors,
    round(flow.visitors / sum(flow.visitors) OVER to_it, 3) AS share_of_arrivals,
    round(flow.visitors / sum(flow.visitors) OVER from_it, 3) AS share_of_departures,
    round(flow.travel_median_s, 1) AS travel_median_s,
    flow.hours,
    zone.hours_observed,
    flow.definition_version
FROM flow_on_saturdays AS flow
LEFT JOIN zone_on_saturdays AS zone
    ON zone.site = flow.site
    AND zone.zone = flow.from_zone
WINDOW
    to_it AS (PARTITION BY flow.site, flow.camera, flow.to_zone, flow.definition_version),
    from_it AS (PARTITION BY flow.site, flow.camera, flow.from_zone, flow.definition_version)
ORDER BY
    flow.site, flow.camera, flow.to_zone, flow.definition_version,
    flow.visitors DESC, flow.from_zone
