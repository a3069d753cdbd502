import type { Snapshot, TableMetadata } from '@tenseams/iceberg/format/metadata'
import { endOffsetsSummary, writeOffsets } from '@tenseams/iceberg/offsets/offsets'
import { type Sources, sourcesProperty, writeSources } from '@tenseams/iceberg/offsets/sources'
import { MemoryTable } from '@tenseams/iceberg/testing/memory-table'
import { describe, expect, test } from 'vitest'
import { endsIn, type Lake, visibilityOf } from './sights.ts'

/** A table whose snapshots 1, 2, 3 … have these summaries. */
function table(...summaries: readonly Snapshot['summary'][]): TableMetadata {
  const snapshots = summaries.map((summary, index) => ({
    snapshotId: BigInt(index + 1),
    parentSnapshotId: index === 0 ? null : BigInt(index),
    sequenceNumber: BigInt(index + 1),
    ...{ timestampMs: 0, manifestList: '', summary },
  }))
  const currentSnapshotId = snapshots.at(-1)?.snapshotId ?? null
  return new MemoryTable({ snapshots, currentSnapshotId }).metadata
}

const offsets = (first: bigint, second: bigint) => ({
  [endOffsetsSummary]: writeOffsets({ 'orders.order.v1-0': first, 'orders.order.v1-1': second }),
})
const madeOf = (sources: Sources) => ({ [sourcesProperty]: writeSources(sources) })
const compaction = { operation: 'replace' }

const lake: Lake = {
  bronze: table(offsets(5n, 3n), offsets(9n, 3n), compaction, offsets(12n, 8n)),
  silver: table(
    madeOf({ 'bronze.orders_order_v1': 1n }),
    madeOf({ 'bronze.orders_order_v1': 3n }),
    compaction,
  ),
  gold: table(madeOf({ 'silver.orders': 1n, 'silver.payments': 9n })),
}

describe('how far each layer is in the log', () => {
  test('is what bronze has recorded with its rows', () => {
    expect([...(endsIn('bronze', lake) ?? [])]).toEqual([
      [0, 12n],
      [1, 8n],
    ])
  })

  test('is for silver what the bronze that it is made from had, also beneath compactions', () => {
    expect(endsIn('silver', lake)?.get(0)).toBe(9n)
  })

  test('is for gold what the silver that it is made from had', () => {
    expect(endsIn('gold', lake)?.get(0)).toBe(5n)
    expect(endsIn('gold', { ...lake, gold: table(madeOf({ 'silver.orders': 3n })) })?.get(0)).toBe(
      9n,
    )
  })

  test.each(['bronze', 'silver', 'gold'] as const)('is unknown while %s is not there', (layer) => {
    const { [layer]: _missing, ...others } = lake
    expect(endsIn(layer, others)).toBeUndefined()
  })
})

test('an order is visible from the first snapshot on that has its event, and counted when none has', () => {
  const sights = [
    { atMs: 100, ends: new Map([[0, 5n]]) },
    { atMs: 300, ends: new Map([[0, 9n]]) },
  ]
  const placed = [
    { dueMs: 10, partition: 0, offset: 4n },
    { dueMs: 50, partition: 0, offset: 4n },
    { dueMs: 60, partition: 0, offset: 5n },
    { dueMs: 70, partition: 0, offset: 9n },
    { dueMs: 80, partition: 1, offset: 0n },
  ]
  const { latencies, unseen } = visibilityOf(placed, sights, 50)
  expect(unseen).toBe(2)
  expect(latencies.count).toBe(2)
  expect(latencies.percentile(1)).toBeCloseTo(50, 0)
  expect(latencies.percentile(100)).toBeCloseTo(240, 0)
})
