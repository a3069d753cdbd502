import { randomUUID } from 'node:crypto'
import { openCodec } from '@tenseams/contracts/codec'
import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import { toJson } from '@tenseams/event-store/json'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type pg from 'pg'
import { type Polling, pollChanges, type Reader, readLog } from './readers.ts'
import { nameOf, type Written } from './seen.ts'

/** One way in which a reader follows orders, with the system that it follows. */
export type World = {
  readonly name: 'log' | 'position' | 'overlap'
  /** What the reader does, for people. */
  readonly says: string
  /** The part of the stack that takes the orders. */
  readonly part: 'orders' | 'legacy'
  readonly url: string
  readonly reader: Reader
  /** SQL for the process ids of Postgres that work for the reader alone. */
  readonly readerPids: string
  readonly written: () => Promise<Written>
  /** When each version was written, if the store knows that. */
  readonly writtenMs: () => Promise<ReadonlyMap<string, number>>
  /** Orders and payments that are still under way. */
  readonly unsettled: () => Promise<number>
  /** Resolves when the reader has had the time to see everything. */
  readonly caughtUp: () => Promise<void>
  /** Whether the reader has passed a moment of the store's clock, given an order that was placed later. */
  readonly hasPassed: (momentMs: number, laterOrder: string) => boolean
  /** Writes some versions in a transaction that stays open. */
  readonly beginLate: (client: pg.PoolClient) => Promise<Late>
}

export type Late = {
  readonly atMs: number
  readonly before: Written
  readonly after: Written
}

const LATE_ROWS = 10
const CAUGHT_UP_MS = 60_000
const TOPIC = 'orders.order.v1'

export async function logWorld(stack: Stack, pool: pg.Pool): Promise<World> {
  const reader = await readLog(stack)
  const { encode } = await openCodec(stack.endpoints.registryUrl).encoder<OrderEvent>(TOPIC)
  const written = async (): Promise<Written> => {
    const { rows } = await pool.query<{ stream_id: string; versions: number }>(
      'select stream_id, max(version)::integer as versions from orders.events group by stream_id',
    )
    return new Map(rows.map(({ stream_id, versions }) => [stream_id, versions]))
  }
  const hasAll = async () => reader.seen.compare(await written()).missed.length === 0
  return {
    name: 'log',
    says: 'reads the topic that Debezium fills from the WAL',
    part: 'orders',
    url: stack.endpoints.ordersUrl,
    reader,
    readerPids: `select active_pid as pid from pg_replication_slots where slot_name = 'outbox'`,
    written,
    writtenMs: async () => {
      const { rows } = await pool.query<{ stream_id: string; version: string; at: number }>(
        `select stream_id, version, (extract(epoch from recorded_at) * 1000)::float8 as at from orders.events`,
      )
      return new Map(rows.map(({ stream_id, version, at }) => [nameOf(stream_id, version), at]))
    },
    unsettled: () =>
      countOf(
        pool,
        `select count(*)::integer as found from (
           select distinct on (stream_id) type from orders.events order by stream_id, version desc) as newest
          where type in ('OrderPlaced', 'OrderConfirmed')`,
      ),
    // Whatever it has not seen by then, it has missed.
    caughtUp: () =>
      eventually(hasAll, { timeoutMs: CAUGHT_UP_MS, what: 'the reader to see everything' }).then(
        () => undefined,
        () => undefined,
      ),
    hasPassed: (_moment, laterOrder) => reader.seen.has(laterOrder, 1),
    beginLate: (client) => appendLate(client, encode),
  }
}

export function pollingWorld(stack: Stack, pool: pg.Pool, polling: Polling): World {
  const reader = pollChanges(stack, polling)
  const { overlapMs } = polling
  return {
    name: overlapMs === 0 ? 'position' : 'overlap',
    says:
      overlapMs === 0
        ? `asks every ${polling.intervalMs} ms for rows behind the last updated_at`
        : `the same, and reads the last ${overlapMs} ms again`,
    part: 'legacy',
    url: stack.endpoints.legacyUrl,
    reader,
    readerPids: `select pid from pg_stat_activity where application_name = 'legacy-changes'`,
    written: () => rowVersions(pool),
    writtenMs: async () => new Map(),
    unsettled: () =>
      countOf(
        pool,
        `select (select count(*) from legacy.orders where status in ('placed', 'confirmed'))
              + (select count(*) from legacy.payments where state like '%-due') as found`,
      ),
    caughtUp: async () => {
      const asked = reader.asked.statements
      const hasAsked = async () => reader.asked.statements >= asked + 3
      await eventually(hasAsked, { timeoutMs: CAUGHT_UP_MS, what: 'three more polls' })
    },
    hasPassed: (momentMs) => reader.passedMs() > momentMs,
    beginLate: (client) => updateLate(client),
  }
}

async function rowVersions(client: pg.Pool | pg.ClientBase, orderIds?: readonly string[]) {
  const { rows } = await client.query<{ order_id: string; versions: number }>(
    `select order_id, version::integer as versions from legacy.orders
      where $1::uuid[] is null or order_id = any($1)`,
    [orderIds ?? null],
  )
  return new Map(rows.map(({ order_id, versions }) => [order_id, versions]))
}

/** A correction of some orders, as a nightly job does it, by the right clock. */
async function updateLate(client: pg.PoolClient): Promise<Late> {
  const { rows } = await client.query<{ order_id: string }>(
    `select order_id from legacy.orders where status = 'completed' order by order_id desc limit $1`,
    [LATE_ROWS],
  )
  const orderIds = rows.map(({ order_id }) => order_id)
  const before = await rowVersions(client, orderIds)
  const { rows: updated } = await client.query<{ at: number }>(
    `update legacy.orders set version = version + 1, updated_at = clock_timestamp() where order_id = any($1)
     returning (extract(epoch from updated_at) * 1000)::float8 as at`,
    [orderIds],
  )
  const atMs = Math.max(...updated.map(({ at }) => at))
  return { atMs, before, after: new Map([...before].map(([id, version]) => [id, version + 1])) }
}

/** Events of a type that no consumer knows, and all of them pass over. */
async function appendLate(
  client: pg.PoolClient,
  encode: (event: OrderEvent) => Buffer,
): Promise<Late> {
  const streams = Array.from({ length: LATE_ROWS }, () => randomUUID())
  for (const streamId of streams) {
    const eventId = randomUUID()
    const event: OrderEvent = {
      ...{ eventId, streamId, version: 1n, type: 'OrderCorrected', traceparent: null },
      ...{ occurredAt: Date.now(), placed: null, confirmed: null, rejected: null },
      ...{ cancelled: null, completed: null, refunded: null },
    }
    await client.query(
      `insert into orders.events (event_id, stream_id, version, type, topic, data, payload)
       values ($1, $2, 1, $3, $4, $5, $6)`,
      [eventId, streamId, event.type, TOPIC, toJson({}), encode(event)],
    )
  }
  return {
    atMs: Date.now(),
    before: new Map(),
    after: new Map(streams.map((streamId) => [streamId, 1])),
  }
}

async function countOf(pool: pg.Pool, text: string): Promise<number> {
  const { rows } = await pool.query<{ found: number | string }>(text)
  return Number(rows[0]?.found)
}
