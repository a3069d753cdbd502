import { LakehouseError } from '../errors.ts'
import { type DataFile, readLiveEntries } from '../format/manifest.ts'
import { fullName, type TableIdentifier, type TableMetadata } from '../format/metadata.ts'
import { foreignSnapshots, removedForeignSummary } from '../offsets/explained.ts'
import type { Storage } from '../storage.ts'
import { currentManifests } from '../table/snapshot.ts'
import { type AppendPorts, baseOf } from '../write/append.ts'
import { overwrite } from '../write/overwrite.ts'

/** The rows that were removed, in how many files. */
export type RemovedForeign = { readonly rows: bigint; readonly files: number }

/** The files that other programs added to a table whose rows must all be accounted for by offsets. */
export async function foreignFiles(
  storage: Storage,
  metadata: TableMetadata,
): Promise<readonly DataFile[]> {
  const ids = new Set(foreignSnapshots(metadata).map(({ snapshotId }) => snapshotId))
  const manifests = await currentManifests(storage, metadata)
  const files: DataFile[] = []
  for (const line of manifests.filter(({ content }) => content === 0)) {
    for (const entry of readLiveEntries(await storage.read(line.manifest_path), line)) {
      if (entry.snapshot_id !== null && ids.has(entry.snapshot_id)) files.push(entry.data_file)
    }
  }
  return files
}

/**
 * Removes the files that other programs added, in one commit that names their snapshots. No offset moves, and tables made from
 * this one are rebuilt, because rows were removed. A crash leaves the table as it was, or repaired.
 *
 * @throws LakehouseError CARE_REFUSED when removing files does not repair it: the other program removed rows, or its rows are
 *   no longer in files of their own.
 */
export async function removeForeign(
  ports: AppendPorts,
  table: TableIdentifier,
  metadata: TableMetadata,
): Promise<RemovedForeign | 'overtaken'> {
  const snapshots = foreignSnapshots(metadata)
  const remove = await foreignFiles(ports.storage, metadata)
  const rows = remove.reduce((sum, file) => sum + file.record_count, 0n)
  const added = sumOf(snapshots.map(({ summary }) => summary['added-records']))
  const removed = sumOf(snapshots.map(({ summary }) => summary['deleted-records']))
  if (snapshots.length === 0) return { rows: 0n, files: 0 }
  if (removed !== 0n || rows !== added) {
    throw new LakehouseError(
      'CARE_REFUSED',
      `${fullName(table)}: another program removed ${removed} rows, and ${rows} of the ${added} that it added are still in files of their own. Drop the table, and bronze reads it again from its topic`,
    )
  }
  const ids = snapshots.map(({ snapshotId }) => String(snapshotId)).join(',')
  const { kind } = await overwrite(ports, table, baseOf(metadata), {
    ...{ remove, rows: [], foreignRows: rows, summary: { [removedForeignSummary]: ids } },
  })
  return kind === 'overtaken' ? kind : { rows, files: remove.length }
}

function sumOf(counts: readonly (string | undefined)[]): bigint {
  return counts.reduce((sum, count) => sum + BigInt(count ?? 0), 0n)
}
