import { randomUUID } from 'node:crypto'
import { openKafka } from '@tenseams/kafka/client'
import { Consumption } from '@tenseams/kafka/consume'
import { DeadLetters } from '@tenseams/kafka/dead-letter'
import { openProducer } from '@tenseams/kafka/ownership'
import { eventually } from '@tenseams/local/wait'
import { openMetrics } from '@tenseams/telemetry/metrics'
import type { Admin, Kafka } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newTopic } from '../kafka.ts'
import { useStack } from '../stack.ts'

let kafka: Kafka
let admin: Admin

beforeAll(async () => {
  const { endpoints } = await useStack()
  kafka = openKafka({ brokers: endpoints.kafkaBrokers, clientId: 'test' })
  admin = kafka.admin()
  await admin.connect()
})

afterAll(() => admin.disconnect())

describe('records of an aborted transaction', () => {
  test.each([
    { reader: 'Consumption', read: byConsumption, seen: ['kept', 'end'] },
    { reader: 'a reader of everything', read: uncommitted, seen: ['aborted', 'kept', 'end'] },
  ])('$reader sees $seen', async ({ read, seen }) => {
    const topic = `discipline-${randomUUID().slice(0, 8)}`
    await newTopic(admin, topic)
    const producer = await openProducer({ kafka, transactionTimeoutMs: 30_000 }, `${topic}-writer`)
    for (const value of ['aborted', 'kept', 'end']) {
      const transaction = await producer.transaction()
      await transaction.send({ topic, acks: -1, messages: [{ value }] })
      if (value === 'aborted') await transaction.abort()
      else await transaction.commit()
    }
    await producer.disconnect()
    expect(await read(topic)).toEqual(seen)
  })
})

async function byConsumption(topic: string): Promise<readonly string[]> {
  const values: string[] = []
  const deadLetters = new DeadLetters(kafka)
  const consumption = new Consumption({
    ...{ kafka, groupId: `group-${topic}`, topics: [topic], deadLetters },
    handle: async ({ value }) => void values.push(String(value)),
    metrics: openMetrics('test'),
    log: { info: () => undefined, warn: () => undefined },
  })
  consumption.start()
  await untilEnd(values)
  await consumption.close()
  await deadLetters.close()
  return values
}

/** The line `readUncommitted: false` switched off. */
async function uncommitted(topic: string): Promise<readonly string[]> {
  const values: string[] = []
  const consumer = kafka.consumer({ groupId: `group-${topic}`, readUncommitted: true })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message }) => void values.push(String(message.value)),
  })
  await untilEnd(values)
  await consumer.disconnect()
  return values
}

function untilEnd(values: readonly string[]): Promise<unknown> {
  return eventually(() => values.includes('end'), { timeoutMs: 20_000, what: 'the last record' })
}
