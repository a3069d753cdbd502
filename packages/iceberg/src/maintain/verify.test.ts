import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Engine } from '../duckdb.ts'
import type { DataFile } from '../format/manifest.ts'
import type { TableMetadata } from '../format/metadata.ts'
import { dataFile, MemoryTable } from '../testing/memory-table.ts'
import { verifyTable } from './verify.ts'

const uri = 'memory:/data/a.parquet'
let engine: Engine
let folder: string
/** A file of two rows, which stands in for every data file that DuckDB reads. */
let parquet: string

beforeAll(async () => {
  engine = await Engine.open({ memoryLimit: '64MB', threads: 1 })
  folder = await mkdtemp(join(tmpdir(), 'verify-'))
  parquet = join(folder, 'a.parquet')
  await engine.using((connection) => connection.run(`COPY (FROM range(2)) TO '${parquet}'`))
})

afterAll(async () => {
  engine.close()
  await rm(folder, { recursive: true })
})

describe('a verification', () => {
  it('finds no violation in a consistent table', async () => {
    const memory = await tableOf({ record_count: 2n })
    expect(await verified(memory)).toMatchObject({ rows: 2n, dataFiles: 1, breaks: [] })
  })

  it.each<[string, (memory: MemoryTable) => void, string]>([
    ['a data file is gone', ({ files }) => files.delete(uri), `${uri} is not there`],
    [
      'a data file is cut',
      ({ files }) => files.set(uri, Buffer.of()),
      `${uri} has 0 bytes, expected 1`,
    ],
    ['a list is gone', ({ files, metadata }) => files.delete(listOf(metadata)), 'snap-1-1-'],
    [
      'a summary is wrong',
      (memory) => summarise(memory, { 'total-records': '3' }),
      'snapshot 1: total-records is 3, its manifests say 2',
    ],
    [
      'the newest snapshot is none of the table’s',
      (memory) => change(memory, { currentSnapshotId: 7n }),
      'the newest snapshot 7',
    ],
    [
      'the metadata file is gone',
      (memory) => change(memory, { metadataLocation: 'memory:/metadata/1.json' }),
      'memory:/metadata/1.json is not there',
    ],
  ])('tells that %s', async (_what, harm, told) => {
    const memory = await tableOf({ record_count: 2n })
    harm(memory)
    const { breaks } = await verified(memory)
    expect(breaks).toHaveLength(1)
    expect(breaks[0]).toContain(told)
  })

  it('reports a manifest whose row count differs from its Parquet', async () => {
    const { breaks } = await verified(await tableOf({ record_count: 5n }))
    expect(breaks).toEqual([`${uri}: 2 rows, its manifest says 5`])
  })

  it('does not report files that an expiry deletes meanwhile', async () => {
    const memory = await tableOf({ record_count: 2n })
    const stale = memory.metadata
    await memory.commit({ operation: 'append' })
    memory.files.delete(listOf(stale))
    const expired = { ...memory.metadata, snapshots: memory.metadata.snapshots.slice(1) }
    const reads = [memory.metadata, expired]
    const catalog = { loadTable: async () => reads.shift() ?? expired }
    expect((await verified(memory, catalog)).breaks).toEqual([])
  })
})

const verified = (memory: MemoryTable, catalog = { loadTable: async () => memory.metadata }) => {
  const locate = (path: string) => (path === uri ? parquet : path)
  const ports = { catalog, engine, storage: { ...memory.storage, locate } }
  return verifyTable(ports, { namespace: 'bronze', name: 'a' })
}

const listOf = ({ snapshots }: TableMetadata) => snapshots[0]?.manifestList ?? ''

function change(memory: MemoryTable, metadata: Partial<TableMetadata>): void {
  memory.metadata = { ...memory.metadata, ...metadata }
}

function summarise(memory: MemoryTable, summary: Readonly<Record<string, string>>): void {
  change(memory, { snapshots: memory.metadata.snapshots.map((one) => ({ ...one, summary })) })
}

async function tableOf(statistics: Partial<DataFile>): Promise<MemoryTable> {
  const memory = new MemoryTable()
  await memory.storage.write(uri, Buffer.of(1))
  await memory.commit({ operation: 'append', added: [dataFile(uri, statistics)] })
  return memory
}
