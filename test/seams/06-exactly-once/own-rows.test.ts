import { eventually } from '@tenseams/local/launcher/host/wait'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminPool } from '../../support/shop.ts'
import { type TestStack, useStack } from '../../support/stack.ts'
import { cancelled, type OwnPayments, openOwnPayments, placedOrder } from './own-payments.ts'

const HISTORY = 12_000
const ORDERS = 20
/** Rows that an order's statements may read by an index: its stream, its payment and their keys, several times. */
const ROWS_AN_ORDER = 80

let stack: TestStack
let own: OwnPayments
let shop: pg.Pool
let provider: pg.Pool

beforeAll(async () => {
  stack = await useStack()
  own = await openOwnPayments(stack)
  shop = adminPool(stack)
  provider = adminPool(stack, 'provider')
})

afterAll(async () => {
  await own.close()
  await Promise.all([shop.end(), provider.end()])
})

describe('behind a history of 12 000 payments, an order’s money', () => {
  test.each([
    ['without statistics of the tables, as after a fast growth', () => writeHistory()],
    ['with statistics', () => analyse()],
  ])('costs its own rows only, %s', async (_, prepare) => {
    await prepare()
    const before = await rowsRead()
    const orders = Array.from({ length: ORDERS }, () => placedOrder())
    await Promise.all(orders.map((order) => own.take(order)))
    await Promise.all(orders.slice(ORDERS / 2).map((order) => own.ship(order)))
    await Promise.all(orders.slice(0, ORDERS / 2).map((order) => own.take(cancelled(order))))
    const after = await rowsRead()
    expect(Object.keys(after).toSorted()).toEqual(
      expect.arrayContaining(['entries', 'events', 'inbox', 'operations', 'payments']),
    )
    for (const [table, { scanned, found }] of Object.entries(after)) {
      expect([table, scanned - (before[table]?.scanned ?? 0)]).toEqual([table, 0])
      const foundNow = found - (before[table]?.found ?? 0)
      expect([table, foundNow <= ORDERS * ROWS_AN_ORDER, foundNow]).toEqual([table, true, foundNow])
    }
  })
})

/** Events, entries and inbox of many payments, and the provider's rows; both databases have a schema of the same name. */
async function writeHistory(): Promise<void> {
  await write(shop, [
    `insert into events (event_id, stream_id, version, type, topic, data, payload)
     select gen_random_uuid(), 'old-' || n, 1, 'Tested', 'test', '{}', '\\x00' from generate_series(1, ${HISTORY}) n`,
    `insert into entries (transfer_id, entry_no, order_id, event_id, payment_id, account, side, amount_minor, currency)
     select e.event_id, leg.no, e.stream_id, e.event_id, 'p', leg.account, leg.side, 500, 'EUR' from events e,
            (values (1::smallint, 'customer', 'debit'), (2::smallint, 'held', 'credit')) as leg(no, account, side)`,
    `insert into inbox (event_id) select gen_random_uuid() from generate_series(1, ${HISTORY})`,
  ])
  await write(provider, [
    `with made as (
       insert into payments (payment_id, reference, method, currency, amount_minor)
       select gen_random_uuid(), 'old-' || n, 'card', 'EUR', 500 from generate_series(1, ${HISTORY}) n returning payment_id)
     insert into operations (operation_id, payment_id, idempotency_key, request_hash, kind, amount_minor)
     select gen_random_uuid(), payment_id, payment_id::text, '\\x00', 'authorised', 500 from made`,
  ])
}

/** What these statements and their foreign keys have read is reported before, not after, the first count. */
async function write(admin: pg.Pool, statements: readonly string[]): Promise<void> {
  const client = await admin.connect()
  try {
    await client.query(`set search_path to ${own.schema}`)
    for (const statement of statements) await client.query(statement)
    await client.query('select pg_stat_force_next_flush()')
  } finally {
    client.release(true)
  }
}

async function analyse(): Promise<void> {
  for (const table of ['events', 'entries', 'inbox']) {
    await shop.query(`analyze ${own.schema}.${table}`)
  }
  for (const table of ['payments', 'operations']) {
    await provider.query(`analyze ${own.schema}.${table}`)
  }
}

type Read = { readonly scanned: number; readonly found: number }

/** How many rows of each table were read so far, by scans and by indexes. */
async function rowsRead(): Promise<Readonly<Record<string, Read>>> {
  await endSessions(shop, 'payments_service')
  await endSessions(provider, 'provider_service')
  const rows = [
    ...(await statisticsOf(shop, own.schema)),
    ...(await statisticsOf(provider, own.schema)),
  ]
  return Object.fromEntries(
    rows.map(({ relname, scanned, found }) => [
      relname,
      { scanned: Number(scanned), found: Number(found) },
    ]),
  )
}

async function statisticsOf(admin: pg.Pool, schema: string) {
  const { rows } = await admin.query<{ relname: string; scanned: string; found: string }>(
    `select relname, seq_tup_read as scanned, coalesce(idx_tup_fetch, 0) as found
       from pg_stat_user_tables where schemaname = $1`,
    [schema],
  )
  return rows
}

/** A session counts for itself and reports now and then; at its end it reports everything. The pools make new ones. */
async function endSessions(admin: pg.Pool, role: string): Promise<void> {
  const ours = `from pg_stat_activity where usename = '${role}' and application_name = 'test'`
  await admin.query(`select pg_terminate_backend(pid) ${ours}`)
  const areGone = async () => (await admin.query(`select 1 ${ours}`)).rowCount === 0
  await eventually(areGone, { timeoutMs: 10_000, what: `the sessions of ${role} to end` })
}
