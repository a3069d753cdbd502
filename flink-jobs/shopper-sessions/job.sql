-- Sessions of customers, in event time: orders, amount, and the time until they were paid. Tables are named after their
-- topics; README.md says how to run it, and `npm run jobs -- script shopper-sessions` prints it whole.
-- `jobs submit` can replace an interval that is followed by a mark, like /* :delay */.

-- include: views/orders-and-payments.sql

-- A payment has no customer id, so it is joined to its order. The join is an inner one: its rows have their order's time and
-- are never behind the watermark that the join emits, which the term holds back.
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

-- The key is one ROW, because in a view Flink loses the second column of a PARTITION BY. GROUP BY must name the same key as
-- PARTITION BY: otherwise Flink aggregates without the window, in state that is never emptied.
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
