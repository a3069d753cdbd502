import { LakehouseError } from '@tenseams/iceberg/errors'
import type { TableIdentifier, TableMetadata } from '@tenseams/iceberg/format/metadata'
import { offsetsProperty } from '@tenseams/iceberg/offsets/offsets'
import { sourcesProperty, writeSources } from '@tenseams/iceberg/offsets/sources'
import type { Catalog, CommitRequest } from '@tenseams/iceberg/table/catalog'
import { dataFile, MemoryTable } from '@tenseams/iceberg/testing/memory-table'
import { type AppendBase, baseOf } from '@tenseams/iceberg/write/append'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { LakehouseMetrics } from '../metrics.ts'
import { Expiry, expireTable } from './expiry.ts'

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
  const expiry = new Expiry()
  const options = { ports, log, metrics: new LakehouseMetrics(new Registry()) }
  const young = { ...memory.metadata, snapshots: memory.metadata.snapshots.slice(-100) }
  await expiry.afterCommit(options, bronze, baseOf(young))
  expect(ports.asked()).toBe(0)
  const base: AppendBase = baseOf(memory.metadata)
  for (let commit = 0; commit < 5; commit++) {
    expect(await expiry.afterCommit(options, bronze, base)).toBe(base)
  }
  expect(ports.asked()).toBe(1)
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
