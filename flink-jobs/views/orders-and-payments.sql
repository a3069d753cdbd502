-- Placed orders and captured payments: on time, and each event once. What comes late is in the view `late`.
--
-- Each input has a late gate, before it is keyed by anything but its partition: see revenue-per-minute. The watermark after
-- a join is the smaller of both inputs', so a row that has passed its own gate is never behind it.
CREATE TEMPORARY VIEW gated_orders AS
SELECT * FROM (
  SELECT
    eventId, streamId, occurredAt, et, clock, placed.customerId AS customerId,
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
    eventId, streamId, occurredAt, et, clock, captured.currency AS currency,
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
  eventId, et,
  CAST(
    ROW(streamId, occurredAt, customerId, currency, amountMinor) AS
    ROW<streamId STRING, occurredAt BIGINT, customerId STRING, currency STRING, amountMinor BIGINT>
  ) AS facts
FROM gated_orders WHERE clock IS NOT NULL AND et > partitionWatermark;

CREATE TEMPORARY VIEW on_time_payments AS
SELECT eventId, streamId, occurredAt, et, amountMinor
FROM gated_payments WHERE clock IS NOT NULL AND et > partitionWatermark;

-- Change data capture may repeat an event, in its partition and with its own time: the first is kept. In a window of a
-- millisecond an event meets its repeats and nobody else, `window_time` is the event's own time, and the ids are dropped when
-- the watermark has passed it, so this needs no TTL. What is known of an order is one ROW here: of single columns Flink drops
-- those that a reader does not need, and then keeps the ids once for each reader.
CREATE TEMPORARY VIEW placed_orders AS
SELECT
  et, facts.streamId AS streamId, facts.occurredAt AS occurredAt, facts.customerId AS customerId,
  facts.currency AS currency, facts.amountMinor AS amountMinor
FROM (
  SELECT
    window_time AS et, facts,
    ROW_NUMBER() OVER (PARTITION BY window_start, window_end, eventId ORDER BY et) AS occurrence
  FROM TABLE(TUMBLE(TABLE on_time_orders, DESCRIPTOR(et), INTERVAL '0.001' SECOND))
)
WHERE occurrence = 1;

CREATE TEMPORARY VIEW captured_payments AS
SELECT et, streamId, occurredAt, amountMinor FROM (
  SELECT
    window_time AS et, streamId, occurredAt, amountMinor,
    ROW_NUMBER() OVER (PARTITION BY window_start, window_end, eventId ORDER BY et) AS occurrence
  FROM TABLE(TUMBLE(TABLE on_time_payments, DESCRIPTOR(et), INTERVAL '0.001' SECOND))
)
WHERE occurrence = 1;
