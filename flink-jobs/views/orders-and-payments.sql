-- Placed orders and captured payments: on time, and each event once. What comes late is in the view `late`.
--
-- Each input has a late gate, before it is keyed by anything but its partition: see revenue-per-minute. The watermark after
-- a join is the smaller of both inputs', so a row that has passed its own gate is never behind it.
CREATE TEMPORARY VIEW gated_orders AS
SELECT * FROM (
  SELECT
    eventId, streamId, occurredAt, et, off, placed.customerId AS customerId,
    placed.currency AS currency, placed.totalMinor AS amountMinor,
    MAX(CAST(et AS TIMESTAMP_LTZ(3))) OVER (
      PARTITION BY part ORDER BY pt ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) - INTERVAL '5' SECOND /* :delay */ AS partitionWatermark
  FROM `orders.order.v1`
)
WHERE customerId IS NOT NULL;

CREATE TEMPORARY VIEW gated_payments AS
SELECT * FROM (
  SELECT
    eventId, streamId, occurredAt, et, off, captured.currency AS currency,
    captured.amountMinor AS amountMinor,
    MAX(CAST(et AS TIMESTAMP_LTZ(3))) OVER (
      PARTITION BY part ORDER BY pt ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) - INTERVAL '5' SECOND /* :delay */ AS partitionWatermark
  FROM `payments.payment.v1`
)
WHERE amountMinor IS NOT NULL;

CREATE TEMPORARY VIEW late AS
SELECT
  'order' AS input, eventId, streamId, et, partitionWatermark, currency, amountMinor
FROM gated_orders WHERE et <= partitionWatermark
UNION ALL
SELECT
  'payment' AS input, eventId, streamId, et, partitionWatermark, currency, amountMinor
FROM gated_payments WHERE et <= partitionWatermark;

-- Change data capture may repeat an event, in its partition and with its own time: the lowest offset is kept. The state
-- by event id is dropped when the watermark has passed the event's time, so it needs no TTL.
CREATE TEMPORARY VIEW placed_orders AS
SELECT * FROM (
  SELECT
    *,
    MIN(off) OVER (
      PARTITION BY eventId ORDER BY et RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND CURRENT ROW
    ) AS firstOff
  FROM gated_orders WHERE et > partitionWatermark
)
WHERE off = firstOff;

CREATE TEMPORARY VIEW captured_payments AS
SELECT * FROM (
  SELECT
    *,
    MIN(off) OVER (
      PARTITION BY eventId ORDER BY et RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND CURRENT ROW
    ) AS firstOff
  FROM gated_payments WHERE et > partitionWatermark
)
WHERE off = firstOff;
