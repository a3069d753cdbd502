import { Engine, quoteText } from '@tenseams/iceberg/duckdb'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { foldInMemory } from '../testing/fold-in-memory.ts'
import { capturedTables } from './dimensions.ts'
import { historyOf } from './history-table.ts'

let engine: Engine

beforeAll(async () => {
  engine = await Engine.open({ memoryLimit: '256MB', threads: 1 })
})

afterAll(() => engine.close())

const products = capturedTables.find(({ name }) => name === 'products')
if (products === undefined) throw new Error('no products')
const derived = historyOf(products)

/** `at`: when the connector processed it, which is also its offset. Times are seconds. */
type Change = {
  readonly op: string
  readonly at: number
  readonly sku?: string
  readonly price?: number
  /** When the snapshot that read it began, and the row's marker in that snapshot. */
  readonly since?: number
  readonly snapshot?: string
  readonly lsn?: number
  /** Of the topic's log. */
  readonly epoch?: number
}

/** A row of bronze.cdc_shop_catalogue_products. */
function changeSql({ op, at, sku, price, since, snapshot, lsn, epoch }: Change): string {
  const json = (value: object | undefined) =>
    value === undefined ? 'NULL::VARCHAR' : `${quoteText(JSON.stringify(value))}::VARCHAR`
  const time = (seconds: number) => `make_timestamptz(${seconds * 1_000_000}::BIGINT)`
  const updated_at = '2026-01-31T12:00:00Z'
  const image = { sku, name: 'Lamp', price_minor: price, currency: 'EUR', updated_at }
  return `SELECT 0 AS kafka_partition, ${at}::BIGINT AS kafka_offset, ${epoch ?? 'NULL'}::INT AS log_epoch, ${quoteText(op)} AS op,
      ${snapshot === 'incremental' ? 'NULL' : (lsn ?? since ?? at)}::BIGINT AS lsn,
      ${time(since ?? at)} AS committed_at, ${time(at)} AS told_at,
      ${json(sku === undefined ? undefined : { sku })} AS "key",
      ${snapshot === undefined ? 'NULL::VARCHAR' : quoteText(snapshot)} AS snapshot, NULL::VARCHAR AS "before",
      ${json(price === undefined ? undefined : image)} AS "after"`
}

const batchSql = (changes: readonly Change[]): string => changes.map(changeSql).join(' UNION ALL ')

/** Each version as `sku price from–to`, with a price of `–` for a time in which the row did not exist. */
async function versions(...batches: readonly (readonly Change[])[]): Promise<readonly string[]> {
  const rows = await foldInMemory(engine, derived, batches.map(batchSql))
  const second = (time: unknown) => (time instanceof Date ? time.getTime() / 1_000 : '')
  return rows
    .filter(({ sku }) => sku !== null)
    .toSorted((one, other) => Number(second(one.valid_from)) - Number(second(other.valid_from)))
    .toSorted((one, other) =>
      one.sku === other.sku ? 0 : String(one.sku) < String(other.sku) ? -1 : 1,
    )
    .map(
      ({ sku, price_minor, valid_from, valid_to, is_deleted }) =>
        `${sku} ${is_deleted === true ? '–' : price_minor} ${second(valid_from)}–${second(valid_to)}`,
    )
}

const insert = (sku: string, at: number, price: number): Change => ({ op: 'c', at, sku, price })
const update = (sku: string, at: number, price: number): Change => ({ op: 'u', at, sku, price })
const remove = (sku: string, at: number): Change => ({ op: 'd', at, sku })
const truncate = (at: number): Change => ({ op: 't', at })
const read = (
  sku: string,
  at: number,
  price: number,
  since: number,
  snapshot = 'true',
): Change => ({
  ...{ op: 'r', at, sku, price, since, snapshot },
})

