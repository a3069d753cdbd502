import type { Codec } from '@tenseams/codec/codec'
import { decodeRecordBatch } from '@tenseams/kafka/fetch/record-batch'
import {
  attributesOf,
  withoutPrefix,
  writtenBatch,
} from '@tenseams/kafka/fetch/testing/written-batch'
import { WaitingRecords } from '@tenseams/kafka/waiting-records'
import type { KafkaMessage } from 'kafkajs'
import { expect, test } from 'vitest'
import { decodeBatch } from './batch.ts'
import { rawChangeTableOf } from './raw-change-table.ts'

const table = rawChangeTableOf('cdc.shop.catalogue.customers')

/** A registry in which each text is its own schema. */
const codec = {
  decodeAsWritten: async (bytes: Buffer) => ({
    schemaId: bytes.length,
    value: contents.get(bytes.toString()),
  }),
} as unknown as Codec

const contents = new Map<string, unknown>([
  ['key', { customer_id: 'c1' }],
  [
    'update',
    {
      ...{ op: 'u', before: { n: 1n }, ts_us: 1_700_000_000_000_009n },
      after: { n: 9_007_199_254_740_993n, name_cipher: Buffer.from('ABC') },
      source: { snapshot: 'false', lsn: 77n, txId: 5n, ts_ms: 1_700_000_000_000n },
    },
  ],
  ['order', { orderId: 'o1' }],
  ['text', 'no record at all'],
  ['other source', { op: 'u', source: { ts_ms: 'yesterday' } }],
  ['truncate', { op: 't', source: { lsn: 78n, txId: 6n, ts_ms: 1_700_000_000_001n } }],
])

const message = (offset: number, key: string | null, value: string | null): KafkaMessage => ({
  ...{ offset: `${offset}`, timestamp: '1700000000123', attributes: 0, headers: {} },
  key: key === null ? null : Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
})

const decoded = (
  partition: number,
  messages: readonly KafkaMessage[],
  waiting = new WaitingRecords(),
) => {
  const judge: WaitingRecords['judge'] = (record, error) => waiting.judge(record, error)
  return decodeBatch({ codec, groupId: 'group', judge }, table, { partition, messages })
}

test('a change, a tombstone and a truncate each become a row; int64 and bytes survive', async () => {
  const messages = [
    message(1, 'key', 'update'),
    message(2, 'key', null),
    message(3, null, 'truncate'),
  ]
  const { rows, deadLetters } = await decoded(2, messages)
  expect(deadLetters).toEqual([])
  expect(rows).toMatchObject([
    {
      ...{ kafka_partition: 2, kafka_offset: 1n, op: 'u', key: '{"customer_id":"c1"}', lsn: 77n },
      ...{ tx_id: 5n, committed_at: 1_700_000_000_000_000n, told_at: 1_700_000_000_000_009n },
      ...{ before: '{"n":1}', after: '{"n":9007199254740993,"name_cipher":"QUJD"}' },
    },
    { kafka_offset: 2n, op: 'tombstone', key: '{"customer_id":"c1"}', lsn: null, after: null },
    { kafka_offset: 3n, op: 't', key: null, lsn: 78n, after: null },
  ])
})

test('a record with neither key nor value is a dead letter', async () => {
  const messages = [message(1, null, null)]
  const { rows, deadLetters } = await decoded(0, messages)
  expect(rows).toEqual([])
  expect(deadLetters).toMatchObject([{ reason: 'undecodable', offset: '1' }])
})

test.each(['order', 'text', 'other source'])(
  'a value that is no change, which waited for ever: %s is a dead letter, and the next is read',
  async (value) => {
    const messages = [message(1, 'key', value), message(2, 'key', 'update')]
    const { rows, deadLetters } = await decoded(0, messages)
    expect(rows).toMatchObject([{ kafka_offset: 2n }])
    expect(deadLetters).toMatchObject([{ reason: 'undecodable', offset: '1' }])
  },
)

test('a batch that cannot be read is one dead letter with its offsets, and the next record is read', async () => {
  const batch = writtenBatch({
    count: 3,
    attributes: attributesOf.zstd,
    payload: Buffer.from('no'),
  })
  const { messages } = await decodeRecordBatch(5n, withoutPrefix(batch))
  const unreadable = messages as unknown as readonly KafkaMessage[]
  const { rows, deadLetters } = await decoded(0, [...unreadable, message(8, 'key', 'update')])
  expect(rows).toMatchObject([{ kafka_offset: 8n }])
  expect(deadLetters).toMatchObject([{ offset: '5', lastOffset: '7', reason: 'unreadable-batch' }])
})

test('a record on which our own code fails is a dead letter after ten tries', async () => {
  const waiting = new WaitingRecords()
  const failing = { ...message(1, 'key', 'update'), timestamp: 'no time' }
  for (let attempt = 1; attempt < 10; attempt += 1) {
    await expect(decoded(0, [failing], waiting)).rejects.toThrow('must wait')
  }
  expect((await decoded(0, [failing], waiting)).deadLetters).toMatchObject([{ offset: '1' }])
})
