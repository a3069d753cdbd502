import { fits, type GoldTable } from './gold-table.ts'

/**
 * The gates between silver and gold, as the keys that they reject. An order whose customer or product is not known is
 * accepted: those rows come through another connector and may arrive later; gold shows `(unknown)` until then.
 */
export const rejectedSql = `
  SELECT 'orders' AS source, order_id AS key, 'not-unique' AS reason FROM orders GROUP BY order_id HAVING count(*) > 1
  UNION ALL
  SELECT 'payments', order_id, 'not-unique' FROM payments GROUP BY order_id HAVING count(*) > 1
  UNION ALL
  SELECT 'orders', order_id, 'never-placed' FROM orders WHERE placed_at IS NULL
  UNION ALL
  SELECT 'payments', payments.order_id, 'money-differs' FROM payments JOIN orders USING (order_id)
   WHERE payments.captured_minor <> orders.total_minor OR payments.currency <> orders.currency
  UNION ALL
  SELECT 'payments', order_id, 'refund-exceeds-capture' FROM payments WHERE refunded_minor > coalesce(captured_minor, 0)`

/** Orders that no gate rejects. */
const accepted = `accepted AS (
    FROM orders WHERE order_id NOT IN (SELECT key FROM rejected)
  )`

/** The segment of a customer when an order was placed; before the first known change, the first known segment. */
const segments = `segments AS (
    SELECT customer_id, segment,
           CASE WHEN row_number() OVER (PARTITION BY customer_id ORDER BY kafka_offset) = 1
                THEN '-infinity'::TIMESTAMPTZ ELSE valid_from END AS since
      FROM customers WHERE customer_id IS NOT NULL AND NOT is_deleted
  )`

const withTables = (...tables: readonly string[]): string =>
  tables.map((table) => `, ${table}`).join('')

const dailyRevenue: GoldTable = {
  name: 'daily_revenue',
  columns: [
    { name: 'day', type: 'date', required: true, doc: 'Of the confirmation, in UTC.' },
    { name: 'sku', type: 'string', required: true },
    { name: 'product', type: 'string', required: true, doc: 'Its newest name, or (unknown).' },
    {
      name: 'segment',
      type: 'string',
      required: true,
      doc: 'When the order was placed, or (unknown).',
    },
    { name: 'currency', type: 'string', required: true },
    { name: 'orders', type: 'long', required: true },
    { name: 'pieces', type: 'long', required: true },
    {
      name: 'revenue_minor',
      type: 'long',
      required: true,
      doc: 'Of orders confirmed and not cancelled since.',
    },
  ],
  sql: `${withTables(accepted, segments)}, sold AS (
      SELECT order_id, customer_id, placed_at, confirmed_at, currency, unnest(lines) AS line FROM accepted
       WHERE confirmed_at IS NOT NULL AND cancelled_at IS NULL
    ), named AS (
      SELECT sku, arg_max(name, kafka_offset) AS product FROM products WHERE sku IS NOT NULL AND NOT is_deleted GROUP BY sku
    )
    SELECT confirmed_at::DATE AS day, line.sku AS sku, coalesce(product, '(unknown)') AS product,
           coalesce(segment, '(unknown)') AS segment, currency, count(DISTINCT order_id) AS orders,
           sum(line.quantity) AS pieces, sum(line.quantity::HUGEINT * line.price_minor) AS revenue_minor
      FROM sold LEFT JOIN named ON named.sku = line.sku
      ASOF LEFT JOIN segments ON segments.customer_id = sold.customer_id AND sold.placed_at >= segments.since
     GROUP BY ALL ORDER BY ALL`,
}

