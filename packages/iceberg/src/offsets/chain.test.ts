import { describe, expect, it } from 'vitest'
import type { Snapshot } from '../format/metadata.ts'
import { chainBreaks } from './chain.ts'
import { endOffsetsSummary, startOffsetsSummary } from './offsets.ts'

describe('the chain of offsets', () => {
  const first = snapshot(1n, '{"t-0":5}', '{"t-0":9}')
  const compaction = { ...first, snapshotId: 2n, summary: { operation: 'replace' } }

  it('is whole when each append begins where the one before ended', () => {
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
