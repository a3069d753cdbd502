import { randomUUID } from 'node:crypto'
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql'
import { EventStore } from '@tenseams/event-store/event-store'
import pg from 'pg'
import type { TestStack } from '../support/stack.ts'
import type { AppendNext } from './measure.ts'

export type Contestant = {
  readonly name: string
  readonly appendNext: AppendNext
  /** The number of events in its tables. */
  stored(): Promise<number>
  close(): Promise<void>
}

const POOL_SIZE = 16
const EVENTS_A_STREAM = 10
const TOPIC = 'bench.event-store'

/** About the size of an order's event. */
const data = {
  customerId: '0198c0de-0000-7000-8000-000000000001',
  currency: 'EUR',
  totalMinor: 4900,
  paymentMethod: 'card',
  lines: [{ sku: 'lamp-01', quantity: 1, priceMinor: 4900 }],
}
const payload = Buffer.alloc(120, 7)

type Turn = { readonly streamId: string; readonly version: number }

/** Each caller fills one stream after another, so that every append checks a version. */
function turns(): (caller: number) => Turn {
  const last = new Map<number, Turn>()
  return (caller) => {
    const before = last.get(caller)
    const isFull = before === undefined || before.version === EVENTS_A_STREAM
    const turn = isFull
      ? { streamId: randomUUID(), version: 1 }
      : { streamId: before.streamId, version: before.version + 1 }
    last.set(caller, turn)
    return turn
  }
}

/** The loop, the clock and the ids without a store: the cost of the generator itself. */
export function nobody(): Contestant {
  const next = turns()
  let count = 0
  return {
    name: 'nobody',
    appendNext: async (caller) => {
      next(caller)
      count += 1
      if (count % 64 === 0) await new Promise((resolve) => setImmediate(resolve))
    },
    stored: async () => count,
    close: async () => undefined,
  }
}

/** `EventStore` with group commit, as the services use it, on a pool of the same size as the others'. */
export function ours(stack: TestStack): Contestant {
  const pool = poolOf(stack, 'orders_service')
  const store = new EventStore({ pool, schema: 'orders' })
  const next = turns()
  return {
    name: 'ours',
    appendNext: async (caller) => {
      const { streamId, version } = next(caller)
      const event = {
        eventId: randomUUID(),
        version: BigInt(version),
        type: 'OrderPlaced',
        topic: TOPIC,
        data,
        payload,
      }
      const result = await store.append({
        streamId,
        expectedVersion: BigInt(version - 1),
        events: [event],
      })
      if (result.kind !== 'appended') throw new Error(`ours answered ${result.kind}`)
    },
    stored: () => count(pool, 'orders.events'),
    close: () => pool.end(),
  }
}

/** One insert and one commit for each append, into a table of the same form; its unique index is the version check. */
export function oneInsertACommit(stack: TestStack): Contestant {
  const pool = poolOf(stack, 'payments_service')
  const next = turns()
  return {
    name: 'one insert a commit',
    appendNext: async (caller) => {
      const { streamId, version } = next(caller)
      await pool.query({
        name: 'insert',
        text: `insert into payments.events (event_id, stream_id, version, type, topic, data, payload)
               values ($1, $2, $3, $4, $5, $6, $7)`,
        values: [
          randomUUID(),
          streamId,
          version,
          'OrderPlaced',
          TOPIC,
          JSON.stringify(data),
          payload,
        ],
      })
    },
    stored: () => count(pool, 'payments.events'),
    close: () => pool.end(),
  }
}

/** emmett's store for Postgres, in a database of its own on the same server. */
export async function emmett(stack: TestStack): Promise<Contestant> {
  const admin = poolOf(stack, 'postgres')
  await admin.query('create database emmett')
  await admin.end()
  const pool = poolOf(stack, 'postgres', 'emmett')
  const store = getPostgreSQLEventStore(urlOf(stack, 'postgres', 'emmett'), {
    schema: { autoMigration: 'None' },
    connectionOptions: { pool },
  })
  await store.schema.migrate()
  const next = turns()
  return {
    name: 'emmett',
    appendNext: async (caller) => {
      const { streamId, version } = next(caller)
      await store.appendToStream(streamId, [{ type: 'OrderPlaced', data }], {
        expectedStreamVersion: BigInt(version - 1),
      })
    },
    stored: () => count(pool, 'emt_messages'),
    close: async () => {
      await store.close()
      if (!pool.ended) await pool.end()
    },
  }
}

function urlOf(
  { endpoints, secrets }: TestStack,
  role: 'orders_service' | 'payments_service' | 'postgres',
  database = 'shop',
): string {
  const { host, port } = endpoints.postgres
  return `postgres://${role}:${secrets.postgresPasswords[role]}@${host}:${port}/${database}`
}

function poolOf(
  stack: TestStack,
  role: 'orders_service' | 'payments_service' | 'postgres',
  database = 'shop',
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: urlOf(stack, role, database),
    max: POOL_SIZE,
    connectionTimeoutMillis: 10_000,
    statement_timeout: 30_000,
  })
  pool.on('error', () => {
    // The next user of a broken idle connection gets the error; without a listener it would end the process.
  })
  return pool
}

async function count(pool: pg.Pool, table: string): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(`select count(*) as count from ${table}`)
  return Number(rows[0]?.count)
}
