-- whole_minutes
--
-- A relation that marts read: which minutes each camera observed as a whole, and counted.
--
-- Grain       one camera, one such minute of the trading day.
-- Definition  at least 59 seconds were readable, and the camera delivered gate_events. A minute that is
--             observed in part would make the camera's count too low and not wrong, so nobody is asked
--             to count it by eye.
-- NULL        never.
SELECT
    coverage.camera,
    coverage.minute
FROM coverage
SEMI JOIN deliveries
    ON deliveries.camera = coverage.camera
    AND deliveries.dataset = 'gate_events'
    AND deliveries.delivered
WHERE coverage.readable_s >= 59
