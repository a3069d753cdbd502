import { unavailable } from '@tenseams/event-store/errors'
import { toJson } from '@tenseams/event-store/json'
import type pg from 'pg'
import { moves, type OrderLine, type OrderMove, type OrderStatus } from './domain/order.ts'

/** An order as its row has it. */
export type Order = {
  readonly orderId: string
  readonly customerId: string
  readonly status: OrderStatus
  readonly currency: string
  readonly totalMinor: bigint
  readonly paymentMethod: string
  readonly lines: readonly OrderLine[]
  readonly paymentId: string | null
  readonly reason: string | null
  readonly refundedMinor: bigint
  readonly shipmentId: string | null
  /** How often the row was written. */
  readonly version: bigint
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** What a write changed: the row as it is now, and why. */
export type OrderChange = {
  readonly kind: 'place' | OrderMove
  readonly order: Order
  readonly traceparent: string | null
}

/**
 * Told of every change within the transaction of its row, by the connection that writes it: what it writes there is durable
 * with the row or not at all, and when it throws, the row is not written.
 */
export type OnChange = (client: pg.ClientBase, change: OrderChange) => Promise<void>

export const orderColumns = `order_id, customer_id, status, currency, total_minor, payment_method, lines, payment_id, reason,
  refunded_minor, shipment_id, version, created_at, updated_at`

export type OrderRow = {
  readonly order_id: string
  readonly customer_id: string
  readonly status: OrderStatus
  readonly currency: string
  readonly total_minor: string
  readonly payment_method: string
  readonly lines: readonly (Omit<OrderLine, 'priceMinor'> & { readonly priceMinor: number })[]
  readonly payment_id: string | null
  readonly reason: string | null
  readonly refunded_minor: string
  readonly shipment_id: string | null
  readonly version: string
  readonly created_at: Date
  readonly updated_at: Date
}

export function orderOf(row: OrderRow): Order {
  return {
    orderId: row.order_id,
    customerId: row.customer_id,
    status: row.status,
    currency: row.currency,
    totalMinor: BigInt(row.total_minor),
    paymentMethod: row.payment_method,
    lines: row.lines.map((line) => ({ ...line, priceMinor: BigInt(line.priceMinor) })),
    paymentId: row.payment_id,
    reason: row.reason,
    refundedMinor: BigInt(row.refunded_minor),
    shipmentId: row.shipment_id,
    version: BigInt(row.version),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

export async function insertOrder(
  client: pg.ClientBase,
  order: Pick<
    Order,
    'orderId' | 'customerId' | 'currency' | 'totalMinor' | 'paymentMethod' | 'lines'
  >,
  changedAt: Date,
): Promise<Order> {
  const { rows } = await client.query<OrderRow>({
    name: 'insert-order',
    text: `insert into legacy.orders (order_id, customer_id, status, currency, total_minor, payment_method, lines,
             created_at, updated_at)
           values ($1, $2, 'placed', $3, $4, $5, $6, $7, $7) returning ${orderColumns}`,
    values: [
      order.orderId,
      order.customerId,
      order.currency,
      order.totalMinor,
      order.paymentMethod,
      toJson(order.lines),
      changedAt,
    ],
  })
  return firstOf(rows)
}

/** The columns that a move may set; those left out stay. */
export type MovedColumns = {
  readonly paymentId?: string
  readonly reason?: string
  readonly refundedMinor?: bigint
  readonly shipmentId?: string
  /** Only at this version; at any when left out. */
  readonly atVersion?: bigint
  /** Only when this payment had confirmed it. */
  readonly ofPayment?: string
}

/** Undefined when the order is not in a state from which it makes that move: nothing is written then. */
export async function moveOrder(
  client: pg.ClientBase,
  orderId: string,
  move: OrderMove,
  changedAt: Date,
  set: MovedColumns = {},
): Promise<Order | undefined> {
  const { from, to } = moves[move]
  const { rows } = await client.query<OrderRow>({
    name: 'move-order',
    text: `update legacy.orders
              set status = $3, updated_at = $4, version = version + 1,
                  payment_id = coalesce($5, payment_id), reason = coalesce($6, reason),
                  refunded_minor = coalesce($7, refunded_minor), shipment_id = coalesce($8, shipment_id)
            where order_id = $1 and status = any($2::text[]) and ($9::bigint is null or version = $9)
              and ($10::text is null or payment_id = $10)
        returning ${orderColumns}`,
    values: [
      ...[orderId, from, to, changedAt],
      ...[set.paymentId, set.reason, set.refundedMinor, set.shipmentId].map(orNull),
      ...[set.atVersion, set.ofPayment].map(orNull),
    ],
  })
  return rows[0] && orderOf(rows[0])
}

/** @throws StoreUnavailableError */
export async function readOrder(pool: pg.Pool, orderId: string): Promise<Order | undefined> {
  try {
    const { rows } = await pool.query<OrderRow>({
      name: 'read-order',
      text: `select ${orderColumns} from legacy.orders where order_id = $1`,
      values: [orderId],
    })
    return rows[0] && orderOf(rows[0])
  } catch (error) {
    throw unavailable(error)
  }
}

export type OrderQuery = {
  readonly customerId?: string
  readonly status?: OrderStatus
  /** Only orders that are older than this one, for the next page. */
  readonly before?: string
  readonly limit: number
}

/** Newest first. @throws StoreUnavailableError */
export async function listOrders(pool: pg.Pool, query: OrderQuery): Promise<readonly Order[]> {
  try {
    const { rows } = await pool.query<OrderRow>(
      `select ${orderColumns} from legacy.orders
        where ($1::uuid is null or customer_id = $1) and ($2::text is null or status = $2)
          and ($3::uuid is null or order_id < $3)
        order by order_id desc limit $4`,
      [query.customerId ?? null, query.status ?? null, query.before ?? null, query.limit],
    )
    return rows.map(orderOf)
  } catch (error) {
    throw unavailable(error)
  }
}

const orNull = <Value>(value: Value | undefined): Value | null => value ?? null

function firstOf(rows: readonly OrderRow[]): Order {
  const [row] = rows
  if (row === undefined) throw new Error('an insert returned no row')
  return orderOf(row)
}
