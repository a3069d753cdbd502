import { Engine, quoteText } from '@tenseams/lakehouse/duckdb'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { capturedTables } from './dimensions.ts'
import { foldInMemory } from './folding.ts'
import { historyOf } from './history-table.ts'

let engine: Engine

beforeAll(async () => {
  engine = await Engine.open({ memoryLimit: '256MB', threads: 1 })
})

afterAll(() => engine.close())

const products = capturedTables.find(({ name }) => name === 'products')
if (products === undefined) throw new Error('no products')
const derived = historyOf(products)

type Change = {
  readonly op: string
  readonly lsn: number
  readonly sku?: string
  readonly price?: number
  readonly snapshot?: string
}

/** A row of bronze.cdc_shop_catalogue_products. */
function changeSql({ op, lsn, sku, price, snapshot }: Change): string {
  const json = (value: object | undefined) =>
    value === undefined ? 'NULL::VARCHAR' : `${quoteText(JSON.stringify(value))}::VARCHAR`
  const image = { sku, name: 'Lamp', price_minor: price, currency: 'EUR' }
  return `SELECT 0 AS kafka_partition, 0::BIGINT AS kafka_offset, ${quoteText(op)} AS op, ${lsn}::BIGINT AS lsn,
      make_timestamptz(${lsn * 1_000_000}::BIGINT) AS committed_at, ${json(sku === undefined ? undefined : { sku })} AS "key",
      ${snapshot === undefined ? 'NULL::VARCHAR' : quoteText(snapshot)} AS snapshot, NULL::VARCHAR AS "before",
      ${json(price === undefined ? undefined : image)} AS "after"`
}

const batchSql = (changes: readonly Change[]): string => changes.map(changeSql).join(' UNION ALL ')

/** Each version as `sku price from–to`, a price of `–` for a time in which the row was gone. */
async function versions(...batches: readonly (readonly Change[])[]): Promise<readonly string[]> {
  const rows = await foldInMemory(engine, derived, batches.map(batchSql))
  const second = (time: unknown) => (time instanceof Date ? time.getTime() / 1_000 : '')
  return rows
    .filter(({ sku }) => sku !== null)
    .toSorted((one, other) => Number(one.lsn) - Number(other.lsn))
    .toSorted((one, other) => (String(one.sku) < String(other.sku) ? -1 : 1))
    .map(
      ({ sku, price_minor, valid_from, valid_to, is_deleted }) =>
        `${sku} ${is_deleted === true ? '–' : price_minor} ${second(valid_from)}–${second(valid_to)}`,
    )
}

const insert = (sku: string, lsn: number, price: number): Change => ({ op: 'c', lsn, sku, price })
const update = (sku: string, lsn: number, price: number): Change => ({ op: 'u', lsn, sku, price })
const remove = (sku: string, lsn: number): Change => ({ op: 'd', lsn, sku })
const truncate = (lsn: number): Change => ({ op: 't', lsn })
const read = (sku: string, lsn: number, price: number, snapshot = 'true'): Change => ({
  ...{ op: 'r', lsn, sku, price, snapshot },
})

describe('a captured row’s history', () => {
  test('has each version with the time in which it was so', async () => {
    const changes = [insert('a', 1, 10), update('a', 2, 20), remove('a', 3), insert('a', 4, 40)]
    expect(await versions(changes)).toEqual(['a 10 1–2', 'a 20 2–3', 'a – 3–4', 'a 40 4–'])
  })

  test('is told apart by the place in the WAL, not by arrival', async () => {
    expect(await versions([update('a', 2, 20)], [insert('a', 1, 10), update('a', 2, 20)])).toEqual([
      'a 10 1–2',
      'a 20 2–',
    ])
  })

  test('gets no version from a snapshot that finds the row as it was, one from a snapshot that does not', async () => {
    expect(await versions([insert('a', 1, 10)], [read('a', 5, 10)])).toEqual(['a 10 1–'])
    expect(await versions([insert('a', 1, 10)], [read('a', 5, 50)])).toEqual([
      'a 10 1–5',
      'a 50 5–',
    ])
  })

  test('ends by a truncate, whenever that arrives', async () => {
    const [before, after] = [insert('a', 1, 10), insert('a', 5, 10)]
    const expected = ['a 10 1–3', 'a – 3–5', 'a 10 5–', 'b 7 1–3', 'b – 3–']
    expect(await versions([before, insert('b', 1, 7), truncate(3), after])).toEqual(expected)
    expect(await versions([before, after], [truncate(3)], [insert('b', 1, 7)])).toEqual(expected)
  })

  test('ends by a whole snapshot that no longer finds the row: it was deleted while nobody captured', async () => {
    const gap = [read('a', 9, 10), read('c', 9, 30, 'last')]
    const expected = ['a 10 1–', 'b 20 1–9', 'b – 9–', 'c 30 9–']
    expect(await versions([insert('a', 1, 10), insert('b', 1, 20)], gap)).toEqual(expected)
    const [first, last] = gap
    if (first === undefined || last === undefined) throw new Error('two')
    expect(await versions([insert('a', 1, 10), insert('b', 1, 20)], [last], [first])).toEqual(
      expected,
    )
  })

  test('does not end by a snapshot of a part, or by an older one', async () => {
    expect(await versions([insert('a', 1, 10)], [read('b', 9, 20, 'incremental')])).toEqual([
      'a 10 1–',
      'b 20 9–',
    ])
    expect(await versions([insert('a', 9, 10)], [read('b', 5, 20, 'last')])).toEqual([
      'a 10 9–',
      'b 20 5–',
    ])
  })

  test('is the same in whatever order, how often and in how many parts its changes come', async () => {
    const all = [
      ...[insert('a', 1, 10), insert('b', 2, 20), update('a', 3, 11), truncate(4)],
      ...[insert('a', 5, 12), insert('c', 6, 30), remove('c', 7), update('a', 8, 13)],
      ...[read('a', 10, 13), read('d', 10, 40, 'last'), update('d', 12, 41)],
    ]
    const expected = await versions(all)
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(all, { minLength: all.length }),
        fc.array(fc.constantFrom(...all), { maxLength: 4 }),
        fc.integer({ min: 1, max: 6 }),
        async (shuffled, repeated, size) => {
          const stream = [...shuffled, ...repeated]
          const batches = Array.from({ length: Math.ceil(stream.length / size) }, (_, index) =>
            stream.slice(index * size, (index + 1) * size),
          )
          expect(await versions(...batches)).toEqual(expected)
        },
      ),
      { numRuns: 25 },
    )
  })
})
