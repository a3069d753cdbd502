-- What customers do in one go, in event time: orders, amount, and how long they took to pay. Tables are named after their
-- topics; README.md says how to run it.
-- A literal followed by a mark, like /* :delay */, is the one place of its value; `jobs submit` can put another there.

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

-- Payments know no customer: the join finds him. It is an inner one, so that a row of it has its order's time and is never
-- behind the watermark that the join passes on (held back by the term).
CREATE TEMPORARY VIEW activity AS
SELECT
  et, CAST(ROW(customerId, currency) AS ROW<customerId STRING, currency STRING>) AS shopper,
  CAST(1 AS BIGINT) AS orders, amountMinor, CAST(0 AS BIGINT) AS paidOrders,
  CAST(0 AS BIGINT) AS timeToPayMs
FROM placed_orders
UNION ALL
SELECT
  o.et, CAST(ROW(o.customerId, o.currency) AS ROW<customerId STRING, currency STRING>),
  CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(1 AS BIGINT), p.occurredAt - o.occurredAt
FROM placed_orders AS o
JOIN captured_payments AS p ON o.streamId = p.streamId
  AND p.et BETWEEN o.et - INTERVAL '5' SECOND /* :skew */ AND o.et + INTERVAL '15' MINUTE /* :term */;

-- One key: in a view Flink loses the second one of a PARTITION BY. And the same key in both places: with another GROUP BY
-- than PARTITION BY it would count in a table that is never emptied.
CREATE TEMPORARY VIEW sessions AS
SELECT
  window_start, window_end, shopper.customerId AS customerId, shopper.currency AS currency, orders,
  amountMinor, paidOrders, timeToPayMs
FROM (
  SELECT
    window_start, window_end, shopper, SUM(orders) AS orders, SUM(amountMinor) AS amountMinor,
    SUM(paidOrders) AS paidOrders, SUM(timeToPayMs) AS timeToPayMs
  FROM TABLE(
    SESSION(
      TABLE activity PARTITION BY shopper, DESCRIPTOR(et), INTERVAL '30' MINUTE /* :gap */
    )
  )
  GROUP BY window_start, window_end, shopper
);

EXECUTE STATEMENT SET
BEGIN

INSERT INTO `analytics.shopper-sessions.v1`
SELECT
  window_start, window_end, customerId, currency, orders, amountMinor, paidOrders, timeToPayMs
FROM sessions;

INSERT INTO lake.gold.shopper_sessions
SELECT
  CAST(window_start AS TIMESTAMP_LTZ(3)), CAST(window_end AS TIMESTAMP_LTZ(3)), customerId,
  currency, orders, amountMinor, paidOrders, timeToPayMs
FROM sessions;

INSERT INTO `analytics.shopper-sessions.late.v1`
SELECT
  input, eventId, streamId, CAST(et AS TIMESTAMP(3)), CAST(partitionWatermark AS TIMESTAMP(3)),
  currency, amountMinor
FROM late;

INSERT INTO lake.gold.shopper_sessions_late
SELECT input, eventId, streamId, et, partitionWatermark, currency, amountMinor FROM late;

END;
