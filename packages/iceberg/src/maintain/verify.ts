import { messageOf } from '@tenseams/service/causes'
import { type Engine, quoteText } from '../duckdb.ts'
import { LakehouseError } from '../errors.ts'
import { type DataFile, type ManifestFile, readLiveEntries } from '../format/manifest.ts'
import {
  currentSnapshot,
  type Snapshot,
  type TableIdentifier,
  type TableMetadata,
} from '../format/metadata.ts'
import { chainBreaks } from '../offsets/chain.ts'
import { unexplained } from '../offsets/explained.ts'
import { verifyOffsets } from '../offsets/offset-log.ts'
import type { Listing, Storage } from '../storage.ts'
import type { Catalog } from '../table/catalog.ts'
import { history } from '../table/history.ts'
import { manifestsOf } from '../table/snapshot.ts'

export type VerifyPorts = {
  readonly catalog: Pick<Catalog, 'loadTable'>
  readonly storage: Storage & Listing
  readonly engine: Engine
}

/** What was checked, and every violation that was found. */
export type Verification = {
  readonly snapshots: number
  readonly manifests: number
  readonly dataFiles: number
  /** Rows of the newest snapshot, by the manifests. */
  readonly rows: bigint
  readonly breaks: readonly string[]
}

/** How often the table is checked again because snapshots expired meanwhile. */
const MAX_READINGS = 4
const FOOTERS_AT_ONCE = 200

/**
 * Checks a table from its metadata to the footer of each Parquet file: every file that a snapshot refers to exists with its
 * size; manifests, lists and Parquet files agree on the number of rows, and summaries on the totals; the offsets are a chain
 * without gaps, by the snapshots and by the log, and account for every row. It changes nothing; others may write and expire meanwhile.
 *
 * @throws LakehouseError when the catalogue cannot load the table.
 */
export async function verifyTable(
  ports: VerifyPorts,
  table: TableIdentifier,
): Promise<Verification> {
  let metadata = await ports.catalog.loadTable(table)
  for (let reading = 1; ; reading++) {
    const found = await new Inspection(ports, metadata).run()
    if (found.breaks.length === 0 || reading === MAX_READINGS) return found
    const newer = await ports.catalog.loadTable(table)
    const kept = new Set(newer.snapshots.map(({ snapshotId }) => snapshotId))
    // A file that an expiry deletes meanwhile is not missing.
    if (metadata.snapshots.every(({ snapshotId }) => kept.has(snapshotId))) return found
    metadata = newer
  }
}

type Totals = { readonly files: bigint; readonly records: bigint; readonly bytes: bigint }

/** A manifest's totals; `undefined` when it cannot be read. */
type ManifestTotals = Totals | undefined

/** One check of a table, for one read of its metadata. */
class Inspection {
  readonly #ports: VerifyPorts
  readonly #metadata: TableMetadata
  readonly #breaks: string[] = []
  readonly #manifests = new Map<string, ManifestTotals>()
  readonly #dataFiles = new Map<string, DataFile>()

  constructor(ports: VerifyPorts, metadata: TableMetadata) {
    this.#ports = ports
    this.#metadata = metadata
  }

  async run(): Promise<Verification> {
    const { snapshots, currentSnapshotId, metadataLocation } = this.#metadata
    if (metadataLocation !== undefined) await this.#expectFile(metadataLocation)
    const current = currentSnapshot(this.#metadata)
    if (currentSnapshotId !== null && current === undefined) {
      this.#breaks.push(`the newest snapshot ${currentSnapshotId} is not among the table's`)
    }
    let rows = 0n
    for (const snapshot of snapshots) {
      const totals = await this.#snapshot(snapshot)
      if (snapshot === current) rows = totals?.records ?? 0n
    }
    await this.#files()
    await this.#offsets(rows)
    return {
      snapshots: snapshots.length,
      manifests: this.#manifests.size,
      dataFiles: this.#dataFiles.size,
      rows,
      breaks: this.#breaks,
    }
  }

  async #snapshot(snapshot: Snapshot): Promise<Totals | undefined> {
    const lines = await this.#reading(snapshot.manifestList, () =>
      manifestsOf(this.#ports.storage, snapshot),
    )
    if (lines === undefined) return undefined
    const totals: ManifestTotals[] = []
    for (const line of lines) {
      const known = await this.#manifest(line)
      if (line.content === 0) totals.push(known)
    }
    if (totals.includes(undefined)) return undefined
    const sums = sumOf(totals.filter((one) => one !== undefined))
    this.#compareSummary(snapshot, sums)
    return sums
  }

