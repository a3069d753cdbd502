import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Engine } from '../duckdb.ts'
import type { Row, Value } from '../format/row.ts'
import type { ColumnType, Field, StructType } from '../format/schema.ts'
import { fileStorage } from '../storage.ts'
import { writeParquet } from './parquet.ts'

const field = (id: number, name: string, type: ColumnType): Field => ({
  ...{ id, name, type },
  required: false,
})

const list = (id: number, element: ColumnType): ColumnType => ({
  ...{ type: 'list', 'element-id': id, element },
  'element-required': false,
})

const struct = (...fields: readonly Field[]): StructType => ({ type: 'struct', fields })

let folder: string
let engine: Engine

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vectors-'))
  engine = await Engine.open({ memoryLimit: '128MB', threads: 1 })
})

afterAll(() => {
  engine.close()
  rmSync(folder, { recursive: true })
})

let files = 0
async function write(schema: StructType, rows: readonly Row[]): Promise<string> {
  files += 1
  const path = `${folder}/${files}.parquet`
  await writeParquet({ engine, storage: fileStorage }, { uri: `file://${path}`, schema, rows })
  return path
}

async function read(sql: string): Promise<readonly unknown[]> {
  return engine.using(async (connection) => {
    const reader = await connection.runAndReadAll(sql)
    return reader.getRowsJson()
  })
}

it('rows of many chunks keep their order, their nulls and the lists’ elements', async () => {
  const count = 10_000
  const isNull = (index: number) => index % 7 === 3
  const schema = struct(
    field(1, 'number', 'long'),
    field(2, 'name', 'string'),
    field(3, 'part', struct(field(4, 'flag', 'boolean'), field(5, 'rate', 'double'))),
    field(6, 'lines', list(7, struct(field(8, 'piece', 'int'), field(9, 'sku', 'string')))),
    field(10, 'tags', list(11, list(12, 'string'))),
  )
  const rows = Array.from({ length: count }, (_, index): Row => {
    const line = (piece: number) => ({ piece, sku: piece % 2 === 0 ? null : `sku-${piece}` })
    return {
      number: isNull(index) ? null : BigInt(index),
      name: isNull(index + 1) ? null : `a name of more than twelve bytes, ${index} — ü`,
      part: isNull(index + 2) ? null : { flag: index % 2 === 0, rate: index + 0.25 },
      lines: isNull(index + 3) ? null : Array.from({ length: index % 4 }, (_, n) => line(n)),
      tags: index % 3 === 0 ? [] : [[`t${index}`], [], [null, 'x']],
    }
  })
  const file = await write(schema, rows)
  const json = (value: unknown) =>
    JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? Number(part) : part))
  const found = await read(
    `SELECT to_json({'number': number, 'name': name, 'part': part, 'lines': lines, 'tags': tags})::VARCHAR FROM '${file}'`,
  )
  expect(found.map((row) => (row as readonly string[])[0])).toEqual(rows.map(json))
})

it.each<[string, ColumnType, Value]>([
  ['an int above 32 bits', 'int', 2 ** 31],
  ['an int with a fraction', 'int', 0.5],
  ['a long above 64 bits', 'long', 2n ** 63n],
  ['a long as a number that is not exact', 'long', 2 ** 53],
  ['a text as a long', 'long', '7'],
  ['a time as a number with a fraction', 'timestamptz', 0.5],
  ['a bigint as a double', 'double', 7n],
  ['a number as a boolean', 'boolean', 1],
])('%s is refused, with its value', async (_what, type, value) => {
  const schema = struct(field(1, 'value', struct(field(2, 'inner', list(3, type)))))
  const writing = write(schema, [{ value: null }, { value: { inner: [null, value] } }])
  await expect(writing).rejects.toMatchObject({
    code: 'FORMAT_UNSUPPORTED',
    message: expect.stringContaining(`${value}`),
  })
})

it('many tables are written side by side', async () => {
  const schema = struct(field(1, 'table', 'int'), field(2, 'row', 'long'))
  const tables = Array.from({ length: 20 }, (_, table) => table)
  const written = await Promise.all(
    tables.map((table) =>
      write(
        schema,
        Array.from({ length: 3_000 }, (_, row) => ({ table, row: BigInt(row) })),
      ),
    ),
  )
  for (const [table, file] of written.entries()) {
    const sql = `SELECT min("table"), max("table"), count(DISTINCT row)::INTEGER FROM '${file}'`
    expect(await read(sql)).toEqual([[table, table, 3_000]])
  }
})
