import { fullName, type TableIdentifier } from '@tenseams/iceberg/format/metadata'
import { type OwnLake, openOwnLake } from '@tenseams/iceberg/testing/own-lake'
import { append, baseOf } from '@tenseams/iceberg/write/append'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { bronzeTableOf } from './bronze/bronze-table.ts'
import { loadIfThere, loadOrCreate } from './bronze/table-opening.ts'
import { correct, revenueCorrections } from './gold/corrections.ts'
import { goldTables } from './gold/gold-tables.ts'
import { LayerMetrics } from './layer-metrics.ts'
import { Layers } from './layers.ts'
import { refresh } from './silver/refresh.ts'
import { silverTables } from './silver/tables.ts'

const orders = bronzeTableOf('orders.order.v1')
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }

let lake: OwnLake
let layers: Layers
let failures: unknown[]
let registry: Registry
/** The tables that the catalogue was asked for. */
let asked: string[]

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  lake = await openOwnLake()
  asked = []
  failures = []
  registry = new Registry()
  const { catalogue } = lake
  const load = catalogue.loadTable.bind(catalogue)
  catalogue.loadTable = (table: TableIdentifier) => {
    asked.push(fullName(table))
    return load(table)
  }
  for (const { source } of silverTables()) {
    const topic = source.name === orders.table.name ? orders : { ...orders, table: source }
    await loadOrCreate(lake.ports.catalog, source, topic.schema)
  }
  layers = new Layers({
    ...{ ports: lake.ports, silver: silverTables(), refresh, correct },
    ...{ corrections: revenueCorrections, intervalMs: 1_000, mostRows: 1_000n },
    metrics: new LayerMetrics(
      registry,
      silverTables().map(({ table }) => fullName(table)),
    ),
    log: { ...log, error: (context: object) => void failures.push(context) },
  })
})

afterEach(() => {
  lake.close()
  vi.useRealTimers()
})

const sources = silverTables().map(({ source }) => fullName(source))

let placed = 0n
async function placeOrder(): Promise<void> {
  const metadata = await lake.catalogue.loadTable(orders.table)
  const value = {
    ...{ eventId: `e-${placed}`, streamId: `o-${placed}`, version: 1n, type: 'OrderPlaced' },
    ...{ occurredAt: 1_790_000_000_000, traceparent: null, confirmed: null, rejected: null },
    ...{ cancelled: null, completed: null, refunded: null },
    placed: {
      ...{ customerId: 'c', currency: 'EUR', totalMinor: 5n, paymentMethod: 'card' },
      lines: [{ sku: 'lamp', quantity: 1, priceMinor: 5n }],
    },
  }
  const origin = { partition: 0, offset: placed, timestampMs: 1_790_000_000_000, schemaId: 1 }
  await append(lake.ports, orders.table, baseOf(metadata), {
    rows: [orders.rowOf(value, origin)],
    spans: { 'orders.order.v1-0': { start: placed, end: placed + 1n } },
  })
  placed += 1n
}

/** Rounds, a second each. */
async function rounds(count: number): Promise<void> {
  for (let round = 0; round < count; round++) {
    await layers.round()
    vi.advanceTimersByTime(1_000)
  }
}

async function rowsOf(namespace: string, name: string): Promise<string | undefined> {
  const found = await loadIfThere(lake.ports.catalog, { namespace, name })
  return found?.snapshots.at(-1)?.summary['total-records']
}

test('rounds in which nothing has come ask for the sources only, and soon seldom', async () => {
  await rounds(2)
  asked.length = 0
  await rounds(60)
  expect(asked.filter((table) => /^silver|daily_revenue/.test(table))).toEqual([])
  asked.length = 0
  await rounds(600)
  expect(asked.length).toBeLessThanOrEqual((sources.length + 4) * 21)
  expect(failures).toEqual([])
}, 60_000)

test('what this process commits to bronze is in silver and gold after the next round', async () => {
  await rounds(100)
  await placeOrder()
  layers.sourceChanged(orders.table)
  await layers.round()
  expect(await rowsOf('silver', 'orders')).toBe('1')
  expect(await rowsOf('gold', 'order_to_cash')).toBe('1')
  expect(failures).toEqual([])
}, 60_000)

test('what another process commits to bronze is found within half a minute', async () => {
  await rounds(100)
  await placeOrder()
  await rounds(30)
  expect(await rowsOf('silver', 'orders')).toBe('1')
  expect(await rowsOf('gold', 'order_to_cash')).toBe('1')
}, 60_000)

test('a table that was overtaken, or failed, is tried again in the next round', async () => {
  await rounds(2)
  await placeOrder()
  layers.sourceChanged(orders.table)
  const commit = lake.catalogue.commitTable.bind(lake.catalogue)
  lake.catalogue.commitTable = () => Promise.reject(new Error('the catalogue is away'))
  await layers.round()
  expect(failures.length).toBeGreaterThan(0)
  lake.catalogue.commitTable = commit
  await layers.round()
  expect(await rowsOf('silver', 'orders')).toBe('1')
  expect(await rowsOf('gold', 'order_to_cash')).toBe('1')
}, 60_000)

test('each table of gold says since when it is up to date, also while nothing comes, and not while it fails', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'] })
  const upToDateAt = async () => {
    const metric = registry.getSingleMetric('tenseams_lakehouse_refreshed_timestamp_seconds')
    const values = (await metric?.get())?.values ?? []
    const made = values.filter(({ labels: { table } }) =>
      goldTables.some(({ name }) => table === `gold.${name}`),
    )
    expect(made).toHaveLength(goldTables.length)
    return new Set(made.map(({ value }) => Math.round(value)))
  }
  await placeOrder()
  layers.sourceChanged(orders.table)
  await rounds(100)
  const last = Math.round(Date.now() / 1_000) - 1
  expect(await upToDateAt()).toEqual(new Set([last]))
  await placeOrder()
  layers.sourceChanged(orders.table)
  const commit = lake.catalogue.commitTable.bind(lake.catalogue)
  lake.catalogue.commitTable = (table, ...what) => {
    if (table.namespace === 'gold') throw new Error('gold cannot be written')
    return commit(table, ...what)
  }
  await rounds(50)
  expect(Math.min(...(await upToDateAt()))).toBeLessThan(last + 5)
}, 60_000)
