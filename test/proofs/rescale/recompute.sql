-- What the job must have written, reckoned in one go from all records in the order of their partitions.
-- `sent` has the records, `intervals` one row with delay, gap, term, skew and ahead in milliseconds. A record that is dated ahead
-- of its time in the log advances its partition to that time, and one that is too far ahead not at all.
CREATE TABLE gated AS
SELECT *, max(clock) OVER (PARTITION BY input, part ORDER BY off ROWS UNBOUNDED PRECEDING) - delay AS watermark
FROM (SELECT *, CASE WHEN et <= logged + ahead THEN least(et, logged) END AS clock FROM sent, intervals);

CREATE TABLE due_late AS
SELECT input, event_id, stream_id, et, coalesce(watermark, 0) AS watermark, currency, amount_minor
FROM gated WHERE amount_minor IS NOT NULL AND (clock IS NULL OR et <= watermark);

CREATE TABLE on_time AS
SELECT * FROM gated WHERE amount_minor IS NOT NULL AND clock IS NOT NULL AND et > watermark
QUALIFY row_number() OVER (PARTITION BY input, event_id ORDER BY off) = 1;

CREATE TABLE orders AS
SELECT
  o.customer_id, o.currency, o.et, any_value(o.gap) AS gap, any_value(o.amount_minor) AS amount_minor,
  count(p.et) AS paid_orders, coalesce(sum(p.et - o.et), 0) AS time_to_pay_ms
FROM (SELECT * FROM on_time WHERE input = 'order') AS o
LEFT JOIN (SELECT * FROM on_time WHERE input = 'payment') AS p
  ON p.stream_id = o.stream_id AND p.et BETWEEN o.et - o.skew AND o.et + o.term
GROUP BY o.event_id, o.customer_id, o.currency, o.et;

-- Two orders exactly the gap apart are of one session.
CREATE TABLE due_sessions AS
SELECT
  min(et) AS window_start, max(et) + any_value(gap) AS window_end, customer_id, currency,
  count(*) AS orders, sum(amount_minor) AS amount_minor, sum(paid_orders) AS paid_orders,
  sum(time_to_pay_ms) AS time_to_pay_ms
FROM (
  SELECT *, sum(CASE WHEN pause <= gap THEN 0 ELSE 1 END) OVER (
    PARTITION BY customer_id, currency ORDER BY et ROWS UNBOUNDED PRECEDING
  ) AS session
  FROM (
    SELECT *, et - lag(et) OVER (PARTITION BY customer_id, currency ORDER BY et) AS pause FROM orders
  )
)
GROUP BY customer_id, currency, session;
