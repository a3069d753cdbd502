import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Producer } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Reading, readTopics } from '../../support/kafka.ts'
import { openKafka } from '../../support/login.ts'
import { orderBody, postOrder } from '../../support/shop.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

/** Longer than the test waits: what goes on has not waited for it. */
const TRANSACTION_TIMEOUT_MS = 600_000
const topic = 'orders.order.v1'

let stack: TestStack
let reading: Reading
let heirless: Producer

beforeAll(async () => {
  stack = await useStack()
  reading = await readTopics(stack.endpoints.kafkaBrokers, [topic])
})

afterAll(async () => {
  await heirless?.disconnect()
  await reading.close()
})

/** What a task leaves that was killed in its transaction: its offsets, written under its id and never committed. */
async function leaveTransactionOpen(): Promise<void> {
  const kafka = openKafka({ brokers: stack.endpoints.kafkaBrokers, clientId: 'killed-task' })
  heirless = kafka.producer({
    transactionalId: 'connect-outbox-0',
    transactionTimeout: TRANSACTION_TIMEOUT_MS,
    idempotent: true,
    maxInFlightRequests: 1,
  })
  await heirless.connect()
  const transaction = await heirless.transaction()
  const messages = [{ key: 'never', value: 'committed' }]
  await transaction.send({ topic: 'connect.offsets', messages })
}

test('killed in a transaction, Connect goes on before that would have timed out', async () => {
  await stack.kill('connect')
  try {
    await leaveTransactionOpen()
  } finally {
    await stack.restart('connect')
  }
  const { body } = await postOrder(stack.endpoints.ordersUrl, orderBody())
  const found = await eventually(
    () => reading.records.find(({ key }) => key === String(body.orderId)),
    { timeoutMs: 120_000, what: 'an order in its topic' },
  )
  expect(found.topic).toBe(topic)
}, 300_000)
