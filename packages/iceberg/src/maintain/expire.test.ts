import { describe, expect, it } from 'vitest'
import type { Snapshot, TableMetadata } from '../format/metadata.ts'
import { planExpiry } from './expire.ts'

const NOW = 1_000_000
const policy = { keepLast: 2, olderThanMs: 100, leastToExpire: 1, pinned: [] }

describe('an expiry', () => {
  it('expires all but the newest', () => {
    expect(ids(planExpiry(table(5), policy, NOW))).toEqual([1n, 2n, 3n])
  })

  it('keeps the young, however many they are', () => {
    expect(planExpiry(table(5), { ...policy, olderThanMs: NOW + 1 }, NOW)).toEqual([])
  })

  it('keeps pinned snapshots, and all newer ones', () => {
    expect(ids(planExpiry(table(5), { ...policy, pinned: [3n] }, NOW))).toEqual([1n, 2n])
  })

  it('keeps what is newer than a pinned one that has expired, and ignores one long gone', () => {
    const [first, ...others] = table(5).snapshots
    const cut = { ...table(5), snapshots: others }
    expect(planExpiry(cut, { ...policy, pinned: [first?.snapshotId ?? 0n] }, NOW)).toEqual([])
    expect(ids(planExpiry(cut, { ...policy, pinned: [77n] }, NOW))).toEqual([2n, 3n])
  })

  it('keeps those of a branch or a tag, and the current one', () => {
    const named = { ...table(5), namedSnapshots: [2n, 5n] }
    expect(ids(planExpiry(named, policy, NOW))).toEqual([1n, 3n])
    expect(ids(planExpiry(named, { ...policy, keepLast: 0 }, NOW))).toEqual([1n, 3n, 4n])
  })

  it('waits until there are enough for a commit', () => {
    expect(planExpiry(table(5), { ...policy, leastToExpire: 4 }, NOW)).toEqual([])
  })
})

function table(count: number): TableMetadata {
  const snapshots = Array.from({ length: count }, (_, index) => ({
    snapshotId: BigInt(index + 1),
    parentSnapshotId: index === 0 ? null : BigInt(index),
    sequenceNumber: BigInt(index + 1),
    timestampMs: index,
  })) as Partial<Snapshot>[] as Snapshot[]
  const metadata = { snapshots, currentSnapshotId: BigInt(count), namedSnapshots: [] }
  return metadata as Partial<TableMetadata> as TableMetadata
}

function ids(snapshots: readonly Snapshot[]): readonly bigint[] {
  return snapshots.map(({ snapshotId }) => snapshotId)
}
