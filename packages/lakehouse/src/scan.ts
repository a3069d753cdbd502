import { LakehouseError } from './errors.ts'
import { type DataFile, readLiveEntries } from './manifest.ts'
import { currentSnapshot, type Snapshot, snapshotOf, type TableMetadata } from './metadata.ts'
import { manifestsOf } from './snapshot.ts'
import type { Storage } from './storage.ts'

/** The files whose rows are a table's rows at one snapshot. */
export type ScanPlan = {
  readonly snapshot: Snapshot | undefined
  readonly files: readonly DataFile[]
}

/**
 * Snapshot → manifest list → manifests → live data files, whoever wrote them.
 *
 * @param snapshotId an older snapshot for time travel; the newest when left out.
 * @throws LakehouseError FORMAT_UNSUPPORTED when rows are deleted by delete files (these are not read), or a file is
 *   not Parquet.
 */
export async function planScan(
  storage: Storage,
  metadata: TableMetadata,
  snapshotId?: bigint,
): Promise<ScanPlan> {
  const snapshot = snapshotToRead(metadata, snapshotId)
  if (snapshot === undefined) return { snapshot, files: [] }
  const manifests = await manifestsOf(storage, snapshot)
  const entries = await Promise.all(
    manifests.map(async (line) => readLiveEntries(await storage.read(line.manifest_path), line)),
  )
  const files = entries.flat().map((entry) => entry.data_file)
  for (const file of files) assertReadable(file)
  return { snapshot, files }
}

function snapshotToRead(metadata: TableMetadata, id: bigint | undefined): Snapshot | undefined {
  if (id === undefined) return currentSnapshot(metadata)
  const snapshot = snapshotOf(metadata, id)
  if (snapshot !== undefined) return snapshot
  throw new LakehouseError('QUERY_INVALID', `the table has no snapshot ${id}`)
}

function assertReadable(file: DataFile): void {
  if (file.content === 0 && file.file_format.toUpperCase() === 'PARQUET') return
  const what = file.content === 0 ? file.file_format : 'delete'
  throw new LakehouseError('FORMAT_UNSUPPORTED', `${what} files are not read: ${file.file_path}`)
}
