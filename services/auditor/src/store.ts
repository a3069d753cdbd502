import type pg from 'pg'
import type { Evidence } from './evidence.ts'
import type { Row } from './evidence-tables.ts'
import {
  forget,
  inOneSnapshot,
  integerOf,
  type Mark,
  markOf,
  pages,
  removeRows,
  textOf,
} from './reading.ts'

/** The event stores to read. Ticks and barriers, which a store of their own holds, are no events. */
const stores = ['orders', 'payments'] as const
/** A guard's row has the clock's time before its transaction ends, which takes far less than this. */
const LONGEST_TRANSACTION_MS = 600_000

/**
 * Loads the event stores and the ledger as of one snapshot of the database. Call it before the barrier is written: these
 * events `must` have arrived wherever the barrier has.
 *
 * @param since what was read up to there is kept as it was; everything is read anew when it is left out.
 */
export async function loadStores(pool: pg.Pool, evidence: Evidence, since?: Mark): Promise<Mark> {
  return inOneSnapshot(pool, async (client) => {
    const mark = await markOf(client)
    await dropSince(evidence, since)
    for (const store of stores) await loadEvents(client, evidence, store, { must: true, since })
    await loadEntries(client, evidence, since)
    return mark
  })
}

/**
 * Loads the events committed since `loadStores`, which may or may not have arrived, and the inboxes and answers that are kept.
 *
 * @param stored what `loadStores` returned.
 * @param since as for `loadStores`.
 */
export async function loadNewerEvents(
  pool: pg.Pool,
  evidence: Evidence,
  stored: Mark,
  since?: Mark,
): Promise<void> {
  await evidence.clear('removals')
  if (since === undefined) await evidence.clear('inbox', 'answers')
  await evidence.run('create or replace temp table before as select event_id from events')
  await inOneSnapshot(pool, async (client) => {
    for (const store of stores) {
      await loadEvents(client, evidence, store, { must: false, since: stored })
      await loadInbox(client, evidence, store, since)
      await loadRemovals(client, evidence, store)
    }
    await loadAnswers(client, evidence, since)
  })
  await evidence.run(
    'delete from events where not must and event_id in (select event_id from before)',
  )
}

/** How far the stores and the provider's books have come; equal texts mean that nothing was added in between. */
export async function newestIn(shop: pg.Pool, provider: pg.Pool): Promise<string> {
  const newest = stores.map((store) => `(select max(position) from ${store}.events)`)
  const [inShop, inBooks] = await Promise.all([
    shop.query<Record<string, unknown>>(`select ${newest.join(" || ' ' || ")} as newest`),
    provider.query<Record<string, unknown>>('select max(position) as newest from operations'),
  ])
  return `${String(inShop.rows[0]?.newest)} ${String(inBooks.rows[0]?.newest)}`
}

/** Removes what will be read again from the mark on. */
async function dropSince(evidence: Evidence, since: Mark | undefined): Promise<void> {
  if (since === undefined) return evidence.clear('events', 'entries')
  const changed = `transaction_id::bigint >= ${since.xmin}`
  await evidence.run(`
    delete from entries where order_id in (select stream_id from events where ${changed});
    delete from events where ${changed};`)
}

async function loadEvents(
  client: pg.PoolClient,
  evidence: Evidence,
  store: string,
  { must, since }: { readonly must: boolean; readonly since: Mark | undefined },
): Promise<void> {
  const text = `select event_id, stream_id, version, type, topic, transaction_id, encode(sha256(payload), 'hex') as hash,
                       data->>'paymentId' as payment_id, data->>'currency' as currency,
                       coalesce(data->>'totalMinor', data->>'amountMinor') as amount_minor,
                       (extract(epoch from recorded_at) * 1000)::bigint as recorded_at
                  from ${store}.events ${since === undefined ? '' : `where transaction_id >= '${since.xmin}'`}`
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

/** A transfer's entries are written together with an event of its order. */
async function loadEntries(
  client: pg.PoolClient,
  evidence: Evidence,
  since: Mark | undefined,
): Promise<void> {
  const changed =
    since &&
    `select stream_id as order_id from payments.events where transaction_id >= '${since.xmin}'`
  if (changed !== undefined) await forget(client, evidence, 'entries', 'order_id', changed)
  const text = `select transfer_id, order_id, event_id, account, side, amount_minor, currency from payments.entries
                ${changed === undefined ? '' : `where order_id in (${changed})`}`
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

async function loadInbox(
  client: pg.PoolClient,
  evidence: Evidence,
  store: string,
  since: Mark | undefined,
): Promise<void> {
  const text = `select event_id from ${store}.inbox ${youngerThan(since)}`
  await pages(client, text, async (rows) => {
    const ids = rows.map(({ event_id }) => String(event_id))
    if (since !== undefined)
      await removeRows(evidence, 'inbox', 'event_id', ids, `store = '${store}'`)
    await evidence.load(
      'inbox',
      ids.map((event_id) => ({ store, event_id })),
    )
  })
}

async function loadAnswers(
  client: pg.PoolClient,
  evidence: Evidence,
  since: Mark | undefined,
): Promise<void> {
  const text = `select key, status, answer->>'orderId' as order_id, answer->>'totalMinor' as amount_minor
                  from orders.idempotency ${youngerThan(since)} ${since === undefined ? 'where' : 'and'} answer->>'customerId' is null`
  await pages(client, text, async (rows) => {
    const keys = rows.map(({ key }) => String(key))
    if (since !== undefined) await removeRows(evidence, 'answers', 'key', keys)
    await evidence.load(
      'answers',
      rows.map((row) => ({
        key: textOf(row.key),
        order_id: textOf(row.order_id),
        status: integerOf(row.status),
        amount_minor: integerOf(row.amount_minor),
      })),
    )
  })
}

/** Guards that may not have been there yet, by their age. */
function youngerThan(since: Mark | undefined): string {
  if (since === undefined) return ''
  const fromMs = since.atMs - BigInt(LONGEST_TRANSACTION_MS)
  return `where recorded_at >= to_timestamp(${fromMs} / 1000.0)`
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
