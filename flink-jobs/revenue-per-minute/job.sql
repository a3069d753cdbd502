-- Captured money per minute and currency, in event time. Tables are named after their topics; README.md says how to run it.
-- `jobs submit` can replace an interval that is followed by a mark, like /* :delay */.

-- The late gate. It comes before rows are keyed by anything but their partition, because keying destroys the partition's
-- order. The newest event time of each partition is checkpointed together with the window, so the gate never lags behind
-- the window's watermark, not even after a restore. Ticks only advance the time of their partition. `clock` is the event time,
-- but never beyond the record's time in the log; it is NULL for an event that is dated more than a minute ahead of that, which
-- advances nothing and goes to the late output (adr/0039).
CREATE TEMPORARY VIEW gated AS
SELECT * FROM (
  SELECT
    eventId, streamId, et, clock, part, `off`, captured.amountMinor AS amountMinor,
    captured.currency AS currency,
    MAX(clock) OVER (
      PARTITION BY part ORDER BY pt ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) - INTERVAL '5' SECOND /* :delay */ AS partitionWatermark
  FROM `payments.payment.v1`
)
WHERE amountMinor IS NOT NULL;

CREATE TEMPORARY VIEW on_time AS
SELECT eventId, streamId, et, part, `off`, amountMinor, currency, partitionWatermark
FROM gated WHERE clock IS NOT NULL AND et > partitionWatermark;

-- Where nothing has advanced the partition yet, its watermark is that of 1970.
CREATE TEMPORARY VIEW came_late AS
SELECT
  eventId, streamId, et, part, `off`, amountMinor, currency,
  COALESCE(partitionWatermark, TO_TIMESTAMP_LTZ(0, 3)) AS partitionWatermark
FROM gated WHERE clock IS NULL OR et <= partitionWatermark;

-- Adds the window's bounds only: nothing is aggregated, so no late row is dropped.
CREATE TEMPORARY VIEW late AS
SELECT * FROM TABLE(TUMBLE(TABLE came_late, DESCRIPTOR(et), INTERVAL '1' MINUTE /* :window */));

-- Change data capture may repeat an event. A repeat has the event's own time, so it belongs to the event's window or is
-- late itself. So the ids are kept no longer than the window.
CREATE TEMPORARY VIEW deduplicated AS
SELECT * FROM (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY window_start, window_end, eventId ORDER BY et) AS occurrence
  FROM TABLE(TUMBLE(TABLE on_time, DESCRIPTOR(et), INTERVAL '1' MINUTE /* :window */))
)
WHERE occurrence = 1;

CREATE TEMPORARY VIEW revenue AS
SELECT
  window_start, window_end, currency, COUNT(*) AS payments, SUM(amountMinor) AS minor
FROM deduplicated
GROUP BY window_start, window_end, currency;

EXECUTE STATEMENT SET
BEGIN

INSERT INTO `analytics.revenue-per-minute.v1`
SELECT window_start, window_end, currency, 'window', payments, minor FROM revenue;

INSERT INTO lake.gold.revenue_per_minute
SELECT
  CAST(window_start AS TIMESTAMP_LTZ(3)), CAST(window_end AS TIMESTAMP_LTZ(3)),
  currency, 'window', payments, minor
FROM revenue;

INSERT INTO `analytics.revenue-per-minute.late.v1`
SELECT
  eventId, streamId, CAST(et AS TIMESTAMP(3)), CAST(partitionWatermark AS TIMESTAMP(3)),
  currency, amountMinor, part, `off`, window_start, window_end
FROM late;

INSERT INTO lake.gold.revenue_per_minute_late
SELECT
  eventId, streamId, et, partitionWatermark, currency, amountMinor, part, `off`,
  CAST(window_start AS TIMESTAMP_LTZ(3)), CAST(window_end AS TIMESTAMP_LTZ(3))
FROM late;

END;
