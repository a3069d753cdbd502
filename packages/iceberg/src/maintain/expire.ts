import { entryStatus, type ManifestFile, readEntries, readLiveEntries } from '../format/manifest.ts'
import type { Snapshot, TableIdentifier, TableMetadata } from '../format/metadata.ts'
import { assertExplained } from '../offsets/explained.ts'
import type { Storage } from '../storage.ts'
import type { Catalog } from '../table/catalog.ts'
import { manifestsOf } from '../table/snapshot.ts'

export type ExpirePolicy = {
  /** Number of newest snapshots to keep. */
  readonly keepLast: number
  /** Younger snapshots are kept, because readers may be using them. */
  readonly olderThanMs: number
  /** Nothing is done for fewer, so that expiries are rare. */
  readonly leastToExpire: number
  /** Snapshots still needed, e.g. the one up to which another table is made. They and all newer ones are kept. */
  readonly pinned: readonly bigint[]
}

/** The steps of an expiry and of a removal of orphans at which a test may kill the process. */
export type CareStep =
  | 'expiry-committed'
  | 'expired-file-removed'
  | 'files-listed'
  | 'references-read'
  | 'orphan-removed'

export type ExpirePorts = {
  readonly catalog: Pick<Catalog, 'commitTable'>
  readonly storage: Storage
  readonly onCareStep?: (step: CareStep) => Promise<void> | void
}

/** The snapshots to expire, oldest first: none of the newest, the young, the pinned, or those of a branch or tag. */
export function planExpiry(
  metadata: TableMetadata,
  policy: ExpirePolicy,
  nowMs: number,
): readonly Snapshot[] {
  const snapshots = metadata.snapshots.toSorted((one, other) =>
    one.sequenceNumber < other.sequenceNumber ? -1 : 1,
  )
  const named = new Set(metadata.namedSnapshots)
  const oldestPinned = snapshots.findIndex(
    ({ snapshotId, parentSnapshotId }) =>
      policy.pinned.includes(snapshotId) ||
      // The pinned snapshot has expired, but all newer ones are still there.
      (parentSnapshotId !== null && policy.pinned.includes(parentSnapshotId)),
  )
  const end = Math.min(
    Math.max(0, snapshots.length - Math.max(1, policy.keepLast)),
    oldestPinned < 0 ? snapshots.length : oldestPinned,
  )
  const expired = snapshots
    .slice(0, end)
    .filter(
      ({ snapshotId, timestampMs }) =>
        snapshotId !== metadata.currentSnapshotId &&
        !named.has(snapshotId) &&
        nowMs - timestampMs >= policy.olderThanMs,
    )
  return expired.length < policy.leastToExpire ? [] : expired
}

/** The result of an expiry: the table's new metadata, and the files that only the expired snapshots referred to. */
export type ExpiredSnapshots = {
  readonly metadata: TableMetadata
  readonly expired: number
  readonly unreferenced: readonly string[]
}

/**
 * Removes old snapshots from a table in one commit, and then deletes the files that only they referred to. The proof of their
 * offsets stays in the log of offsets.
 *
 * A crash after the commit, or an outcome that stays unknown, leaves those files as orphans. A reader that still uses
 * an expired snapshot may find a file missing: choose `olderThanMs` longer than any read.
 *
 * @throws LakehouseError ROWS_UNEXPLAINED: the snapshots show which rows another program wrote. CATALOG_CONFLICT or CATALOG_UNAVAILABLE: nothing was deleted, try again later.
 */
export async function expire(
  ports: ExpirePorts,
  table: TableIdentifier,
  metadata: TableMetadata,
  policy: ExpirePolicy,
): Promise<{ readonly metadata: TableMetadata; readonly expired: number; readonly files: number }> {
  const { unreferenced, ...done } = await expireSnapshots(ports, table, metadata, policy)
  await removeUnreferenced(ports, unreferenced)
  return { ...done, files: unreferenced.length }
}

