import { entryStatus, type ManifestFile, readEntries, readLiveEntries } from '../format/manifest.ts'
import type { Snapshot, TableIdentifier, TableMetadata } from '../format/metadata.ts'
import type { Storage } from '../storage.ts'
import type { Catalog } from '../table/catalog.ts'
import { manifestsOf } from '../table/snapshot.ts'

export type ExpirePolicy = {
  /** So many of the newest stay. */
  readonly keepLast: number
  /** Younger ones stay, because somebody may be reading them. */
  readonly olderThanMs: number
  /** Nothing is done for fewer, so that the work comes seldom. */
  readonly leastToExpire: number
  /** Snapshots that somebody still needs, e.g. the one up to which another table was made. They and all newer ones stay. */
  readonly pinned: readonly bigint[]
}

/** The moments of an expiry and of a removal of orphans at which a test may end the process. */
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

/** The snapshots to let go, oldest first: none of the newest, the young, the pinned or what a branch or tag names. */
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
      // Expired itself, but all that came since is still there.
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

/**
 * Takes old snapshots out of a table, in one commit, and then deletes the files that only they referred to. The proof of
 * their offsets stays in the log of offsets.
 *
 * A crash after the commit, or an outcome that stays unknown, leaves those files as orphans. A reader that still plans
 * from an expired snapshot may find a file gone: that is what `olderThanMs` is for.
 *
 * @throws LakehouseError CATALOG_CONFLICT or CATALOG_UNAVAILABLE: nothing was deleted, try again later.
 */
export async function expire(
  ports: ExpirePorts,
  table: TableIdentifier,
  metadata: TableMetadata,
  policy: ExpirePolicy,
): Promise<{ readonly metadata: TableMetadata; readonly expired: number; readonly files: number }> {
  const snapshots = planExpiry(metadata, policy, Date.now())
  if (snapshots.length === 0) return { metadata, expired: 0, files: 0 }
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
  // What says that the files are needed no more must outlive a loss of power, before they go.
  if (metadataLocation !== undefined) await ports.storage.harden(metadataLocation)
  await ports.onCareStep?.('expiry-committed')
  const files = await unreferenced(ports.storage, snapshots, outcome.metadata)
  for (const file of files) {
    await ports.storage.remove(file)
    await ports.onCareStep?.('expired-file-removed')
  }
  return { metadata: outcome.metadata, expired: snapshots.length, files: files.length }
}

/** What only the expired snapshots referred to: their lists and manifests, and data files that they took out. */
async function unreferenced(
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
 * A file leaves a table by an entry that says so, in a manifest of the snapshot that took it out. Files of histories
 * that were cut off in another way are left to the removal of orphans.
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
  // Also a file that was put back is none to delete.
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