describe('a captured row’s history', () => {
  test('has each version with the time in which it was valid', async () => {
    const changes = [insert('a', 1, 10), update('a', 2, 20), remove('a', 3), insert('a', 4, 40)]
    expect(await versions(changes)).toEqual(['a 10 1–2', 'a 20 2–3', 'a – 3–4', 'a 40 4–'])
  })

  test('follows the order in the partition, not the order of arrival here', async () => {
    const late = [insert('a', 1, 10), update('a', 2, 20)]
    expect(await versions([update('a', 2, 20)], late)).toEqual(['a 10 1–2', 'a 20 2–'])
  })

  test('goes on in the log of a topic that was made again, whose offsets begin anew', async () => {
    const old = [insert('a', 900, 10), update('a', 901, 20)]
    const again = [{ ...update('a', 902, 30), epoch: 1 }]
    const earlier = { ...update('a', 5, 40), since: 903, epoch: 1 }
    expect(await versions(old, [...again, { ...earlier, at: 903 }])).toEqual([
      ...['a 10 900–901', 'a 20 901–902', 'a 30 902–903', 'a 40 903–'],
    ])
    const smaller = { ...update('a', 7, 30), epoch: 1, since: 902 }
    expect(await versions(old, [smaller])).toEqual(['a 10 900–901', 'a 20 901–902', 'a 30 902–'])
  })

  test('follows the order in the partition, not the LSN: the later change may have the smaller LSN', async () => {
    const snapshot = read('a', 5, 10, 4, 'last')
    const open = { ...update('a', 6, 20), lsn: 3 }
    expect(await versions([snapshot, open])).toEqual(['a 10 4–6', 'a 20 6–'])
    expect(await versions([open], [snapshot])).toEqual(['a 10 4–6', 'a 20 6–'])
  })

  test('gets no version from a snapshot that finds the row unchanged, and one from a snapshot that does not', async () => {
    expect(await versions([insert('a', 1, 10)], [read('a', 6, 10, 5)])).toEqual(['a 10 1–'])
    expect(await versions([insert('a', 1, 10)], [read('a', 6, 50, 5)])).toEqual([
      'a 10 1–5',
      'a 50 5–',
    ])
    const incremental = read('a', 6, 50, 6, 'incremental')
    expect(await versions([insert('a', 1, 10)], [incremental])).toEqual(['a 10 1–6', 'a 50 6–'])
  })

  test('is ended by a truncate, whenever that arrives', async () => {
    const [before, after] = [insert('a', 1, 10), insert('a', 5, 10)]
    const expected = ['a 10 1–3', 'a – 3–5', 'a 10 5–', 'b 7 1–3', 'b – 3–']
    expect(await versions([before, insert('b', 1, 7), truncate(3), after])).toEqual(expected)
    expect(await versions([before, after], [truncate(3)], [insert('b', 1, 7)])).toEqual(expected)
  })

  test('is ended by a whole snapshot that no longer finds the row: it was deleted while nothing captured', async () => {
    const known = [insert('a', 1, 10), insert('b', 1, 20), insert('e', 1, 50)]
    const gap = [read('a', 9, 10, 8), read('e', 10, 51, 8), read('c', 11, 30, 8, 'last')]
    const expected = ['a 10 1–', 'b 20 1–8', 'b – 8–', 'c 30 8–', 'e 50 1–8', 'e 51 8–']
    expect(await versions(known, gap)).toEqual(expected)
    expect(await versions(known, gap.slice(2), gap.slice(0, 2))).toEqual(expected)
  })

  test('is not ended by an interrupted snapshot, by an incremental one, or by an older one', async () => {
    const kept = ['a 10 1–', 'b 20 8–']
    expect(await versions([insert('a', 1, 10)], [read('b', 9, 20, 8)])).toEqual(kept)
    const part = read('b', 9, 20, 8, 'incremental')
    expect(await versions([insert('a', 1, 10)], [part])).toEqual(kept)
    const older = read('b', 6, 20, 5, 'last')
    expect(await versions([insert('a', 7, 10)], [older])).toEqual(['a 10 7–', 'b 20 5–'])
  })

  test('does not depend on the order, the repetitions or the batches of its changes', async () => {
    const all = [
      ...[insert('a', 1, 10), insert('b', 2, 20), update('a', 3, 11), truncate(4)],
      ...[insert('a', 5, 12), insert('c', 6, 30), remove('c', 7), update('a', 8, 13)],
      ...[insert('e', 9, 50), read('a', 12, 13, 10), read('d', 13, 40, 10, 'last')],
      ...[update('d', 14, 41), read('a', 21, 14, 20), read('d', 22, 41, 20, 'last')],
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
      { numRuns: 10 },
    )
  }, 120_000)
})
