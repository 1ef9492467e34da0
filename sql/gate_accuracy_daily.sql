-- gate_accuracy_daily
--
-- Grain       one gate on one trading day; every gate has a row.
-- Version     1
-- Definition  how exactly the gate counts, by the counts by eye (gate_audits) of the 28 trading days
--             that end with this one, since gate and camera are as they are. audits are those that could be
--             compared, audited_minutes how long they lasted; the four counts add up theirs.
--             audit_accuracy is 1 less the people by whom eye and gate differ, count by count and
--             entries and exits apart, per person counted by eye; 0 where that is below 0. The interval
--             is meant to hold in 19 cases of 20, if audits are of minutes chosen by chance, as
--             footfall audit sample draws them. It is never narrower than three people to either
--             side, and of few audits it is no more than a hint. Counts that were defined otherwise than
--             the gate's last one are left out.
-- Source      Interval: the ratio estimate of a simple random sample and its standard error (Cochran,
--             Sampling Techniques, 1977, 2.11), by Student's distribution; three people: the rule of
--             three (Hanley and Lippman-Hand 1983).
-- NULL        the four counts: there is no audit. Accuracy: that, or nobody was counted by eye.
--             Interval: that, or there is one audit alone.
WITH
counted AS (
    SELECT
        gate_audits.gate AS sample,
        gate_audits.minutes,
        gate_audits.audited_entries,
        gate_audits.audited_exits,
        gate_audits.gate_entries,
        gate_audits.gate_exits
    FROM gate_audits
    INNER JOIN site_day
        ON site_day.site = gate_audits.site
        AND gate_audits.trading_day > site_day.trading_day - site_day.audit_days
        AND gate_audits.trading_day <= site_day.trading_day
    INNER JOIN gates
        ON gates.gate = gate_audits.gate
        AND gates.since <= gate_audits.trading_day
    WHERE gate_audits.gate_entries IS NOT NULL
    QUALIFY gate_audits.definition_version = arg_max(
        gate_audits.definition_version, gate_audits.trading_day
    ) OVER (PARTITION BY gate_audits.gate)
)

SELECT
    site_day.trading_day,
    site_day.site,
    gates.gate,
    gates.camera,
    gates.floor,
    coalesce(estimate.audits, 0) AS audits,
    coalesce(estimate.audited_minutes, 0) AS audited_minutes,
    estimate.audited_entries,
    estimate.audited_exits,
    estimate.gate_entries,
    estimate.gate_exits,
    estimate.accuracy AS audit_accuracy,
    estimate.low AS audit_low,
    estimate.high AS audit_high
FROM site_day
CROSS JOIN gates
LEFT JOIN audit_estimate AS estimate
    ON estimate.sample = gates.gate
