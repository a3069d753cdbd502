import { expect, test } from 'vitest'
import type { Notification } from './notifications.ts'
import { SnapshotProgress } from './snapshot.ts'

const scanned = (id: string, table: string, status: string): Notification => ({
  ...{ id, type: 'TABLE_SCAN_COMPLETED', aggregate_type: 'Incremental Snapshot' },
  additional_data: { scanned_collection: table, status, total_rows_scanned: '0' },
})
const completed = (id: string): Notification => ({
  ...{ id, type: 'COMPLETED', aggregate_type: 'Incremental Snapshot', additional_data: {} },
})

test('a snapshot is finished for a table that was read to its end, empty or not', () => {
  const progress = new SnapshotProgress(['a.b', 'a.c'])
  progress.begin('1')
  progress.take(scanned('1', 'a.b', 'SUCCEEDED'))
  expect(progress.open()).toEqual(['a.c'])
  progress.take(scanned('1', 'a.c', 'EMPTY'))
  expect(progress.isDecided()).toBe(true)
})

test('a completed snapshot without a notification on a table leaves the table open, as after a restart in the middle', () => {
  const progress = new SnapshotProgress(['a.b', 'a.c'])
  progress.begin('1')
  progress.take(scanned('1', 'a.b', 'SUCCEEDED'))
  progress.take(scanned('1', 'a.c', 'UNKNOWN_SCHEMA'))
  progress.take(completed('1'))
  expect([progress.isDecided(), progress.open()]).toEqual([true, ['a.c']])
})

test('notifications of another request do not count', () => {
  const progress = new SnapshotProgress(['a.b'])
  progress.begin('2')
  progress.take(scanned('1', 'a.b', 'SUCCEEDED'))
  progress.take(completed('1'))
  expect([progress.isDecided(), progress.open()]).toEqual([false, ['a.b']])
})
