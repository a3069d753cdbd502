import { Engine, quoteText } from '@tenseams/iceberg/duckdb'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { foldInMemory } from '../testing/fold-in-memory.ts'
import { type Ranking, silverTableOf } from './event-table.ts'
import { eventTables } from './event-tables.ts'

let engine: Engine

beforeAll(async () => {
  engine = await Engine.open({ memoryLimit: '256MB', threads: 1 })
})

afterAll(() => engine.close())

const derivedOf = (name: string, ranking?: Ranking) => {
  const events = eventTables.find((one) => one.name === name)
  if (events === undefined) throw new Error(`no table ${name}`)
  return silverTableOf(events, ranking)
}

type PaymentEvent = { readonly stream: string; readonly version: number; readonly type: string }

const branches = {
  PaymentAuthorised: 'authorised',
  PaymentDeclined: 'declined',
  PaymentCaptured: 'captured',
  PaymentVoided: 'voided',
  PaymentRefunded: 'refunded',
  SurplusReturned: 'returned',
} as const

/** A row of bronze.payments_payment_v1; each version has another amount. */
function paymentSql({ stream, version, type }: PaymentEvent, offset: number): string {
  const money = `method VARCHAR, payment_id VARCHAR, amount_minor BIGINT, currency VARCHAR, reason VARCHAR`
  const columns = Object.entries(branches).map(([name, column]) =>
    name === type
      ? `{'method': 'card', 'payment_id': ${quoteText(`p-${stream}`)}, 'amount_minor': ${version * 10},
          'currency': 'EUR', 'reason': 'no'}::STRUCT(${money}) AS ${column}`
      : `NULL::STRUCT(${money}) AS ${column}`,
  )
  return `SELECT 0 AS kafka_partition, ${offset}::BIGINT AS kafka_offset, NULL::INT AS log_epoch, ${quoteText(stream)} AS stream_id,
      ${version}::BIGINT AS version, ${quoteText(type)} AS type,
      make_timestamptz(${version * 1_000_000}::BIGINT) AS occurred_at, ${columns.join(', ')}`
}

const batchSql = (events: readonly PaymentEvent[]): string =>
  events.map(paymentSql).join(' UNION ALL ')

const captured = [
  { stream: 'a', version: 1, type: 'PaymentAuthorised' },
  { stream: 'a', version: 2, type: 'PaymentCaptured' },
]

test('a stream’s state is that of its newest event, with the values that each event set', async () => {
  const [row] = await foldInMemory(engine, derivedOf('payments'), [batchSql(captured)])
  expect(row).toMatchObject({
    ...{ order_id: 'a', version: 2n, status: 'captured', status_version: 2n, payment_id: 'p-a' },
    ...{ amount_minor: 10n, captured_minor: 20n, refunded_minor: null },
  })
})

test('a repeated old event moves nothing back', async () => {
  const [first] = captured
  const batches = [batchSql(captured), batchSql(first === undefined ? [] : [first])]
  const [row] = await foldInMemory(engine, derivedOf('payments'), batches)
  expect(row).toMatchObject({ version: 2n, status: 'captured' })
})

test('a repeated old event would move the state back if the order of arrival counted', async () => {
  const byArrival = { ofEvent: 'kafka_offset', ofRow: '-1', ofStatus: 'rank' }
  const [first] = captured
  const batches = [batchSql(captured), batchSql(first === undefined ? [] : [first])]
  const [row] = await foldInMemory(engine, derivedOf('payments', byArrival), batches)
  expect(row).toMatchObject({ version: 1n, status: 'authorised' })
})

test('a row that a gate rejects is left out', async () => {
  const wrong = [{ stream: 'a', version: 0, type: 'PaymentCaptured' }]
  expect(await foldInMemory(engine, derivedOf('payments'), [batchSql(wrong)])).toEqual([])
})

const histories: readonly (readonly string[])[] = [
  ['PaymentAuthorised', 'PaymentCaptured', 'SurplusReturned', 'PaymentRefunded', 'SurplusReturned'],
  ['PaymentDeclined', 'SurplusReturned', 'SurplusReturned'],
  ['PaymentAuthorised', 'PaymentVoided'],
]

test('the state does not depend on the order, the repetitions or the batches of events', async () => {
  const all = histories.flatMap((types, index) =>
    types.map((type, at) => ({ stream: `s${index}`, version: at + 1, type })),
  )
  const derived = derivedOf('payments')
  const expected = await foldInMemory(engine, derived, [batchSql(all)])
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(all, { minLength: all.length }),
      fc.array(fc.constantFrom(...all), { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
      async (shuffled, repeated, sizes) => {
        const stream = [...shuffled, ...repeated]
        const batches: string[] = []
        for (let start = 0, turn = 0; start < stream.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1
          batches.push(batchSql(stream.slice(start, start + size)))
          start += size
        }
        expect(await foldInMemory(engine, derived, batches)).toEqual(expected)
      },
    ),
    { numRuns: 10 },
  )
}, 120_000)
