-- gate_audits
--
-- Grain       one count by eye at one gate (audits.yaml) that began on the trading day.
-- Version     1
-- Definition  audited_entries and audited_exits are who was counted in and out by eye in the minutes
--             from starts_at on; gate_entries and gate_exits are the gate's counts of the same minutes.
--             They are compared if each of these minutes was observed for at least 59 seconds.
-- Source      none.
-- NULL        the four counts: some minute was not observed as a whole, so there is nothing to compare.
WITH
audit AS (
    SELECT
        audits.*,
        gates.camera,
        gates.floor
    FROM audits
    INNER JOIN gates
        ON gates.gate = audits.gate
),

audit_with_coverage AS (
    SELECT
        audit.gate,
        audit.starts_at,
        bool_and(whole.minute IS NOT NULL) AS is_observed
    FROM audit
    INNER JOIN coverage
        ON coverage.camera = audit.camera
        AND coverage.minute < audit.ends_at
        AND coverage.minute + INTERVAL 1 MINUTE > audit.starts_at
    LEFT JOIN whole_minutes AS whole
        ON whole.camera = coverage.camera
        AND whole.minute = coverage.minute
    GROUP BY audit.gate, audit.starts_at
),

audit_with_crossings AS (
    SELECT
        audit.gate,
        audit.starts_at,
        count(*) FILTER (gate_events.direction = 'in') AS entries,
        count(*) FILTER (gate_events.direction = 'out') AS exits
    FROM audit
    LEFT JOIN gate_events
        ON gate_events.gate = audit.gate
        AND gate_events.camera = audit.camera
        AND gate_events.at >= audit.starts_at
        AND gate_events.at < audit.ends_at
    GROUP BY audit.gate, audit.starts_at
)

SELECT
    site_day.trading_day,
    site_day.site,
    audit.gate,
    audit.camera,
    audit.floor,
    audit.starts_at,
    datediff('minute', audit.starts_at, audit.ends_at) AS minutes,
    CASE WHEN observed.is_observed THEN audit.entries END AS audited_entries,
    CASE WHEN observed.is_observed THEN audit.exits END AS audited_exits,
    CASE WHEN observed.is_observed THEN counted.entries END AS gate_entries,
    CASE WHEN observed.is_observed THEN counted.exits END AS gate_exits
FROM site_day
CROSS JOIN audit
INNER JOIN audit_with_crossings AS counted
    ON counted.gate = audit.gate
    AND counted.starts_at = audit.starts_at
LEFT JOIN audit_with_coverage AS observed
    ON observed.gate = audit.gate
    AND observed.starts_at = audit.starts_at
