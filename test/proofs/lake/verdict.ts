import { existsSync, globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { LogReader } from '@tenseams/auditor/log-reader'
import { Engine } from '@tenseams/iceberg/duckdb'
import { hasCode } from '@tenseams/iceberg/errors'
import { fullName, type TableMetadata } from '@tenseams/iceberg/format/metadata'
import { type OffsetProof, verifyOffsets } from '@tenseams/iceberg/offsets/offset-log'
import { queryTable } from '@tenseams/iceberg/read/query'
import { planScan } from '@tenseams/iceberg/read/scan'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { liveFiles } from '@tenseams/iceberg/table/snapshot'
import { baseOf } from '@tenseams/iceberg/write/append'
import { eventually, WaitTimeoutError } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { pyiceberg } from '../../support/lake/pyiceberg.ts'
import { accessTo, ownLogin } from '../../support/login.ts'
import type { Verdict } from '../claim.ts'
import { judge } from './judgement.ts'
import { NUMBER_HEADER, recordOf, sumOf, TABLE, TOPIC, textOf } from './records.ts'

/**
 * Compares the table with Kafka's log, read by another client than the sinks': by DuckDB over the planned files, value by value,
 * by the log of offsets, and by pyiceberg, which shares no code with the writer.
 */
export async function verify({ endpoints }: Stack, seed: number): Promise<Verdict> {
  const { wanted, last } = await readLog(endpoints.kafkaBrokers, seed)
  const engine = await Engine.open({ memoryLimit: '1GB', threads: 2 })
  const catalog = new Catalog({ url: endpoints.catalogUrl, login: ownLogin, timeoutMs: 10_000 })
  const isThere = async () => {
    const { offsets } = baseOf(await catalog.loadTable(TABLE))
    return [...last].every(([partition, offset]) => (offsets[partition] ?? 0n) > offset)
  }
  const ports = { catalog, engine, storage: fileStorage }
  try {
    const readable = await planScan(fileStorage, await catalog.loadTable(TABLE))
    const gone = readable.files.find(({ file_path }) => !existsSync(fileStorage.locate(file_path)))
    if (gone !== undefined) return missing(gone.file_path)
    const waiting = {
      timeoutMs: 180_000,
      what: 'the table to reach the log’s end',
      intervalMs: 500,
    }
    await eventually(isThere, waiting)
    const rows = await queryTable(ports, TABLE, ROWS)
    const found = rows.map(({ position, text }) => ({
      ...{ position: String(position), sum: sumOf(String(text)) },
    }))
    const metadata = await catalog.loadTable(TABLE)
    const proof = await verifyOffsets(fileStorage, metadata)
    const { kind, lines } = judge(wanted, found, proof?.breaks ?? ['there is no log of offsets'])
    const orphans = await orphansOf(metadata)
    const second = await secondReading(endpoints.catalogUrl, wanted.size)
    return {
      kind: second.length === 0 ? kind : 'refuted',
      lines: [...lines, ...second, ...told(proof, orphans.length)],
    }
  } catch (error) {
    if (error instanceof WaitTimeoutError) return { kind: 'undecided', lines: [error.message] }
    if (!hasCode(error, 'STORAGE_FAILED')) throw error
    return missing(error.message)
  } finally {
    engine.close()
  }
}

/** What pyiceberg finds, if it differs. */
async function secondReading(catalogUrl: string, committed: number): Promise<readonly string[]> {
  const columns = ['kafka_partition', 'kafka_offset']
  const [found] = await pyiceberg(catalogUrl, [{ do: 'count', table: fullName(TABLE), columns }])
  const { rows, distinct } = found as { readonly rows: number; readonly distinct: number }
  if (rows === committed && distinct === committed) return []
  return [`BROKEN   I16 pyiceberg reads ${rows} rows, ${distinct} distinct`]
}

/** Data files that nothing refers to: of killed sinks, and of commits whose outcome stayed unknown. */
async function orphansOf(metadata: TableMetadata): Promise<readonly string[]> {
  const referred = new Set<string>()
  for (const snapshot of metadata.snapshots) {
    const old = { ...metadata, currentSnapshotId: snapshot.snapshotId }
    for (const { file } of await liveFiles(fileStorage, old)) {
      referred.add(fileStorage.locate(file.file_path))
    }
  }
  const folder = join(fileStorage.locate(metadata.location), 'data')
  return globSync('**/*.parquet', { cwd: folder }).filter(
    (file) => !referred.has(join(folder, file)),
  )
}

function told(proof: OffsetProof | undefined, orphans: number): readonly string[] {
  if (proof === undefined) return []
  const { commits, unnamed } = proof
  return [
    `log of offsets: ${commits} commits, ${unnamed} attempts that failed`,
    `${orphans} data files that nothing refers to`,
  ]
}

/** @param what the file's path, with or without the system's error. */
const missing = (what: string): Verdict => ({
  kind: 'refuted',
  lines: [
    `BROKEN   I16 the table refers to a file that is gone: ${basename(what.split(': ')[0] ?? what)}`,
  ],
})

async function readLog(brokers: string, seed: number) {
  const reader = new LogReader({ ...accessTo(brokers), timeoutMs: 10_000 })
  const wanted = new Map<string, string>()
  const last = new Map<string, bigint>()
  await reader.readOn([TOPIC], async (records) => {
    for (const { partition, offset, fate, headers, writtenAt } of records) {
      const record = recordOf(seed, Number(headers.get(NUMBER_HEADER)))
      if (fate !== 'committed' || record.kind !== 'event') continue
      wanted.set(`${partition}@${offset}`, sumOf(textOf(record, writtenAt)))
      last.set(`${TOPIC}-${partition}`, offset)
    }
  })
  await reader.close()
  return { wanted, last }
}

const ROWS = `SELECT kafka_partition || '@' || kafka_offset AS position, array_to_string(list_transform([
  event_id, stream_id, version::VARCHAR, type, epoch_us(occurred_at)::VARCHAR,
  epoch_us(kafka_timestamp)::VARCHAR, traceparent, placed.customer_id, placed.currency,
  placed.total_minor::VARCHAR, placed.payment_method, array_to_string(list_transform(placed.lines,
  lambda l: l.sku || ':' || l.quantity || ':' || l.price_minor), ','), completed.shipment_id],
  lambda v: coalesce(v, '')), '|') AS text FROM rows`
