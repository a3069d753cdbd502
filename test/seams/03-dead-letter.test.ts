import { randomUUID } from 'node:crypto'
import { openKafka } from '@tenseams/kafka/client'
import { deadLetterTopicOf } from '@tenseams/kafka/dead-letter'
import { eventually } from '@tenseams/local/wait'
import type { Admin, Producer, RecordMetadata } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Reading, readTopics } from '../kafka.ts'
import { getOrder, orderBody, postOrder } from '../shop.ts'
import { type TestStack, useStack } from '../stack.ts'

const topic = 'payments.payment.v1'
const JOB = 'revenue-per-minute'

let stack: TestStack
let producer: Producer
let admin: Admin
let deadLetters: Reading

beforeAll(async () => {
  stack = await useStack()
  const kafka = openKafka({ brokers: stack.endpoints.kafkaBrokers, clientId: 'test' })
  producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  admin = kafka.admin()
  await producer.connect()
  await admin.connect()
  deadLetters = await readTopics(stack.endpoints.kafkaBrokers, [deadLetterTopicOf(topic)])
})

afterAll(async () => {
  await deadLetters.close()
  await producer.disconnect()
  await admin.disconnect()
})

describe('a record that nobody can read', () => {
  test('goes to the dead letter topic of each reader, untouched, and stops no partition', async () => {
    const failedBefore = await lastFailureOfTheWindows()
    const poison = Buffer.from(`not Avro ${randomUUID()}`)
    const places = [0, 1, 2, 3].map((partition) => ({ key: 'poison', value: poison, partition }))
    const sent = await producer.send({ topic, acks: -1, messages: places })
    expect(sent).toHaveLength(4)

    const found = await eventually(
      () => {
        const letters = deadLetters.records.filter(({ value }) => value?.equals(poison))
        const groups = new Set(letters.map(({ headers }) => headers['dead-letter-group']))
        return letters.length >= 8 && groups.size === 2 ? letters : undefined
      },
      { timeoutMs: 40_000, what: 'the poison in the dead letters of orders and lakehouse' },
    )
    for (const { headers, key } of found) {
      expect(headers).toMatchObject({
        'dead-letter-topic': topic,
        'dead-letter-reason': 'undecodable',
      })
      expect(key).toBe('poison')
    }

    const orders = await Promise.all(
      Array.from({ length: 8 }, () => postOrder(stack.endpoints.ordersUrl, orderBody())),
    )
    for (const { body } of orders) {
      await eventually(
        async () =>
          (await getOrder(stack.endpoints.ordersUrl, String(body.orderId))).body.status ===
          'completed',
        { timeoutMs: 30_000, what: 'orders to be completed behind the poison' },
      )
    }

    // Flink passes over it, too: the lakehouse has written it aside.
    await eventually(() => hasPassed(sent), { timeoutMs: 40_000, what: 'Flink to pass the poison' })
    expect(await lastFailureOfTheWindows()).toBe(failedBefore)
  })
})

/** When the job that reads the topic failed last; undefined for never. */
async function lastFailureOfTheWindows(): Promise<number | undefined> {
  const { flinkUrl } = stack.endpoints
  const { jobs } = (await ask(`${flinkUrl}/jobs/overview`)) as {
    jobs: { jid: string; name: string; state: string }[]
  }
  const job = jobs.find(({ name, state }) => name === JOB && state === 'RUNNING')
  if (job === undefined) throw new Error(`the job ${JOB} does not run`)
  const { exceptionHistory } = (await ask(`${flinkUrl}/jobs/${job.jid}/exceptions`)) as {
    exceptionHistory: { entries: { timestamp: number }[] }
  }
  return exceptionHistory.entries[0]?.timestamp
}

async function ask(url: string): Promise<unknown> {
  return (await fetch(url, { signal: AbortSignal.timeout(10_000) })).json()
}

/** Whether a checkpoint of the job lies behind these records. */
async function hasPassed(sent: readonly RecordMetadata[]): Promise<boolean> {
  const [read] = await admin.fetchOffsets({ groupId: `flink-${JOB}`, topics: [topic] })
  return sent.every(({ partition, baseOffset }) => {
    const committed = read?.partitions.find((one) => one.partition === partition)?.offset
    return Number(committed) > Number(baseOffset)
  })
}
