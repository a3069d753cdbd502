import type { Snapshot, TableMetadata } from '../format/metadata.ts'
import {
  endOffsetsSummary,
  type Offsets,
  readOffsets,
  startOffsetsSummary,
} from '../offsets/offsets.ts'

/** A place where records were left out or taken twice. */
export type ChainBreak = {
  readonly snapshotId: bigint
  readonly partition: string
  /** Where the snapshots before ended. */
  readonly expected: bigint
  readonly found: bigint
}

/** The current snapshot's ancestors that the table still has, oldest first, itself last. */
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

/**
 * Checks the offsets in a table's summaries: each append begins, for every partition, where the one before it ended.
 * Snapshots without offsets (a compaction) move none. An empty list proves that no range of offsets was taken twice
 * or left out, as far back as the snapshots reach.
 */
export function chainBreaks(snapshots: readonly Snapshot[]): readonly ChainBreak[] {
  const breaks: ChainBreak[] = []
  let ends: Offsets = {}
  for (const { snapshotId, summary } of snapshots) {
    if (summary[endOffsetsSummary] === undefined) continue
    const starts = readOffsets(summary[startOffsetsSummary])
    for (const [partition, found] of Object.entries(starts)) {
      const expected = ends[partition] ?? found
      if (found !== expected) breaks.push({ snapshotId, partition, expected, found })
    }
    ends = readOffsets(summary[endOffsetsSummary])
  }
  return breaks
}
