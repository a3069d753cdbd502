import { LakehouseError } from '@tenseams/iceberg/errors'
import type { TableIdentifier, TableMetadata } from '@tenseams/iceberg/format/metadata'
import { offsetsProperty } from '@tenseams/iceberg/offsets/offsets'
import { sourcesProperty, writeSources } from '@tenseams/iceberg/offsets/sources'
import type { Catalog, CommitRequest } from '@tenseams/iceberg/table/catalog'
import { dataFile, MemoryTable } from '@tenseams/iceberg/testing/memory-table'
import { type AppendBase, baseOf } from '@tenseams/iceberg/write/append'
import { Registry } from 'prom-client'
import { afterEach, expect, it, vi } from 'vitest'
import { LakehouseMetrics } from '../metrics.ts'
import { Expiry, expireTable, Pins } from './expiry.ts'

const bronze = { namespace: 'bronze', name: 'orders' }
const policy = { keepLast: 1, olderThanMs: 0, leastToExpire: 1 }
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }

it('keeps the snapshot up to which another table was made, and all newer ones', async () => {
  const memory = await tableOf(6)
  const { expired } = await expireTable(
    portsOf(memory, { 'silver.orders': 3n }),
    bronze,
    memory.metadata,
    policy,
  )
  expect(expired).toBe(2)
  expect(memory.metadata.snapshots.map(({ snapshotId }) => snapshotId)).toEqual([3n, 4n, 5n, 6n])
})

it('expires nothing while the catalogue cannot list who needs which snapshot', async () => {
  const memory = await tableOf(6)
  const down = new LakehouseError('CATALOG_UNAVAILABLE', 'down')
  const ports = portsOf(memory, { 'silver.orders': down })
  await expect(expireTable(ports, bronze, memory.metadata, policy)).rejects.toBe(down)
  expect(memory.metadata.snapshots).toHaveLength(6)
})

it('does not ask the catalogue while there is nothing to expire, nor at each commit while snapshots are held', async () => {
  const memory = await tableOf(160)
  const ports = portsOf(memory, { 'silver.orders': 1n })
  const expiry = new Expiry(new Pins(ports.catalog))
  const options = { ports, log, metrics: new LakehouseMetrics(new Registry()) }
  const young = { ...memory.metadata, snapshots: memory.metadata.snapshots.slice(-60) }
  await expiry.afterCommit(options, bronze, baseOf(young))
  expect(ports.asked()).toBe(0)
  const base: AppendBase = baseOf(memory.metadata)
  for (let commit = 0; commit < 5; commit++) {
    expect(await expiry.afterCommit(options, bronze, base)).toBe(base)
  }
  expect(ports.asked()).toBe(1)
})

afterEach(() => {
  vi.useRealTimers()
})

/** `count` snapshots, the newest of now, the others a second apart. */
async function followedTable(count: number) {
  const memory = await tableOf(count)
  vi.useFakeTimers({ toFake: ['Date'], now: count * 1_000 })
  return memory
}

it('keeps the metadata of a table short whose newest snapshots others have recorded, and its files for five minutes', async () => {
  const memory = await followedTable(200)
  const ports = portsOf(memory, { 'silver.orders': 190n, 'silver.quarantine': 180n })
  const expiry = new Expiry(new Pins(ports.catalog))
  const options = { ports, log, metrics: new LakehouseMetrics(new Registry()) }
  const before = memory.files.size
  const base = await expiry.afterCommit(options, bronze, baseOf(memory.metadata))
  expect(base.metadata.snapshots.map(({ snapshotId }) => snapshotId)[0]).toBe(141n)
  expect(memory.files.size).toBe(before)
  vi.setSystemTime(Date.now() + 299_000)
  await expiry.afterCommit(options, bronze, base)
  expect(memory.files.size).toBe(before)
  vi.setSystemTime(Date.now() + 1_000)
  await expiry.afterCommit(options, bronze, base)
  expect(memory.files.size).toBeLessThan(before - 130)
})

it.each<[string, Readonly<Record<string, bigint>>]>([
  ['that nobody has recorded', {}],
  [
    'of which a table has recorded a snapshot that is gone',
    { 'silver.orders': 190n, 'silver.b': 999n },
  ],
])('keeps the snapshots of five minutes of a table %s', async (_what, pins) => {
  const memory = await followedTable(500)
  const ports = portsOf(memory, pins)
  const options = { ports, log, metrics: new LakehouseMetrics(new Registry()) }
  const expiry = new Expiry(new Pins(ports.catalog))
  const { metadata } = await expiry.afterCommit(options, bronze, baseOf(memory.metadata))
  expect(metadata.snapshots.length).toBeGreaterThanOrEqual(299)
})

it('asks once for what is needed of all tables', async () => {
  const memory = await followedTable(200)
  const ports = portsOf(memory, { 'silver.orders': 190n })
  const pins = new Pins(ports.catalog)
  expect(await Promise.all([pins.of(bronze), pins.of(bronze)])).toEqual([[190n], [190n]])
  expect(ports.asked()).toBe(1)
  vi.setSystemTime(Date.now() + 60_000)
  await pins.of(bronze)
  expect(ports.asked()).toBe(2)
})

async function tableOf(snapshots: number): Promise<MemoryTable> {
  const memory = new MemoryTable({ properties: { [offsetsProperty]: '{}' } })
  for (let number = 0; number < snapshots; number++) {
    const uri = `memory:/data/${number}.parquet`
    await memory.storage.write(uri, Buffer.of())
    await memory.commit({ operation: 'append', added: [dataFile(uri)] })
  }
  return memory
}

function portsOf(memory: MemoryTable, pins: Readonly<Record<string, bigint | Error>>) {
  let asked = 0
  const names = Object.keys(pins).map((name) => name.split('.') as [string, string])
  const catalog = {
    listNamespaces: async () => {
      asked++
      return [...new Set(names.map(([namespace]) => namespace))]
    },
    listTables: async (namespace: string) =>
      names.filter(([one]) => one === namespace).map(([, name]) => ({ namespace, name })),
    loadTable: async ({ namespace, name }: TableIdentifier) => {
      const pin = pins[`${namespace}.${name}`]
      if (pin instanceof Error) throw pin
      const sources = writeSources(pin === undefined ? {} : { 'bronze.orders': pin })
      const properties = { [sourcesProperty]: sources }
      return { properties } as Partial<TableMetadata> as TableMetadata
    },
    commitTable: async (_table: TableIdentifier, { updates }: CommitRequest) => {
      const [update] = updates as readonly { readonly 'snapshot-ids': readonly bigint[] }[]
      const snapshots = memory.metadata.snapshots.filter(
        ({ snapshotId }) => !update?.['snapshot-ids'].includes(snapshotId),
      )
      memory.metadata = { ...memory.metadata, snapshots }
      return { kind: 'committed' as const, metadata: memory.metadata }
    },
  }
  return {
    catalog: catalog as Partial<Catalog> as Catalog,
    storage: memory.storage,
    asked: () => asked,
  }
}
