import { randomUUID } from 'node:crypto'
import { DurableProducer } from '@tenseams/kafka/producer'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Admin, Kafka, Message } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PlainProducer } from '../../faults/kafka/plain-producer.ts'
import { newTopic, readTopics } from '../../support/kafka.ts'
import { openKafka } from '../../support/login.ts'
import { useStack } from '../../support/stack.ts'
import { type KafkaProxy, openKafkaProxy } from './kafka-proxy.ts'

let brokers: string
let proxy: KafkaProxy
let proxied: Kafka
let admin: Admin

beforeAll(async () => {
  brokers = (await useStack()).endpoints.kafkaBrokers
  proxy = await openKafkaProxy(brokers)
  const { socketFactory } = proxy
  proxied = openKafka({ brokers, clientId: 'test-proxied', socketFactory })
  admin = openKafka({ brokers, clientId: 'test' }).admin()
  await admin.connect()
})

afterAll(async () => {
  await admin.disconnect()
  await proxy.close()
})

describe('a record that the broker took, and whose acknowledgement was lost', () => {
  test.each([
    { idempotent: true, open: durable, there: ['first', 'lost answer', 'end'] },
    {
      ...{ idempotent: false, open: withoutIdempotence },
      there: ['first', 'lost answer', 'lost answer', 'end'],
    },
  ])('sent again with idempotent: $idempotent, the topic holds $there', async ({ open, there }) => {
    const written = await write(open, async (send) => {
      proxy.loseAnswer()
      await send('lost answer')
    })
    expect(written).toEqual(there)
  })
})

describe('two records at once, the acknowledgement of one lost', () => {
  test('one by one, both are there once and in order', async () => {
    expect(await write(durable, both)).toEqual(['first', 'one', 'other', 'end'])
  })

  test('given to kafkajs at once, one is there twice, and the other is acknowledged and lost', async () => {
    const written = await write(withoutQueue, both)
    const [twice] = written.slice(1)
    expect(['one', 'other']).toContain(twice)
    expect(written).toEqual(['first', twice, twice, 'end'])
  })
})

type Sender = {
  send(topic: string, messages: Message[]): Promise<unknown>
  close(): Promise<void>
}

function durable(kafka: Kafka): Sender {
  return new DurableProducer({ kafka })
}

function withoutIdempotence(kafka: Kafka): Sender {
  return new PlainProducer({ kafka, idempotent: false, acks: -1 })
}

/** Concurrent sends reach kafkajs as they come. */
function withoutQueue(kafka: Kafka): Sender {
  return new PlainProducer({ kafka, idempotent: true, acks: -1 })
}

type Send = (value: string) => Promise<unknown>

async function both(send: Send): Promise<void> {
  proxy.loseAnswer()
  await Promise.all([send('one'), send('other')])
}

/** The content of a topic after `first`, what `work` sends, and `end`, each acknowledged. One answer must have been lost. */
async function write(
  open: (kafka: Kafka) => Sender,
  work: (send: Send) => Promise<void>,
): Promise<readonly string[]> {
  const topic = `answers-${randomUUID().slice(0, 8)}`
  await newTopic(admin, topic)
  const producer = open(proxied)
  const send: Send = (value) => producer.send(topic, [{ value }])
  const before = proxy.lost()
  await send('first')
  await work(send)
  await send('end')
  await producer.close()
  expect(proxy.lost() - before).toBe(1)
  const reading = await readTopics(brokers, [topic])
  const values = () => reading.records.map(({ value }) => String(value))
  const isWhole = () => values().includes('end')
  await eventually(isWhole, { timeoutMs: 20_000, what: 'the last record' })
  await reading.close()
  return values()
}
