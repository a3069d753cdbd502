import { expect, test } from 'vitest'
import { samplesOf } from './lake.ts'

const snapshot = {
  ...{ snapshotId: 7n, parentSnapshotId: null, sequenceNumber: 1n, timestampMs: 1_700_000_000_500 },
  ...{ manifestList: '', schemaId: 0 },
  summary: { 'total-data-files': '12', 'total-files-size': '34567' },
}

test('a table shows its newest snapshot: when, how many files, how large', () => {
  const table = 'bronze.orders_order_v1'
  const samples = samplesOf(table, { snapshots: [snapshot], currentSnapshotId: 7n })
  expect(samples).toEqual([
    ['tenseams_lake_snapshots', { table }, 1],
    ['tenseams_lake_data_files', { table }, 12],
    ['tenseams_lake_data_bytes', { table }, 34_567],
    ['tenseams_lake_last_commit_timestamp_seconds', { table }, 1_700_000_000.5],
  ])
})

test('a table without a snapshot has no time of a commit', () => {
  const samples = samplesOf('gold.x', { snapshots: [], currentSnapshotId: null })
  expect(samples.map(([name]) => name)).not.toContain('tenseams_lake_last_commit_timestamp_seconds')
  expect(samples).toHaveLength(3)
})
