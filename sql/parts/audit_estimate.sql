-- audit_estimate
--
-- A part of marts: how exact gates are by counts by eye. It reads what the mart calls counted: rows of
-- gate_audits that were compared, each with the sample that it belongs to.
--
-- Grain       one sample.
-- Definition  accuracy is 1 less the people by whom the two differ, count by count and entries and
--             exits apart, per person counted by eye; 0 where that is below 0. The interval is meant to
--             hold in 19 cases of 20, if audits are of minutes chosen by chance. It is never narrower
--             than three people to either side, and of few audits it is no more than a hint.
-- Source      Interval: the ratio estimate of a simple random sample and its standard error (Cochran,
--             Sampling Techniques, 1977, 2.11), by Student's distribution; three people: the rule of
--             three (Hanley and Lippman-Hand 1983).
-- NULL        accuracy: nobody was counted by eye. Interval: that, or there is one audit alone.
WITH
compared AS (
    SELECT
        *,
        audited_entries + audited_exits AS people,
        abs(gate_entries - audited_entries) + abs(gate_exits - audited_exits) AS differing
    FROM counted
),

sample_with_sums AS (
    SELECT
        sample,
        count(*) AS audits,
        sum(minutes) AS audited_minutes,
        sum(audited_entries) AS audited_entries,
        sum(audited_exits) AS audited_exits,
        sum(gate_entries) AS gate_entries,
        sum(gate_exits) AS gate_exits,
        sum(people) AS people,
        sum(differing) / nullif(sum(people), 0) AS error,
        sum(differing ** 2) AS differing_squared,
        sum(differing * people) AS differing_by_people,
        sum(people ** 2) AS people_squared
    FROM compared
    GROUP BY sample
),

sample_with_margin AS (
    SELECT
        sums.sample,
        greatest(
            students_quantile.quantile * sqrt(
                greatest(
                    sums.differing_squared
                    - 2 * sums.error * sums.differing_by_people
                    + sums.error ** 2 * sums.people_squared,
                    0
                ) * sums.audits / (sums.audits - 1)
            ),
            -- Counts that all differ alike, by nothing maybe, tell of no spread.
            3
        ) / sums.people AS margin
    FROM sample_with_sums AS sums
    INNER JOIN students_quantile
        ON students_quantile.sample = sums.audits
)

SELECT
    sums.sample,
    sums.audits,
    sums.audited_minutes,
    sums.audited_entries,
    sums.audited_exits,
    sums.gate_entries,
    sums.gate_exits,
    -- greatest() passes over NULLs.
    CASE
        WHEN sums.error IS NOT NULL
        THEN round(greatest(1 - sums.error, 0), 6)
    END AS accuracy,
    CASE
        WHEN sums.error + interval_of.margin IS NOT NULL
        THEN round(greatest(1 - sums.error - interval_of.margin, 0), 6)
    END AS low,
    CASE
        WHEN sums.error + interval_of.margin IS NOT NULL
        THEN round(least(greatest(1 - sums.error + interval_of.margin, 0), 1), 6)
    END AS high
FROM sample_with_sums AS sums
LEFT JOIN sample_with_margin AS interval_of
    ON interval_of.sample = sums.sample
