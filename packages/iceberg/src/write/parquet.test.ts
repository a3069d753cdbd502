import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Engine } from '../duckdb.ts'
import type { DataFile } from '../format/manifest.ts'
import type { Row } from '../format/row.ts'
import type { Field, StructType } from '../format/schema.ts'
import { scanSql } from '../read/scan-sql.ts'
import { fileStorage } from '../storage.ts'
import { writeParquet } from './parquet.ts'

const field = (id: number, name: string, type: Field['type']): Field => ({
  id,
  name,
  required: false,
  type,
})

const line: StructType = {
  type: 'struct',
  fields: [field(13, 'sku', 'string'), field(14, 'quantity', 'int')],
}
const schema: StructType = {
  type: 'struct',
  fields: [
    field(1, 'id', 'string'),
    field(2, 'version', 'long'),
    field(3, 'occurred_at', 'timestamptz'),
    field(4, 'raw', 'binary'),
    field(5, 'rate', 'double'),
    field(6, 'yes', 'boolean'),
    field(7, 'day', 'date'),
    field(10, 'placed', {
      type: 'struct',
      fields: [
        field(11, 'total', 'long'),
        field(12, 'lines', {
          type: 'list',
          'element-id': 15,
          element: line,
          'element-required': true,
        }),
      ],
    }),
  ],
}

const rows: readonly Row[] = [
  {
    id: 'naïve "\'',
    version: 9_223_372_036_854_775_807n,
    occurred_at: 1_700_000_000_123_456n,
    raw: new Uint8Array([0, 255]),
    rate: -0.5,
    yes: true,
    day: 20_000,
    placed: {
      total: -1n,
      lines: [
        { sku: 'a', quantity: 1 },
        { sku: null, quantity: null },
      ],
    },
  },
  {
    id: '',
    version: -5n,
    occurred_at: null,
    raw: null,
    rate: null,
    yes: null,
    day: null,
    placed: null,
  },
  { id: null, version: null, placed: { total: null, lines: [] } },
]

describe('Parquet files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lakehouse-'))
  let engine: Engine
  let file: DataFile

  beforeAll(async () => {
    engine = await Engine.open({ memoryLimit: '256MB', threads: 1 })
    const uri = `file://${folder}/data/a.parquet`
    file = await writeParquet({ engine, storage: fileStorage }, { uri, schema, rows })
  })

  afterAll(() => {
    engine.close()
    rmSync(folder, { recursive: true })
  })

  const read = (as: StructType, columns: string) =>
    engine.using(async (connection) => {
      const source = await scanSql({ engine, storage: fileStorage }, { files: [file] }, as)
      const reader = await connection.runAndReadAll(`SELECT ${columns} FROM (${source})`)
      return reader.getRowObjectsJson()
    })

  it('return every value, nested and null ones included', async () => {
    const [first, second, third] = await read(
      schema,
      '* EXCLUDE (occurred_at), epoch_us(occurred_at) AS occurred_at',
    )
    expect(first).toMatchObject({
      id: 'naïve "\'',
      version: '9223372036854775807',
      occurred_at: '1700000000123456',
      raw: '\\x00\\xFF',
      rate: -0.5,
      yes: true,
      day: '2024-10-04',
      placed: {
        total: '-1',
        lines: [
          { sku: 'a', quantity: 1 },
          { sku: null, quantity: null },
        ],
      },
    })
    expect(second).toMatchObject({ id: '', version: '-5', occurred_at: null, placed: null })
    expect(third).toMatchObject({ id: null, placed: { total: null, lines: [] } })
  })

  it('are read by field id: a renamed column is the same, a new one is null', async () => {
    const renamed = {
      type: 'struct',
      fields: [field(2, 'edition', 'long'), field(99, 'fresh', 'int')],
    }
    expect(await read(renamed as StructType, '*')).toEqual([
      { edition: '9223372036854775807', fresh: null },
      { edition: '-5', fresh: null },
      { edition: null, fresh: null },
    ])
  })

  it('have counts and bounds by column id, none for columns under a list', () => {
    expect(file.record_count).toBe(3n)
    expect(file.null_value_counts).toContainEqual({ key: 2, value: 1n })
    const version = (bounds: DataFile['lower_bounds']) =>
      bounds?.find(({ key }) => key === 2)?.value.readBigInt64LE()
    expect(version(file.lower_bounds)).toBe(-5n)
    expect(version(file.upper_bounds)).toBe(9_223_372_036_854_775_807n)
    expect(file.lower_bounds?.map(({ key }) => key)).not.toContain(13)
  })

  it('of an empty table are none, but its columns are known', async () => {
    const source = await scanSql({ engine, storage: fileStorage }, { files: [] }, schema)
    const found = await engine.using((connection) => connection.runAndReadAll(source))
    expect(found.columnNames()).toEqual(schema.fields.map(({ name }) => name))
    expect(found.currentRowCount).toBe(0)
  })
})
