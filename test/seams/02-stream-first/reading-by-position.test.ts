import { randomUUID } from 'node:crypto'
import { EventStore } from '@tenseams/event-store/event-store'
import {
  byTransaction,
  type LogPosition,
  logStart,
  type ReadingOrder,
  readCategory,
} from '@tenseams/event-store/read-category'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { byPosition, byPositionBelowRunning } from '../../faults/event-store/reading-orders.ts'
import { adminPool, rolePool } from '../../support/shop.ts'
import { useStack } from '../../support/stack.ts'
import { letConnectPublish, testedTopic } from '../../support/tested-events.ts'

let pool: pg.Pool
let admin: pg.Pool

beforeAll(async () => {
  const stack = await useStack()
  await letConnectPublish(stack.endpoints)
  pool = rolePool(stack, 'orders_service')
  admin = adminPool(stack)
})

afterAll(() => Promise.all([pool.end(), admin.end()]))

/** A reader with its own position: each call reads to the end of what may be read now. */
class Reader {
  #after: LogPosition
  readonly #order: ReadingOrder
  readonly seen: { readonly streamId: string; readonly version: bigint }[] = []

  constructor(after: LogPosition, order: ReadingOrder = byTransaction) {
    this.#after = after
    this.#order = order
  }

  async readOn(limit = 100): Promise<true> {
    for (;;) {
      const reading = { after: this.#after, limit }
      const events = await readCategory(pool, 'orders', reading, this.#order)
      for (const { streamId, version } of events) this.seen.push({ streamId, version })
      this.#after = events.at(-1)?.logPosition ?? this.#after
      if (events.length < limit) return true
    }
  }

  async readUntil(streamId: string): Promise<void> {
    const isSeen = async () => (await this.readOn()) && this.saw(streamId)
    await eventually(isSeen, { timeoutMs: 20_000, what: `${streamId} to be read`, intervalMs: 20 })
  }

  saw(stream: string): boolean {
    return this.seen.some(({ streamId }) => streamId === stream)
  }
}

/** The end of the log now. Events of other tests may follow: the stack is shared. */
async function theEnd(): Promise<LogPosition> {
  const { rows } = await pool.query<{ position: string; transaction_id: string }>(
    `select coalesce(max(position), 0) as position, coalesce(max(transaction_id::text::bigint), 0) as transaction_id
       from orders.events`,
  )
  const { position, transaction_id } = rows[0] ?? { position: 0, transaction_id: 0 }
  return { position: BigInt(position), transactionId: BigInt(transaction_id) }
}

/** A transaction that the test commits when it wants to. */
async function openWriter() {
  const client = await pool.connect()
  await client.query('begin')
  return {
    /** A transaction gets its id at its first write, which need not be an event. */
    takeId: () => client.query('select pg_current_xact_id()'),
    write: (streamId: string) =>
      client.query(
        `insert into orders.events (event_id, stream_id, version, type, topic, data, payload)
         values ($1, $2, 1, 'Tested', '${testedTopic}', '{}', '\\x0000000001')`,
        [randomUUID(), streamId],
      ),
    end: async (how: 'commit' | 'rollback') => {
      await client.query(how)
      client.release()
    },
  }
}

/** A slow transaction writes first and commits last; in between the reader reads. */
async function besideSlowTransaction(order?: ReadingOrder) {
  const [slow, quick, last] = [randomUUID(), randomUUID(), randomUUID()]
  const reader = new Reader(await theEnd(), order)
  const slowWriter = await openWriter()
  await slowWriter.write(slow)
  const quickWriter = await openWriter()
  await quickWriter.write(quick)
  await quickWriter.end('commit')
  await reader.readOn()
  const sawQuickEarly = reader.saw(quick)
  await slowWriter.end('commit')
  const lastWriter = await openWriter()
  await lastWriter.write(last)
  await lastWriter.end('commit')
  await reader.readUntil(last)
  return { sawQuickEarly, sawSlow: reader.saw(slow), sawQuick: reader.saw(quick) }
}

/** The slow transaction has the larger id and the smaller position. */
async function besideCrossedTransaction(order?: ReadingOrder) {
  const [slow, quick, last] = [randomUUID(), randomUUID(), randomUUID()]
  const reader = new Reader(await theEnd(), order)
  const quickWriter = await openWriter()
  await quickWriter.takeId()
  const slowWriter = await openWriter()
  await slowWriter.write(slow)
  await quickWriter.write(quick)
  await quickWriter.end('commit')
  const isQuickSettled = async () => {
    const { rows } = await admin.query<{ settled: boolean }>(
      `select transaction_id < pg_snapshot_xmin(pg_current_snapshot()) as settled
         from orders.events where stream_id = $1`,
      [quick],
    )
    return rows[0]?.settled === true
  }
  // Other services' transactions come and go; the quick one must be below all that run.
  await eventually(isQuickSettled, { timeoutMs: 20_000, what: 'older transactions to end' })
  await reader.readOn()
  await slowWriter.end('commit')
  const lastWriter = await openWriter()
  await lastWriter.write(last)
  await lastWriter.end('commit')
  await reader.readUntil(last)
  return { sawSlow: reader.saw(slow), sawQuick: reader.saw(quick) }
}

describe('a reader of all streams, while a transaction is slow', () => {
  test('waits before it, and skips nothing', async () => {
    expect(await besideSlowTransaction()).toEqual({
      sawQuickEarly: false,
      sawSlow: true,
      sawQuick: true,
    })
  })

  test('skips its event for ever when it takes what is committed by position', async () => {
    expect(await besideSlowTransaction(byPosition)).toEqual({
      sawQuickEarly: true,
      sawSlow: false,
      sawQuick: true,
    })
  })
})

describe('a reader of all streams, when positions and transactions cross', () => {
  test('skips nothing', async () => {
    expect(await besideCrossedTransaction()).toEqual({ sawSlow: true, sawQuick: true })
  })

  test('skips an event when it continues from a position, although it stops below the slow transaction', async () => {
    expect(await besideCrossedTransaction(byPositionBelowRunning)).toEqual({
      sawSlow: false,
      sawQuick: true,
    })
  })
})

test('a slow transaction that is rolled back holds readers only until then', async () => {
  const [never, quick] = [randomUUID(), randomUUID()]
  const reader = new Reader(await theEnd())
  const slowWriter = await openWriter()
  await slowWriter.write(never)
  const quickWriter = await openWriter()
  await quickWriter.write(quick)
  await quickWriter.end('commit')
  await slowWriter.end('rollback')
  await reader.readUntil(quick)
  expect(reader.saw(never)).toBe(false)
})

test('while many append, a reader sees each event once, and each stream in its order', async () => {
  const streams = Array.from({ length: 20 }, () => randomUUID())
  const reader = new Reader(await theEnd())
  const stores = [1, 2].map(() => new EventStore({ pool, schema: 'orders' }))
  const fill = async (streamId: string): Promise<void> => {
    for (let version = 1n; version <= 15n; version += 1n) {
      const store = stores[Number(version) % 2]
      const event = {
        eventId: randomUUID(),
        version,
        type: 'Tested',
        topic: testedTopic,
        data: {},
        payload: Buffer.from([0, 0, 0, 0, 1]),
      }
      await store?.append({ streamId, expectedVersion: version - 1n, events: [event] })
    }
  }
  let writing = true
  const reading = (async () => {
    while (writing) await reader.readOn(7)
  })()
  await Promise.all(streams.map(fill))
  writing = false
  await reading
  const versionsOf = (stream: string) =>
    reader.seen.filter(({ streamId }) => streamId === stream).map(({ version }) => Number(version))
  const isAllSeen = async () =>
    (await reader.readOn(7)) && streams.every((stream) => versionsOf(stream).length >= 15)
  await eventually(isAllSeen, { timeoutMs: 20_000, what: 'all events to be read' })
  const expected = Array.from({ length: 15 }, (_, index) => index + 1)
  for (const stream of streams) expect(versionsOf(stream)).toEqual(expected)
})

test('a reader from the beginning finds the first events first', async () => {
  const [first] = await readCategory(pool, 'orders', { after: logStart, limit: 1 })
  const { rows } = await pool.query<{ transaction_id: string }>(
    'select min(transaction_id::text::bigint) as transaction_id from orders.events',
  )
  expect(first?.logPosition.transactionId).toBe(BigInt(rows[0]?.transaction_id ?? 0))
})
