import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Engine } from '../duckdb.ts'
import type { Row } from '../format/row.ts'
import type { ColumnType, Field, ListType, MapType, StructType } from '../format/schema.ts'
import { scanSql } from '../read/scan-sql.ts'
import { fileStorage } from '../storage.ts'
import { writeParquet, writeParquetFrom } from '../write/parquet.ts'

/** Files are never rewritten for a change of the schema: the reader converts. */
describe('a file written before a change of the schema', () => {
  const folder = mkdtempSync(join(tmpdir(), 'evolved-'))
  let engine: Engine

  beforeAll(async () => {
    engine = await Engine.open({ memoryLimit: '256MB', threads: 1 })
  })

  afterAll(() => {
    engine.close()
    rmSync(folder, { recursive: true })
  })

  const newUri = () => `file://${folder}/${randomUUID()}.parquet`
  const ports = () => ({ engine, storage: fileStorage })
  const written = (schema: StructType, rows: readonly Row[]) =>
    writeParquet(ports(), { uri: newUri(), schema, rows })
  const writtenFrom = (schema: StructType, sql: string) =>
    writeParquetFrom(ports(), { uri: newUri(), schema, sql })

  type Written = Awaited<ReturnType<typeof written>>

  const read = (files: readonly Written[], schema: StructType) =>
    engine.using(async (connection) => {
      const source = await scanSql(ports(), { files }, schema)
      const types = await connection.runAndReadAll(`DESCRIBE ${source}`)
      const reader = await connection.runAndReadAll(source)
      return {
        types: types.getRowObjectsJson().map(({ column_type }) => column_type),
        rows: reader.getRowObjectsJson(),
      }
    })

  const of = (type: ColumnType) => struct(field(1, 'value', type))

  const old = struct(
    field(1, 'id', 'string'),
    field(2, 'placed', struct(field(3, 'total', 'int'), field(4, 'note', 'string'))),
    field(5, 'lines', list(6, struct(field(7, 'sku', 'string'), field(8, 'quantity', 'int')))),
  )
  const oldRows: readonly Row[] = [
    {
      id: 'a',
      placed: { total: 7, note: 'n' },
      lines: [
        { sku: 's', quantity: -1 },
        { sku: null, quantity: null },
      ],
    },
    { id: 'b', placed: null, lines: null },
    { id: 'c', placed: { total: null, note: null }, lines: [] },
  ]

  it('gives members of a struct by their ids: renamed, moved, added and removed', async () => {
    const schema = struct(
      field(
        2,
        'placed',
        struct(field(4, 'remark', 'string'), field(9, 'total', 'long'), field(3, 'sum', 'int')),
      ),
    )
    const { rows } = await read([await written(old, oldRows)], schema)
    expect(rows).toEqual([
      { placed: { remark: 'n', total: null, sum: 7 } },
      { placed: null },
      { placed: { remark: null, total: null, sum: null } },
    ])
  })

  it('gives members of structs in a list by their ids', async () => {
    const element = struct(
      field(10, 'fresh', 'string'),
      field(8, 'count', 'long'),
      field(7, 'sku', 'string'),
    )
    const { rows } = await read(
      [await written(old, oldRows)],
      struct(field(5, 'rows', list(6, element))),
    )
    expect(rows).toEqual([
      {
        rows: [
          { fresh: null, count: '-1', sku: 's' },
          { fresh: null, count: null, sku: null },
        ],
      },
      { rows: null },
      { rows: [] },
    ])
  })

  it('lets names swap between columns', async () => {
    const before = struct(field(1, 'a', 'string'), field(2, 'b', 'string'))
    const after = struct(field(2, 'a', 'string'), field(1, 'b', 'string'))
    const { rows } = await read([await written(before, [{ a: '1', b: '2' }])], after)
    expect(rows).toEqual([{ a: '2', b: '1' }])
    const nested = await read(
      [await written(struct(field(9, 's', before)), [{ s: { a: '1', b: '2' } }])],
      struct(field(9, 's', after)),
    )
    expect(nested.rows).toEqual([{ s: { a: '2', b: '1' } }])
  })

  it.each<[string, string, string, string, unknown]>([
    ['int', 'long', '-2147483648', 'BIGINT', '-2147483648'],
    ['float', 'double', '0.5', 'DOUBLE', 0.5],
    ['decimal(9,2)', 'decimal(18,2)', '-1234567.89', 'DECIMAL(18,2)', '-1234567.89'],
    ['decimal(18,2)', 'decimal(38,2)', '1234567.89', 'DECIMAL(38,2)', '1234567.89'],
  ])('gives %s as %s, at the top and inside', async (from, to, literal, sql, value) => {
    const shape = (type: string) =>
      struct(
        field(1, 'flat', type),
        field(2, 'inside', struct(field(3, 'member', type))),
        field(4, 'list', list(5, type)),
        field(6, 'lists', list(7, struct(field(8, 'member', list(9, type))))),
        field(10, 'map', map(11, 'string', 12, type)),
      )
    const cast = `CAST(${literal} AS ${from === 'int' ? 'INTEGER' : from.toUpperCase()})`
    const select = `SELECT ${cast} AS flat, {'member': ${cast}} AS inside, [${cast}, NULL] AS list,
      [{'member': [${cast}]}] AS lists, MAP {'k': ${cast}} AS map`
    const file = await writtenFrom(shape(from), select)
    const { rows, types } = await read([file], shape(to))
    expect(rows).toEqual([
      {
        flat: value,
        inside: { member: value },
        list: [value, null],
        lists: [{ member: [value] }],
        map: [{ key: 'k', value }],
      },
    ])
    expect(types[0]).toBe(sql)
    expect(types[1]).toBe(`STRUCT(member ${sql})`)
  })

  it('is read together with files written after it', async () => {
    const after = struct(
      field(1, 'key', 'string'),
      field(9, 'added', 'long'),
      field(2, 'placed', struct(field(3, 'total', 'long'), field(10, 'tax', 'long'))),
    )
    const newer = { key: 'z', added: 1n, placed: { total: 9_007_199_254_740_993n, tax: 2n } }
    const files = [await written(old, oldRows), await written(after, [newer])]
    for (const order of [files, files.toReversed()]) {
      const { rows } = await read(order, after)
      expect(rows.toSorted((one, other) => (String(one.key) < String(other.key) ? -1 : 1))).toEqual(
        [
          { key: 'a', added: null, placed: { total: '7', tax: null } },
          { key: 'b', added: null, placed: null },
          { key: 'c', added: null, placed: { total: null, tax: null } },
          { key: 'z', added: '1', placed: { total: '9007199254740993', tax: '2' } },
        ],
      )
    }
  })

  it('gives members of structs in a map and of structs in structs in lists by their ids', async () => {
    const inner = (id: number, name: string) => struct(field(id, name, 'int'))
    const shape = (outer: string, name: string) =>
      struct(
        field(2, 'map', map(3, 'string', 4, inner(1, name))),
        field(5, 'deep', list(6, struct(field(7, outer, list(8, inner(9, name)))))),
      )
    const file = await writtenFrom(
      shape('outer', 'old'),
      `SELECT MAP {'k': {'old': 1}, 'none': NULL} AS map, [{'outer': [{'old': 2}]}] AS deep
        UNION ALL SELECT NULL, NULL`,
    )
    const { rows } = await read([file], shape('outside', 'new'))
    expect(rows).toEqual([
      {
        map: [
          { key: 'k', value: { new: 1 } },
          { key: 'none', value: null },
        ],
        deep: [{ outside: [{ new: 2 }] }],
      },
      { map: null, deep: null },
    ])
  })

  it('keeps a struct that has no member in common with the file', async () => {
    const schema = struct(field(2, 'placed', struct(field(30, 'note', 'string'))))
    const { rows } = await read([await written(old, oldRows)], schema)
    expect(rows).toEqual([{ placed: { note: null } }, { placed: null }, { placed: { note: null } }])
  })

  it('accepts numbers from a writer that does not yet know that the column was widened', async () => {
    const widened = struct(field(1, 'value', 'long'), field(2, 'inside', list(3, 'long')))
    const rows = [{ value: 7, inside: [-1, 2n ** 53n] }]
    const found = await read([await written(widened, rows)], widened)
    expect(found.rows).toEqual([{ value: '7', inside: ['-1', '9007199254740992'] }])
  })

  it('has null in added columns, whatever their type', async () => {
    const added = struct(
      field(20, 'more', struct(field(21, 'x', list(22, 'int')))),
      field(23, 'l', list(24, 'string')),
    )
    const { rows } = await read([await written(of('int'), [{ value: 1 }])], added)
    expect(rows).toEqual([{ more: null, l: null }])
  })
})

function struct(...fields: readonly Field[]): StructType {
  return { type: 'struct', fields }
}

function field(id: number, name: string, type: ColumnType): Field {
  return { id, name, required: false, type }
}

function list(id: number, element: ColumnType): ListType {
  return { type: 'list', 'element-id': id, element, 'element-required': false }
}

function map(keyId: number, key: ColumnType, valueId: number, value: ColumnType): MapType {
  return { type: 'map', 'key-id': keyId, key, 'value-id': valueId, value, 'value-required': false }
}
