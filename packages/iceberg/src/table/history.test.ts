import { describe, expect, it } from 'vitest'
import type { Snapshot, TableMetadata } from '../format/metadata.ts'
import { snapshotsSince } from './history.ts'

describe('what was committed since', () => {
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

  it('is all that came after a snapshot', () => {
    expect(since(all, 1n)).toEqual([2n, 3n])
    expect(since(all, 3n)).toEqual([])
    expect(since(all, null)).toEqual([1n, 2n, 3n])
    expect(since([], null, null)).toEqual([])
  })

  it('is known also when the snapshot itself has expired', () => {
    expect(since(all.slice(1), 1n)).toEqual([2n, 3n])
  })

  it('is unknown when some of it has expired, or the table was set back', () => {
    expect(since(all.slice(2), 1n)).toBeUndefined()
    expect(since(all.slice(1), null)).toBeUndefined()
    expect(since(all, 2n, 1n)).toBeUndefined()
  })
})
