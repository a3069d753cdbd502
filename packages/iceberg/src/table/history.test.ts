import { describe, expect, it } from 'vitest'
import type { Snapshot, TableMetadata } from '../format/metadata.ts'
import { snapshotsSince } from './history.ts'

describe('the commits since a snapshot', () => {
  const child = (id: bigint, parent: bigint | null): Snapshot => ({
    snapshotId: id,
    parentSnapshotId: parent,
    sequenceNumber: id,
    timestampMs: 0,
    manifestList: '',
    summary: { operation: 'append' },
  })
  const all = [child(1n, null), child(2n, 1n), child(3n, 2n)]
  const since = (snapshots: readonly Snapshot[], id: bigint | null, current: bigint | null = 3n) =>
    snapshotsSince({ snapshots, currentSnapshotId: current } as TableMetadata, id)?.map(
      ({ snapshotId }) => snapshotId,
    )

  it('are all later ones', () => {
    expect(since(all, 1n)).toEqual([2n, 3n])
    expect(since(all, 3n)).toEqual([])
    expect(since(all, null)).toEqual([1n, 2n, 3n])
    expect(since([], null, null)).toEqual([])
  })

  it('are known also when the snapshot itself has expired', () => {
    expect(since(all.slice(1), 1n)).toEqual([2n, 3n])
  })

  it('are unknown when some have expired, or the table was rolled back', () => {
    expect(since(all.slice(2), 1n)).toBeUndefined()
    expect(since(all.slice(1), null)).toBeUndefined()
    expect(since(all, 2n, 1n)).toBeUndefined()
  })
})
