-- Which orders were paid within the term, and which were not, in event time. Tables are named after their topics; README.md
-- says how to run it, and `npm run jobs -- script order-to-cash` prints it whole.
-- `jobs submit` can replace an interval that is followed by a mark, like /* :delay */.

-- One join for both outputs: without this setting each gets a join of its own, with the same rows in its state.
SET 'table.optimizer.reuse-optimize-block-with-digest-enabled' = 'true';

-- include: views/orders-and-payments.sql

-- An unpaid order is emitted when the watermark has passed its term. Its row is then behind the watermark that the join
-- emits, so `settled` feeds outputs only, never a window.
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
