import type { Snapshot } from '../format/metadata.ts'
import { endOffsetsSummary, type Offsets, readOffsets, startOffsetsSummary } from './offsets.ts'

/** Two consecutive commits between which records of a partition were left out or taken twice. */
export type ChainBreak = {
  readonly snapshotId: bigint
  readonly partition: string
  /** The end of the previous commit. */
  readonly expected: bigint
  readonly found: bigint
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
