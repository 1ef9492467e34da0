-- queues_and_giving_up
--
-- Question  How long is each queue, and from which length on do people give up?
-- For       Operations and food tenants: when to open another till.
-- Row       one queue at one length, over the last 52 weeks.
-- Columns   queue: the queue, a zone;
--           people_from: fewest people in it, on average over a quarter of an hour; up to two more,
--           and 10 stands for ten and more;
--           quarters: quarters of an hour of trading hours in which it was so long;
--           share_of_quarters: their part of those in which the length is known;
--           wait_median_s: median wait of a quarter, on average over the waits;
--           served: waits after which people came to what they waited for;
--           abandoned: waits after which they went elsewhere;
--           abandonment_rate: abandoned / (served + abandoned)
-- Beware    A mean of medians is no median: take it for an order of size. Outcomes are known within
--           one view, and where the queue says what people wait for; those of quarters with few of
--           one kind are blanked and count in neither, which at short queues leaves little.
--           Quarters in which few people stayed have no length: they are not in share_of_quarters.
WITH
last_day AS (
    SELECT
        site,
        max(trading_day) AS trading_day
    FROM queue_15min
    GROUP BY site
),

queue_in_quarter AS (
    SELECT
        queue.*,
        least(2 * floor(queue.length_mean / 2), 10)::INTEGER AS people_from,
        queue.served + queue.abandoned AS outcomes
    FROM queue_15min AS queue
    INNER JOIN last_day
        ON last_day.site = queue.site
        AND queue.trading_day > last_day.trading_day - 364
    WHERE queue.in_trading_hours
    AND queue.length_mean IS NOT NULL
),

queue_of_length AS (
    SELECT
        site,
        zone AS queue,
        people_from,
        definition_version,
        count(*) AS quarters,
        sum(wait_median_s * waits) / nullif(sum(waits) FILTER (wait_median_s IS NOT NULL), 0)
            AS wait_median_s,
        sum(served) FILTER (outcomes IS NOT NULL) AS served,
        sum(abandoned) FILTER (outcomes IS NOT NULL) AS abandoned
    FROM queue_in_quarter
    GROUP BY ALL
)

SELECT
    site,
    queue,
    people_from,
    quarters,
    round(quarters / sum(quarters) OVER (PARTITION BY site, queue, definition_version), 3)
        AS share_of_quarters,
    round(wait_median_s, 1) AS wait_median_s,
    served,
    abandoned,
    round(abandoned / nullif(served + abandoned, 0), 3) AS abandonment_rate,
    definition_version
FROM queue_of_length
ORDER BY site, queue, definition_version, people_from
