import { randomUUID } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import { Consumption } from '@tenseams/kafka/consume'
import { DeadLetters, deadLetterTopicOf } from '@tenseams/kafka/dead-letter'
import { TransactionalLoop } from '@tenseams/kafka/transactional-loop'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { openMetrics } from '@tenseams/telemetry/metrics'
import kafkajs, { type Kafka } from 'kafkajs'
import { beforeAll, expect, test } from 'vitest'
import { newTopic, readTopics } from '../../support/kafka.ts'
import { openKafka } from '../../support/login.ts'
import { useStack } from '../../support/stack.ts'

const { CompressionCodecs, CompressionTypes } = kafkajs
const { GZIP, LZ4, Snappy, ZSTD } = CompressionTypes

/** Compresses as a foreign writer does. LZ4 and Snappy have formats for what is left as it is. */
const compressions = {
  [ZSTD]: (bytes: Buffer) => zstdCompressSync(bytes),
  [LZ4]: (bytes: Buffer) => {
    const size = Buffer.alloc(4)
    size.writeUInt32LE(0x80000000 + bytes.length)
    const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73])
    return Buffer.concat([head, size, bytes, Buffer.alloc(4)])
  },
  [Snappy]: (bytes: Buffer) => {
    const length = Buffer.from([(bytes.length & 127) | 128, bytes.length >> 7])
    const tag = Buffer.from([61 << 2, (bytes.length - 1) & 255, (bytes.length - 1) >> 8])
    return Buffer.concat([length, tag, bytes])
  },
}

const silent = { info: () => undefined, warn: () => undefined }
const BOMB_BYTES = 20_000_000

let kafka: Kafka
let brokers: string

beforeAll(async () => {
  for (const [codec, compress] of Object.entries(compressions)) {
    CompressionCodecs[Number(codec) as typeof ZSTD] = () => ({
      compress: async ({ buffer }: { buffer: Buffer }) => compress(buffer),
      decompress: () => Promise.reject(new Error('kafkajs must not decompress')),
    })
  }
  brokers = (await useStack()).endpoints.kafkaBrokers
  kafka = openKafka({ brokers, clientId: 'test' })
})

/** A topic whose partition 0 holds batches of every codec around one that becomes 20 MB; and what was written. */
async function newInput(): Promise<string> {
  const topic = `unreadable-${randomUUID().slice(0, 8)}`
  const admin = kafka.admin()
  await admin.connect()
  await newTopic(admin, topic, 2)
  await newTopic(admin, deadLetterTopicOf(topic))
  await admin.disconnect()
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  const send = (compression: number, partition: number, ...values: readonly (string | Buffer)[]) =>
    producer.send({
      ...{ topic, acks: -1, compression },
      messages: values.map((value) => ({ partition, value })),
    })
  for (const codec of [GZIP, Snappy, LZ4, ZSTD]) {
    await send(codec, 0, `${codec} a`.padEnd(200), `${codec} b`.padEnd(200))
  }
  await send(ZSTD, 0, 'beside the bomb', Buffer.alloc(BOMB_BYTES), 'beside the bomb')
  await send(ZSTD, 0, 'behind the bomb')
  await send(ZSTD, 1, 'in another partition')
  await producer.disconnect()
  return topic
}

const readable = [
  ...[GZIP, Snappy, LZ4, ZSTD].flatMap((codec) => [`0 ${codec} a`, `0 ${codec} b`]),
  ...['0 behind the bomb', '1 in another partition'],
]

async function expectOneDeadLetter(topic: string, reading: { records: readonly object[] }) {
  await eventually(() => reading.records.length >= 1, {
    ...{ timeoutMs: 30_000, what: 'the dead letter of the batch' },
  })
  expect(reading.records).toMatchObject([
    {
      value: expect.any(Buffer),
      headers: {
        'dead-letter-reason': 'unreadable-batch',
        'dead-letter-topic': topic,
        'dead-letter-partition': '0',
        'dead-letter-offset': '8',
        'dead-letter-last-offset': '10',
      },
    },
  ])
}

test('a handler gets what every codec has written, and goes on behind a batch that would fill its memory', async () => {
  const topic = await newInput()
  const deadLetters = new DeadLetters(kafka)
  const seen: string[] = []
  const consumption = new Consumption({
    ...{ kafka, groupId: topic, topics: [topic], metrics: openMetrics('test'), deadLetters },
    handle: async ({ partition, value }) => {
      seen.push(`${partition} ${String(value).trim()}`)
    },
    log: silent,
  })
  const reading = await readTopics(brokers, [deadLetterTopicOf(topic)])
  consumption.start()
  const isWhole = () => seen.length >= readable.length
  await eventually(isWhole, { timeoutMs: 60_000, what: 'all readable records' })
  await expectOneDeadLetter(topic, reading)
  await consumption.close()
  await Promise.all([deadLetters.close(), reading.close()])
  expect(seen.toSorted()).toEqual(readable.toSorted())
})

test('so does a transactional loop, once', async () => {
  const topic = await newInput()
  const output = `${topic}-out`
  const admin = kafka.admin()
  await admin.connect()
  await newTopic(admin, output)
  await admin.disconnect()
  const loop = new TransactionalLoop({
    ...{ kafka, groupId: topic, topics: [topic], metrics: openMetrics('test'), log: silent },
    transform: ({ partition, value }) => [
      { topic: output, value: `${partition} ${String(value).trim()}` },
    ],
  })
  const [written, deadLetters] = [
    await readTopics(brokers, [output]),
    await readTopics(brokers, [deadLetterTopicOf(topic)]),
  ]
  loop.start()
  const isWhole = () => written.records.length >= readable.length
  await eventually(isWhole, { timeoutMs: 60_000, what: 'all readable records' })
  await expectOneDeadLetter(topic, deadLetters)
  await loop.close()
  await Promise.all([written.close(), deadLetters.close()])
  expect(written.records.map(({ value }) => String(value)).toSorted()).toEqual(readable.toSorted())
})
