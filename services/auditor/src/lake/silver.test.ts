import { describe, expect, test } from 'vitest'
import { Evidence } from '../evidence.ts'
import { endsAt, offsetSql } from './bronze.ts'
import { nextOffsetsIn } from './bronze-offsets.ts'
import type { IcebergSnapshot, IcebergTable } from './iceberg.ts'
import { oldestUnread, progressOf } from './silver.ts'

const topic = 'orders.order.v1'
const snapshot = (id: number, sequence: number, ends?: object): IcebergSnapshot => ({
  ...{ 'snapshot-id': id, 'sequence-number': sequence, 'manifest-list': '' },
  summary: ends === undefined ? {} : { 'ten-seams.end-offsets': JSON.stringify(ends) },
})

const table: IcebergTable = {
  ...{ name: 'orders_order_v1', properties: {}, files: [] },
  snapshots: [
    snapshot(11, 1, { [`${topic}-0`]: 5 }),
    snapshot(12, 2, { [`${topic}-0`]: 8, [`${topic}-1`]: 3 }),
    snapshot(13, 3),
    snapshot(14, 4, { [`${topic}-1`]: 9 }),
  ],
}

describe('the end offsets of a snapshot of bronze', () => {
  test('are those of the last commits of each partition up to it', () => {
    expect(endsAt(table, 12n)).toEqual(
      new Map([
        [`${topic}-0`, 8n],
        [`${topic}-1`, 3n],
      ]),
    )
    expect(endsAt(table, 14n)?.get(`${topic}-0`)).toBe(8n)
  })

  test('are those of the snapshot before, when a compaction committed it', () => {
    expect(endsAt(table, 13n)).toEqual(endsAt(table, 12n))
  })

  test('are unknown when the snapshot has expired', () => {
    expect(endsAt(table, 10n)).toBeUndefined()
  })
})

test('the ends of a topic that was made again are those of its newest log', () => {
  const accepted: IcebergTable = {
    ...table,
    properties: { 'ten-seams.topics': JSON.stringify({ [topic]: { id: 'new', epoch: 1 } }) },
    snapshots: [...table.snapshots, snapshot(15, 5, { [`${topic}-0`]: 8, [`${topic}@1-0`]: 2 })],
  }
  expect(endsAt(accepted, 15n)).toEqual(new Map([[`${topic}-0`, 2n]]))
  const offsets = {
    'ten-seams.offsets': JSON.stringify({ [`${topic}-0`]: 8, [`${topic}@1-0`]: 2 }),
  }
  const properties = { ...accepted.properties, ...offsets }
  expect(nextOffsetsIn({ properties })).toEqual(new Map([[`${topic}-0`, 2n]]))
})

test('rows of an earlier log lie before those of the newest one', async () => {
  const evidence = await Evidence.open('64MB')
  const rows = 'values (7::bigint, null::int), (7, 1), (0, 2), (3, 2)'
  const sql = `select ${offsetSql(2)} as position from (${rows}) as bronze (kafka_offset, log_epoch) order by 1`
  const found = (await evidence.query(sql)).map(({ position }) => position)
  expect(found).toEqual([7n - 2n ** 49n, 7n - 2n ** 48n, 0n, 3n])
  evidence.close()
})

test('silver and quarantine have read as far as the snapshots that they have recorded', () => {
  const recorded = new Map([[topic, { silver: 14n, quarantine: 11n }]])
  expect(progressOf({ topic, table }, recorded)).toEqual([
    { topic, partition: 0n, silver_end: 8n, quarantine_end: 5n },
    { topic, partition: 1n, silver_end: 9n, quarantine_end: 0n },
  ])
})

test('a table that silver has not read yet is wholly unread', () => {
  expect(progressOf({ topic, table }, new Map())[0]).toMatchObject({ silver_end: 0n })
})

test('a recorded snapshot that is gone leaves no verdict', () => {
  const recorded = new Map([[topic, { silver: 10n }]])
  expect(() => progressOf({ topic, table }, recorded)).toThrow('snapshot 10')
})

test('the oldest record that silver or its quarantine has not read tells how far it is behind', async () => {
  const evidence = await Evidence.open('64MB')
  const at = { topic, partition: 0n }
  const records = [4n, 5n, 6n].map((offset) => ({ ...at, offset, written_at: 100n + offset }))
  await evidence.load('records', records)
  await evidence.load(
    'bronze',
    records.map(({ offset }) => ({ ...at, offset })),
  )
  await evidence.load('changes', [{ ...at, topic: 'cdc', offset: 1n, told_at: 50n }])
  await evidence.load('progress', [
    { ...at, silver_end: 6n, quarantine_end: 5n },
    { ...at, topic: 'cdc', silver_end: 2n, quarantine_end: 2n },
  ])
  expect(await oldestUnread(evidence)).toBe(105)
  await evidence.run('update progress set silver_end = 7, quarantine_end = 7')
  expect(await oldestUnread(evidence)).toBeUndefined()
  evidence.close()
})
