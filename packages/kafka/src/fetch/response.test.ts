import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { zstdCompressSync } from 'node:zlib'
import type { Batch } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { openKafka } from '../client.ts'
import { recordOf } from '../record.ts'
import { decodeFetch, type FetchResponse } from './response.ts'
import {
  attributesOf,
  writtenBatch,
  writtenRecords,
  writtenResponse,
} from './testing/written-batch.ts'

const require = createRequire(import.meta.url)
const KafkajsBatch: new (
  topic: string,
  fetchedOffset: string,
  partition: object,
) => Batch = require('kafkajs/src/consumer/batch')

/** kafkajs's own decoder, before a client replaces it. */
const {
  decode: decodeAsKafkajs,
}: {
  decode(data: Buffer): Promise<FetchResponse>
} = require('kafkajs/src/protocol/requests/fetch/v11/response')

const good = (firstOffset: bigint, ...values: readonly string[]) =>
  writtenBatch({
    firstOffset,
    count: values.length,
    attributes: attributesOf.zstd,
    payload: zstdCompressSync(writtenRecords(values.map((value) => Buffer.from(value)))),
  })
const garbage = (firstOffset: bigint, count: number) =>
  writtenBatch({ firstOffset, count, attributes: attributesOf.zstd, payload: Buffer.from('no') })

const seen = ({ responses }: FetchResponse) =>
  responses.flatMap(({ topicName, partitions }) =>
    partitions.map(({ partition, messages }) => {
      const records = messages.map((message) => {
        const { offset, value, unreadable } = recordOf(
          { topic: topicName, partition },
          message as never,
        )
        return unreadable === undefined ? `${offset} ${value}` : `${offset} unreadable`
      })
      return [partition, ...records]
    }),
  )

describe('a fetched batch that cannot be read', () => {
  test('stands for its records, and neither the batches behind it nor other partitions wait', async () => {
    const response = writtenResponse('orders', [
      [good(0n, 'a'), garbage(1n, 5), good(6n, 'b', 'c')],
      [good(0n, 'd')],
    ])
    expect(seen(await decodeFetch(response))).toEqual([
      [0, '0 a', '5 unreadable', '6 b', '7 c'],
      [1, '0 d'],
    ])
  })

  test('is handed on by kafkajs like a record, also when the fetch begins in its middle', async () => {
    const [topic] = (await decodeFetch(writtenResponse('orders', [[garbage(1n, 5)]]))).responses
    const [partition] = topic?.partitions ?? []
    const batch = new KafkajsBatch('orders', '3', partition ?? {})
    expect(batch.messages).toHaveLength(1)
    expect(batch.lastOffset()).toBe('5')
  })

  test('replaces kafkajs’s own decoder when a client is opened', async () => {
    openKafka({ brokers: '127.0.0.1:1', clientId: 'test', credentialsFile: undefined })
    const response = require('kafkajs/src/protocol/requests/fetch/v11/response')
    const data = writtenResponse('orders', [[garbage(0n, 1)]])
    const decoded: FetchResponse = await response.decode(data)
    expect(seen(decoded)).toEqual([[0, '0 unreadable']])
    expect((await response.parse(decoded)).throttleTime).toBe(0)
  })
})

/** What our decoder marks, and kafkajs decides later. */
const withoutMarks = ({ responses, ...rest }: FetchResponse) => ({
  ...rest,
  responses: responses.map(({ topicName, partitions }) => ({
    topicName,
    partitions: partitions.map(({ abortedTransactions: _, messages, ...partition }) => ({
      ...partition,
      messages: messages.map(({ isControlRecord: _mark, ...message }) => message),
    })),
  })),
})

const visibleIn = ({ responses }: FetchResponse) =>
  responses.flatMap(({ topicName, partitions }) =>
    partitions.map((partition) =>
      new KafkajsBatch(topicName, '0', partition).messages.map(({ offset }) => offset),
    ),
  )

test('an answer that Kafka’s own classes have written is decoded as kafkajs decodes it', async () => {
  const file = new URL('cases/answer.base64', import.meta.url)
  // Two topics, four partitions: transactions with both markers, gzip, no records, an error, a batch that is cut off.
  const answer = Buffer.from(readFileSync(file, 'utf8'), 'base64')
  const [ours, theirs] = [await decodeFetch(answer), await decodeAsKafkajs(answer)]
  expect(withoutMarks(ours)).toEqual(withoutMarks(theirs))
  expect(visibleIn(ours)).toEqual(visibleIn(theirs))
  expect(visibleIn(ours)[0]).toHaveLength(10)
})

test('what there is no room for is left out, so that it is fetched again', async () => {
  const large = 'x'.repeat(1_000)
  const response = writtenResponse('orders', [
    [good(0n, large), good(1n, large), good(2n, large)],
    [good(0n, 'a')],
  ])
  const [first, second] = seen(await decodeFetch(response, { maxBytes: 1_500, maxRecords: 100 }))
  expect(first).toHaveLength(3)
  expect(second).toBeUndefined()
  const few = seen(await decodeFetch(response, { maxBytes: 1_000_000, maxRecords: 3 }))
  expect(few).toHaveLength(1)
})

test('a batch that is cut off at the end of an answer is left for the next one', async () => {
  const cut = good(1n, 'b').subarray(0, 40)
  const response = writtenResponse('orders', [[good(0n, 'a'), cut]])
  expect(seen(await decodeFetch(response))).toEqual([[0, '0 a']])
})
