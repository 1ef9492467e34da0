-- students_quantile
--
-- A relation that marts read: how wide an interval is that is estimated from few values.
--
-- Grain       one number of values, 2 to 10 000.
-- Definition  quantile is that of 0.975 of Student's distribution with one degree of freedom less
--             than there are values: the interval of 19 in 20 reaches so many standard errors to
--             either side. Few values are read off a table; more are the normal quantile and a series
--             (Abramowitz and Stegun 26.7.5), right to five digits from there on.
-- NULL        never.
SELECT
    number AS sample,
    CASE number
        WHEN 2 THEN 12.706205
        WHEN 3 THEN 4.302653
        WHEN 4 THEN 3.182446
        WHEN 5 THEN 2.776445
        WHEN 6 THEN 2.570582
        WHEN 7 THEN 2.446912
        ELSE 1.959964
            + 2.372271 / (number - 1)
            + 2.822499 / (number - 1) ** 2
            + 2.555850 / (number - 1) ** 3
            + 1.589534 / (number - 1) ** 4
    END AS quantile
FROM unnest(range(2, 10001)) AS numbers (number)
