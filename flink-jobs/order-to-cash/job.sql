-- How an order becomes money, in event time: paid within the term, or not. Tables are named after their topics; README.md
-- says how to run it.
-- A literal followed by a mark, like /* :delay */, is the one place of its value; `jobs submit` can put another there.

-- Both outputs are made by one join: without this each would get a join of its own, with the same rows in its state.
SET 'table.optimizer.reuse-optimize-block-with-digest-enabled' = 'true';

-- A late gate for each input, before anything keyed otherwise: see revenue-per-minute. Behind a join the watermark is the
-- lesser of both inputs', so that what has passed its own gate is never behind it.
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

-- Change data capture may repeat an event, in its partition and with its own time: the first offset stays. The ids are
-- kept by event time, until the watermark has passed them; so no state here needs a TTL.
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

-- An order without a payment comes out when the watermark has passed its term, and then behind the watermark that the join
-- passes on: its rows go to outputs, never into a window.
CREATE TEMPORARY VIEW settled AS
SELECT
  o.streamId, o.customerId, o.currency, CAST(o.et AS TIMESTAMP_LTZ(3)) AS placedAt,
  CAST(o.et + INTERVAL '15' MINUTE /* :term */ AS TIMESTAMP_LTZ(3)) AS dueAt,
  CAST(p.et AS TIMESTAMP_LTZ(3)) AS paidAt, p.occurredAt - o.occurredAt AS timeToPayMs,
  o.amountMinor AS orderedMinor, p.amountMinor AS paidMinor
FROM placed_orders AS o
LEFT JOIN captured_payments AS p ON o.streamId = p.streamId
  AND p.et BETWEEN o.et - INTERVAL '5' SECOND /* :skew */ AND o.et + INTERVAL '15' MINUTE /* :term */;

EXECUTE STATEMENT SET
BEGIN

INSERT INTO `analytics.order-to-cash.paid.v1`
SELECT
  streamId, customerId, CAST(placedAt AS TIMESTAMP(3)), CAST(paidAt AS TIMESTAMP(3)), timeToPayMs,
  currency, paidMinor
FROM settled WHERE paidAt IS NOT NULL;

INSERT INTO lake.gold.order_to_cash_paid
SELECT streamId, customerId, placedAt, paidAt, timeToPayMs, currency, paidMinor
FROM settled WHERE paidAt IS NOT NULL;

INSERT INTO `analytics.order-to-cash.unpaid.v1`
SELECT
  streamId, customerId, CAST(placedAt AS TIMESTAMP(3)), CAST(dueAt AS TIMESTAMP(3)), currency,
  orderedMinor
FROM settled WHERE paidAt IS NULL;

INSERT INTO lake.gold.order_to_cash_unpaid
SELECT streamId, customerId, placedAt, dueAt, currency, orderedMinor
FROM settled WHERE paidAt IS NULL;

INSERT INTO `analytics.order-to-cash.late.v1`
SELECT
  input, eventId, streamId, CAST(et AS TIMESTAMP(3)), CAST(partitionWatermark AS TIMESTAMP(3)),
  currency, amountMinor
FROM late;

INSERT INTO lake.gold.order_to_cash_late
SELECT input, eventId, streamId, et, partitionWatermark, currency, amountMinor FROM late;

END;
