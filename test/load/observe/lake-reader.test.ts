import { LakehouseError } from '@tenseams/iceberg/errors'
import { fullName, type TableIdentifier } from '@tenseams/iceberg/format/metadata'
import { endOffsetsSummary, writeOffsets } from '@tenseams/iceberg/offsets/offsets'
import { sourcesProperty, writeSources } from '@tenseams/iceberg/offsets/sources'
import { MemoryTable } from '@tenseams/iceberg/testing/memory-table'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { afterEach, expect, test } from 'vitest'
import { LakeReader } from './lake-reader.ts'

let reader: LakeReader | undefined
afterEach(() => reader?.close())

const waiting = { timeoutMs: 20_000, intervalMs: 10, what: 'a sight' }

/** A catalogue whose tables have one snapshot each, with this summary. */
class Tables {
  readonly summaries = new Map<string, Readonly<Record<string, string>>>()
  failure: LakehouseError | undefined

  async loadTable(table: TableIdentifier) {
    if (this.failure) throw this.failure
    const summary = this.summaries.get(fullName(table))
    if (summary === undefined) throw new LakehouseError('CATALOG_NOT_FOUND', 'not there')
    const snapshotId = 1n
    const snapshot = { snapshotId, parentSnapshotId: null, sequenceNumber: 1n, timestampMs: 0 }
    const snapshots = [{ ...snapshot, manifestList: '', summary }]
    return new MemoryTable({ snapshots, currentSnapshotId: snapshotId }).metadata
  }

  bronze(end: bigint): void {
    const offsets = writeOffsets({ 'orders.order.v1-0': end })
    this.summaries.set('bronze.orders_order_v1', { [endOffsetsSummary]: offsets })
  }
}

test('a reader notes each state of a layer once, from when the table is there', async () => {
  const tables = new Tables()
  reader = new LakeReader(tables)
  const { bronze, silver } = reader.sights
  tables.bronze(5n)
  await eventually(() => bronze.length === 1, waiting)
  tables.bronze(9n)
  await eventually(() => bronze.length === 2, waiting)
  expect(bronze.map(({ ends }) => ends.get(0))).toEqual([5n, 9n])
  expect(bronze[1]?.atMs).toBeGreaterThan(bronze[0]?.atMs ?? 0)

  const sources = writeSources({ 'bronze.orders_order_v1': 1n })
  tables.summaries.set('silver.orders', { [sourcesProperty]: sources })
  await eventually(() => silver.length === 1, waiting)
  expect(silver[0]?.ends.get(0)).toBe(9n)
  reader.forget()
  expect([bronze.length, silver.length]).toEqual([1, 1])
})

test('a catalogue that does not answer for a while is asked again', async () => {
  const tables = new Tables()
  tables.failure = new LakehouseError('CATALOG_UNAVAILABLE', 'no answer')
  tables.bronze(5n)
  reader = new LakeReader(tables)
  tables.failure = undefined
  await eventually(() => reader?.sights.bronze.length === 1, waiting)
})

test('a table that cannot be read ends the reading, and whoever closes the reader is told', async () => {
  const tables = new Tables()
  tables.failure = new LakehouseError('CATALOG_ANSWER_UNREADABLE', 'no JSON')
  const failing = new LakeReader(tables)
  await expect(failing.close()).rejects.toThrow('no JSON')
})
