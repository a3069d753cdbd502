import { randomUUID } from 'node:crypto'
import { Consumption } from '@tenseams/kafka/consume'
import { DeadLetters } from '@tenseams/kafka/dead-letter'
import { openProducer } from '@tenseams/kafka/ownership'
import { DurableProducer } from '@tenseams/kafka/producer'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { openMetrics } from '@tenseams/telemetry/metrics'
import type { Admin, Kafka } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { newTopic } from '../../support/kafka.ts'
import { openKafka } from '../../support/login.ts'
import { useStack } from '../../support/stack.ts'
import { Workers } from '../../support/workers.ts'

let brokers: string
let kafka: Kafka
let admin: Admin
const workers = new Workers()

beforeAll(async () => {
  brokers = (await useStack()).endpoints.kafkaBrokers
  kafka = openKafka({ brokers, clientId: 'test' })
  admin = kafka.admin()
  await admin.connect()
})

afterEach(() => workers.killAll())

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

describe('a reader that is killed inside the effect of a record', () => {
  test.each([
    { commit: 'after-effect', effects: ['before', 'in hand', 'end'] },
    { commit: 'on-receipt', effects: ['before', 'end'] },
  ] as const)('with the commit $commit, the effects are $effects', async ({ commit, effects }) => {
    const topic = `commit-${randomUUID().slice(0, 8)}`
    await newTopic(admin, topic)
    const producer = new DurableProducer({ kafka })
    // Each is fetched separately, so that the first is committed when the second is received.
    const send = (value: string) => producer.send(topic, [{ value }])
    const task = { brokers, groupId: `group-${topic}`, topic, commit }
    const killed = { ...task, killedBefore: 'in hand' }
    const first = workers.start(
      '03-durable-clients/consumption-worker.ts',
      'the first reader',
      killed,
    )
    await send('before')
    await eventually(async () => (await committedOffset(task)) === 1, {
      ...{ timeoutMs: 30_000, what: 'the first record to be committed' },
    })
    await send('in hand')
    await eventually(() => first.child.signalCode === 'SIGKILL', {
      ...{ timeoutMs: 30_000, what: 'the reader to kill itself' },
    })
    await send('end')
    const second = workers.start(
      '03-durable-clients/consumption-worker.ts',
      'the second reader',
      task,
    )
    const told = () => [...first.told('effect'), ...second.told('effect')].map(({ value }) => value)
    await eventually(() => told().includes('end'), { timeoutMs: 60_000, what: 'the last record' })
    await producer.close()
    expect(told()).toEqual(effects)
  })
})

async function committedOffset({ groupId, topic }: { groupId: string; topic: string }) {
  const [read] = await admin.fetchOffsets({ groupId, topics: [topic] })
  return Number(read?.partitions[0]?.offset)
}

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

/** Reads without the guard `readUncommitted: false`. */
async function uncommitted(topic: string): Promise<readonly string[]> {
  const values: string[] = []
  const groupId = `group-${topic}`
  const consumer = kafka.consumer({ groupId, readUncommitted: true, maxWaitTimeInMs: 100 })
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
