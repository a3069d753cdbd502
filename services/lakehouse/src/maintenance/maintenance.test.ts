import { LakehouseError } from '@tenseams/iceberg/errors'
import { fullName, type TableIdentifier } from '@tenseams/iceberg/format/metadata'
import { offsetsProperty } from '@tenseams/iceberg/offsets/offsets'
import type { Listing, Storage } from '@tenseams/iceberg/storage'
import type { Catalog } from '@tenseams/iceberg/table/catalog'
import { dataFile, MemoryTable } from '@tenseams/iceberg/testing/memory-table'
import type { AppendPorts } from '@tenseams/iceberg/write/append'
import { Registry } from 'prom-client'
import { expect, it, vi } from 'vitest'
import { LakehouseMetrics } from '../metrics.ts'
import { Maintenance } from './maintenance.ts'

const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const ours = { [offsetsProperty]: '{}' }

it('continues with the other tables when one fails, and counts each failed step', async () => {
  const memory = await littered(ours)
  const torn = new MemoryTable({ ...memory.metadata, location: 'memory:/torn' })
  const snapshots = memory.metadata.snapshots.map((one) => ({
    ...one,
    manifestList: 'memory:/gone',
  }))
  torn.metadata = { ...torn.metadata, snapshots }
  const { maintenance, registry } = opened({ 'bronze.b': memory, 'bronze.a': torn })
  await maintenance.round()
  expect([...memory.files.keys()].filter((uri) => uri.includes('orphan'))).toEqual([])
  const text = await registry.metrics()
  for (const step of ['compact', 'orphans']) {
    expect(text).toContain(`maintenance_failures_total{table="bronze.a",step="${step}"} 1`)
  }
  expect(text).toContain('orphans_removed_total{table="bronze.b"} 1')
  for (const step of ['compact', 'expire', 'orphans']) {
    expect(text).toContain(`maintenance_failures_total{table="bronze.b",step="${step}"} 0`)
  }
})

it('leaves alone what it does not write: tables of other engines, and other namespaces', async () => {
  for (const tables of [
    { 'gold.of_flink': await littered({}) },
    { 'elsewhere.b': await littered(ours) },
  ]) {
    const { maintenance, registry } = opened(tables)
    await maintenance.round()
    for (const { files } of Object.values(tables))
      expect(files.has('memory:/t/data/orphan')).toBe(true)
    expect(await registry.metrics()).not.toMatch(/maintenance_failures_total\{.*\} [^0]/)
  }
})

it('looks for orphans once an hour', async () => {
  const memory = await littered(ours)
  const { maintenance } = opened({ 'bronze.a': memory })
  await maintenance.round()
  await litter(memory)
  await maintenance.round()
  expect(memory.files.has('memory:/t/data/orphan')).toBe(true)
})

it('reads a table that has nothing to maintain once in a round, and passes it over in most of the next', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const { maintenance, loaded } = opened({ 'bronze.a': new MemoryTable({ properties: ours }) })
  await maintenance.round()
  loaded.length = 0
  for (let minute = 0; minute < 40; minute++) {
    vi.setSystemTime(Date.now() + 60_000)
    await maintenance.round()
  }
  vi.useRealTimers()
  expect(loaded.length).toBeLessThanOrEqual(12)
})

it('does no step after it is closed', async () => {
  const memory = await littered(ours)
  const { maintenance } = opened({ 'bronze.a': memory })
  await maintenance.close()
  await maintenance.round()
  expect(memory.files.has('memory:/t/data/orphan')).toBe(true)
})

async function littered(properties: Readonly<Record<string, string>>): Promise<MemoryTable> {
  const memory = new MemoryTable({ properties, location: 'memory:/t' })
  await memory.storage.write('memory:/t/data/a.parquet', Buffer.of())
  await memory.commit({ operation: 'append', added: [dataFile('memory:/t/data/a.parquet')] })
  await litter(memory)
  return memory
}

async function litter({ storage, writtenMs }: MemoryTable): Promise<void> {
  await storage.write('memory:/t/data/orphan', Buffer.of())
  writtenMs.set('memory:/t/data/orphan', 0)
}

function opened(tables: Readonly<Record<string, MemoryTable>>) {
  const names = Object.keys(tables).map((name) => name.split('.') as [string, string])
  const loaded: TableIdentifier[] = []
  const catalog = {
    listNamespaces: async () => [...new Set(names.map(([namespace]) => namespace))],
    listTables: async (namespace: string) =>
      names.filter(([one]) => one === namespace).map(([, name]) => ({ namespace, name })),
    loadTable: async (table: TableIdentifier) => {
      loaded.push(table)
      const found = tables[fullName(table)]
      if (found !== undefined) return found.metadata
      throw new LakehouseError('CATALOG_NOT_FOUND', table.name)
    },
  } as Partial<Catalog> as Catalog
  const storage = Object.values(tables)[0]?.storage
  const registry = new Registry()
  const maintenance = new Maintenance({
    ports: { catalog, storage } as Partial<AppendPorts> as AppendPorts & {
      readonly storage: Storage & Listing
    },
    intervalMs: 60_000,
    compactBytesPerMinute: 1_000_000,
    metrics: new LakehouseMetrics(registry),
    log,
  })
  return { maintenance, registry, loaded }
}
