-- Tables of times and places that bench/questions_rows.py makes figures for.
-- From half to one and a half times as many as expected, the same for equal keys.
CREATE MACRO people(expected, key) AS
    greatest(0, round(expected * (0.5 + hash(key) % 1000 / 1000)))::INTEGER;

CREATE TABLE quarter AS
SELECT
    *,
    CASE WHEN in_trading_hours THEN
        0.2 + sin(pi() * (hour(local_start) - 8) / 14) * if(isodow(trading_day) = 6, 1.5, 1)
    ELSE 0 END AS rush
FROM times;

CREATE TABLE hour_of_day AS
SELECT
    trading_day,
    hour_start,
    min(local_start) AS local_start,
    bool_or(in_trading_hours) AS in_trading_hours,
    sum(rush) AS rush
FROM quarter
GROUP BY ALL;

CREATE TABLE camera_day AS
SELECT
    trading_day,
    camera,
    floor,
    row_number() OVER (PARTITION BY trading_day ORDER BY camera) AS number,
    random() > 1 / 30 AS delivered
FROM cameras
CROSS JOIN (SELECT DISTINCT trading_day FROM times);

CREATE TABLE camera_hour AS
SELECT
    hour_of_day.*,
    camera_day.camera,
    camera_day.floor,
    camera_day.number,
    delivered,
    CASE WHEN NOT delivered OR random() < 1 / 50 THEN 0.0 WHEN random() < 1 / 20 THEN 30.0 ELSE 60.0
    END AS observed_minutes
FROM hour_of_day
INNER JOIN camera_day USING (trading_day);

CREATE TABLE hour_seen AS
SELECT
    *,
    observed_minutes / 60 AS observed_share,
    if(delivered, NULL, 'missing') AS not_observed
FROM camera_hour;

CREATE TABLE quarter_seen AS
SELECT
    quarter.*,
    seen.camera,
    seen.floor,
    seen.number,
    seen.observed_minutes / 4 AS observed_minutes,
    seen.observed_share,
    seen.not_observed
FROM quarter
INNER JOIN hour_seen AS seen USING (trading_day, hour_start);

CREATE TABLE day_seen AS
SELECT
    trading_day,
    camera,
    floor,
    number,
    sum(observed_minutes) AS observed_minutes,
    round(sum(observed_minutes) / sum(60), 6) AS observed_share,
    any_value(not_observed) AS not_observed,
    bool_and(observed_minutes > 0) AS is_whole,
    sum(rush) AS rush
FROM hour_seen
WHERE in_trading_hours
GROUP BY ALL;
