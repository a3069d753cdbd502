-- Attempted and declined payments by method over the last five minutes, every minute, in event time. Tables are named
-- after their topics; README.md says how to run it.
-- `jobs submit` can replace an interval that is followed by a mark, like /* :delay */.

-- The late gate, before rows are keyed by anything but their partition: see revenue-per-minute. An order's first payment
-- event is the provider's answer: authorised or declined, or captured in old events, which were captured at once. Later
-- events, and our own decline because the order was cancelled, say nothing about the provider.
CREATE TEMPORARY VIEW gated AS
SELECT * FROM (
  SELECT
    eventId, streamId, et, clock,
    CASE
      WHEN version = 1 AND COALESCE(declined.reason, '') <> 'order-cancelled'
        THEN COALESCE(authorised.`method`, captured.`method`, declined.`method`)
    END AS `method`,
    CASE WHEN declined.`method` IS NULL THEN 'accepted' ELSE 'declined' END AS outcome,
    MAX(clock) OVER (
      PARTITION BY part ORDER BY pt ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) - INTERVAL '5' SECOND /* :delay */ AS partitionWatermark
  FROM `payments.payment.v1`
)
WHERE `method` IS NOT NULL;

-- Where nothing has advanced the partition yet, its watermark is that of 1970.
CREATE TEMPORARY VIEW late AS
SELECT
  eventId, streamId, et, `method`, outcome,
  COALESCE(partitionWatermark, TO_TIMESTAMP_LTZ(0, 3)) AS partitionWatermark
FROM gated WHERE clock IS NULL OR et <= partitionWatermark;

CREATE TEMPORARY VIEW on_time AS
SELECT eventId, et, `method`, outcome
FROM gated WHERE clock IS NOT NULL AND et > partitionWatermark;

-- Change data capture may repeat an event, in its partition and with its own time: the first is kept. In a window of a
-- millisecond an event meets its repeats and nobody else, `window_time` is the event's own time, and the ids are dropped when
-- the watermark has passed it, so this needs no TTL.
CREATE TEMPORARY VIEW deduplicated AS
SELECT * FROM (
  SELECT
    window_time AS et, `method`, outcome,
    ROW_NUMBER() OVER (PARTITION BY window_start, window_end, eventId ORDER BY et) AS occurrence
  FROM TABLE(TUMBLE(TABLE on_time, DESCRIPTOR(et), INTERVAL '0.001' SECOND))
)
WHERE occurrence = 1;

CREATE TEMPORARY VIEW rates AS
SELECT
  window_start, window_end, `method`, COUNT(*) AS attempts,
  SUM(CASE WHEN outcome = 'declined' THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END) AS declined
FROM TABLE(
  HOP(
    TABLE deduplicated, DESCRIPTOR(et), INTERVAL '1' MINUTE /* :slide */, INTERVAL '5' MINUTE /* :size */
  )
)
GROUP BY window_start, window_end, `method`;

EXECUTE STATEMENT SET
BEGIN

INSERT INTO `analytics.payment-failure-rate.v1`
SELECT window_start, window_end, `method`, attempts, declined FROM rates;

INSERT INTO lake.gold.payment_failure_rate
SELECT
  CAST(window_start AS TIMESTAMP_LTZ(3)), CAST(window_end AS TIMESTAMP_LTZ(3)), `method`,
  attempts, declined
FROM rates;

INSERT INTO `analytics.payment-failure-rate.late.v1`
SELECT
  eventId, streamId, CAST(et AS TIMESTAMP(3)), CAST(partitionWatermark AS TIMESTAMP(3)), `method`,
  outcome
FROM late;

INSERT INTO lake.gold.payment_failure_rate_late
SELECT eventId, streamId, et, partitionWatermark, `method`, outcome FROM late;

END;
