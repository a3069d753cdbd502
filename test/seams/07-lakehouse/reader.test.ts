import { randomUUID } from 'node:crypto'
import { fullName, type TableIdentifier } from '@tenseams/iceberg/format/metadata'
import type { Row } from '@tenseams/iceberg/format/row'
import type { StructType } from '@tenseams/iceberg/format/schema'
import { planIncremental } from '@tenseams/iceberg/read/incremental'
import { queryTable } from '@tenseams/iceberg/read/query'
import { planScan } from '@tenseams/iceberg/read/scan'
import { scanSql } from '@tenseams/iceberg/read/scan-sql'
import { fileStorage } from '@tenseams/iceberg/storage'
import { ensureSchema } from '@tenseams/iceberg/table/evolve'
import { type AppendPorts, append, baseOf } from '@tenseams/iceberg/write/append'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runProgram } from '../../runner/program.ts'
import { closeLake, openLake } from '../../support/lake/open-lake.ts'
import { type TestStack, useStack } from '../../support/stack.ts'
import { appendNumber, compactAll, newTable, numbersIn, overwriteAll } from './numbers-table.ts'

const namespace = `reader_${randomUUID().slice(0, 8)}`

let stack: TestStack
let ports: AppendPorts

beforeAll(async () => {
  stack = await useStack()
  ports = await openLake(stack.endpoints.catalogUrl)
  await ports.catalog.ensureNamespace(namespace)
})

afterAll(async () => {
  await closeLake(ports, namespace)
})

const load = (table: TableIdentifier) => ports.catalog.loadTable(table)
const currentId = async (table: TableIdentifier) => {
  const { currentSnapshotId } = await load(table)
  if (currentSnapshotId === null) throw new Error('the table is empty')
  return currentSnapshotId
}

describe('a table whose columns were renamed, widened and added', () => {
  const before: StructType = {
    type: 'struct',
    fields: [
      { id: 1, name: 'number', required: false, type: 'int' },
      {
        id: 2,
        name: 'placed',
        required: false,
        type: {
          type: 'struct',
          fields: [{ id: 3, name: 'total', required: false, type: 'int' }],
        },
      },
    ],
  }
  const after: StructType = {
    type: 'struct',
    fields: [
      { id: 1, name: 'count', aliases: ['number'], required: false, type: 'long' },
      {
        id: 2,
        name: 'placed',
        required: false,
        type: {
          type: 'struct',
          fields: [
            { id: 3, name: 'sum', aliases: ['total'], required: false, type: 'long' },
            { id: 4, name: 'tax', required: false, type: 'long' },
          ],
        },
      },
    ],
  }
  const oldRow = { number: 1, placed: { total: 10 } }
  const newRow = { count: 2n ** 60n, placed: { sum: 20n, tax: 2n } }
  let table: TableIdentifier
  let first: bigint

  const add = async (row: Row) =>
    append(ports, table, baseOf(await load(table)), { rows: [row], spans: {} })

  beforeAll(async () => {
    table = { namespace, name: `t_${randomUUID().slice(0, 8)}` }
    await ports.catalog.ensureTable(table, before, {})
    await add(oldRow)
    first = await currentId(table)
    await ensureSchema(ports.catalog, table, await load(table), after)
    await add(newRow)
  })

  const expectAll = async () =>
    expect(await queryTable(ports, table, 'SELECT * FROM rows ORDER BY count')).toEqual([
      { count: 1n, placed: { sum: 10n, tax: null } },
      newRow,
    ])

  test('gives older rows under the new names, and all of them after a compaction', async () => {
    await expectAll()
    expect(await compactAll(ports, table)).toMatchObject([{ kind: 'committed' }])
    await expectAll()
  })

  test('gives older rows as they were, in a read as of that time', async () => {
    expect(await queryTable(ports, table, 'SELECT * FROM rows', first)).toEqual([oldRow])
  })
})

