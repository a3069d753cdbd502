import { randomUUID } from 'node:crypto'
import { fullName, type TableIdentifier } from '@tenseams/iceberg/format/metadata'
import type { Row } from '@tenseams/iceberg/format/row'
import type { Field } from '@tenseams/iceberg/format/schema'
import { ensureSchema } from '@tenseams/iceberg/table/evolve'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  fieldsOf,
  nestedFields,
  nestedRows,
  rowsOf,
  samples,
  type TextRow,
  textRows,
} from '../../support/lake/all-types.ts'
import { Ours, sorted } from '../../support/lake/ours.ts'
import { installPyiceberg, pyiceberg, type Step } from '../../support/lake/pyiceberg.ts'
import { rounds } from '../../support/rounds.ts'
import { useStack } from '../../support/stack.ts'

const namespace = `pyiceberg_${randomUUID().slice(0, 8)}`
/** The tables' partitionings, each by a column of `samples`. The first ones have every kind of transform. */
const partitionings = (
  [
    ['name', 'identity'],
    ['day', 'day'],
    ['local', 'hour'],
    ['key', 'bucket[3]'],
    ['flag', 'identity'],
    ['at', 'day'],
    ['large', 'bucket[4]'],
    ['name', 'bucket[4]'],
    ['price', 'bucket[5]'],
    ['day', 'bucket[7]'],
  ] as const
).slice(0, rounds({ full: 10, usual: 4 }))

let ours: Ours
let catalogUrl: string

beforeAll(async () => {
  await installPyiceberg()
  const stack = await useStack()
  catalogUrl = stack.endpoints.catalogUrl
  ours = await Ours.open(catalogUrl, namespace)
}, 900_000)

afterAll(() => ours.close())

describe('what the library writes, pyiceberg reads', () => {
  test('every type, with nulls and boundary values, with and without a filter', async () => {
    const table = { namespace, name: 'all_types' }
    await ours.make(table, fieldsOf(), rowsOf())
    const [read, filtered] = await steps({ do: 'read', table }, { do: 'filtered', table })
    expect(rowsIn(read)).toEqual(sorted(textRows(fieldsOf(), rowsOf())))
    expectNothingLost(filtered)
  })

  test('structs, lists and maps', async () => {
    const table = { namespace, name: 'nested' }
    await ours.make(table, nestedFields, nestedRows)
    const [read] = await steps({ do: 'read', table })
    expect(rowsIn(read)).toEqual(sorted(textRows(nestedFields, nestedRows)))
  })

  test('partitions of every kind', async () => {
    const tables = partitionings.map(([column, transform]) => named('ours', column, transform))
    for (const [at, [column, transform]] of partitionings.entries()) {
      await ours.make(tables[at] as TableIdentifier, fieldsOf(), rowsOf(), [{ column, transform }])
    }
    const read = await steps(...tables.map((table) => ({ do: 'read', table })))
    const rows = sorted(textRows(fieldsOf(), rowsOf()))
    expect(read.map(rowsIn)).toEqual(partitionings.map(() => rows))
    const filtered = await steps(...tables.map((table) => ({ do: 'filtered', table })))
    for (const found of filtered) expectNothingLost(found)
  })

  test('files from before and after a column was added, renamed, widened and moved', async () => {
    const table = { namespace, name: 'evolved' }
    await ours.make(table, fieldsOf(pick('small', 'ratio', 'price', 'name')), [
      { small: 1, ratio: 0.5, price: 250n, name: 'before' },
    ])
    const wanted: readonly Field[] = [
      { id: 1, name: 'title', required: false, type: 'string', aliases: ['name'] },
      { id: 2, name: 'small', required: false, type: 'long' },
      { id: 3, name: 'ratio', required: false, type: 'double' },
      { id: 4, name: 'price', required: false, type: 'decimal(12, 2)' },
      { id: 5, name: 'added', required: false, type: 'timestamptz' },
    ]
    await ensureSchema(ours.ports.catalog, table, await ours.ports.catalog.loadTable(table), {
      type: 'struct',
      fields: wanted,
    })
    const after = { title: 'after', small: 2n ** 40n, ratio: 0.1, price: 10n ** 11n, added: 7n }
    await ours.append(table, [after])
    const [read] = await steps({ do: 'read', table })
    const before = { title: 'before', small: 1, ratio: 0.5, price: 250n, added: null }
    expect(rowsIn(read)).toEqual(sorted(textRows(wanted, [before, after])))
  })
})

