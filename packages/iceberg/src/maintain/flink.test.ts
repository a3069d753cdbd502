import { describe, expect, it } from 'vitest'
import type { Snapshot, TableMetadata } from '../format/metadata.ts'
import { isFlinks, neededByFlink } from './flink.ts'

/** A table with a snapshot of each job and operator, or of nobody's, in this order; ids are 1, 2, 3 … */
function tableOf(...writers: readonly (readonly [job: string, operator?: string] | undefined)[]) {
  const snapshots = writers.map((writer, index): Partial<Snapshot> => {
    const [job, operator = 'sink'] = writer ?? []
    const of = {
      'flink.job-id': job,
      'flink.operator-id': operator,
      'flink.max-committed-checkpoint-id': '7',
    }
    return {
      snapshotId: BigInt(index + 1),
      parentSnapshotId: index === 0 ? null : BigInt(index),
      summary: (writer === undefined ? {} : of) as Record<string, string>,
    }
  })
  const currentSnapshotId = BigInt(writers.length)
  return { snapshots, currentSnapshotId } as Partial<TableMetadata> as TableMetadata
}

describe('what a restore of Flink needs', () => {
  it('is the newest snapshot of the newest job, though others compacted the table since', () => {
    expect(neededByFlink(tableOf(['a'], ['a'], ['b'], ['b'], undefined, undefined))).toEqual([4n])
  })

  it('is one of each operator of that job', () => {
    expect(neededByFlink(tableOf(['a', 'x'], ['a', 'y'], ['a', 'y']))).toEqual([1n, 3n])
  })

  it('cannot be told while two jobs write at the same time', () => {
    expect(neededByFlink(tableOf(['a'], ['b'], ['a']))).toBeUndefined()
  })

  it('is asked for tables of Flink only', () => {
    expect(isFlinks(tableOf(['a']))).toBe(true)
    expect(isFlinks(tableOf(undefined))).toBe(false)
  })
})
