import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Engine } from '../duckdb.ts'
import { scanSql } from '../read/scan-sql.ts'
import { fileStorage } from '../storage.ts'
import { writeParquet } from '../write/parquet.ts'
import type { DataFile } from './manifest.ts'
import type { Row } from './row.ts'
import type { Field, StructType } from './schema.ts'

const field = (id: number, name: string, type: Field['type']): Field => ({
  id,
  name,
  required: false,
  type,
})
const map = (keyId: number, key: string, value: Field['type']): Field['type'] => ({
  type: 'map',
  'key-id': keyId,
  key,
  'value-id': keyId + 1,
  value,
  'value-required': false,
})
const schema: StructType = {
  type: 'struct',
  fields: [
    field(1, 'price', 'decimal(9, 2)'),
    field(2, 'huge', 'decimal(38, 4)'),
    field(3, 'at', 'time'),
    field(4, 'key', 'uuid'),
    field(5, 'nested', map(6, 'long', map(8, 'string', 'int'))),
    field(10, 'rate', 'double'),
    field(11, 'nothing', 'int'),
  ],
}
const low = 'a79c3e09-677c-4bbd-a479-3f349cb785e7'
const high = 'f79c3e09-677c-4bbd-a479-3f349cb785e7'
const rows: readonly Row[] = [
  {
    price: 1420n,
    huge: -(10n ** 38n - 1n),
    at: 81_068_000_001n,
    key: high,
    nested: [{ key: 7n, value: [{ key: 'x', value: null }] }],
    rate: Number.NaN,
  },
  { price: -1n, huge: 1n, at: 0n, key: low, nested: [], rate: 1.5 },
  {},
]

describe('Parquet files of all types', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lakehouse-'))
  const uri = `file://${folder}/data/a.parquet`
  let engine: Engine
  let file: DataFile

  beforeAll(async () => {
    engine = await Engine.open({ memoryLimit: '256MB', threads: 1 })
    file = await writeParquet({ engine, storage: fileStorage }, { uri, schema, rows })
  })

  afterAll(() => {
    engine.close()
    rmSync(folder, { recursive: true })
  })

  const select = (sql: string) =>
    engine.using(async (connection) => (await connection.runAndReadAll(sql)).getRowObjectsJson())

  it('return every value', async () => {
    const source = await scanSql({ engine, storage: fileStorage }, { files: [file] }, schema)
    const [first, second, third] = await select(`SELECT * FROM (${source})`)
    expect(first).toMatchObject({
      price: '14.20',
      huge: `-${'9'.repeat(34)}.9999`,
      at: '22:31:08.000001',
      key: high,
      nested: [{ key: '7', value: [{ key: 'x', value: null }] }],
    })
    expect(second).toMatchObject({ price: '-0.01', huge: '0.0001', key: low, nested: [] })
    expect(new Set(Object.values(third ?? {}))).toEqual(new Set([null]))
  })

  it("have Parquet's own types, by which other readers know them", async () => {
    const columns = await select(
      `SELECT name, logical_type FROM parquet_schema('${new URL(uri).pathname}')`,
    )
    const logical = Object.fromEntries(columns.map((row) => [row.name, String(row.logical_type)]))
    expect(logical.price).toBe('DecimalType(scale=2, precision=9)')
    expect(logical.at).toContain('MICROS=MicroSeconds()')
    const types = columns.map((row) => row.logical_type)
    expect(types).toContain('UUIDType()')
  })

  it('have bounds of the values that occur: never NaN, none for nulls only or under a map', () => {
    const bounds = (of: DataFile['lower_bounds']) =>
      Object.fromEntries((of ?? []).map(({ key, value }) => [key, value.toString('hex')]))
    const lower = bounds(file.lower_bounds)
    expect(Object.keys(lower)).toEqual(['1', '2', '3', '4', '10'])
    expect(lower).toMatchObject({ 1: 'ff', 3: '0000000000000000', 10: '000000000000f83f' })
    expect(bounds(file.upper_bounds)).toMatchObject({
      1: '058c',
      4: high.replaceAll('-', ''),
      10: '000000000000f83f',
    })
    expect(file.null_value_counts).toContainEqual({ key: 11, value: 3n })
  })

  it.each([
    ['fixed[4]', new Uint8Array(4), 'make the column binary'],
    ['decimal(3, 1)', 1_000n, 'too many digits'],
    ['uuid', 'f79c', 'is no uuid'],
  ])('are refused where %s cannot be written rightly', async (type, value, message) => {
    const one = { uri: `${uri}.refused`, rows: [{ value }] }
    const fields = [field(1, 'value', type)]
    const write = writeParquet(
      { engine, storage: fileStorage },
      { ...one, schema: { type: 'struct', fields } },
    )
    await expect(write).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: expect.stringContaining(message),
    })
  })
})