const orderToCash: GoldTable = {
  name: 'order_to_cash',
  columns: [
    { name: 'day', type: 'date', required: true, doc: 'Of the placing, in UTC.' },
    { name: 'currency', type: 'string', required: true },
    { name: 'placed', type: 'long', required: true },
    { name: 'authorised', type: 'long', required: true },
    { name: 'confirmed', type: 'long', required: true },
    { name: 'dispatched', type: 'long', required: true },
    { name: 'captured', type: 'long', required: true },
    { name: 'completed', type: 'long', required: true },
    { name: 'rejected', type: 'long', required: true },
    { name: 'cancelled', type: 'long', required: true },
    { name: 'captured_minor', type: 'long', required: true },
    { name: 'refunded_minor', type: 'long', required: true },
    { name: 'median_to_cash_ms', type: 'long', doc: 'From the placing to the capture.' },
  ],
  sql: `${withTables(accepted)}
    SELECT placed_at::DATE AS day, accepted.currency AS currency, count(*) AS placed,
           count(authorised_at) AS authorised, count(confirmed_at) AS confirmed, count(dispatched_at) AS dispatched,
           count(captured_at) AS captured, count(completed_at) AS completed, count(accepted.rejected_at) AS rejected,
           count(cancelled_at) AS cancelled, coalesce(sum(captured_minor), 0) AS captured_minor,
           coalesce(sum(paid.refunded_minor), 0) AS refunded_minor,
           quantile_disc(epoch_ms(captured_at) - epoch_ms(placed_at), 0.5) AS median_to_cash_ms
      FROM accepted
      LEFT JOIN (FROM payments WHERE order_id NOT IN (SELECT key FROM rejected)) AS paid USING (order_id)
      LEFT JOIN shipments USING (order_id)
     GROUP BY ALL ORDER BY ALL`,
}

const customerLifetime: GoldTable = {
  name: 'customer_lifetime',
  columns: [
    { name: 'customer_id', type: 'string', required: true },
    { name: 'segment', type: 'string', required: true, doc: 'As it is now, or (unknown).' },
    { name: 'currency', type: 'string', required: true },
    { name: 'orders', type: 'long', required: true },
    { name: 'completed', type: 'long', required: true },
    { name: 'revenue_minor', type: 'long', required: true, doc: 'Captured and not refunded.' },
    { name: 'first_order_at', type: 'timestamptz', required: true },
    { name: 'last_order_at', type: 'timestamptz', required: true },
  ],
  sql: `${withTables(accepted)}
    SELECT customer_id, coalesce(any_value(now.segment), '(unknown)') AS segment, accepted.currency AS currency,
           count(*) AS orders, count(completed_at) AS completed,
           coalesce(sum(captured_minor::HUGEINT - coalesce(paid.refunded_minor, 0)), 0) AS revenue_minor,
           min(placed_at) AS first_order_at, max(placed_at) AS last_order_at
      FROM accepted
      LEFT JOIN (FROM payments WHERE order_id NOT IN (SELECT key FROM rejected)) AS paid USING (order_id)
      LEFT JOIN (FROM customers WHERE valid_to IS NULL AND NOT is_deleted) AS now USING (customer_id)
     GROUP BY customer_id, accepted.currency ORDER BY ALL`,
}

const figures: readonly GoldTable[] = [dailyRevenue, orderToCash, customerLifetime]

const quarantine: GoldTable = {
  name: 'quarantine',
  columns: [
    { name: 'source', type: 'string', required: true, doc: 'The table of silver, or of gold.' },
    { name: 'key', type: 'string', required: true, doc: 'Of a row of gold: its JSON.' },
    { name: 'reason', type: 'string', required: true, doc: 'The gate.' },
  ],
  sql: `SELECT source, key, reason FROM rejected ${figures.map(overflowing).join(' ')} ORDER BY ALL`,
}

/** The rows of a table of figures that have a sum of more than 64 bits. */
function overflowing(gold: GoldTable): string {
  return `UNION ALL SELECT 'gold.${gold.name}', to_json(row_of)::VARCHAR, 'sum-does-not-fit'
    FROM (WITH silver AS (SELECT 1) ${gold.sql}) AS row_of WHERE NOT (${fits(gold)})`
}

/** What is made of silver, `quarantine` with what the gates kept out of the others. */
export const goldTables: readonly GoldTable[] = [...figures, quarantine]
