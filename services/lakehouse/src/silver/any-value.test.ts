import { Engine } from '@tenseams/iceberg/duckdb'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bronzeRowSql } from '../testing/bronze-rows.ts'
import { foldInMemory } from '../testing/fold-in-memory.ts'
import type { DerivedTable } from './derived-table.ts'
import { silverTables } from './tables.ts'

let engine: Engine

beforeAll(async () => {
  engine = await Engine.open({ memoryLimit: '256MB', threads: 1 })
})

afterAll(() => engine.close())

const SHIPMENTS = 'fulfilment.shipment.v1'
const ORDERS = 'orders.order.v1'
const INT64_MAX = 9_223_372_036_854_775_807n
const INT64_MIN = -9_223_372_036_854_775_808n

type Values = Readonly<Record<string, unknown>>

function derivedOf(name: string): DerivedTable {
  const derived = silverTables().find(({ table }) => table.name === name)
  if (derived === undefined) throw new Error(`no table ${name}`)
  return derived
}

/** The rows that are folded, and of each row its key and the reason for which it goes to quarantine. */
async function taken(name: string, topic: string, rows: readonly Values[]) {
  const derived = derivedOf(name)
  const source = rows
    .map((row, index) => bronzeRowSql(topic, { kafka_partition: 0, kafka_offset: index, ...row }))
    .join(' UNION ALL ')
  const folded = await foldInMemory(engine, derived, [source])
  const reasons = await engine.using(async (connection) => {
    const reader = await connection.runAndReadAll(
      `SELECT reason FROM (${derived.changes(`(${source})`)}) ORDER BY kafka_offset`,
    )
    return reader.getRowsJS().map(([reason]) => reason)
  })
  return { folded, reasons }
}

const shipment = (id: string, changes: Values = {}): Values => ({
  ...{ event_id: id, stream_id: id, version: 1, type: 'ShipmentDispatched' },
  ...{ occurred_at: 1_700_000_000_000, dispatched: { shipment_id: 's', payment_id: 'p' } },
  ...changes,
})

const lines = (quantity: number, price: bigint) => [{ sku: 'a', quantity, price_minor: price }]

const order = (id: string, placed: Values | null, changes: Values = {}): Values => ({
  ...{ event_id: id, stream_id: id, version: 1, type: 'OrderPlaced' },
  ...{ occurred_at: '2026-01-31T12:00:00Z' },
  placed: placed && {
    ...{ customer_id: 'c', currency: 'EUR', payment_method: 'card', total_minor: 5n },
    ...{ lines: lines(1, 5n), ...placed },
  },
  ...changes,
})

describe('a value that a message can hold and a table cannot', () => {
  test('a time in nanoseconds, or outside of the years that readers know, sends its row to quarantine and no other', async () => {
    const times = [1_700_000_000_000_000_000n, 1_700_000_000_000_000n, INT64_MAX, INT64_MIN]
    const rows = [shipment('a'), ...times.map((at, n) => shipment(`b${n}`, { occurred_at: at }))]
    const { folded, reasons } = await taken('shipments', SHIPMENTS, rows)
    expect(folded).toMatchObject([{ order_id: 'a', status: 'dispatched' }])
    expect(reasons).toEqual([null, ...times.map(() => 'updated_at-does-not-fit')])
  })

  test('the last millisecond of the year 9999 is taken as it is', async () => {
    const rows = [shipment('a', { occurred_at: 253_402_300_799_999n })]
    const { folded } = await taken('shipments', SHIPMENTS, rows)
    expect(folded).toMatchObject([{ updated_at: new Date(253_402_300_799_999) }])
  })

  test('lines whose product exceeds 64 bits are compared exactly', async () => {
    const rows = [
      order('a', { total_minor: INT64_MAX, lines: lines(2_147_483_647, INT64_MAX) }),
      order('b', {
        total_minor: 9_223_372_036_854_775_806n,
        lines: lines(3, 3_074_457_345_618_258_602n),
      }),
      order('c', {}),
    ]
    const { folded, reasons } = await taken('orders', ORDERS, rows)
    expect(reasons).toEqual(['total-is-not-its-lines', null, null])
    expect(folded.map(({ order_id }) => order_id)).toEqual(['b', 'c'])
  })

  test('an event without the values of its type, or with those of another, is no good row with nulls', async () => {
    const rejected = { reason: 'no' }
    const rows = [
      order('a', null),
      order('b', {}, { rejected }),
      order('c', null, { type: 'OrderRejected', rejected }),
      order('d', null, { type: 'OrderAdmired' }),
      order('e', {}, { type: 'OrderAdmired' }),
    ]
    const { reasons } = await taken('orders', ORDERS, rows)
    const [missing, another] = ['branch-is-missing', 'branch-of-another-type']
    expect(reasons).toEqual([missing, another, null, null, another])
  })

  test('any value of any column is folded or rejected, and never stops the others', async () => {
    const long = fc.oneof(
      fc.bigInt(INT64_MIN, INT64_MAX),
      fc.constantFrom(0n, 1n, INT64_MAX, INT64_MIN),
    )
    const word = fc.constantFrom('', 'EUR', 'a', 'é', '\u0000', '9'.repeat(40))
    const placed = fc.record({
      ...{ customer_id: word, currency: word, payment_method: word, total_minor: long },
      lines: fc.array(
        fc.record({
          sku: word,
          quantity: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
          price_minor: long,
        }),
        { maxLength: 3 },
      ),
    })
    const type = fc.constantFrom('OrderPlaced', 'OrderRefunded', 'OrderAdmired', '')
    const any = fc.record({
      ...{ stream_id: word, version: long, type },
      occurred_at: fc.constantFrom('2026-01-31T12:00:00Z', '0044-03-15T00:00:00Z', 'infinity'),
      placed: fc.option(placed),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(any, { minLength: 1, maxLength: 4 }), async (rows) => {
        const good = order('good', {})
        const { folded, reasons } = await taken('orders', ORDERS, [...rows, good])
        expect(folded.map(({ order_id }) => order_id)).toContain('good')
        expect(reasons.at(-1)).toBeNull()
      }),
      { numRuns: 8 },
    )
  }, 60_000)
})