describe('what pyiceberg writes, the library reads', () => {
  test('every type', async () => {
    const table = { namespace, name: 'theirs' }
    await steps(theirs(table, fieldsOf()), addition(table, fieldsOf(), rowsOf()))
    expect(await ours.read(table, fieldsOf())).toEqual(sorted(textRows(fieldsOf(), rowsOf())))
  })

  test('structs, lists and maps', async () => {
    const table = { namespace, name: 'theirs_nested' }
    await steps(theirs(table, nestedFields), addition(table, nestedFields, nestedRows))
    expect(await ours.read(table, nestedFields)).toEqual(sorted(textRows(nestedFields, nestedRows)))
  })

  test('partitions of every kind, and both append to them', async () => {
    const tables = partitionings.map(([column, transform]) => named('theirs', column, transform))
    await steps(
      ...tables.map((table, at) => theirs(table, fieldsOf(), partitionings[at])),
      ...tables.map((table) => addition(table, fieldsOf(), rowsOf())),
    )
    for (const table of tables) await ours.append(table, rowsOf())
    await steps(...tables.map((table) => addition(table, fieldsOf(), rowsOf())))
    const rows = textRows(fieldsOf(), rowsOf())
    const thrice = sorted([...rows, ...rows, ...rows])
    const read = await steps(...tables.map((table) => ({ do: 'read', table })))
    expect(read.map(rowsIn)).toEqual(partitionings.map(() => thrice))
    for (const table of tables)
      expect(await ours.read(table, fieldsOf()), table.name).toEqual(thrice)
    // pyiceberg cannot compare the UUIDs of files that it wrote itself: Arrow has no function for it.
    const filters = tables.map((table) => ({ do: 'filtered', table, except: ['key'] }))
    for (const found of await steps(...filters)) expectNothingLost(found)
  })

  test('a table that pyiceberg evolves, deletes from and sets properties of, while the library writes', async () => {
    const table = { namespace, name: 'theirs_evolved' }
    const fields = fieldsOf(pick('small', 'ratio', 'name'))
    await steps(
      theirs(table, fields),
      addition(table, fields, [
        { small: 1, ratio: 0.5, name: 'kept' },
        { small: 2, ratio: 0.5, name: 'deleted' },
      ]),
    )
    await ours.append(table, [{ small: 3, ratio: 1.5, name: 'ours' }])
    await steps(
      { do: 'delete', table, column: 'name', value: 'deleted' },
      {
        do: 'evolve',
        table,
        add: { extra: 'uuid' },
        widen: { small: 'long', ratio: 'double' },
        rename: { name: 'title' },
        first: ['name'],
      },
      { do: 'set-properties', table, properties: { owner: 'somebody' } },
    )
    const extra = 'a79c3e09-677c-4bbd-a479-3f349cb785e7'
    await ours.append(table, [{ title: 'later', small: 2n ** 40n, ratio: 0.1, extra }])
    const evolved: readonly Field[] = [
      { id: 1, name: 'title', required: false, type: 'string' },
      { id: 2, name: 'small', required: false, type: 'long' },
      { id: 3, name: 'ratio', required: false, type: 'double' },
      { id: 4, name: 'extra', required: false, type: 'uuid' },
    ]
    const rows = sorted(
      textRows(evolved, [
        { title: 'kept', small: 1, ratio: 0.5, extra: null },
        { title: 'ours', small: 3, ratio: 1.5, extra: null },
        { title: 'later', small: 2n ** 40n, ratio: 0.1, extra },
      ]),
    )
    expect(await ours.read(table, evolved)).toEqual(rows)
    const [read] = await steps({ do: 'read', table })
    expect(rowsIn(read)).toEqual(rows)
    expect((await ours.ports.catalog.loadTable(table)).properties.owner).toBe('somebody')
  })
})

const named = (whose: string, column: string, transform: string): TableIdentifier => ({
  namespace,
  name: `${whose}_${column}_${transform.replaceAll(/\W/g, '_')}`,
})

type Wish = Omit<Step, 'table'> & { readonly do: string; readonly table: TableIdentifier }

function steps(...wishes: readonly Wish[]): Promise<readonly unknown[]> {
  return pyiceberg(
    catalogUrl,
    wishes.map((wish) => ({ ...wish, table: fullName(wish.table) })),
  )
}

function theirs(
  table: TableIdentifier,
  fields: readonly Field[],
  partitioning?: readonly [column: string, transform: string],
): Wish {
  const source = fields.find(({ name }) => name === partitioning?.[0])
  const spec = {
    'spec-id': 0,
    fields:
      source === undefined
        ? []
        : [
            {
              'source-id': source.id,
              'field-id': 1_000,
              name: `${source.name}_part`,
              transform: partitioning?.[1],
            },
          ],
  }
  const schema = { type: 'struct', 'schema-id': 0, fields }
  return { do: 'create', table, schema, spec, properties: { 'format-version': '2' } }
}

const addition = (
  table: TableIdentifier,
  fields: readonly Field[],
  rows: readonly Row[],
): Wish => ({
  do: 'append',
  table,
  rows: textRows(fields, rows),
})

function rowsIn(read: unknown): readonly TextRow[] {
  return sorted(read as readonly TextRow[])
}

/** Each value is found as often with a filter as without: no bound and no partition hides it. */
function expectNothingLost(filtered: unknown): void {
  const counts = filtered as Readonly<Record<string, readonly [found: number, there: number]>>
  expect(Object.keys(counts).length).toBeGreaterThan(Object.keys(samples).length)
  const lost = Object.entries(counts).filter(([, [found, there]]) => found !== there)
  expect(lost).toEqual([])
}

function pick(...names: readonly string[]): typeof samples {
  return Object.fromEntries(Object.entries(samples).filter(([name]) => names.includes(name)))
}
