import type { Codec } from '@tenseams/codec/codec'
import type { OrderEvent as Envelope } from '@tenseams/contracts/generated/orders.order.v1'
import { unavailable } from '@tenseams/event-store/errors'
import type { ProjectionOptions } from '@tenseams/event-store/projection'
import type { PositionedEvent } from '@tenseams/event-store/read-category'
import type pg from 'pg'
import { eventOf, ORDERS_TOPIC } from './contract.ts'
import type { OrderEvent, OrderPlaced, OrderStatus } from './domain/order.ts'

/** An order in a list. */
export type ListedOrder = {
  readonly orderId: string
  readonly customerId: string
  readonly status: OrderStatus
  readonly currency: string
  readonly totalMinor: bigint
  readonly version: bigint
}

export type OrderQuery = {
  readonly customerId?: string
  readonly status?: OrderStatus
  /** Only orders that are older than this one, for the next page. */
  readonly before?: string
  readonly limit: number
}

/** What some events change of one order. */
export type OrderChange = {
  readonly orderId: string
  readonly placed: OrderPlaced | undefined
  readonly status: OrderStatus
  readonly version: bigint
}

const statusAfter: Readonly<Record<OrderEvent['type'], OrderStatus>> = {
  OrderPlaced: 'placed',
  OrderConfirmed: 'confirmed',
  OrderRejected: 'rejected',
  OrderCancelled: 'cancelled',
  OrderCompleted: 'completed',
  OrderRefunded: 'cancelled',
}

const isKnown = (type: string): boolean => Object.hasOwn(statusAfter, type)

/** The projection that maintains the list: by customer and by state, newest first. */
export function orderListProjection(
  codec: Codec,
): Pick<ProjectionOptions, 'name' | 'apply' | 'clear'> {
  return {
    name: 'order-list',
    apply: async (client, generation, events) => {
      const known = events.filter(({ type }) => isKnown(type))
      const opened = await Promise.all(known.map((stored) => open(codec, stored)))
      await write(client, generation, changesOf(opened))
    },
    clear: async (client, generation, limit) => {
      const { rowCount } = await client.query(
        `delete from orders.order_list where ctid in
           (select ctid from orders.order_list where generation = $1 limit $2)`,
        [generation, limit],
      )
      return rowCount ?? 0
    },
  }
}

type Opened = { readonly orderId: string; readonly version: bigint; readonly event: OrderEvent }

async function open(codec: Codec, stored: PositionedEvent): Promise<Opened> {
  const { value } = await codec.decode<Envelope>(ORDERS_TOPIC, stored.payload)
  const event = eventOf(value)
  if (event === undefined) throw new Error(`event ${stored.eventId} has no branch`)
  return { orderId: stored.streamId, version: stored.version, event }
}

/** One change for each order: what was placed, if that is among these events, and the state after the last of them. */
export function changesOf(events: readonly Opened[]): readonly OrderChange[] {
  const changes = new Map<string, OrderChange>()
  for (const { orderId, version, event } of events) {
    const placed = event.type === 'OrderPlaced' ? event.data : changes.get(orderId)?.placed
    changes.set(orderId, { orderId, placed, status: statusAfter[event.type], version })
  }
  return [...changes.values()]
}

async function write(
  client: pg.PoolClient,
  generation: number,
  changes: readonly OrderChange[],
): Promise<void> {
  const fresh = changes.flatMap(({ placed, ...rest }) => (placed ? [{ ...rest, placed }] : []))
  if (fresh.length > 0) await insert(client, generation, fresh)
  const moved = changes.filter(({ placed }) => placed === undefined)
  if (moved.length > 0) await update(client, generation, moved)
}

type PlacedChange = OrderChange & { readonly placed: NonNullable<OrderChange['placed']> }

async function insert(
  client: pg.PoolClient,
  generation: number,
  fresh: readonly PlacedChange[],
): Promise<void> {
  await client.query({
    name: 'list-orders',
    text: `insert into orders.order_list
                  (generation, order_id, customer_id, status, currency, total_minor, version)
           select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])`,
    values: [
      generation,
      fresh.map(({ orderId }) => orderId),
      fresh.map(({ placed }) => placed.customerId),
      fresh.map(({ status }) => status),
      fresh.map(({ placed }) => placed.currency),
      fresh.map(({ placed }) => placed.totalMinor),
      fresh.map(({ version }) => version),
    ],
  })
}

async function update(
  client: pg.PoolClient,
  generation: number,
  moved: readonly OrderChange[],
): Promise<void> {
  await client.query({
    name: 'move-orders',
    text: `update orders.order_list as listed set status = moved.status, version = moved.version
             from unnest($2::text[], $3::text[], $4::bigint[]) as moved(order_id, status, version)
            where listed.generation = $1 and listed.order_id = moved.order_id`,
    values: [
      generation,
      moved.map(({ orderId }) => orderId),
      moved.map(({ status }) => status),
      moved.map(({ version }) => version),
    ],
  })
}

type ListedRow = {
  readonly order_id: string
  readonly customer_id: string
  readonly status: OrderStatus
  readonly currency: string
  readonly total_minor: string
  readonly version: string
}

const ofCurrent = `generation = (select generation from orders.projections
                                  where name = 'order-list' and state = 'current')`

/** @throws StoreUnavailableError */
export async function listOrders(
  pool: pg.Pool,
  { customerId, status, before, limit }: OrderQuery,
): Promise<readonly ListedOrder[]> {
  try {
    const { rows } = await pool.query<ListedRow>(
      `select order_id, customer_id, status, currency, total_minor, version from orders.order_list
        where ${ofCurrent} and ($1::text is null or customer_id = $1) and ($2::text is null or status = $2)
          and ($3::text is null or order_id < $3)
        order by order_id desc limit $4`,
      [customerId ?? null, status ?? null, before ?? null, limit],
    )
    return rows.map((row) => ({
      orderId: row.order_id,
      customerId: row.customer_id,
      status: row.status,
      currency: row.currency,
      totalMinor: BigInt(row.total_minor),
      version: BigInt(row.version),
    }))
  } catch (error) {
    throw unavailable(error)
  }
}

/** The version at which the list shows an order; 0 when it does not show it yet. @throws StoreUnavailableError */
export async function listedVersion(pool: pg.Pool, orderId: string): Promise<bigint> {
  try {
    const { rows } = await pool.query<{ version: string }>({
      name: 'listed-version',
      text: `select version from orders.order_list where ${ofCurrent} and order_id = $1`,
      values: [orderId],
    })
    return BigInt(rows[0]?.version ?? 0)
  } catch (error) {
    throw unavailable(error)
  }
}

/** The version of an order in the log; 0 for an order that was never placed. @throws StoreUnavailableError */
export async function writtenVersion(pool: pg.Pool, orderId: string): Promise<bigint> {
  try {
    const { rows } = await pool.query<{ version: string | null }>({
      name: 'written-version',
      text: 'select max(version) as version from orders.events where stream_id = $1',
      values: [orderId],
    })
    return BigInt(rows[0]?.version ?? 0)
  } catch (error) {
    throw unavailable(error)
  }
}
