import { randomUUID } from 'node:crypto'
import type { TableIdentifier } from '@tenseams/iceberg/format/metadata'
import type { Row, Value } from '@tenseams/iceberg/format/row'
import type { Field } from '@tenseams/iceberg/format/schema'
import { ensureSchema } from '@tenseams/iceberg/table/evolve'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fieldsOf, nestedFields, rowsOf, samples, textRows } from '../../support/lake/all-types.ts'
import { Flink } from '../../support/lake/flink.ts'
import { Ours, sorted } from '../../support/lake/ours.ts'
import { useStack } from '../../support/stack.ts'

const namespace = `flink_${randomUUID().slice(0, 8)}`
/** The subset that Flink's SQL supports: no UUID, times of day in whole seconds, no NaN in its texts. */
const { key, ...others } = samples
const shared = {
  ...others,
  ratio: { type: 'float', values: [-1.5, 0, 1024.25] },
  rate: { type: 'double', values: [-0.1, 1e300, 0] },
  hour: { type: 'time', values: [0n, 81_068_000_000n, 86_399_000_000n] },
}
const partitionings = [
  ['name', 'identity'],
  ['flag', 'identity'],
  ['day', 'day'],
  ['local', 'hour'],
  ['at', 'day'],
  ['large', 'bucket[4]'],
  ['name', 'bucket[4]'],
  ['price', 'bucket[5]'],
] as const

let ours: Ours
let flink: Flink

beforeAll(async () => {
  const { endpoints } = await useStack()
  ours = await Ours.open(endpoints.catalogUrl, namespace)
  flink = await Flink.open(endpoints)
})

afterAll(async () => {
  await flink.close()
  await ours.close()
})

describe('what the library writes, Flink reads', () => {
  test('every type', async () => {
    const table = { namespace, name: 'all_types' }
    const readable = { ...shared, ...(key && { key }) }
    const fields = fieldsOf(readable)
    const rows = rowsOf(readable)
    await ours.make(table, fields, rows)
    expect(await flink.read(table, fields)).toEqual(sorted(textRows(fields, rows)))
  })

  test('structs, lists and maps', async () => {
    const table = { namespace, name: 'nested' }
    await ours.make(table, nestedFields, [
      { id: 1n, line: { product: 'tea', quantity: 2 }, tags: ['a', null], counts: entries('x', 1) },
      { id: 2n, line: null, tags: null, counts: null },
    ])
    const found = await flink.rows(
      `SELECT id, line.product, line.quantity, CARDINALITY(tags), tags[1], counts['x'] FROM ${flink.name(table)}`,
    )
    expect(found).toEqual(
      expect.arrayContaining([
        [1, 'tea', 2, 2, 'a', 1],
        [2, null, null, null, null, null],
      ]),
    )
  })

  test('partitions of every kind', async () => {
    const fields = fieldsOf(shared)
    for (const [column, transform] of partitionings) {
      const table = named('ours', column, transform)
      await ours.make(table, fields, rowsOf(shared), [{ column, transform }])
      expect(await flink.read(table, fields), table.name).toEqual(
        sorted(textRows(fields, rowsOf(shared))),
      )
    }
  })

  test('files from before and after a column was added, renamed, widened and moved', async () => {
    const table = { namespace, name: 'evolved' }
    const { small, price, name } = samples
    if (!small || !price || !name) throw new Error('a sample is missing')
    await ours.make(table, fieldsOf({ small, price, name }), [
      { small: 1, price: 250n, name: 'before' },
    ])
    const fields: readonly Field[] = [
      { id: 1, name: 'title', required: false, type: 'string', aliases: ['name'] },
      { id: 2, name: 'small', required: false, type: 'long' },
      { id: 3, name: 'price', required: false, type: 'decimal(12, 2)' },
      { id: 4, name: 'added', required: false, type: 'timestamptz' },
    ]
    const metadata = await ours.ports.catalog.loadTable(table)
    await ensureSchema(ours.ports.catalog, table, metadata, { type: 'struct', fields })
    const after = { title: 'after', small: 2n ** 40n, price: 10n ** 11n, added: 7n }
    await ours.append(table, [after])
    const before = { title: 'before', small: 1, price: 250n, added: null }
    expect(await flink.read(table, fields)).toEqual(sorted(textRows(fields, [before, after])))
  })
})

describe('what Flink writes, the library reads', () => {
  test('every type, and the library appends to it', async () => {
    const table = { namespace, name: 'theirs' }
    const fields = fieldsOf(shared)
    await flink.create(table, fields)
    await flink.insert(table, fields, rowsOf(shared))
    expect(await ours.read(table, fields)).toEqual(sorted(textRows(fields, rowsOf(shared))))
    await ours.append(table, rowsOf(shared))
    await flink.insert(table, fields, rowsOf(shared))
    const rows: readonly Row[] = [...rowsOf(shared), ...rowsOf(shared), ...rowsOf(shared)]
    expect(await ours.read(table, fields)).toEqual(sorted(textRows(fields, rows)))
    expect(await flink.read(table, fields)).toEqual(sorted(textRows(fields, rows)))
  })

  test('partitions of every kind that its connector writes', async () => {
    const fields = fieldsOf(shared)
    for (const [column, transform] of partitionings) {
      const table = named('theirs', column, transform)
      // Flink's SQL creates identity partitions only, so the library creates the other tables, empty.
      await ours.ports.catalog.ensureTable(table, { type: 'struct', fields }, {}, [
        { column, transform },
      ])
      await flink.insert(table, fields, rowsOf(shared))
      await ours.append(table, rowsOf(shared))
      const twice = sorted(textRows(fields, [...rowsOf(shared), ...rowsOf(shared)]))
      expect(await ours.read(table, fields), table.name).toEqual(twice)
      expect(await flink.read(table, fields), table.name).toEqual(twice)
    }
  })
})

const entries = (key: string, value: Value) => [{ key, value }]

const named = (whose: string, column: string, transform: string): TableIdentifier => ({
  namespace,
  name: `${whose}_${column}_${transform.replaceAll(/\W/g, '_')}`,
})