/**
 * As `expire`, but leaves the files to the caller, who deletes them when the readers of the expired snapshots are done. A crash
 * before that leaves them as orphans.
 */
export async function expireSnapshots(
  ports: ExpirePorts,
  table: TableIdentifier,
  metadata: TableMetadata,
  policy: ExpirePolicy,
): Promise<ExpiredSnapshots> {
  assertExplained(table, metadata)
  const snapshots = planExpiry(metadata, policy, Date.now())
  if (snapshots.length === 0) return { metadata, expired: 0, unreferenced: [] }
  const outcome = await ports.catalog.commitTable(table, {
    requirements: [
      { type: 'assert-table-uuid', uuid: metadata.tableUuid },
      {
        type: 'assert-ref-snapshot-id',
        ref: 'main',
        'snapshot-id': metadata.currentSnapshotId,
      },
    ],
    updates: [
      {
        action: 'remove-snapshots',
        'snapshot-ids': snapshots.map(({ snapshotId }) => snapshotId),
      },
    ],
  })
  if (outcome.kind !== 'committed') throw outcome.error
  const { metadataLocation } = outcome.metadata
  // The new metadata must survive a loss of power before the files that it no longer names are deleted.
  if (metadataLocation !== undefined) await ports.storage.harden(metadataLocation)
  await ports.onCareStep?.('expiry-committed')
  const unreferenced = await filesOnlyIn(ports.storage, snapshots, outcome.metadata)
  return { metadata: outcome.metadata, expired: snapshots.length, unreferenced }
}

/** Deletes what an expiry has left. */
export async function removeUnreferenced(
  { storage, onCareStep }: Pick<ExpirePorts, 'storage' | 'onCareStep'>,
  files: readonly string[],
): Promise<void> {
  for (const file of files) {
    await storage.remove(file)
    await onCareStep?.('expired-file-removed')
  }
}

/** Files that only the expired snapshots referred to: their lists, manifests, and data files that they removed. */
async function filesOnlyIn(
  storage: Storage,
  expired: readonly Snapshot[],
  metadata: TableMetadata,
): Promise<readonly string[]> {
  const kept = await manifestsByPath(storage, metadata.snapshots)
  const gone = await manifestsByPath(storage, expired)
  const manifests = [...gone.values()].filter((line) => !kept.has(line.manifest_path))
  return [
    ...expired.map(({ manifestList }) => manifestList),
    ...manifests.map((line) => line.manifest_path),
    ...(await dataFilesTakenOut(storage, manifests, kept)),
  ]
}

/**
 * A removed file has a deleted entry in a manifest of the snapshot that removed it. Files of branches that were cut off in
 * another way are left to the removal of orphans.
 */
async function dataFilesTakenOut(
  storage: Storage,
  manifests: readonly ManifestFile[],
  kept: ReadonlyMap<string, ManifestFile>,
): Promise<readonly string[]> {
  const taken = new Set<string>()
  for (const line of manifests.filter(({ deleted_files_count }) => deleted_files_count > 0)) {
    for (const { status, data_file } of readEntries(await storage.read(line.manifest_path), line)) {
      if (status === entryStatus.deleted) taken.add(data_file.file_path)
    }
  }
  // A file that was added again must not be deleted.
  for (const line of taken.size === 0 ? [] : kept.values()) {
    const live = readLiveEntries(await storage.read(line.manifest_path), line)
    for (const { data_file } of live) taken.delete(data_file.file_path)
  }
  return [...taken]
}

async function manifestsByPath(
  storage: Storage,
  snapshots: readonly Snapshot[],
): Promise<ReadonlyMap<string, ManifestFile>> {
  const manifests = new Map<string, ManifestFile>()
  for (const snapshot of snapshots) {
    for (const line of await manifestsOf(storage, snapshot)) manifests.set(line.manifest_path, line)
  }
  return manifests
}