describe('what changed since a snapshot', () => {
  test('is each row once, also with compactions in between', async () => {
    const table = await newTable(ports, namespace)
    const start = await currentId(table)
    await appendNumber(ports, table)
    await compactAll(ports, table)
    await appendNumber(ports, table)
    const plan = await planIncremental(fileStorage, await load(table), { after: start })
    expect(plan.changes.map(({ kind, added }) => [kind, added.length])).toEqual([
      ['append', 1],
      ['append', 1],
    ])
    await overwriteAll(ports, table)
    const { upTo: after } = plan
    const { changes } = await planIncremental(fileStorage, await load(table), { after })
    expect(changes).toMatchObject([{ kind: 'overwrite', added: [{}], removed: [{}, {}] }])
  })
})

describe('npm run lake', () => {
  const lake = (...parameters: readonly string[]) =>
    runProgram({
      file: 'services/lakehouse/src/cli/command.ts',
      parameters: [
        ...[...parameters, '--catalog', stack.endpoints.catalogUrl, '--json'],
        ...['--credentials', stack.context.secrets.fileOf('reader')],
      ],
      timeoutMs: 60_000,
    })

  test('query --at reads a table as it was, by snapshot and by time', async () => {
    const table = await newTable(ports, namespace)
    const id = await currentId(table)
    const { snapshots } = await load(table)
    const time = new Date(snapshots.at(-1)?.timestampMs ?? 0).toISOString()
    await overwriteAll(ports, table)
    expect(await numbersIn(ports, table)).toEqual([11n, 12n])
    const sql = `SELECT sum(number)::BIGINT AS sum FROM ${fullName(table)}`
    for (const at of [String(id), time]) {
      const { output } = await lake('query', sql, '--at', at)
      expect(JSON.parse(output)).toEqual({ sum: 3 })
    }
    const early = await lake('query', sql, '--at', '2001-01-01')
    expect(early).toMatchObject({ ok: false, output: expect.stringContaining('history <table>') })
    const wrong = await lake('query', sql, '--at', 'yesterday')
    expect(wrong.output).toContain('a time like')
  })

  test('history says what the log of offsets proves', async () => {
    const table = await newTable(ports, namespace)
    const { ok, output } = await lake('history', fullName(table))
    expect(ok).toBe(true)
    expect(output).toContain('no offset left out or taken twice; 2 commits, 2 rows')
    expect(output).toContain('numbers-0 0–2')
  })
})

test('a scan with a filter leaves out the files that have no such row', async () => {
  const table = await newTable(ports, namespace)
  const filter = [{ column: 'number', op: '>', value: 1n }] as const
  expect(await planScan(fileStorage, await load(table), { filter })).toMatchObject({
    files: [{ record_count: 1n }],
    pruned: 1,
  })
})

test('a scan of a table by buckets reads the bucket of the value', async () => {
  const table = { namespace, name: 'by_bucket' }
  const fields = [{ id: 1, name: 'key', required: false, type: 'string' }]
  const partitioning = [{ column: 'key', transform: 'bucket[8]' }]
  await ports.catalog.ensureTable(table, { type: 'struct', fields }, {}, partitioning)
  const keys = Array.from({ length: 60 }, (_, index) => `key ${index}`)
  const rows = keys.map((key) => ({ key }))
  await append(ports, table, baseOf(await load(table)), { rows, spans: {} })
  for (const key of keys) {
    const filter = [{ column: 'key', op: '=', value: key }] as const
    const { files } = await planScan(fileStorage, await load(table), { filter })
    expect(files).toHaveLength(1)
    const found = await ports.engine.using(async (connection) => {
      const sql = await scanSql(ports, { files }, { type: 'struct', fields })
      return (await connection.runAndReadAll(sql)).getRowsJS().flat()
    })
    expect(found).toContain(key)
  }
})

test('a table cannot be read as of a time when it was empty', async () => {
  const table = await newTable(ports, namespace, { empty: true })
  await expect(planScan(fileStorage, await load(table), { at: Date.now() })).rejects.toMatchObject({
    code: 'SNAPSHOT_UNKNOWN',
  })
})
