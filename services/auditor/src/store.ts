import pg from 'pg'
import type { Evidence } from './evidence.ts'
import type { Row } from './evidence-tables.ts'

/** The event stores to read. Ticks and barriers, which a store of their own holds, are no events. */
const stores = ['orders', 'payments'] as const
const PAGE = 20_000

export function openReadOnly(connectionString: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    application_name: 'auditor',
    max: 2,
    connectionTimeoutMillis: 5_000,
    query_timeout: 60_000,
    options: '-c default_transaction_read_only=on',
  })
  pool.on('error', () => {
    // The next query opens a new connection, or fails with the reason.
  })
  pool.on('connect', (client) => {
    // Nor does a session end the process when Postgres ends it between two pages of a snapshot: the next page fails.
    client.on('error', () => undefined)
  })
  return pool
}

/**
 * Loads the event stores and the ledger as of one snapshot of the database. Call it before the barrier is written: these
 * events `must` have arrived wherever the barrier has.
 */
export async function loadStores(pool: pg.Pool, evidence: Evidence): Promise<void> {
  await evidence.clear('events', 'entries')
  await inOneSnapshot(pool, async (client) => {
    for (const store of stores) await loadEvents(client, evidence, store, { must: true })
    await loadEntries(client, evidence)
  })
}

/** Loads the events committed since `loadStores`, which may or may not have arrived, and the inboxes and answers that are kept. */
export async function loadNewerEvents(pool: pg.Pool, evidence: Evidence): Promise<void> {
  await evidence.clear('inbox', 'answers', 'removals')
  await evidence.run('create or replace temp table before as select event_id from events')
  await inOneSnapshot(pool, async (client) => {
    for (const store of stores) {
      await loadEvents(client, evidence, store, { must: false })
      await pages(client, `select event_id from ${store}.inbox`, async (rows) =>
        evidence.load(
          'inbox',
          rows.map(({ event_id }) => ({ store, event_id: String(event_id) })),
        ),
      )
      await loadRemovals(client, evidence, store)
    }
    await loadAnswers(client, evidence)
  })
  await evidence.run(
    'delete from events where not must and event_id in (select event_id from before)',
  )
}

/** Loads the payment provider's own ledger: another company's books. */
export async function loadProvider(pool: pg.Pool, evidence: Evidence): Promise<void> {
  await evidence.clear('operations')
  const text = `select o.payment_id, p.reference as order_id, o.kind, o.amount_minor, p.currency,
                       (extract(epoch from o.recorded_at) * 1000)::bigint as recorded_at
                  from operations o join payments p using (payment_id)`
  await inOneSnapshot(pool, (client) =>
    pages(client, text, (rows) =>
      evidence.load(
        'operations',
        rows.map((row) => ({
          payment_id: textOf(row.payment_id),
          order_id: textOf(row.order_id),
          kind: textOf(row.kind),
          amount_minor: integerOf(row.amount_minor),
          currency: textOf(row.currency),
          recorded_at: integerOf(row.recorded_at),
        })),
      ),
    ),
  )
}

async function loadEvents(
  client: pg.PoolClient,
  evidence: Evidence,
  store: string,
  { must }: { readonly must: boolean },
): Promise<void> {
  const text = `select event_id, stream_id, version, type, topic, transaction_id, encode(sha256(payload), 'hex') as hash,
                       data->>'paymentId' as payment_id, data->>'currency' as currency,
                       coalesce(data->>'totalMinor', data->>'amountMinor') as amount_minor,
                       (extract(epoch from recorded_at) * 1000)::bigint as recorded_at
                  from ${store}.events`
  await pages(client, text, (rows) =>
    evidence.load(
      'events',
      rows.map(
        (row): Row<'events'> => ({
          store,
          event_id: textOf(row.event_id),
          stream_id: textOf(row.stream_id),
          version: integerOf(row.version),
          type: textOf(row.type),
          topic: textOf(row.topic),
          transaction_id: textOf(row.transaction_id),
          payload_hash: textOf(row.hash),
          payment_id: textOf(row.payment_id),
          amount_minor: integerOf(row.amount_minor),
          currency: textOf(row.currency),
          recorded_at: integerOf(row.recorded_at),
          must,
        }),
      ),
    ),
  )
}

async function loadEntries(client: pg.PoolClient, evidence: Evidence): Promise<void> {
  const text = `select transfer_id, order_id, event_id, account, side, amount_minor, currency from payments.entries`
  await pages(client, text, (rows) =>
    evidence.load(
      'entries',
      rows.map((row) => ({
        transfer_id: textOf(row.transfer_id),
        order_id: textOf(row.order_id),
        event_id: textOf(row.event_id),
        account: textOf(row.account),
        side: textOf(row.side),
        amount_minor: integerOf(row.amount_minor),
        currency: textOf(row.currency),
      })),
    ),
  )
}

async function loadAnswers(client: pg.PoolClient, evidence: Evidence): Promise<void> {
  const text = `select key, status, answer->>'orderId' as order_id, answer->>'totalMinor' as amount_minor
                  from orders.idempotency where answer->>'customerId' is null`
  await pages(client, text, (rows) =>
    evidence.load(
      'answers',
      rows.map((row) => ({
        key: textOf(row.key),
        order_id: textOf(row.order_id),
        status: integerOf(row.status),
        amount_minor: integerOf(row.amount_minor),
      })),
    ),
  )
}

async function loadRemovals(
  client: pg.PoolClient,
  evidence: Evidence,
  store: string,
): Promise<void> {
  const text = `select what, (extract(epoch from removed_before) * 1000)::bigint as removed_before
                  from ${store}.removals`
  await pages(client, text, (rows) =>
    evidence.load(
      'removals',
      rows.map((row) => ({
        store,
        what: textOf(row.what),
        removed_before: integerOf(row.removed_before),
      })),
    ),
  )
}

type AnyRow = Readonly<Record<string, unknown>>

async function inOneSnapshot(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<void>,
): Promise<void> {
  const client = await pool.connect()
  let mustClose = true
  try {
    await client.query('begin isolation level repeatable read')
    await work(client)
    await client.query('commit')
    mustClose = false
  } finally {
    client.release(mustClose)
  }
}

/** Reads by a cursor, so that this process holds one page in memory at most. */
async function pages(
  client: pg.PoolClient,
  text: string,
  onPage: (rows: readonly AnyRow[]) => Promise<void>,
): Promise<void> {
  await client.query(`declare audit no scroll cursor for ${text}`)
  for (;;) {
    const { rows } = await client.query<AnyRow>(`fetch ${PAGE} from audit`)
    await onPage(rows)
    if (rows.length < PAGE) break
  }
  await client.query('close audit')
}

const textOf = (value: unknown): string | null => (value === null ? null : String(value))

const integerOf = (value: unknown): bigint | null => (value === null ? null : BigInt(String(value)))
