import { randomUUID } from 'node:crypto'
import {
  byTransaction,
  type LogPosition,
  logStart,
  type ReadingOrder,
  readCategory,
} from '@tenseams/event-store/read-category'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type pg from 'pg'
import { byPosition } from '../faults/event-store/reading-orders.ts'
import { adminPool } from '../support/shop.ts'
import type { Claim } from './claim.ts'

const ROUNDS = 20
const LONGEST_LIST = 3

/**
 * A position is assigned when a row is written and becomes visible when its transaction commits. The provocation: in each
 * round a slow transaction writes first and commits last, and a reader reads in between.
 */
export const position: Claim = {
  name: 'position',
  says: 'a reader of all streams skips no event, however slow a transaction is',
  breaks: { 'naive-position': 'the reader continues from the highest position it has seen' },
  only: ['databases'],
  prove: async (stack, { broken, say }) => {
    const pool = adminPool(stack)
    try {
      const reader = new Reader(pool, broken === undefined ? byTransaction : byPosition)
      for (let round = 1; round <= ROUNDS; round += 1) await besideSlowTransaction(pool, reader)
      await reader.readUntil(await write(pool))
      say(`${ROUNDS} slow transactions have committed`)
      const { rows } = await pool.query<{ event_id: string; position: string }>(
        'select event_id, position from orders.events order by position',
      )
      const skipped = rows.filter(({ event_id }) => !reader.seen.has(event_id))
      const listed = skipped.slice(0, LONGEST_LIST).map((row) => `position ${row.position}`)
      return {
        kind: skipped.length === 0 ? 'holds' : 'refuted',
        lines: [
          `${rows.length} events, ${reader.seen.size} read, ${skipped.length} skipped`,
          ...(skipped.length === 0 ? [] : [`BROKEN   skipped forever: ${listed.join(', ')} …`]),
        ],
      }
    } finally {
      await pool.end()
    }
  },
}

class Reader {
  readonly seen = new Set<string>()
  readonly #pool: pg.Pool
  readonly #order: ReadingOrder
  #after: LogPosition = logStart

  constructor(pool: pg.Pool, order: ReadingOrder) {
    this.#pool = pool
    this.#order = order
  }

  async readOn(): Promise<void> {
    const reading = { after: this.#after, limit: 1_000 }
    const events = await readCategory(this.#pool, 'orders', reading, this.#order)
    for (const { eventId, logPosition } of events) {
      this.seen.add(eventId)
      this.#after = logPosition
    }
  }

  async readUntil(eventId: string): Promise<void> {
    const isSeen = async () => {
      await this.readOn()
      return this.seen.has(eventId)
    }
    await eventually(isSeen, { timeoutMs: 20_000, what: 'the last event', intervalMs: 20 })
  }
}

async function besideSlowTransaction(pool: pg.Pool, reader: Reader): Promise<void> {
  const slow = await pool.connect()
  try {
    await slow.query('begin')
    await write(slow)
    await write(pool)
    await reader.readOn()
    await slow.query('commit')
  } finally {
    slow.release()
  }
  await reader.readOn()
}

async function write(client: pg.Pool | pg.ClientBase): Promise<string> {
  const eventId = randomUUID()
  await client.query(
    `insert into orders.events (event_id, stream_id, version, type, topic, data, payload)
     values ($1, $2, 1, 'Tested', 'test.event-store', '{}', '\\x0000000001')`,
    [eventId, randomUUID()],
  )
  return eventId
}
