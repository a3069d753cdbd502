import type { Snapshot, TableMetadata } from '../format/metadata.ts'

/** The current snapshot and its ancestors that the table still has, oldest first. */
export function history(metadata: TableMetadata): readonly Snapshot[] {
  const byId = new Map(metadata.snapshots.map((snapshot) => [snapshot.snapshotId, snapshot]))
  const ancestors: Snapshot[] = []
  let id = metadata.currentSnapshotId
  while (id !== null && ancestors.length <= byId.size) {
    const snapshot = byId.get(id)
    if (snapshot === undefined) break
    ancestors.unshift(snapshot)
    id = snapshot.parentSnapshotId
  }
  return ancestors
}

/**
 * What was committed on top of a snapshot (`null`: since the table was empty), oldest first.
 *
 * @returns `undefined` when the table no longer has all of it, or never had: some of it has expired, or `main` was set to
 *   something else.
 */
export function snapshotsSince(
  metadata: TableMetadata,
  snapshotId: bigint | null,
): readonly Snapshot[] | undefined {
  const ancestors = history(metadata)
  const index = ancestors.findIndex((snapshot) => snapshot.snapshotId === snapshotId)
  if (index >= 0) return ancestors.slice(index + 1)
  const before = ancestors[0]?.parentSnapshotId ?? null
  return before === snapshotId ? ancestors : undefined
}
