import { setTimeout as delay } from 'node:timers/promises'
import { type Engine, quoteText } from '@tenseams/iceberg/duckdb'
import { readLiveEntries } from '@tenseams/iceberg/format/manifest'
import type { TableIdentifier, TableMetadata } from '@tenseams/iceberg/format/metadata'
import { fileStorage } from '@tenseams/iceberg/storage'
import type { Catalog } from '@tenseams/iceberg/table/catalog'
import { manifestsOf } from '@tenseams/iceberg/table/snapshot'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Latency } from './figures.ts'

const POLL_MS = 25

type Sight = { readonly snapshotId: bigint; readonly sequence: bigint; readonly atMs: number }

/** A reader that polls the catalogue and records when it first saw each snapshot. */
export class Reader {
  readonly #catalog: Catalog
  readonly #table: TableIdentifier
  readonly sights: Sight[] = []
  #metadata: TableMetadata | undefined
  readonly #reading: Promise<void>
  #closed = false

  constructor(catalog: Catalog, table: TableIdentifier) {
    this.#catalog = catalog
    this.#table = table
    this.#reading = this.#read()
  }

  /** The rows of the newest snapshot seen. */
  get rows(): number {
    const metadata = this.#metadata
    const current = metadata?.snapshots.find(
      (each) => each.snapshotId === metadata.currentSnapshotId,
    )
    return Number(current?.summary['total-records'] ?? 0)
  }

  get metadata(): TableMetadata {
    if (this.#metadata === undefined) throw new Error('the table was not seen')
    return this.#metadata
  }

  /** Waits until this many rows were seen. */
  async holds(rows: number): Promise<void> {
    await eventually(() => this.rows >= rows, {
      timeoutMs: 120_000,
      intervalMs: 10,
      what: `${rows} rows`,
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#reading
  }

  async #read(): Promise<void> {
    while (!this.#closed) {
      const metadata = await this.#catalog.loadTable(this.#table)
      const atMs = Date.now()
      const { currentSnapshotId: snapshotId, lastSequenceNumber: sequence } = metadata
      if (snapshotId !== null && this.sights.at(-1)?.snapshotId !== snapshotId) {
        this.sights.push({ snapshotId, sequence, atMs })
      }
      this.#metadata = metadata
      await delay(POLL_MS)
    }
  }
}

/** When a snapshot, or a later one that includes its rows, was first seen. */
export function seenAtMs(sights: readonly Sight[], sequence: bigint): number | undefined {
  return sights.find((sight) => sight.sequence >= sequence)?.atMs
}

/**
 * The latency of all rows sent from a given time on: from the record's timestamp, which is its intended time, until a
 * snapshot with it was first seen.
 */
export async function latencyOf(engine: Engine, reader: Reader, fromMs: number): Promise<Latency> {
  const files = await filesWithSequence(reader.metadata)
  const seen = files.flatMap(({ path, sequence }) => {
    const at = seenAtMs(reader.sights.slice(1), sequence)
    return at === undefined ? [] : [{ path, at }]
  })
  if (seen.length === 0) throw new Error('no snapshot was seen')
  const values = seen.map(({ path, at }) => `(${quoteText(path)}, ${at})`).join(', ')
  const paths = seen.map(({ path }) => quoteText(path)).join(', ')
  const sql = `
    SELECT count(*)::INTEGER AS n,
           quantile_cont(seen_ms - epoch_ms(kafka_timestamp), 0.5)::DOUBLE AS p50,
           quantile_cont(seen_ms - epoch_ms(kafka_timestamp), 0.99)::DOUBLE AS p99
    FROM read_parquet([${paths}], filename = true)
    JOIN (VALUES ${values}) AS seen(path, seen_ms) ON seen.path = filename
    WHERE epoch_ms(kafka_timestamp) >= ${fromMs}`
  return engine.using(async (connection) => {
    const [row] = (await connection.runAndReadAll(sql)).getRowObjectsJS()
    return {
      p50Ms: Number(row?.p50),
      p99Ms: Number(row?.p99),
      rows: Number(row?.n),
      snapshots: reader.sights.length - 1,
    }
  })
}

async function filesWithSequence(metadata: TableMetadata) {
  const snapshot = metadata.snapshots.find((each) => each.snapshotId === metadata.currentSnapshotId)
  if (snapshot === undefined) return []
  const manifests = await manifestsOf(fileStorage, snapshot)
  const entries = await Promise.all(
    manifests.map(async (line) =>
      readLiveEntries(await fileStorage.read(line.manifest_path), line),
    ),
  )
  return entries.flat().map(({ sequence_number, data_file }) => ({
    path: fileStorage.locate(data_file.file_path),
    sequence: sequence_number ?? 0n,
  }))
}
