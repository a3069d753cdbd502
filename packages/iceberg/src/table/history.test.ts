import { describe, expect, it } from 'vitest'
import type { Snapshot, TableMetadata } from '../format/metadata.ts'
import { endOffsetsSummary, startOffsetsSummary } from '../offsets/offsets.ts'
import { chainBreaks, snapshotsSince } from './history.ts'

describe('the chain of offsets', () => {
  const first = snapshot(1n, '{"t-0":5}', '{"t-0":9}')
  const compaction = { ...first, snapshotId: 2n, summary: { operation: 'replace' } }

  it('is unbroken when each append begins where the one before ended', () => {
    const second = snapshot(3n, '{"t-0":9,"t-1":0}', '{"t-0":12,"t-1":4}')
    expect(chainBreaks([first, compaction, second])).toEqual([])
  })

  it.each([
    ['left out', 10n],
    ['taken twice', 8n],
  ])('names the partition of which records were %s', (_what, found) => {
    const second = snapshot(3n, `{"t-0":${found}}`, '{"t-0":12}')
    expect(chainBreaks([first, second])).toEqual([
      { snapshotId: 3n, partition: 't-0', expected: 9n, found },
    ])
  })
})

describe('what was committed since', () => {
  const child = (id: bigint, parent: bigint | null): Snapshot => ({
    ...snapshot(id, '{}', '{}'),
    parentSnapshotId: parent,
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

function snapshot(snapshotId: bigint, start: string, end: string): Snapshot {
  return {
    snapshotId,
    parentSnapshotId: null,
    sequenceNumber: snapshotId,
    timestampMs: 0,
    manifestList: '',
    summary: { operation: 'append', [startOffsetsSummary]: start, [endOffsetsSummary]: end },
  }
}
