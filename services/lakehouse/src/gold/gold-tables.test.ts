import { Engine, sqlColumn } from '@tenseams/iceberg/duckdb'
import { writeJson } from '@tenseams/iceberg/format/json'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DerivedTable, schemaOf } from '../silver/derived-table.ts'
import { silverTables } from '../silver/tables.ts'
import { fits } from './gold-table.ts'
import { goldTables, rejectedSql } from './gold-tables.ts'

let engine: Engine

beforeAll(async () => {
  engine = await Engine.open({ memoryLimit: '256MB', threads: 1 })
})

afterAll(() => engine.close())

type Facts = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>

const order = (id: string, changes: object = {}) => ({
  ...{ order_id: id, version: 2, status: 'confirmed', status_version: 2, customer_id: 'c1' },
  ...{ currency: 'EUR', total_minor: 300, lines: [{ sku: 'lamp', quantity: 3, price_minor: 100 }] },
  ...{ placed_at: '2026-01-31 23:59:59+00', confirmed_at: '2026-02-01 00:00:05+00' },
  ...{ updated_at: '2026-02-01 00:00:05+00', ...changes },
})

const payment = (id: string, changes: object = {}) => ({
  ...{ order_id: id, version: 2, status: 'captured', status_version: 2, currency: 'EUR' },
  ...{ amount_minor: 300, captured_minor: 300, authorised_at: '2026-02-01 00:00:01+00' },
  ...{ captured_at: '2026-02-01 00:00:09+00', updated_at: '2026-02-01 00:00:09+00', ...changes },
})

const customer = (segment: string, from: string, to: string | null, kafka_offset: number) => ({
  ...{
    customer_id: 'c1',
    segment,
    valid_from: from,
    valid_to: to,
    is_deleted: false,
    kafka_offset,
  },
})

const product = {
  sku: 'lamp',
  name: 'Lamp',
  is_deleted: false,
  valid_from: '2026-01-01',
  kafka_offset: 1,
}

/** The result of a gold table's query over silver with these rows. */
async function gold(name: string, facts: Facts) {
  const table = goldTables.find((one) => one.name === name)
  if (table === undefined) throw new Error(`no table ${name}`)
  return engine.using(async (connection) => {
    await connection.run("SET TimeZone = 'UTC'")
    for (const derived of silverTables()) await connection.run(tableSql(derived, facts))
    const reader = await connection.runAndReadAll(
      `FROM (WITH rejected AS (${rejectedSql}) ${table.sql}) WHERE ${fits(table)}`,
    )
    return reader
      .getRowObjectsJS()
      .map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([column, value]) => [
            column,
            value instanceof Date
              ? value.toISOString()
              : typeof value === 'bigint'
                ? Number(value)
                : value,
          ]),
        ),
      )
  })
}

function tableSql({ table, columns }: DerivedTable, facts: Facts): string {
  const fields = schemaOf(columns).fields.map(sqlColumn).join(', ')
  const json = writeJson(facts[table.name] ?? []).replaceAll("'", "''")
  const structure = `[{${schemaOf(columns)
    .fields.map((field) => `"${field.name}": "${typeOf(sqlColumn(field))}"`)
    .join(', ')}}]`
  return `CREATE OR REPLACE TEMP TABLE ${table.name} (${fields});
    INSERT INTO ${table.name} BY NAME
      SELECT fact.* FROM (SELECT unnest(from_json('${json}', '${structure}')) AS fact)`
}

const typeOf = (column: string): string =>
  column.slice(column.indexOf(' ') + 1).replaceAll('"', '\\"')

const day = (date: string) => `${date}T00:00:00.000Z`

