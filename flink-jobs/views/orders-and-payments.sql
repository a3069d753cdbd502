-- Placed orders and captured payments: on time, and each event once. What comes late is in the view `late`.
--
-- Each input has a late gate, before it is keyed by anything but its partition: see revenue-per-minute. The watermark after
-- a join is the smaller of both inputs', so a row that has passed its own gate is never behind it.
CREATE TEMPORARY VIEW gated_orders AS
SELECT * FROM (
  SELECT
    eventId, streamId, occurredAt, et, clock, off, placed.customerId AS customerId,
    placed.currency AS currency, placed.totalMinor AS amountMinor,
    MAX(clock) OVER (
      PARTITION BY part ORDER BY pt ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) - INTERVAL '5' SECOND /* :delay */ AS partitionWatermark
  FROM `orders.order.v1`
)
WHERE customerId IS NOT NULL;

CREATE TEMPORARY VIEW gated_payments AS
SELECT * FROM (
  SELECT
    eventId, streamId, occurredAt, et, clock, off, captured.currency AS currency,
    captured.amountMinor AS amountMinor,
    MAX(clock) OVER (
      PARTITION BY part ORDER BY pt ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) - INTERVAL '5' SECOND /* :delay */ AS partitionWatermark
  FROM `payments.payment.v1`
)
WHERE amountMinor IS NOT NULL;

-- Where nothing has advanced the partition yet, its watermark is that of 1970.
CREATE TEMPORARY VIEW late AS
SELECT
  'order' AS input, eventId, streamId, et,
  COALESCE(partitionWatermark, TO_TIMESTAMP_LTZ(0, 3)) AS partitionWatermark, currency, amountMinor
FROM gated_orders WHERE clock IS NULL OR et <= partitionWatermark
UNION ALL
SELECT
  'payment' AS input, eventId, streamId, et,
  COALESCE(partitionWatermark, TO_TIMESTAMP_LTZ(0, 3)) AS partitionWatermark, currency, amountMinor
FROM gated_payments WHERE clock IS NULL OR et <= partitionWatermark;

CREATE TEMPORARY VIEW on_time_orders AS
SELECT
  eventId, streamId, occurredAt, et, off, customerId, currency, amountMinor, partitionWatermark
FROM gated_orders WHERE clock IS NOT NULL AND et > partitionWatermark;

CREATE TEMPORARY VIEW on_time_payments AS
SELECT eventId, streamId, occurredAt, et, off, currency, amountMinor, partitionWatermark
FROM gated_payments WHERE clock IS NOT NULL AND et > partitionWatermark;

-- Change data capture may repeat an event, in its partition and with its own time: the lowest offset is kept. The state
-- by event id is dropped when the watermark has passed the event's time, so it needs no TTL.
CREATE TEMPORARY VIEW placed_orders AS
SELECT * FROM (
  SELECT
    *,
    MIN(off) OVER (
      PARTITION BY eventId ORDER BY et RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND CURRENT ROW
    ) AS firstOff
  FROM on_time_orders
)
WHERE off = firstOff;

CREATE TEMPORARY VIEW captured_payments AS
SELECT * FROM (
  SELECT
    *,
    MIN(off) OVER (
      PARTITION BY eventId ORDER BY et RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND CURRENT ROW
    ) AS firstOff
  FROM on_time_payments
)
WHERE off = firstOff;