  #compareSummary({ snapshotId, summary }: Snapshot, { files, records, bytes }: Totals): void {
    const wanted = {
      'total-data-files': files,
      'total-records': records,
      'total-files-size': bytes,
    }
    for (const [name, found] of Object.entries(wanted)) {
      const told = summary[name]
      if (told === undefined || told === String(found)) continue
      this.#breaks.push(`snapshot ${snapshotId}: ${name} is ${told}, its manifests say ${found}`)
    }
  }

  async #manifest(line: ManifestFile): Promise<ManifestTotals> {
    const { manifest_path: uri } = line
    if (this.#manifests.has(uri)) return this.#manifests.get(uri)
    const totals = await this.#manifestAnew(line)
    this.#manifests.set(uri, totals)
    return totals
  }

  async #manifestAnew(line: ManifestFile): Promise<ManifestTotals> {
    const { manifest_path: uri } = line
    const length = line.manifest_length === 0n ? undefined : line.manifest_length
    if (!(await this.#expectFile(uri, length))) return undefined
    const entries = await this.#reading(uri, async () =>
      readLiveEntries(await this.#ports.storage.read(uri), line),
    )
    if (entries === undefined) return undefined
    const files = entries.map(({ data_file }) => data_file)
    for (const file of files) this.#dataFiles.set(file.file_path, file)
    const totals = sumOf(
      files.map((file) => ({
        files: 1n,
        records: file.record_count,
        bytes: file.file_size_in_bytes,
      })),
    )
    const listed = line.added_rows_count + line.existing_rows_count
    // Lists of format v1 may leave the counts out.
    const counted = line.added_files_count + line.existing_files_count > 0
    if (counted && listed !== totals.records) {
      this.#breaks.push(`${uri}: ${totals.records} rows, its list says ${listed}`)
    }
    return totals
  }

  async #files(): Promise<void> {
    const whole: DataFile[] = []
    for (const file of this.#dataFiles.values()) {
      const isWhole = await this.#expectFile(file.file_path, file.file_size_in_bytes)
      if (isWhole && file.file_format.toUpperCase() === 'PARQUET') whole.push(file)
    }
    for (let start = 0; start < whole.length; start += FOOTERS_AT_ONCE) {
      await this.#footers(whole.slice(start, start + FOOTERS_AT_ONCE))
    }
  }

  async #footers(files: readonly DataFile[]): Promise<void> {
    const rows = await this.#rowsByPath(files)
    if (rows instanceof Error) {
      const [only, ...others] = files
      if (only === undefined) return
      if (others.length === 0) this.#breaks.push(`${only.file_path}: ${rows.message}`)
      // One unreadable file fails the whole query, so each file is read separately to find it.
      else for (const file of files) await this.#footers([file])
      return
    }
    for (const { file_path: uri, record_count: told } of files) {
      const found = rows.get(this.#ports.storage.locate(uri))
      if (found !== told) this.#breaks.push(`${uri}: ${found} rows, its manifest says ${told}`)
    }
  }

  #rowsByPath(files: readonly DataFile[]): Promise<ReadonlyMap<string, bigint> | Error> {
    const { engine, storage } = this.#ports
    const paths = files.map(({ file_path }) => quoteText(storage.locate(file_path)))
    return engine.using(async (connection) => {
      const sql = `SELECT file_name, num_rows FROM parquet_file_metadata([${paths.join(', ')}])`
      try {
        const rows = (await connection.runAndReadAll(sql)).getRowsJS()
        return new Map(rows.map(([path, count]) => [String(path), BigInt(String(count))]))
      } catch (error) {
        return error instanceof Error ? error : new Error(String(error))
      }
    })
  }

  /** `rows`: of the newest snapshot, by its manifests. */
  async #offsets(rows: bigint): Promise<void> {
    for (const gap of chainBreaks(history(this.#metadata))) {
      const { snapshotId, partition, found, expected } = gap
      this.#breaks.push(
        `snapshot ${snapshotId} begins ${partition} at ${found}, expected ${expected}`,
      )
    }
    const proof = await this.#reading('log of offsets', () =>
      verifyOffsets(this.#ports.storage, this.#metadata),
    )
    this.#breaks.push(...(proof?.breaks ?? []))
    const foreign = unexplained(this.#metadata)
    this.#breaks.push(...foreign)
    if (proof === undefined || proof.rows === rows || foreign.length > 0) return
    this.#breaks.push(`the table has ${rows} rows, its log of offsets accounts for ${proof.rows}`)
  }

  async #expectFile(uri: string, bytes?: bigint): Promise<boolean> {
    const file = await this.#ports.storage.stat(uri)
    if (file === undefined) this.#breaks.push(`${uri} is not there`)
    else if (bytes !== undefined && file.bytes !== bytes) {
      this.#breaks.push(`${uri} has ${file.bytes} bytes, expected ${bytes}`)
    } else return true
    return false
  }

  /** An unreadable file is a violation; the rest is still checked. */
  async #reading<Made>(what: string, read: () => Promise<Made>): Promise<Made | undefined> {
    try {
      return await read()
    } catch (error) {
      const message = messageOf(error)
      this.#breaks.push(error instanceof LakehouseError ? message : `${what}: ${message}`)
      return undefined
    }
  }
}

function sumOf(totals: readonly Totals[]): Totals {
  const sum = (of: (one: Totals) => bigint) => totals.reduce((all, one) => all + of(one), 0n)
  return {
    files: sum(({ files }) => files),
    records: sum(({ records }) => records),
    bytes: sum(({ bytes }) => bytes),
  }
}