describe('revenue by day, product and segment', () => {
  const known = { products: [product], customers: [customer('consumer', '2026-01-01', null, 1)] }

  test('counts an order on the day it was confirmed, with each line', async () => {
    const rows = await gold('daily_revenue', { ...known, orders: [order('a'), order('b')] })
    expect(rows).toEqual([
      {
        ...{ day: day('2026-02-01'), sku: 'lamp', product: 'Lamp', segment: 'consumer' },
        ...{ currency: 'EUR', orders: 2, pieces: 6, revenue_minor: 600 },
      },
    ])
  })

  test('uses the customer’s segment of when the order was placed', async () => {
    const customers = [
      customer('business', '2026-01-01', '2026-02-01', 1),
      customer('consumer', '2026-02-01', null, 2),
    ]
    const [row] = await gold('daily_revenue', { ...known, customers, orders: [order('a')] })
    expect(row).toMatchObject({ segment: 'business' })
  })

  test('shows unknown customers and products as (unknown), and leaves no money out', async () => {
    const [row] = await gold('daily_revenue', { orders: [order('a')] })
    expect(row).toMatchObject({ product: '(unknown)', segment: '(unknown)', revenue_minor: 300 })
  })

  test('leaves out cancelled orders, and orders never confirmed', async () => {
    const orders = [order('a', { cancelled_at: '2026-02-02' }), order('b', { confirmed_at: null })]
    expect(await gold('daily_revenue', { ...known, orders })).toEqual([])
  })
})

test('order to cash counts each step of a day’s orders, and how long the money took', async () => {
  const facts = {
    orders: [order('a', { completed_at: '2026-02-01' }), order('b', { confirmed_at: null })],
    payments: [payment('a')],
    shipments: [
      { order_id: 'a', version: 1, dispatched_at: '2026-02-01', updated_at: '2026-02-01' },
    ],
  }
  expect(await gold('order_to_cash', facts)).toMatchObject([
    {
      ...{ day: day('2026-01-31'), placed: 2, authorised: 1, confirmed: 1, dispatched: 1 },
      ...{ captured: 1, completed: 1, captured_minor: 300, refunded_minor: 0 },
      median_to_cash_ms: 10_000,
    },
  ])
})

test('a customer’s lifetime has money captured and not refunded, by currency', async () => {
  const facts = {
    orders: [order('a'), order('b'), order('c', { currency: 'USD' })],
    payments: [payment('a'), payment('b', { status: 'refunded', refunded_minor: 300 })],
    customers: [customer('consumer', '2026-01-01', null, 1)],
  }
  expect(await gold('customer_lifetime', facts)).toMatchObject([
    { customer_id: 'c1', segment: 'consumer', currency: 'EUR', orders: 2, revenue_minor: 300 },
    { currency: 'USD', orders: 1, revenue_minor: 0 },
  ])
})

describe('what a gate rejects', () => {
  test.each([
    ['money-differs', { payments: [payment('a', { captured_minor: 299 })] }],
    ['refund-exceeds-capture', { payments: [payment('a', { refunded_minor: 301 })] }],
    ['not-unique', { payments: [payment('a'), payment('a')] }],
    ['never-placed', { orders: [order('a', { placed_at: null })] }],
  ])('is in quarantine with its reason (%s), and nowhere else', async (reason, changes) => {
    const facts: Facts = { orders: [order('a')], payments: [payment('a')], ...changes }
    expect(await gold('quarantine', facts)).toMatchObject([{ key: 'a', reason }])
    expect(await gold('daily_revenue', facts)).toEqual([])
    expect(await gold('order_to_cash', facts)).toEqual([])
  })

  test('is a figure whose sum needs more than 64 bits, and the other figures are there', async () => {
    const huge = {
      total_minor: 2n ** 62n,
      lines: [{ sku: 'lamp', quantity: 1, price_minor: 2n ** 62n }],
    }
    const orders = ['a', 'b'].map((id) => order(id, huge))
    const facts: Facts = { orders: [...orders, order('c', { currency: 'USD' })] }
    const rejected = await gold('quarantine', facts)
    expect(rejected).toMatchObject([{ source: 'gold.daily_revenue', reason: 'sum-does-not-fit' }])
    expect(String(rejected[0]?.key)).toContain('"revenue_minor":9223372036854775808')
    expect(await gold('daily_revenue', facts)).toMatchObject([{ currency: 'USD' }])
  })

  test('is empty when all rows are valid', async () => {
    expect(await gold('quarantine', { orders: [order('a')], payments: [payment('a')] })).toEqual([])
  })
})
