import { fullName, type TableIdentifier } from '@tenseams/iceberg/format/metadata'
import { linkOffsets } from '@tenseams/iceberg/offsets/offset-log'
import { sourcesProperty, writeSources } from '@tenseams/iceberg/offsets/sources'
import { commitChange } from '@tenseams/iceberg/table/commit'
import { currentManifests, liveFiles } from '@tenseams/iceberg/table/snapshot'
import { MemoryCatalog } from '@tenseams/iceberg/testing/memory-catalog'
import { dataFile, MemoryTable } from '@tenseams/iceberg/testing/memory-table'
import { type AppendPorts, baseOf } from '@tenseams/iceberg/write/append'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { LakehouseMetrics } from '../metrics.ts'
import { Maintenance } from './maintenance.ts'

/** Ten a day, so that a month is twelve times 24. */
const ROUNDS = 288
const ROUND_MS = 9_000_000
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }

const named = (namespace: string, name: string): TableIdentifier => ({ namespace, name })
const tables = {
  bronze: named('bronze', 'orders'),
  silver: named('silver', 'orders'),
  quarantine: named('silver', 'quarantine'),
  gold: named('gold', 'daily_revenue'),
  flink: named('gold', 'revenue_per_minute'),
}
const all = Object.values(tables)

let catalogue: MemoryCatalog
const { storage, files } = new MemoryTable()
let written = 0

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) })
  catalogue = new MemoryCatalog()
  for (const table of all) await catalogue.ensureTable(table, { type: 'struct', fields: [] }, {})
})
afterEach(() => {
  vi.useRealTimers()
})

it('a month at constant load leaves every table’s metadata as large as half a month', async () => {
  const maintenance = new Maintenance({
    ports: { catalog: catalogue.client, storage } as Partial<AppendPorts> as AppendPorts & {
      readonly storage: typeof storage
    },
    ...{ intervalMs: 60_000, compactBytesPerMinute: 0, log },
    metrics: new LakehouseMetrics(new Registry()),
  })
  let half: Sizes | undefined
  for (let round = 1; round <= ROUNDS; round++) {
    vi.setSystemTime(Date.now() + ROUND_MS)
    await bronzeCommit()
    await derivedCommit(tables.silver, tables.bronze, true)
    await derivedCommit(tables.quarantine, tables.bronze, false)
    await derivedCommit(tables.gold, tables.silver, true)
    await flinkCommit(round)
    // Seldom, since each looks for orphans, and for that reads every manifest of every snapshot.
    if (round % 24 === 0) await maintenance.round()
    if (round === ROUNDS / 2) half = await sizes()
  }
  const whole = await sizes()
  for (const table of all.map(fullName)) {
    const [before, after] = [half?.[table], whole[table]]
    expect(after?.snapshots, table).toBeLessThanOrEqual(174)
    expect(after?.snapshots, table).toBeLessThanOrEqual((before?.snapshots ?? 0) + 50)
    // Counts that are written out get a digit more now and then.
    expect(after?.bytes, table).toBeLessThan((before?.bytes ?? 0) * 1.5)
    expect(after?.manifests, table).toBeLessThanOrEqual(40)
    expect(after?.metadataFiles, table).toBeLessThan((before?.metadataFiles ?? 0) * 1.5)
  }
}, 120_000)

type Sizes = Readonly<
  Record<string, { bytes: number; snapshots: number; manifests: number; metadataFiles: number }>
>

async function sizes(): Promise<Sizes> {
  const each = await Promise.all(
    all.map(async (table) => {
      const metadata = await catalogue.loadTable(table)
      const own = [...files.keys()].filter((uri) =>
        uri.startsWith(`${metadata.location}/metadata/`),
      )
      const found = {
        bytes: catalogue.metadataBytes(table),
        snapshots: metadata.snapshots.length,
        manifests: (await currentManifests(storage, metadata)).length,
        metadataFiles: own.length,
      }
      return [fullName(table), found] as const
    }),
  )
  return Object.fromEntries(each)
}

const ports = () => ({ catalog: catalogue.client, storage })

async function newFile(table: TableIdentifier) {
  written += 1
  const uri = `memory:/${fullName(table)}/data/${written}.parquet`
  await storage.write(uri, Buffer.of(0))
  return dataFile(uri)
}

/** As `append`, without Parquet. */
async function bronzeCommit(): Promise<void> {
  const metadata = await catalogue.loadTable(tables.bronze)
  const added = [await newFile(tables.bronze)]
  const start = baseOf(metadata).offsets['orders-0'] ?? 0n
  const spans = { 'orders-0': { start, end: start + 1n } }
  await commitChange(ports(), tables.bronze, metadata, {
    ...{ operation: 'append', added, removed: [], begunMs: Date.now(), fits: () => false },
    amend: (on, attempt) => linkOffsets(storage, on, attempt, { spans, added }),
  })
}

/** As `overwrite` of all files, or of none, with the source's snapshot. */
async function derivedCommit(
  table: TableIdentifier,
  from: TableIdentifier,
  hasRows: boolean,
): Promise<void> {
  const [metadata, source] = [await catalogue.loadTable(table), await catalogue.loadTable(from)]
  const removed = (await liveFiles(storage, metadata)).map(({ file }) => file)
  const added = hasRows ? [await newFile(table)] : []
  const made = {
    [sourcesProperty]: writeSources({ [fullName(from)]: source.currentSnapshotId ?? 0n }),
  }
  await commitChange(ports(), table, metadata, {
    ...{ operation: 'overwrite', added, removed, begunMs: Date.now(), fits: () => false },
    amend: () => ({ summary: made, properties: made }),
  })
}

/** As Flink's sink after a checkpoint; its job is restarted once a week. */
async function flinkCommit(round: number): Promise<void> {
  const metadata = await catalogue.loadTable(tables.flink)
  const summary = {
    'flink.job-id': `job-${Math.floor(round / 84)}`,
    'flink.operator-id': 'sink',
    'flink.max-committed-checkpoint-id': `${round}`,
  }
  await commitChange(ports(), tables.flink, metadata, {
    ...{ operation: 'append', added: [await newFile(tables.flink)], removed: [] },
    ...{ begunMs: Date.now(), fits: () => false },
    amend: () => ({ summary, properties: {} }),
  })
}
