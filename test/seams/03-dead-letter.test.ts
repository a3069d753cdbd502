import { randomUUID } from 'node:crypto'
import { openKafka } from '@tenseams/kafka/client'
import { deadLetterTopicOf } from '@tenseams/kafka/dead-letter'
import { eventually } from '@tenseams/local/wait'
import type { Producer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Reading, readTopics } from '../kafka.ts'
import { getOrder, orderBody, postOrder } from '../shop.ts'
import { type TestStack, useStack } from '../stack.ts'

const topic = 'payments.payment.v1'

let stack: TestStack
let producer: Producer
let deadLetters: Reading

beforeAll(async () => {
  stack = await useStack()
  const kafka = openKafka({ brokers: stack.endpoints.kafkaBrokers, clientId: 'test' })
  producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  deadLetters = await readTopics(stack.endpoints.kafkaBrokers, [deadLetterTopicOf(topic)])
})

afterAll(async () => {
  await deadLetters.close()
  await producer.disconnect()
})

describe('a record that nobody can read', () => {
  test('goes to the dead letter topic of each reader, untouched, and stops no partition', async () => {
    const restartsBefore = await restartsOfTheWindows()
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
          'confirmed',
        { timeoutMs: 30_000, what: 'orders to be confirmed behind the poison' },
      )
    }

    // Flink passes over it, too: the lakehouse has written it aside.
    expect(await restartsOfTheWindows()).toBe(restartsBefore)
  })
})

/** How often Flink has restarted the job that reads the topic. */
async function restartsOfTheWindows(): Promise<number> {
  const { flinkUrl } = stack.endpoints
  const { jobs } = (await ask(`${flinkUrl}/jobs/overview`)) as {
    jobs: { jid: string; name: string; state: string }[]
  }
  const job = jobs.find(({ name, state }) => name === 'revenue-per-minute' && state === 'RUNNING')
  if (job === undefined) throw new Error('the job revenue-per-minute does not run')
  const metrics = await ask(`${flinkUrl}/jobs/${job.jid}/metrics?get=numRestarts`)
  return Number((metrics as { value: string }[])[0]?.value)
}

async function ask(url: string): Promise<unknown> {
  return (await fetch(url, { signal: AbortSignal.timeout(10_000) })).json()
}
