import { readFileSync } from 'node:fs'
import { Engine, quoteText } from '@tenseams/iceberg/duckdb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { capturedTables } from './dimensions.ts'
import { historyOf } from './history-table.ts'

let engine: Engine

beforeAll(async () => {
  engine = await Engine.open({ memoryLimit: '256MB', threads: 1 })
})

afterAll(() => engine.close())

const image = {
  ...{ sku: 'lamp', name: 'Lamp', price_minor: 750, currency: 'EUR' },
  updated_at: '2026-01-31T12:00:00.123456Z',
}

/** What silver takes of a product whose row image is this JSON. */
async function taken(json: string, op = 'u') {
  const products = capturedTables.find(({ name }) => name === 'products')
  if (products === undefined) throw new Error('no products')
  const time = 'make_timestamptz(1000000)'
  const row = `(SELECT 0 AS kafka_partition, 1::BIGINT AS kafka_offset, NULL::INT AS log_epoch, ${quoteText(op)} AS op,
      1::BIGINT AS lsn, ${time} AS committed_at, ${time} AS told_at, '{"sku":"lamp"}' AS "key",
      NULL::VARCHAR AS snapshot, NULL::VARCHAR AS "before", ${quoteText(json)}::VARCHAR AS "after")`
  return engine.using(async (connection) => {
    const reader = await connection.runAndReadAll(
      `SELECT reason, price_minor, epoch_us(updated_at) AS at FROM (${historyOf(products).changes(row)})`,
    )
    return reader.getRowObjectsJS()
  })
}

const without = (column: keyof typeof image) => {
  const { [column]: _gone, ...others } = image
  return others
}

describe('a captured column has a contract', () => {
  test('with its name and type, it is a value', async () => {
    expect(await taken(JSON.stringify(image))).toEqual([
      { reason: null, price_minor: 750n, at: 1_769_860_800_123_456n },
    ])
  })

  test.each<[what: string, reason: string, image: object]>([
    ['renamed', 'price_minor-is-missing', { ...without('price_minor'), price: 750 }],
    ['dropped', 'currency-is-missing', without('currency')],
    ['left null', 'price_minor-is-null', { ...image, price_minor: null }],
    ['made numeric(12,2)', 'price_minor-has-another-type', { ...image, price_minor: '7.50' }],
    ['made double precision', 'price_minor-has-another-type', { ...image, price_minor: 7.5 }],
    ['made text', 'price_minor-has-another-type', { ...image, price_minor: '750' }],
    ['made boolean', 'price_minor-has-another-type', { ...image, price_minor: true }],
    ['made a number', 'name-has-another-type', { ...image, name: 7 }],
    ['made a time without a zone', 'updated_at-has-another-type', { ...image, updated_at: 17 }],
    [
      'a time without a zone',
      'updated_at-does-not-fit',
      { ...image, updated_at: '2026-01-31T12:00:00' },
    ],
    ['a date', 'updated_at-does-not-fit', { ...image, updated_at: '2026-01-31' }],
    [
      'a time with nanoseconds',
      'updated_at-does-not-fit',
      { ...image, updated_at: '2026-01-31T12:00:00.123456789Z' },
    ],
    [
      'a day that is none',
      'updated_at-does-not-fit',
      { ...image, updated_at: '2026-02-30T12:00:00Z' },
    ],
  ])('%s, it is rejected and no value', async (_what, reason, changed) => {
    expect(await taken(JSON.stringify(changed))).toMatchObject([{ reason }])
  })

  test('a number beyond 64 bits is rejected and not rounded', async () => {
    const json = JSON.stringify(image).replace('750', '9223372036854775808')
    expect(await taken(json)).toMatchObject([{ reason: 'price_minor-does-not-fit' }])
  })

  test('an image that is no JSON, or that is missing, is rejected', async () => {
    expect(await taken('{"sku":')).toMatchObject([{ reason: 'no-image' }])
  })

  test('a deleted row has no image and passes', async () => {
    expect(await taken('{}', 'd')).toMatchObject([{ reason: null, price_minor: null }])
  })
})

test('the contract of each captured column is the table in Postgres', () => {
  const sql = readFileSync(new URL('../../../../deploy/postgres/shop.sql', import.meta.url), 'utf8')
  for (const { name, columns } of capturedTables) {
    const created = new RegExp(`create table if not exists catalogue\\.${name} \\(([^;]+)\\);`)
    const lines = created.exec(sql)?.[1]?.split('\n') ?? []
    for (const column of columns) {
      const line = lines.find((one) => one.trim().startsWith(`${column.name} `)) ?? ''
      expect(line, `${name}.${column.name}`).toMatch(
        new RegExp(`\\s${column.captured}\\s+not null`),
      )
    }
  }
})
