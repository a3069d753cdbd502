import { LakehouseError } from '../errors.ts'
import { type DataFile, readLiveEntries } from '../format/manifest.ts'
import {
  currentSnapshot,
  type Snapshot,
  snapshotOf,
  type TableMetadata,
} from '../format/metadata.ts'
import type { TableSchema } from '../format/schema.ts'
import type { Storage } from '../storage.ts'
import { history } from '../table/history.ts'
import { manifestsOf } from '../table/snapshot.ts'
import { partitionPruner } from './partition-prune.ts'
import { type Filter, pruner } from './prune.ts'

/** The files that hold a table's rows at one snapshot. */
export type ScanPlan = {
  readonly snapshot: Snapshot | undefined
  /** The table's schema; for time travel, its schema at that time. */
  readonly schema: TableSchema
  readonly files: readonly DataFile[]
  /** Number of files left out because none of their rows passes the filter. */
  readonly pruned: number
}

export type ScanOptions = {
  /** Time travel to a snapshot. */
  readonly snapshotId?: bigint | undefined
  /** Time travel to the snapshot that was current then, in milliseconds since 1970. */
  readonly at?: number | undefined
  /** Files without such a row are left out. The others may contain other rows too, so the reader still has to filter. */
  readonly filter?: Filter | undefined
}

/**
 * Snapshot → manifest list → manifests → live data files, whichever engine wrote them.
 *
 * @throws LakehouseError SNAPSHOT_UNKNOWN when the table does not have such a snapshot, or no longer has it. FORMAT_UNSUPPORTED when rows
 *   are deleted by delete files (these are not read), or a file is not Parquet. QUERY_INVALID for a filter that does not
 *   fit the schema.
 */
export async function planScan(
  storage: Storage,
  metadata: TableMetadata,
  options: ScanOptions = {},
): Promise<ScanPlan> {
  const snapshot = snapshotToRead(metadata, options)
  const schema = schemaToRead(metadata, snapshot, options)
  if (snapshot === undefined) return { snapshot, schema, files: [], pruned: 0 }
  const manifests = await manifestsOf(storage, snapshot)
  const mayHold = pruner(schema, options.filter ?? [])
  const partitionMayHold = partitionPruner(metadata, schema, options.filter ?? [])
  const read = await Promise.all(
    manifests.map(async (line) => {
      const entries = readLiveEntries(await storage.read(line.manifest_path), line)
      const all = entries.map((entry) => entry.data_file)
      for (const file of all) assertReadable(file)
      const files = all.filter(
        (file) => mayHold(file) && partitionMayHold(file, line.partition_spec_id),
      )
      return { files, pruned: all.length - files.length }
    }),
  )
  const pruned = read.reduce((sum, one) => sum + one.pruned, 0)
  return { snapshot, schema, files: read.flatMap(({ files }) => files), pruned }
}

function snapshotToRead(
  metadata: TableMetadata,
  { snapshotId, at }: ScanOptions,
): Snapshot | undefined {
  if (snapshotId !== undefined && at !== undefined) {
    throw new LakehouseError(
      'QUERY_INVALID',
      'a snapshot and a time cannot be combined: leave one out',
    )
  }
  if (snapshotId !== undefined) {
    return snapshotOf(metadata, snapshotId) ?? unknown(`no snapshot ${snapshotId}`, metadata)
  }
  if (at === undefined) return currentSnapshot(metadata)
  const then = history(metadata).findLast(({ timestampMs }) => timestampMs <= at)
  return then ?? unknown(`no snapshot as early as ${new Date(at).toISOString()}`, metadata)
}

function schemaToRead(
  metadata: TableMetadata,
  snapshot: Snapshot | undefined,
  { snapshotId, at }: ScanOptions,
): TableSchema {
  const travels = snapshotId !== undefined || at !== undefined
  const id = travels ? snapshot?.schemaId : undefined
  // Old writers did not record their schema: use the newest, which can be read from every file.
  return metadata.schemas.find((schema) => schema['schema-id'] === id) ?? metadata.schema
}

function unknown(what: string, metadata: TableMetadata): never {
  const [oldest] = history(metadata)
  const kept =
    oldest === undefined
      ? 'it has none yet'
      : `the oldest that it still has is ${oldest.snapshotId} of ${new Date(oldest.timestampMs).toISOString()}`
  throw new LakehouseError('SNAPSHOT_UNKNOWN', `the table has ${what}: ${kept}`)
}

export function assertReadable(file: DataFile): void {
  if (file.content === 0 && file.file_format.toUpperCase() === 'PARQUET') return
  const what = file.content === 0 ? file.file_format : 'delete'
  throw new LakehouseError('FORMAT_UNSUPPORTED', `${what} files are not read: ${file.file_path}`)
}
